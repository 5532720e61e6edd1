/* Tabs of the panel; on a narrow screen the map is one of them. */

export function makeViews(map) {
  const page = document.querySelector(".apply");
  const tabs = [...document.querySelectorAll(".apply [role=tab]")];
  const narrow = matchMedia("(max-width: 56rem)");

  function open(name, focus = false) {
    const wide = !narrow.matches;
    if (name === "map" && wide) return;
    page.dataset.view = name;
    for (const tab of tabs) {
      const chosen = tab.id === "tab-" + name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      if (panel.id !== "map-view") panel.hidden = !chosen;
      if (chosen && focus) tab.focus();
    }
    if (name === "map") map.invalidateSize({ animate: false });
  }

  tabs.forEach((tab) => {
    const name = tab.id.replace("tab-", "");
    tab.addEventListener("click", () => open(name));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const usable = tabs.filter((item) => item.offsetParent !== null);
      open(usable[(usable.indexOf(tab) + step + usable.length) % usable.length].id.replace("tab-", ""), true);
    });
  });
  const fitScreen = () => {
    if (narrow.matches) open("map");
    else { if (page.dataset.view === "map") open("site"); map.invalidateSize({ animate: false }); }
  };
  narrow.addEventListener("change", fitScreen);
  document.addEventListener("cuntu-view", (event) => open(event.detail));
  fitScreen();
  return { open };
}
