/* Going to a village by its name. */

const MOST = 8;

export function makePlaces(map, places, { onGone }) {
  const input = document.getElementById("village-search");
  const list = document.getElementById("village-results");

  function go(place) {
    list.hidden = true;
    input.value = place.name;
    map.setView([place.at[1], place.at[0]], 16, { animate: false });
    onGone();
  }

  function search() {
    const text = input.value.trim();
    const found = text ? places.filter((place) => place.name.includes(text) || place.code.startsWith(text)).slice(0, MOST) : [];
    list.hidden = !found.length;
    cuntu.fill(list, found.map((place) => cuntu.h("li", {}, cuntu.h("button", { type: "button", onclick: () => go(place) }, place.name, cuntu.h("span", { class: "muted" }, place.town)))));
    return found;
  }

  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const [first] = search();
    if (first) go(first);
  });
}
