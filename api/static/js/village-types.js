/* Map of village types: selection, search, filter by type, evidence fetched when asked for. */
"use strict";
cuntu.ready(() => {
  const { h, fill } = cuntu;
  const map = cuntu.theMap;
  const villages = cuntu.layers.villages;
  if (!map) return;
  const rows = [...document.querySelectorAll("#village-table tbody tr")];
  const list = rows.map((row) => ({
    row, code: row.dataset.code, type: row.dataset.type, name: row.cells[0].textContent.trim(), town: row.cells[1].textContent,
  }));
  const openTab = cuntu.tabs(document.querySelector("[role=tablist]"));
  const panel = document.getElementById("panel-evidence");
  let selected = null;

  /* evidence ------------------------------------------------------------------------------------------------------------- */
  const matches = (rule) => rule.outcome === "match";

  function condition(item) {
    const margin = typeof item.margin === "number" ? `，相差 ${cuntu.measure(Math.abs(item.margin), item.unit)}` : "";
    const dataset = item.dataset ? `（${item.dataset.title}，${item.dataset.date}）` : "";
    return h("li", {}, item.label, " ", h("b", {}, item.value_label), `：${item.test}${margin}${dataset}`, item.reason ? `。${item.reason}` : "");
  }

  function rule(item) {
    const kind = matches(item) ? "matched" : item.outcome;
    const leads = [item.class_label ? `指向：${item.class_label}` : "", item.effect === "list_households" ? "只列出受影响的户" : ""].filter(Boolean).join("；");
    const sources = (item.citations || []).map((citation) => citation.text).filter(Boolean).join("；");
    return h("div", { class: "rule " + kind },
      h("div", { class: "rule-title" }, item.title, h("span", { class: "rule-id" }, item.rule_id + (item.branch || ""))),
      leads ? h("p", {}, leads) : null,
      item.conditions && item.conditions.length ? h("ul", { class: "conditions" }, item.conditions.map(condition)) : h("p", {}, item.message),
      sources ? h("p", { class: "citation" }, `依据：${sources}`) : null);
  }

  function folded(title, rules) {
    if (!rules.length) return null;
    return h("details", {}, h("summary", {}, title, " ", h("span", { class: "count" }, `${rules.length} 条`)), rules.map(rule));
  }

  function swatchOf(type) {
    const box = boxes.find((item) => item.dataset.type === type);
    return box ? box.closest("label").querySelector(".swatch").cloneNode(true) : null;
  }

  function heading(village) {
    return [
      h("h3", {}, village.name || village.village_code),
      h("p", { class: "muted" }, [village.town, village.village_code].filter(Boolean).join(" · ")),
      h("p", { class: "type-tag" }, swatchOf(village.village_type), village.village_type_label),
      village.reason ? h("p", village.conflict ? { class: "conflict" } : {}, village.reason) : null,
      village.needs_confirmation ? h("p", { class: "hint" }, "须由指定席位确认。") : null,
    ];
  }

  function showEvidence(village) {
    const evidence = village.evidence || [];
    const matched = evidence.filter(matches);
    const missing = evidence.filter((item) => item.outcome === "no_data");
    const others = evidence.filter((item) => !matches(item) && !missing.includes(item));
    const absent = village.missing || [];
    fill(panel,
      ...heading(village),
      village.score ? h("p", {}, "综合得分 ", h("b", {}, [...new Set([village.score.low, village.score.high])].map((score) => cuntu.number(score, 1)).join("–")), " 分") : null,
      h("h3", {}, `符合的规则（${matched.length}）`),
      ...(matched.length ? matched.map(rule) : [h("p", { class: "muted" }, "没有。")]),
      folded("缺少数据的规则", missing), folded("不符合的规则", others),
      absent.length ? h("h3", {}, "缺少的指标") : null,
      absent.length ? h("ul", { class: "plain-list" }, absent.map((item) => h("li", {}, item))) : null);
  }

  function popupContent(village) {
    const matched = (village.evidence || []).filter(matches);
    return h("div", {}, ...heading(village),
      h("ul", { class: "plain-list" }, matched.slice(0, 4).map((item) => h("li", {}, item.title))),
      h("button", { class: "link-button", type: "button", onclick: () => { openTab("tab-evidence"); panel.focus(); } }, `全部依据（${(village.evidence || []).length} 条规则）`));
  }

  /* selection ------------------------------------------------------------------------------------------------------------ */
  async function select(code, options) {
    const path = villages.byCode[code];
    const entry = list.find((item) => item.code === code);
    if (selected && villages.byCode[selected]) villages.resetStyle(villages.byCode[selected]);
    applyFilter();
    for (const item of list) item.row.classList.toggle("selected", item.code === code);
    selected = code;
    if (path) {
      path.setStyle({ color: "#20302f", weight: 3 });
      path.bringToFront();
      if (options.move) map.fitBounds(path.getBounds(), { maxZoom: 13, padding: [80, 80] });
    }
    openTab("tab-evidence");
    fill(panel, h("p", { class: "muted" }, `正在读取 ${entry ? entry.name : code} 的分类依据……`));
    try {
      const feature = await cuntu.getJson(cuntu.timed("/api/v1/villages/" + encodeURIComponent(code)));
      if (selected !== code) return;
      const village = feature.properties || feature;
      showEvidence(village);
      const at = options.at || (path && path.getBounds().getCenter());
      if (at) L.popup({ maxWidth: 300, maxHeight: 280, autoPan: true }).setLatLng(at).setContent(popupContent(village)).openOn(map);
    } catch (error) {
      if (selected === code) fill(panel, h("p", { class: "notice error" }, error.message));
    }
  }
  villages.on("click", (event) => select(event.layer.feature.properties.code, { at: event.latlng }));
  villages.on("mouseover", (event) => { if (event.layer.feature.properties.code !== selected) event.layer.setStyle({ weight: 2, color: "#20302f" }).bringToFront(); });
  villages.on("mouseout", (event) => { if (event.layer.feature.properties.code !== selected) { villages.resetStyle(event.layer); applyFilter(event.layer); } });
  for (const item of list) item.row.querySelector("button").addEventListener("click", () => { select(item.code, { move: true }); document.querySelector(".map-layout").scrollIntoView({ block: "start" }); });

  /* filter by type ------------------------------------------------------------------------------------------------------- */
  const boxes = [...document.querySelectorAll("input[data-type]")];
  const near = () => map.getZoom() >= 13.5;
  function applyFilter(only) {
    const shown = new Set(boxes.filter((box) => box.checked).map((box) => box.dataset.type));
    const opacity = near() ? 0.35 : 0.9;
    for (const path of only ? [only] : villages.getLayers()) {
      path.setStyle({ fillOpacity: shown.has(path.feature.properties.type) ? opacity : 0.06 });
    }
    if (only) return;
    let count = 0;
    for (const item of list) {
      item.row.hidden = !shown.has(item.type);
      if (!item.row.hidden) count += 1;
    }
    document.getElementById("table-status").textContent = `${count} 个村`;
  }
  for (const box of boxes) box.addEventListener("change", () => applyFilter());
  map.on("zoomend", () => applyFilter());

  /* search --------------------------------------------------------------------------------------------------------------- */
  const input = document.getElementById("village-search");
  const results = document.getElementById("search-results");
  const status = document.getElementById("search-status");
  function search() {
    const words = input.value.trim();
    const found = words ? list.filter((item) => item.name.includes(words) || item.town.includes(words) || item.code.startsWith(words)) : [];
    results.hidden = !words;
    fill(results, found.slice(0, 40).map((item) => h("li", {}, h("button", { type: "button", onclick: () => { results.hidden = true; select(item.code, { move: true }); } }, h("span", {}, item.name), h("span", { class: "muted" }, item.town)))));
    status.textContent = words ? `找到 ${found.length} 个村` : "";
    if (words && !found.length) fill(results, h("li", { class: "hint" }, "没有找到"));
  }
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const first = results.querySelector("button");
    if (event.key === "Enter" && first) first.click();
    if (event.key === "ArrowDown" && first) { event.preventDefault(); first.focus(); }
    if (event.key === "Escape") { input.value = ""; search(); }
  });
  results.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = event.target.closest("li")[step];
    (next ? next.querySelector("button") : input).focus();
  });

  cuntu.overlaySwitches(map);
  const asked = new URLSearchParams(location.search).get("village");
  if (asked && villages.byCode[asked]) select(asked, { move: true });
});
