/* The smallest changes that make the application lawful: listed, shown on the map, taken with one press, undone with another. */
import { fromGeometry, sameSite } from "./geometry.js";
import { postJson } from "./requests.js";

const SHOWN = { color: "#2f6d4c", weight: 3, dashArray: "8 5", fillColor: "#2f6d4c", fillOpacity: 0.12, pane: "site", interactive: false };

export function makeProposals(map, plane, { store, url, makeBody, onMessage }) {
  const box = document.getElementById("proposals-box");
  const button = document.getElementById("ask-proposals");
  const place = document.getElementById("proposals");
  const shown = L.layerGroup().addTo(map);
  const { h, fill } = cuntu;
  let asked = 0;

  const partsOf = (proposal) => fromGeometry(proposal.geometry, ([lng, lat]) => plane.fromLatLng({ lat, lng }));

  async function ask() {
    const number = (asked += 1);
    button.disabled = true;
    fill(place, h("p", { class: "hint" }, "正在试算…"));
    try {
      const answer = await postJson(url, makeBody(store.state));
      if (number === asked) show(answer);
    } catch (error) {
      if (number === asked) fill(place, h("p", { class: "notice error" }, "没有算出来：" + error.message));
    } finally {
      if (number === asked) button.disabled = false;
    }
  }

  function show(answer) {
    const all = [...answer.proposals, ...answer.lesser];
    fill(place, h("p", { class: "group-note" }, answer.applicant || answer.summary),
      all.length ? h("ol", { class: "proposals" }, all.map(entry)) : null,
      rest("须另行解决", answer.needed), all.length ? null : rest("挡在前面的规定", answer.obstacles));
  }

  function rest(title, rules) {
    if (!rules.length) return null;
    return h("details", {}, h("summary", {}, `${title} ${rules.length} 条`), h("ul", { class: "plain-list" }, rules.map((rule) => h("li", {}, rule.plain || rule.message, h("span", { class: "rule-id" }, rule.rule_id + (rule.branch || ""))))));
  }

  function entry(proposal) {
    const drawn = proposal.changes.some((change) => ["move", "trim", "outline"].includes(change.kind));
    return h("li", { class: "proposal tone-" + proposal.verdict },
      h("div", { class: "finding-title" }, proposal.title, h("span", { class: "tag verdict-tag" }, proposal.verdict_label)),
      h("ul", { class: "plain-list" }, proposal.changes.map((change) => h("li", {}, change.text))),
      h("p", { class: "bar-buttons" },
        drawn ? h("button", { class: "button small", type: "button", onclick: () => draw(proposal) }, "在图上看") : null,
        h("button", { class: "button small primary", type: "button", onclick: () => take(proposal) }, "采用")));
  }

  function draw(proposal) {
    shown.clearLayers();
    const outline = L.polygon(partsOf(proposal).map((part) => part.map((ring) => ring.map(plane.toLatLng))), SHOWN).addTo(shown);
    map.fitBounds(outline.getBounds().pad(0.6), { maxZoom: 20, animate: false });
    document.dispatchEvent(new CustomEvent("cuntu-view", { detail: "map" }));
    onMessage("虚线是改后的宗地。");
  }

  function take(proposal) {
    const parts = partsOf(proposal);
    const { case_no: _, ...properties } = proposal.properties;
    const kept = store.state.properties.case_no;
    const stated = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null && value !== undefined));
    store.change({ parts: sameSite(parts, store.state.parts) ? store.state.parts : parts, properties: kept ? { case_no: kept, ...stated } : stated }, { label: "采用改法" });
    fill(place, h("p", { class: "notice ok" }, `已采用：${proposal.title} `, h("button", { class: "link-button", type: "button", onclick: () => { store.undo(); fill(place); } }, "撤销")));
    onMessage("已采用改法，正在重新核查。");
  }

  button.addEventListener("click", ask);
  store.subscribe((state, what) => {
    if (what === "preview") return;
    asked += 1;
    button.disabled = false;
    shown.clearLayers();
    fill(place);
  });
  return {
    /** Offer the way for a verdict that is not the best; the answer to an older state is taken away by the store. */
    offer(verdict) { box.hidden = verdict === null || verdict === "passed"; },
  };
}
