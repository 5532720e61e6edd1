/* One check: numbers in the report and on the map belong together; the report speaks to the clerk or to the applicant; layers can be switched. */
"use strict";
cuntu.ready(() => {
  voices();
  const map = cuntu.theMap;
  if (!map) return;
  const findings = cuntu.layers.findings;
  const openTab = cuntu.tabs(document.querySelector("[role=tablist]"));
  const entries = [...document.querySelectorAll(".finding[data-number]")];
  const light = (number, on) => {
    const path = findings.byCode[number];
    if (path) path.setStyle({ weight: on ? 4 : 2, fillOpacity: on ? 0.6 : 0.35 });
    for (const entry of entries) entry.classList.toggle("lit", on && entry.dataset.number === number);
  };
  const show = (number) => {
    const path = findings.byCode[number];
    if (!path) return;
    map.fitBounds(path.getBounds().extend(cuntu.layers.site.getBounds()), { maxZoom: 19, padding: [40, 40] });
    map.getContainer().scrollIntoView({ block: "nearest" });
    light(number, true);
  };
  for (const entry of entries) {
    const number = entry.dataset.number;
    entry.addEventListener("mouseenter", () => light(number, true));
    entry.addEventListener("mouseleave", () => light(number, false));
    entry.addEventListener("click", () => { if (!String(window.getSelection())) show(number); });
  }
  findings.on("click", (event) => {
    const entry = entries.find((item) => item.dataset.number === event.layer.feature.properties.code);
    if (!entry) return;
    openTab("tab-report");
    const fold = entry.closest("details");
    if (fold) fold.open = true;
    entry.scrollIntoView({ block: "nearest" });
    light(entry.dataset.number, true);
    entry.querySelector("button").focus();
  });
  findings.on("mouseover", (event) => light(event.layer.feature.properties.code, true));
  findings.on("mouseout", (event) => light(event.layer.feature.properties.code, false));
  cuntu.overlaySwitches(map);
  /* On paper every folded group is open. */
  window.addEventListener("beforeprint", () => { for (const fold of document.querySelectorAll(".panel details")) fold.open = true; });
});

/* Two voices: the same findings in the clerk's words with citations, or in plain words. */
function voices() {
  const panel = document.getElementById("panel-report");
  for (const choice of document.querySelectorAll("input[name=voice]")) {
    choice.addEventListener("change", () => { if (choice.checked) panel.dataset.voice = choice.value; });
    if (choice.checked) panel.dataset.voice = choice.value;
  }
}
