/* The corners as a table J1…Jn that can be edited: the way to a site for whoever cannot or will not draw. */
import { crossing, mu, perimeter, sides, siteArea } from "./geometry.js";

const MOST_ROWS = 300;

export function makeCornerTable({ store, onMessage }) {
  const place = document.getElementById("corner-table");
  const figures = document.getElementById("site-figures");
  const { h, fill } = cuntu;

  function replace(p, r, ring) {
    const parts = store.state.parts.map((part, i) => (i !== p ? part : part.map((old, j) => (j === r ? ring : old)).filter((old) => old.length)));
    store.change({ parts: parts.filter((part) => part.length && part[0].length >= 3) }, { label: "改界址点" });
  }

  function edit(p, r, index, axis, input) {
    const ring = store.state.parts[p][r];
    const value = Number(input.value);
    if (input.value.trim() === "" || !Number.isFinite(value)) { onMessage("坐标应为数字。"); input.value = ring[index][axis].toFixed(3); return; }
    replace(p, r, ring.map((point, i) => (i === index ? point.map((old, k) => (k === axis ? value : old)) : point)));
  }

  function row(point, side, name, p, r, index) {
    const cell = (axis, title) => h("td", {}, h("input", { type: "number", step: "0.001", inputmode: "decimal", value: point[axis].toFixed(3), "aria-label": `${name} ${title}`, onchange: (event) => edit(p, r, index, axis, event.target) }));
    const remove = () => {
      const ring = store.state.parts[p][r];
      if (ring.length <= 3) { onMessage("至少要留三个界址点。"); return; }
      replace(p, r, ring.filter((_, i) => i !== index));
    };
    return h("tr", {}, h("th", { scope: "row" }, name), cell(1, "X 北坐标"), cell(0, "Y 东坐标"), h("td", { class: "num" }, side.toFixed(2)),
      h("td", {}, h("button", { class: "button small", type: "button", "aria-label": `删除 ${name}`, onclick: remove }, "删")));
  }

  function table(parts) {
    let number = 0;
    const rows = parts.flatMap((part, p) => part.flatMap((ring, r) => {
      const lengths = sides(ring);
      return ring.map((point, index) => row(point, lengths[index], `J${(number += 1)}`, p, r, index));
    }));
    const head = h("tr", {}, ["点号", "X（北）", "Y（东）", "边长 米"].map((text) => h("th", { scope: "col" }, text)), h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "操作")));
    return h("div", { class: "table-wrap" }, h("table", { class: "corners" }, h("thead", {}, head), h("tbody", {}, rows)));
  }

  function tell(parts) {
    const area = siteArea(parts);
    document.getElementById("site-area").textContent = parts.length ? `${area.toFixed(2)} ㎡` : "–";
    document.getElementById("site-mu").textContent = parts.length ? `${mu(area).toFixed(3)} 亩` : "";
    figures.hidden = !parts.length;
    const crossed = parts.flat().filter((ring) => ring.length <= MOST_ROWS).map(crossing).find(Boolean);
    fill(figures, parts.length ? h("p", {}, h("b", {}, `${area.toFixed(2)} ㎡`), ` ${mu(area).toFixed(3)} 亩 · 周长 ${perimeter(parts).toFixed(2)} 米 · ${parts.flat(2).length} 点`) : null,
      crossed ? h("p", { class: "field-problem" }, `第 ${crossed[0]} 条边与第 ${crossed[1]} 条边相交，图形不成立。`) : null);
  }

  function show(state, what) {
    tell(state.parts);
    if (what === "preview") return;
    const count = state.parts.flat(2).length;
    if (!count) fill(place, h("p", { class: "hint" }, "还没有界址点。"));
    else if (count > MOST_ROWS) fill(place, h("p", { class: "hint" }, `共 ${count} 个界址点，太多，不逐点列出。`));
    else keepFocus(() => fill(place, table(state.parts)));
  }

  /* The table is written anew after each edit; whoever tabs through it stays where they are. */
  function keepFocus(write) {
    const held = place.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    write();
    if (held) [...place.querySelectorAll("[aria-label]")].find((item) => item.getAttribute("aria-label") === held)?.focus();
  }

  store.subscribe((state, what) => { if (what !== "form") show(state, what); });
  show(store.state, "site");
}
