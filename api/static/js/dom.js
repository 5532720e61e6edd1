/* Small helpers shared by all pages. Every text from data goes into the page as text, never as HTML. */
"use strict";
var cuntu = window.cuntu || {};

/** Make an element: h("p", {class: "note"}, "text", child, ...). Strings become text nodes; null and false are left out. */
cuntu.h = function (tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
};

/** Replace an element's content. */
cuntu.fill = function (element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
};

/** An address with the two times of this page, so that what is fetched later is of the same day and the same knowledge. */
cuntu.timed = function (url) {
  const given = new URLSearchParams(location.search), times = new URLSearchParams();
  for (const name of ["valid_on", "known_at"]) if (given.get(name)) times.set(name, given.get(name));
  return times.size ? url + (url.includes("?") ? "&" : "?") + times : url;
};

/** Fetch JSON from this service; a problem document becomes an Error with its own words. */
cuntu.getJson = async function (url) {
  let response;
  try {
    response = await fetch(url, { headers: { Accept: "application/json" } });
  } catch (error) {
    throw new Error("服务没有应答，请稍后再试。");
  }
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail || problem.title || "读取失败（" + response.status + "）。");
};

/** A number for reading: at most `digits` decimals, thousands apart; no data is an en dash, never zero. */
cuntu.number = function (value, digits) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value === "boolean") return value ? "是" : "否";
  if (typeof value !== "number") return String(value);
  return value.toLocaleString("zh-CN", { maximumFractionDigits: digits === undefined ? 2 : digits });
};

cuntu.percent = function (share) {
  return share === null || share === undefined ? "–" : (share * 100).toFixed(1) + " %";
};

/* Chinese names of the units that the service writes in English. */
cuntu.units = {
  m2: "㎡", m: "米", ha: "公顷", person: "人", household: "户", house: "座", storey: "层", degree: "度", min: "分钟", point: "分", count: "项",
  days: "日", working_days: "个工作日", survey_year: "个调查年度", date: "", code: "", bool: "",
};

cuntu.measure = function (value, unit) {
  if (unit === "share" && typeof value === "number") return cuntu.number(value * 100, 1) + " %";
  const name = unit in cuntu.units ? cuntu.units[unit] : unit || "";
  return cuntu.number(value, 3) + (name ? " " + name : "");
};

/** Tabs after the ARIA pattern: arrow keys move, only the chosen tab is in the tab order. */
cuntu.tabs = function (list) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const choose = (tab, focus) => {
    for (const each of tabs) {
      const chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (focus) tab.focus();
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(tab, false));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      choose(tabs[(index + step + tabs.length) % tabs.length], true);
    });
  });
  return (id) => choose(document.getElementById(id), false);
};

cuntu.ready = function (start) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
};

cuntu.ready(() => {
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
});
window.cuntu = cuntu;
