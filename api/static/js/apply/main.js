/* The page to apply: wires the site, the form, the verdict and the draft together. */
import { makeCornerTable } from "./corner-table.js";
import { makeDraft } from "./draft.js";
import { makeDrawing } from "./drawing.js";
import { makeFiles } from "./files.js";
import { groupsOf, makeFindings } from "./findings.js";
import { makeForm } from "./form.js";
import { siteArea, toGeometry } from "./geometry.js";
import { makeHandles } from "./handles.js";
import { makeLiveCheck } from "./live.js";
import { makeLocate } from "./locate.js";
import { makeNeighbours } from "./neighbours.js";
import { makePlaces } from "./places.js";
import { makePlane } from "./plane.js";
import { makeProposals } from "./proposals.js";
import { makeSiting } from "./siting.js";
import { makeStore } from "./store.js";
import { makeSubmit } from "./submit.js";
import { makeTaking } from "./taking.js";
import { makeVerdict } from "./verdict.js";
import { makeViews } from "./views.js";

const $ = (id) => document.getElementById(id);
const settings = JSON.parse($("apply-settings").textContent);
const SAVE_AFTER_MS = 200;
const crsName = `EPSG:${settings.epsg}`;
const map = cuntu.theMap;
const plane = makePlane(settings.projection);

const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
const fresh = () => ({ parts: [], properties: { applied_on: today() } });

const draft = makeDraft();
const restored = draft.load();
const store = makeStore(restored ? asState(restored) : fresh());

/* A draft of an older page may hold what the form no longer has. */
function asState({ parts, properties }) {
  const known = new Set([...$("application").elements].map((item) => item.name));
  return { parts, properties: Object.fromEntries(Object.entries(properties).filter(([name]) => known.has(name))) };
}

/** The application as the service takes it, in the county's zone; null while there is no site. */
function makeBody(state) {
  if (!state.parts.length) return null;
  return { type: "Feature", geometry: toGeometry(state.parts), properties: state.properties };
}

const verdict = makeVerdict();
const message = (text) => { $("toast").textContent = text; $("toast").hidden = !text; verdict.say(text); clearTimeout(message.timer); message.timer = setTimeout(() => { $("toast").hidden = true; }, 4_500); };
const neighbours = makeNeighbours(map, settings.snapLayers);
let drawing = null;
const handles = makeHandles(map, plane, { store, snap: (...given) => drawing.snap(...given), onMessage: message });
drawing = makeDrawing(map, plane, { store, neighbours, handles, parcelsLoaded: settings.hasParcels, onMessage: message, onPicked: showPicked });
const views = makeViews(map);
makeCornerTable({ store, onMessage: message });
const form = makeForm({ store, onTakeArea: takeArea });
const findings = makeFindings(map);
const taking = makeTaking(map, plane, { store, onMessage: message });
const siting = makeSiting({ store, taking, onMessage: message });
const proposals = makeProposals({ store, taking, url: `/api/v1/proposals?crs=${crsName}`, makeBody, onMessage: message });
makeFiles({ store, crsName, makeBody, onRead: () => handles.fit() });
makePlaces(map, settings.places, { onGone: () => views.open("map") });
const locate = makeLocate(map, { onMessage: message });
cuntu.overlaySwitches(map);

const live = makeLiveCheck({ url: `/api/v1/checks/preview?crs=${crsName}`, makeBody, onResult: showResult });
makeSubmit({ store, url: `/api/v1/checks?crs=${crsName}`, makeBody, onMessage: message, onRefused: (error) => showResult({ kind: "invalid", problems: error.problems, detail: error.message }), onStored: stored });

function showResult(answer) {
  const result = answer.kind === "invalid" ? told(answer) : answer;
  const groups = result.kind === "current" ? groupsOf(result.report) : [];
  verdict.show(result, groups);
  const hits = groups.filter((group) => group.key !== "not_checked").reduce((sum, group) => sum + group.hits.length, 0);
  $("tab-count").textContent = hits ? ` ${hits}` : "";
  proposals.offer(result.kind === "current" ? result.report.verdict : null);
  if (result.kind === "current") siting.offer(result.report.subject.village_code || null);
  if (result.kind === "current") { form.accept(); findings.show(groups, result.report.not_checked); }
  else if (result.kind === "invalid") findings.clear(result.detail);
  else if (result.kind === "none") findings.clear("画出宗地并填写申请表后，这里列出核查意见。");
  else findings.stale();
}

/* A refusal in words for people: what belongs to a field stands there, the rest is about the site. */
function told({ problems, detail }) {
  const rest = form.refuse(problems);
  const fields = problems.length - rest.length;
  const words = [fields ? `申请表中有 ${fields} 项不能用，已在该项下标出。` : "", ...rest.map((item) => item.message)].filter(Boolean);
  return { kind: "invalid", detail: words.join("；") || detail };
}

function stored(report, sent) {
  if (store.state === sent) { dropDraft(); $("draft-state").textContent = "已提交，草稿已删除。"; }
  views.open("report");
  message(`已提交。结论：${report.verdict_label}。`);
}

function takeArea() {
  if (!store.state.parts.length) { message("还没有画宗地。"); return; }
  store.change({ properties: { ...store.state.properties, plot_area_m2: Math.round(siteArea(store.state.parts) * 100) / 100 } }, { label: "取图形面积" });
}

function showPicked(feature) {
  const { ZDDM: code, ZL: where, state } = feature.properties;
  const known = [code && `宗地代码 ${code}`, where, state === "idle" ? "闲置" : null, feature.area_m2 && `${feature.area_m2.toFixed(2)} ㎡`].filter(Boolean);
  $("picked").textContent = "已选地块：" + known.join(" · ");
  $("picked").hidden = false;
  message("已取该宗地的界址点。");
}

/* the draft */
let saving = null;
function save() {
  clearTimeout(saving);
  saving = setTimeout(keep, SAVE_AFTER_MS);
}

function keep() {
  clearTimeout(saving);
  saving = null;
  const kept = draft.save(store.state);
  $("draft-state").textContent = kept ? `草稿已存在本机浏览器中（${new Date().toTimeString().slice(0, 5)}）。` : "这个浏览器不能保存草稿，离开本页内容会丢失。";
}

function dropDraft() {
  clearTimeout(saving);
  saving = null;
  draft.remove();
}

function startOver() {
  $("picked").hidden = true;
  store.reset(fresh());
  dropDraft();
  $("draft-state").textContent = "草稿已删除。";
}

function offerOthers() {
  const others = draft.others();
  const line = ({ name, draft: other }) => cuntu.h("li", {}, `${String(other.saved || "").slice(0, 16).replace("T", " ")} · ${other.properties.case_no || "未编号"} `,
    cuntu.h("button", { class: "link-button", type: "button", onclick: () => { store.change(asState(other), { label: "取回草稿" }); draft.remove(name); offerOthers(); handles.fit(); } }, "取回"), " ",
    cuntu.h("button", { class: "link-button", type: "button", onclick: () => { draft.remove(name); offerOthers(); } }, "删除"));
  cuntu.fill($("other-drafts"), others.length ? [cuntu.h("h3", {}, "其他草稿"), cuntu.h("ul", { class: "plain-list" }, others.map(line))] : []);
}

/* undo, redo, clear, locate */
const acts = {
  undo: () => store.undo(),
  redo: () => store.redo(),
  clear: () => store.change({ parts: [] }, { label: "清除图形" }),
  locate,
};
for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", () => acts[button.dataset.act]());
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches("input, textarea, select")) return;
  const key = event.key.toLowerCase();
  if (key === "z") { event.preventDefault(); if (event.shiftKey) store.redo(); else store.undo(); }
  if (key === "y") { event.preventDefault(); store.redo(); }
});

function showActs() {
  document.querySelector('[data-act="undo"]').disabled = !store.canUndo;
  document.querySelector('[data-act="redo"]').disabled = !store.canRedo;
  document.querySelector('[data-act="clear"]').disabled = !store.state.parts.length;
  $("save-txt").disabled = !store.state.parts.length;
}

store.subscribe((state, what) => {
  if (what === "preview") return;
  showActs();
  save();
  live.changed(state);
});
document.addEventListener("visibilitychange", () => { if (document.hidden && saving) keep(); });
window.addEventListener("online", () => { if ($("verdict").dataset.state === "unchecked") live.changed(store.state, { pause: 0 }); });
$("draft-delete").addEventListener("click", startOver);
showActs();
offerOthers();
if (restored) { handles.fit(); message("已恢复本机浏览器中的草稿。"); }
live.changed(store.state, { pause: 0 });
document.documentElement.dataset.applyReady = "true";
