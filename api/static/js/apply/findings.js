/* The findings of a report: listed by what has to be done, and drawn where they are. */

const FAILED = { reject: "refused_by", approval: "first_needs", correct: "correct", warn: "look_at" };
const OUTCOMES = { no_data: "not_checked", error: "not_checked", pass: "passed", not_applicable: "not_applicable" };
const COLOURS = { refused_by: "#a8332a", first_needs: "#b06a12", correct: "#8a7414", look_at: "#2f6690", not_checked: "#6a6375" };
const FOLDED = new Set(["not_checked", "passed", "not_applicable"]);
const SAME_PLACE_M = 12;
const CALM = new Set(["passed", "not_applicable"]);

/** The groups of a report with their findings; `hits` are those something has to be done about. */
export function groupsOf(report) {
  const key = (finding) => finding.rule_id + (finding.branch || "");
  const group = (finding) => (finding.outcome === "fail" ? FAILED[finding.severity] || "refused_by" : OUTCOMES[finding.outcome] || "not_checked");
  let number = 0;
  return report.groups.map(({ key: name, title, note }) => {
    const findings = report.findings.filter((finding) => group(finding) === name).map((finding) => {
      const onMap = finding.geometry && !CALM.has(name);
      return { ...finding, key: key(finding), number: onMap ? (number += 1) : null };
    });
    return { key: name, title, note, findings, hits: CALM.has(name) ? [] : findings };
  });
}

export function makeFindings(map) {
  const place = document.getElementById("findings");
  map.createPane("hits").style.zIndex = 455;
  const drawn = L.featureGroup().addTo(map);
  const badges = L.layerGroup().addTo(map);
  const { h } = cuntu;

  function draw(groups) {
    drawn.clearLayers();
    badges.clearLayers();
    const places = [];
    for (const group of groups) {
      for (const finding of group.findings) {
        if (!finding.number) continue;
        const colour = COLOURS[group.key];
        const options = { pane: "hits", color: colour, fillColor: colour, weight: 2, fillOpacity: 0.3, interactive: false };
        const shape = L.geoJSON(finding.geometry, { ...options, style: options, pointToLayer: (_, at) => L.circleMarker(at, { ...options, radius: 6 }) });
        shape.addTo(drawn);
        shape.getLayers().forEach((layer) => { layer.finding = finding.key; });
        note(places, shape, finding.number, group.key);
      }
    }
    for (const { at, numbers, key } of places) {
      const icon = L.divIcon({ className: `finding-badge tone-${key}`, html: cuntu.textElement(numbers.join("·")), iconSize: null });
      L.marker(at, { icon, pane: "side-labels", interactive: false, keyboard: false }).addTo(badges);
    }
    performance.mark("cuntu-painted-hits");
  }

  /* Numbers that would cover each other share one badge, in the colour of the first: the groups come worst first. */
  function note(places, shape, number, key) {
    const bounds = shape.getBounds();
    if (!bounds.isValid()) return;
    const at = nearest(shape, bounds);
    const beside = places.find((place) => map.distance(place.at, at) < SAME_PLACE_M);
    if (beside) beside.numbers.push(number); else places.push({ at, numbers: [number], key });
  }

  /* A long road is numbered where it passes the site, not in its middle far away. */
  function nearest(shape, bounds) {
    const view = map.getBounds();
    if (view.contains(bounds)) return L.latLng(bounds.getNorth(), bounds.getCenter().lng);
    const inside = shape.getLayers().flatMap((layer) => (layer.getLatLngs ? layer.getLatLngs().flat(3) : [layer.getLatLng()]));
    const centre = map.getCenter();
    return inside.reduce((best, at) => (!best || map.distance(at, centre) < map.distance(best, centre) ? at : best), null) || bounds.getCenter();
  }

  function show(finding) {
    const shapes = drawn.getLayers().flatMap((layer) => layer.getLayers()).filter((layer) => layer.finding === finding.key);
    const bounds = shapes.reduce((all, layer) => all.extend(layer.getBounds ? layer.getBounds() : layer.getLatLng()), L.latLngBounds([]));
    if (bounds.isValid()) map.fitBounds(bounds.pad(0.3), { maxZoom: 20, animate: false });
    document.dispatchEvent(new CustomEvent("cuntu-view", { detail: "map" }));
  }

  const value = (item) => item.label || cuntu.measure(item.value, item.unit);

  function entry(finding, group) {
    const facts = [["实测", finding.measured && value(finding.measured)], ["标准", finding.threshold && value(finding.threshold)]].filter(([, text]) => text);
    return h("li", { class: "finding tone-" + group.key, id: finding.key },
      h("div", { class: "finding-title" },
        finding.number && h("button", { class: "finding-number", type: "button", "aria-label": `在图上查看第 ${finding.number} 处`, onclick: () => show(finding) }, finding.number),
        h("span", {}, finding.title, h("span", { class: "rule-id" }, finding.key))),
      h("p", {}, finding.outcome === "fail" && finding.plain ? finding.plain : finding.message),
      facts.length && !CALM.has(group.key) ? h("dl", { class: "values" }, facts.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text)))) : null,
      finding.advice && h("p", { class: "advice" }, finding.advice),
      finding.documents?.length ? h("p", { class: "citation" }, "须带材料：" + finding.documents.join("、")) : null,
      finding.outcome === "fail" && finding.citations?.length ? h("p", { class: "citation" }, "依据：" + finding.citations.map((item) => item.text).join("；")) : null);
  }

  function list(group) {
    const items = h("ul", { class: "findings" }, group.findings.map((finding) => entry(finding, group)));
    const head = [group.title, " ", h("span", { class: "count" }, `${group.findings.length} 条`)];
    if (FOLDED.has(group.key)) return h("div", { class: "finding-group tone-" + group.key }, h("details", { "data-group": group.key }, h("summary", {}, head), h("p", { class: "group-note" }, group.note), items));
    return h("div", { class: "finding-group tone-" + group.key }, h("h3", {}, head), h("p", { class: "group-note" }, group.note), items);
  }

  /* Rules of the table that no machine checks: for a person to look at. */
  function leftOut(rules) {
    if (!rules?.length) return null;
    const line = (rule) => h("li", {}, rule.title, h("span", { class: "rule-id" }, rule.rule_id + (rule.branch || "")), rule.reason ? "：" + rule.reason : "");
    return h("div", { class: "finding-group tone-not_applicable" }, h("details", { "data-group": "left_out" }, h("summary", {}, "本系统不核查、须人工核对的规则 ", h("span", { class: "count" }, `${rules.length} 条`)), h("ul", { class: "plain-list" }, rules.map(line))));
  }

  return {
    show(groups, rules) {
      const open = new Set([...place.querySelectorAll("details[open]")].map((item) => item.dataset.group));
      cuntu.fill(place, [...groups.filter((group) => group.findings.length).map(list), leftOut(rules)]);
      for (const fold of place.querySelectorAll("details")) fold.open = open.has(fold.dataset.group);
      place.classList.remove("stale");
      draw(groups);
    },
    /** The list stands for an application that has changed since. */
    stale() { place.classList.add("stale"); drawn.clearLayers(); badges.clearLayers(); },
    clear(text) { drawn.clearLayers(); badges.clearLayers(); place.classList.remove("stale"); cuntu.fill(place, h("p", { class: "hint" }, text)); },
  };
}
