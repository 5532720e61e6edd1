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
  const cache = new Map();
  let indicators = [];
  let periods = [];
  let values = new Map();
  let timer = null;

  const say = (text) => { byId("progress-status").textContent = text; };
  const failed = (error) => fill(byId("summary"), h("p", { class: "notice error" }, error.message));
  const monthName = (period) => { const [year, month] = period.split("-"); return `${year}年${Number(month)}月`; };
  const target = (value) => (value === null || value === undefined ? "–" : percent(value));

  /* Five classes for an indicator, the same for all its months: of some round scales the one that parts the villages best. */
  const scales = [[0.2, 0.4, 0.6, 0.8], [0.6, 0.7, 0.8, 0.9], [0.1, 0.2, 0.3, 0.4], [0.05, 0.1, 0.15, 0.2], [0.8, 0.85, 0.9, 0.95]];
  const classOf = (rate, limits) => limits.filter((limit) => rate >= limit).length;
  function scaleFor(rates) {
    const fullest = (limits) => Math.max(...colours.map((_, index) => rates.filter((rate) => classOf(rate, limits) === index).length));
    return scales.reduce((best, limits) => (fullest(limits) < fullest(best) * 0.8 ? limits : best));
  }
  /* The deeper colour is always the better state. */
  const colourOf = (index, indicator) => colours[indicator.better === "lower" ? colours.length - 1 - index : index];
  const filled = (village, indicator) => {
    if (!village || village.status === "unreported") return "url(#cuntu-hatch)";
    if (typeof village.rate !== "number") return "#ffffff";
    return colourOf(classOf(village.rate, indicator.limits), indicator);
  };

  function paint(data, indicator) {
    const limits = indicator.limits || (indicator.limits = scaleFor(data.villages.map((item) => item.rate).filter((rate) => typeof rate === "number")));
    const counts = new Array(colours.length + 2).fill(0);
    values = new Map(data.villages.map((item) => [item.village_code, item]));
    for (const path of villages.getLayers()) {
      const colour = filled(values.get(path.feature.properties.code), indicator);
      path.setStyle({ fillColor: colour, color: colour === "#ffffff" ? "#8f9894" : "#ffffff" });
      const index = colours.indexOf(colour);
      counts[index >= 0 ? index : colour === "#ffffff" ? colours.length + 1 : colours.length] += 1;
    }
    const name = (index) => {
      const [low, high] = [limits[index - 1], limits[index]].map((limit) => number(limit * 100, 0));
      if (index === 0) return `不到 ${high} %`;
      return index === limits.length ? `${low} % 以上` : `${low} % – ${high} %`;
    };
    [...legend.children].forEach((line, index) => {
      const colour = index < colours.length ? colourOf(index, indicator) : null;
      line.querySelector(".count").textContent = `${counts[colour ? colours.indexOf(colour) : index]} 村`;
      if (!colour) return;
      line.querySelector("rect").setAttribute("fill", colour);
      line.querySelector(".class-label").textContent = name(index);
    });
    villages._map && requestAnimationFrame(() => performance.mark("cuntu-painted-progress"));
  }

  function bar(rate, line) {
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
    if (typeof line === "number") make("line", { x1: Math.min(99, line * 100), x2: Math.min(99, line * 100), y1: 0, y2: 8, "vector-effect": "non-scaling-stroke" });
    return element;
  }

  /* A unit that has not fully reported gets no judgement; beside it stands what the reported part alone would get. */
  const statusOf = (item) => [
    h("span", { class: "status " + item.status }, item.status_label),
    item.status === "incomplete" ? h("span", { class: "muted" }, `（按已报：${item.provisional_label}）`) : null,
  ];

  function summary(data, indicator) {
    const county = data.county;
    const goal = data.target;
    fill(byId("summary"),
      h("h2", {}, indicator.title),
      h("p", { class: "big-figure" }, h("b", {}, county.rate_label), h("span", { class: "muted" }, `全县 · ${monthName(data.figures_period)}`)),
      h("p", {}, goal ? ["目标 ", h("b", {}, goal.label || target(goal.line)), goal.pace === "schedule" ? `（序时进度 ${target(goal.line)}）` : null, "　"] : null, statusOf(county)),
      h("p", { class: "muted" }, `已报 ${county.completeness} 村；${number(county.numerator)} ÷ ${number(county.denominator)} ${data.unit || ""}`),
      h("p", { class: "hint" }, indicator.better === "lower" ? "数字低为好；颜色深表示较好。" : "颜色深表示较好。"),
      data.synthetic ? h("p", {}, h("span", { class: "tag demo" }, "示例数据"), " 本期数字由程序生成，仅供演示。") : null,
      data.note ? h("p", { class: "hint" }, data.note) : null,
      goal && goal.note ? h("p", { class: "hint" }, goal.note) : null);
  }

  function towns(data) {
    fill(document.querySelector("#town-table tbody"), data.towns.map((town) => h("tr", {},
      h("th", { scope: "row" }, town.name), h("td", { class: "num" }, town.rate_label), h("td", {}, bar(town.rate, town.target)),
      h("td", { class: "num" }, number(town.numerator)), h("td", { class: "num" }, number(town.denominator)),
      h("td", { class: "num" }, `${town.completeness} 村`), h("td", { class: "num" }, target(town.target)),
      h("td", {}, statusOf(town)))));
    document.querySelector(".period-note").textContent = `${monthName(data.figures_period)} · 未报的村不计入，未报齐的乡镇不下结论`;
  }

  function villageTable(data) {
    if (!byId("village-details").open) return;
    fill(document.querySelector("#progress-villages tbody"), data.villages.map((item) => h("tr", {},
      h("th", { scope: "row" }, item.name), h("td", {}, item.town), h("td", { class: "num" }, item.rate_label),
      h("td", { class: "num" }, number(item.numerator)), h("td", { class: "num" }, number(item.denominator)), h("td", {}, item.status_label))));
  }

  async function load(indicator, period) {
    const key = indicator + " " + period;
    if (!cache.has(key)) cache.set(key, await cuntu.getJson(cuntu.timed(`/api/v1/progress/values?indicator=${encodeURIComponent(indicator)}&period=${period}`)));
    return cache.get(key);
  }

  let asked = 0;
  let shown = null;
  async function show() {
    const turn = (asked += 1);
    const indicator = indicators.find((item) => item.indicator === byId("indicator").value);
    const period = periods[Number(byId("month").value)];
    byId("period").textContent = monthName(period);
    byId("month").setAttribute("aria-valuetext", monthName(period));
    byId("month-before").disabled = Number(byId("month").value) === 0;
    byId("month-after").disabled = Number(byId("month").value) === periods.length - 1;
    try {
      const data = await load(indicator.indicator, period);
      if (turn !== asked) return;
      shown = data;
      paint(data, indicator);
      summary(data, indicator);
      towns(data);
      villageTable(data);
      say(`${indicator.title}，${monthName(period)}，全县 ${data.county.rate_label}，${data.county.status_label}，已报 ${data.county.completeness} 村。`);
    } catch (error) {
      if (turn === asked) failed(error);
    }
  }

  function detail(code) {
    const item = values.get(code);
    const properties = villages.byCode[code].feature.properties;
    const name = `${properties.name} · ${properties.town}`;
    if (!item || item.status === "unreported") return h("div", {}, h("b", {}, name), h("p", {}, "未报"));
    return h("div", {}, h("b", {}, name), h("p", {}, `${item.rate_label}（${number(item.numerator)} ÷ ${number(item.denominator)} ${shown.unit || ""}），${item.status_label}`));
  }

  /* Periods for which nobody reported stand on the slider too: they are shown as not reported. */
  function withGaps(held, months) {
    const index = (period) => Number(period.slice(0, 4)) * 12 + Number(period.slice(5, 7)) - 1;
    const all = [];
    for (let at = index(held[0]); at <= index(held[held.length - 1]); at += months) all.push(`${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`);
    return all;
  }

  function choosePeriods(keepLast) {
    const indicator = indicators.find((item) => item.indicator === byId("indicator").value);
    const before = periods[Number(byId("month").value)];
    periods = withGaps(indicator.periods, { month: 1, quarter: 3, "half-year": 6, year: 12 }[indicator.cadence] || 1);
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
    const answer = await cuntu.getJson(cuntu.timed("/api/v1/progress/indicators"));
    indicators = answer.indicators.filter((item) => item.periods.length);
    if (!indicators.length) { fill(byId("summary"), h("p", { class: "notice" }, "还没有进度数据。")); return; }
    fill(byId("indicator"), indicators.map((item) => h("option", { value: item.indicator }, `${item.indicator} ${item.title}`)));
    choosePeriods(true);
    await show();
  } catch (error) {
    failed(error);
  }
});
