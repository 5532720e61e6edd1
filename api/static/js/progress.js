/* Map of rectification progress: indicator and month choosers, villages filled by rate, towns and county rolled up. */
"use strict";
cuntu.ready(async () => {
  const { h, fill, percent, number } = cuntu;
  const map = cuntu.theMap;
  if (!map) return;
  const villages = cuntu.layers.villages;
  const legend = document.getElementById("progress-legend");
  const colours = legend.dataset.colours.split(" ");
  const byId = (id) => document.getElementById(id);
  const statusNames = {
    met: "已达标", on_track: "进度正常", behind: "进度滞后", at_risk: "有风险", overdue: "逾期未达标", missed: "未达标", reported: "已报",
    not_reported: "未报", not_applicable: "不适用", no_target: "未设目标", incomplete: "未报齐",
  };
  const cache = new Map();
  let indicators = [];
  let periods = [];
  let values = new Map();
  let timer = null;

  const say = (text) => { byId("progress-status").textContent = text; };
  const failed = (error) => fill(byId("summary"), h("p", { class: "notice error" }, error.message));
  const monthName = (period) => { const [year, month] = period.split("-"); return `${year}年${Number(month)}月`; };
  const statusOf = (item) => statusNames[item.status] || item.status_label || item.status || "–";
  const targetOf = (target) => (target && typeof target === "object" ? target.value ?? null : target ?? null);

  /* classes: five equal steps between the round numbers that hold all values of all months shown so far -------------------- */
  function breaks(indicator) {
    return indicator.breaks || [0.2, 0.4, 0.6, 0.8];
  }
  function classOf(rate, limits) {
    return limits.filter((limit) => rate >= limit).length;
  }
  const filled = (village, limits) => {
    if (!village || village.status === "not_reported" || village.denominator === null || village.denominator === undefined) return "url(#cuntu-hatch)";
    if (village.rate === null || village.rate === undefined) return "#ffffff";
    return colours[classOf(village.rate, limits)];
  };

  function paint(data, indicator) {
    const limits = breaks(indicator);
    const counts = new Array(colours.length + 2).fill(0);
    values = new Map(data.villages.map((item) => [item.village_code, item]));
    for (const path of villages.getLayers()) {
      const colour = filled(values.get(path.feature.properties.code), limits);
      path.setStyle({ fillColor: colour, color: colour === "#ffffff" ? "#8f9894" : "#ffffff" });
      const index = colours.indexOf(colour);
      counts[index >= 0 ? index : colour === "#ffffff" ? colours.length + 1 : colours.length] += 1;
    }
    const edges = [0, ...limits, 1];
    [...legend.children].forEach((line, index) => {
      line.querySelector(".count").textContent = `${counts[index]} 村`;
      if (index < colours.length) line.querySelector(".class-label").textContent = `${number(edges[index] * 100, 0)} % – ${number(edges[index + 1] * 100, 0)} %`;
    });
    villages._map && requestAnimationFrame(() => performance.mark("cuntu-painted-progress"));
  }

  function bar(rate, target) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const make = (tag, attributes) => {
      const part = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
      element.append(part);
    };
    element.setAttribute("class", "bar");
    element.setAttribute("viewBox", "0 0 100 8");
    element.setAttribute("preserveAspectRatio", "none");
    element.setAttribute("aria-hidden", "true");
    make("rect", { class: "track", width: 100, height: 8 });
    if (typeof rate === "number") make("rect", { class: "value", width: Math.min(100, rate * 100), height: 8 });
    if (typeof target === "number") make("line", { x1: Math.min(99, target * 100), x2: Math.min(99, target * 100), y1: 0, y2: 8, "vector-effect": "non-scaling-stroke" });
    return element;
  }

  function summary(data, indicator) {
    const county = data.county || {};
    const target = targetOf(data.target ?? county.target);
    fill(byId("summary"),
      h("h2", {}, indicator.title || indicator.name),
      h("p", { class: "big-figure" }, h("b", {}, percent(county.rate)), h("span", { class: "muted" }, `全县 · ${monthName(data.period)}`)),
      h("p", {}, target === null ? "未设目标" : ["目标 ", h("b", {}, percent(target)), " "], " ", h("span", { class: "status " + (county.status || "") }, statusOf(county))),
      h("p", { class: "muted" }, `已报 ${number(county.reported)}/${number(county.due)} 村，${number(county.numerator)} ÷ ${number(county.denominator)} ${data.unit || ""}`));
  }

  function towns(data) {
    const target = targetOf(data.target);
    fill(document.querySelector("#town-table tbody"), data.towns.map((town) => h("tr", {},
      h("th", { scope: "row" }, town.name), h("td", { class: "num" }, percent(town.rate)), h("td", {}, bar(town.rate, targetOf(town.target) ?? target)),
      h("td", { class: "num" }, number(town.numerator)), h("td", { class: "num" }, number(town.denominator)),
      h("td", { class: "num" }, `${town.reported}/${town.due} 村`), h("td", { class: "num" }, percent(targetOf(town.target) ?? target)),
      h("td", {}, h("span", { class: "status " + (town.status || "") }, statusOf(town))))));
    document.querySelector(".period-note").textContent = `${monthName(data.period)} · 未报的村不计入`;
  }

  function villageTable(data) {
    if (!byId("village-details").open) return;
    const townNames = new Map(data.towns.map((town) => [town.town_code, town.name]));
    fill(document.querySelector("#progress-villages tbody"), data.villages.map((item) => h("tr", {},
      h("th", { scope: "row" }, item.name), h("td", {}, townNames.get(item.town_code) || item.town || "–"), h("td", { class: "num" }, percent(item.rate)),
      h("td", { class: "num" }, number(item.numerator)), h("td", { class: "num" }, number(item.denominator)), h("td", {}, statusOf(item)))));
  }

  async function load(indicator, period) {
    const key = indicator + " " + period;
    if (!cache.has(key)) cache.set(key, await cuntu.getJson(`/api/v1/progress/values?indicator=${encodeURIComponent(indicator)}&period=${period}`));
    return cache.get(key);
  }

  let asked = 0;
  let shown = null;
  async function show() {
    const turn = (asked += 1);
    const indicator = indicators.find((item) => item.id === byId("indicator").value);
    const period = periods[Number(byId("month").value)];
    byId("period").textContent = monthName(period);
    byId("month").setAttribute("aria-valuetext", monthName(period));
    byId("month-before").disabled = Number(byId("month").value) === 0;
    byId("month-after").disabled = Number(byId("month").value) === periods.length - 1;
    try {
      const data = await load(indicator.id, period);
      if (turn !== asked) return;
      shown = data;
      paint(data, indicator);
      summary(data, indicator);
      towns(data);
      villageTable(data);
      const county = data.county || {};
      say(`${indicator.title || indicator.name}，${monthName(period)}，全县 ${percent(county.rate)}，已报 ${number(county.reported)}/${number(county.due)} 村。`);
    } catch (error) {
      if (turn === asked) failed(error);
    }
  }

  function detail(code) {
    const item = values.get(code);
    const properties = villages.byCode[code].feature.properties;
    const name = `${properties.name} · ${properties.town}`;
    if (!item || item.status === "not_reported") return h("div", {}, h("b", {}, name), h("p", {}, "未报"));
    return h("div", {}, h("b", {}, name), h("p", {}, `${percent(item.rate)}（${number(item.numerator)} ÷ ${number(item.denominator)} ${shown.unit || ""}）`));
  }

  function choosePeriods(keepLast) {
    const indicator = indicators.find((item) => item.id === byId("indicator").value);
    const before = periods[Number(byId("month").value)];
    periods = indicator.periods;
    byId("month").max = String(periods.length - 1);
    const same = periods.indexOf(before);
    byId("month").value = String(keepLast || same < 0 ? periods.length - 1 : same);
  }

  const step = (by) => {
    const next = Number(byId("month").value) + by;
    if (next < 0 || next >= periods.length) return false;
    byId("month").value = String(next);
    show();
    return true;
  };
  function play() {
    if (timer) { clearInterval(timer); timer = null; }
    else {
      if (Number(byId("month").value) === periods.length - 1) byId("month").value = "0";
      show();
      timer = setInterval(() => { if (!step(1)) play(); }, 1100);
    }
    byId("play").setAttribute("aria-pressed", String(Boolean(timer)));
    byId("play").textContent = timer ? "停止" : "逐月播放";
  }

  byId("indicator").addEventListener("change", () => { choosePeriods(false); show(); });
  byId("month").addEventListener("input", show);
  byId("month-before").addEventListener("click", () => step(-1));
  byId("month-after").addEventListener("click", () => step(1));
  byId("play").addEventListener("click", play);
  byId("village-details").addEventListener("toggle", () => { if (shown) villageTable(shown); });
  villages.bindTooltip((path) => detail(path.feature.properties.code), { sticky: true });
  villages.on("mouseover", (event) => event.layer.setStyle({ weight: 2.2 }));
  villages.on("mouseout", (event) => event.layer.setStyle({ weight: 0.8 }));
  villages.on("click", (event) => fill(byId("village-detail"), h("h3", {}, "选中的村"), detail(event.layer.feature.properties.code)));

  try {
    const answer = await cuntu.getJson("/api/v1/progress/indicators");
    indicators = (answer.indicators || answer).filter((item) => (item.periods || []).length);
    if (!indicators.length) { fill(byId("summary"), h("p", { class: "notice" }, "还没有进度数据。")); return; }
    fill(byId("indicator"), indicators.map((item) => h("option", { value: item.id }, `${item.id} ${item.title || item.name}`)));
    choosePeriods(true);
    await show();
  } catch (error) {
    failed(error);
  }
});
