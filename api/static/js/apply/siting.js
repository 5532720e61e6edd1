/* Where in the village the house could stand instead: ranked places, on the map and in the list, each taken with one press. */
import { makeAsking } from "./asking.js";
import { asRectangle, siteArea } from "./geometry.js";
import { postJson } from "./requests.js";

const MOST = 6;
const AREA_M2 = [20, 2_000];

export function makeSiting({ store, taking, onMessage }) {
  const button = document.getElementById("ask-places");
  const place = document.getElementById("places");
  const { h, fill } = cuntu;
  let village = null;

  /* The house that is drawn: its width and depth where it is a rectangle, else so many square metres. */
  function house(parts) {
    const ring = parts.length === 1 && parts[0].length === 1 ? asRectangle(parts[0][0]) : null;
    const within = (value) => value >= 3 && value <= 60;
    if (ring && within(ring.width) && within(ring.depth)) return { width_m: Math.round(ring.width * 100) / 100, depth_m: Math.round(ring.depth * 100) / 100 };
    return { area_m2: Math.max(AREA_M2[0], Math.min(AREA_M2[1], Math.round(siteArea(parts) * 100) / 100)) };
  }

  function request() {
    const { parts, properties } = store.state;
    return postJson("/api/v1/sites", { village, house: house(parts), application: properties, limit: MOST });
  }

  const asking = makeAsking({ button, place, store, show, request, waiting: "正在全村找地…", failed: "没有找出来：" });

  function show(answer) {
    fill(place, h("p", { class: "group-note" }, answer.applicant || answer.summary), h("ol", { class: "proposals" }, answer.sites.map(entry)));
    if (answer.sites.length) taking.draw(answer.sites.map((site) => ({ geometry: site.geometry, label: String(site.rank) })), { padding: 0.2 });
  }

  function entry(site) {
    return h("li", { class: "proposal tone-" + site.verdict },
      h("div", { class: "finding-title" }, h("span", {}, `${site.rank} · ${site.kind_label}`), h("span", { class: "tag verdict-tag" }, site.verdict_label)),
      h("p", {}, site.applicant),
      h("p", { class: "bar-buttons" },
        h("button", { class: "button small", type: "button", "aria-label": `在图上看第 ${site.rank} 处`, onclick: () => look(site) }, "在图上看"),
        h("button", { class: "button small primary", type: "button", "aria-label": `采用第 ${site.rank} 处`, onclick: () => take(site) }, "采用")));
  }

  function look(site) {
    document.dispatchEvent(new CustomEvent("cuntu-view", { detail: "map" }));
    taking.draw([{ geometry: site.geometry, label: String(site.rank) }]);
  }

  function take(site) {
    look(site);
    taking.take(site, "选址");
    asking.taken(`已改到：${site.kind_label}`);
    onMessage("宗地已移到选中的地方，正在重新核查。");
  }

  return {
    /** Offer other places in the village that the last report was about; null: none known. */
    offer(code) { village = code; button.hidden = !code; },
  };
}
