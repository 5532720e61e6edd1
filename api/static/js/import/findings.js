/* The findings of a check, page by page; choosing one shows its place on the map. */
import { getJson } from "../apply/requests.js";

const AT_ONCE = 50;
const CHOSEN = { color: "#17324d", weight: 4, fillColor: "#ffffff", fillOpacity: 0.25, pane: "findings", interactive: false };

export function makeFindings({ address, list, more, filter }) {
  const { h } = cuntu;
  let asked = {};
  let after = 0;
  let shown = null;
  let turn = 0;

  async function load(fresh) {
    turn += 1;
    const mine = turn;
    if (fresh) { after = 0; list.replaceChildren(); }
    const query = new URLSearchParams({ ...asked, after: String(after), limit: String(AT_ONCE) });
    const found = await getJson(address + "/findings?" + query).catch((error) => { filter.textContent = error.message; return null; });
    if (!found || mine !== turn) return;
    list.append(...found.features.map(entry));
    after = found.next_after || 0;
    more.hidden = found.next_after === null;
    if (fresh && !found.features.length) list.append(h("li", { class: "hint" }, "没有问题。"));
  }

  function entry(feature) {
    const told = feature.properties;
    const where = [told.row === null ? null : "第 " + (told.row + 1) + " 行", told.identifier].filter(Boolean).join(" · ");
    const content = [h("span", { class: "level level-" + told.level }, told.level_label), " ", h("span", { class: "rule-id" }, told.code), where ? h("span", { class: "muted" }, " " + where) : null, h("span", { class: "finding-text" }, told.message)];
    if (!feature.geometry) return h("li", { class: "finding-line" }, h("div", {}, content));
    const button = h("button", { type: "button", class: "finding-button" }, content);
    button.addEventListener("click", () => draw(feature, button));
    return h("li", { class: "finding-line" }, button);
  }

  function draw(feature, button) {
    const map = cuntu.theMap;
    for (const other of list.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
    if (!map) return;
    if (shown) shown.remove();
    shown = L.geoJSON(feature, { style: CHOSEN, pane: "findings", pointToLayer: (_, at) => L.circleMarker(at, { ...CHOSEN, radius: 9 }) }).addTo(map);
    map.fitBounds(shown.getBounds().pad(0.4), { maxZoom: 18, animate: false });
  }

  for (const button of document.querySelectorAll("[data-code]")) {
    button.addEventListener("click", () => {
      const again = button.getAttribute("aria-pressed") === "true";
      for (const other of document.querySelectorAll("[data-code]")) other.setAttribute("aria-pressed", String(other === button && !again));
      asked = again ? {} : { code: button.dataset.code, level: button.dataset.level };
      onMap(again ? null : button);
      filter.textContent = again ? "全部问题，最重的在前；点一条在图上看。" : "只看：" + button.textContent + "。再点一次看全部。";
      load(true);
    });
  }
  /* On the map too, only the findings of one check are left. */
  function onMap(button) {
    const drawn = cuntu.layers && cuntu.layers.findings;
    if (!drawn) return;
    const level = button && button.closest("tr").querySelector(".level").textContent;
    drawn.eachLayer((path) => {
      const told = path.feature.properties;
      const element = path.getElement();
      if (element) element.style.display = !button || (told.title === button.textContent && told.level === level) ? "" : "none";
    });
    if (shown) shown.remove();
  }

  more.addEventListener("click", () => load(false));
  load(true);
}
