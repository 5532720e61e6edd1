/* The smallest changes that make the application lawful: listed, shown on the map, taken with one press, undone with another. */
import { makeAsking } from "./asking.js";
import { postJson } from "./requests.js";

const ON_MAP = new Set(["move", "trim", "outline"]);

export function makeProposals({ store, taking, url, makeBody, onMessage }) {
  const box = document.getElementById("proposals-box");
  const button = document.getElementById("ask-proposals");
  const place = document.getElementById("proposals");
  const { h, fill } = cuntu;
  const asking = makeAsking({ button, place, store, show, waiting: "正在试算…", failed: "没有算出来：", request: () => postJson(url, makeBody(store.state)) });

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
    const texts = proposal.changes.map((change) => change.text).filter(Boolean);
    const own = texts.join("；") === proposal.title ? [] : texts;
    const following = proposal.changes.filter((change) => !change.text).map((change) => `${change.title} ${cuntu.measure(change.after, change.unit)}`);
    return h("li", { class: "proposal tone-" + proposal.verdict },
      h("div", { class: "finding-title" }, h("span", {}, proposal.title), h("span", { class: "tag verdict-tag" }, proposal.verdict_label)),
      own.length ? h("ul", { class: "plain-list" }, own.map((text) => h("li", {}, text))) : null,
      following.length ? h("p", { class: "hint" }, "随之改为：" + following.join("，")) : null,
      h("p", { class: "bar-buttons" },
        proposal.changes.some((change) => ON_MAP.has(change.kind)) ? h("button", { class: "button small", type: "button", onclick: () => draw(proposal) }, "在图上看") : null,
        h("button", { class: "button small primary", type: "button", onclick: () => take(proposal) }, "采用")));
  }

  function draw(proposal) {
    document.dispatchEvent(new CustomEvent("cuntu-view", { detail: "map" }));
    taking.draw([{ geometry: proposal.geometry }]);
    onMessage("虚线是改后的宗地。");
  }

  function take(proposal) {
    taking.take(proposal, "改法");
    asking.taken(`已采用：${proposal.title}`);
  }

  return {
    /** Offer the way for a verdict that is not the best; the answer to an older state is taken away by the store. */
    offer(verdict) { box.hidden = verdict === null || verdict === "passed"; },
  };
}
