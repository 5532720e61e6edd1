/* The lawful way of one stored check: the smallest changes that pass, each with what it leads to, drawn dashed beside the site. */
"use strict";
cuntu.ready(() => {
  const box = document.querySelector("[data-proposals-of]");
  if (!box) return;
  const { h, fill } = cuntu;
  const button = box.querySelector("button");
  const place = box.querySelector("[role=region]");
  const shown = cuntu.theMap ? L.featureGroup().addTo(cuntu.theMap) : null;

  button.addEventListener("click", async () => {
    button.disabled = true;
    fill(place, h("p", { class: "hint" }, "正在试算…"));
    try {
      show(await cuntu.getJson("/api/v1/checks/" + encodeURIComponent(box.dataset.proposalsOf) + "/proposals"));
    } catch (error) {
      fill(place, h("p", { class: "notice error" }, "没有算出来：" + error.message));
    }
    button.disabled = false;
  });

  function show(answer) {
    const all = [...answer.proposals, ...answer.lesser];
    fill(place, voices("group-note", answer.summary, answer.applicant),
      all.length ? h("ol", { class: "proposals" }, all.map(entry)) : null,
      rest("须另行解决", answer.needed), all.length ? null : rest("挡在前面的规定", answer.obstacles));
  }

  function voices(name, clerk, applicant) {
    return [h("p", { class: name + " for-clerk" }, clerk), h("p", { class: name + " for-applicant" }, applicant)];
  }

  function entry(proposal) {
    const drawn = shown && proposal.changes.some((change) => change.property === null);
    return h("li", { class: "proposal tone-" + proposal.verdict },
      h("div", { class: "finding-title" }, h("span", {}, proposal.title), h("span", { class: "tag verdict-tag" }, proposal.verdict_label)),
      voices("", proposal.clerk, proposal.applicant),
      drawn ? h("p", { class: "bar-buttons" }, h("button", { class: "button small", type: "button", onclick: () => draw(proposal.geometry) }, "在图上看")) : null);
  }

  function rest(title, rules) {
    if (!rules.length) return null;
    const line = (rule) => h("li", {}, h("span", { class: "for-clerk" }, rule.message), h("span", { class: "for-applicant" }, rule.plain || rule.message), h("span", { class: "rule-id" }, rule.rule_id + (rule.branch || "")));
    return h("details", {}, h("summary", {}, title + " " + rules.length + " 条"), h("ul", { class: "plain-list" }, rules.map(line)));
  }

  function draw(geometry) {
    shown.clearLayers();
    const style = { color: "#2f6d4c", weight: 3, dashArray: "8 5", fillColor: "#2f6d4c", fillOpacity: 0.12, pane: "findings", interactive: false };
    L.geoJSON(geometry, { style, pane: "findings" }).addTo(shown);
    const bounds = shown.getBounds();
    if (cuntu.layers.site) bounds.extend(cuntu.layers.site.getBounds());
    cuntu.theMap.fitBounds(bounds.pad(0.6), { maxZoom: 20, animate: false });
    cuntu.theMap.getContainer().scrollIntoView({ block: "nearest" });
  }
});
