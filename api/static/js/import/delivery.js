/* One delivery: what a person corrects is sent, its steps are started and followed, and the page is shown anew as it then stands. */
import { makeFindings } from "./findings.js";
import { follow, refuse, send } from "./steps.js";

const $ = (id) => document.getElementById(id);
const settings = JSON.parse($("import-settings").textContent);
const address = "/api/v1/deliveries/" + settings.id;
const chooseTab = cuntu.tabs(document.querySelector("[role=tablist]"));

const value = (id) => { const field = $(id); return field && field.value !== "" ? field.value : null; };

/** What is said of the file: fields only where they differ from what was recognised, and those said before. */
function answers() {
  const fields = { ...settings.fields };
  for (const select of document.querySelectorAll("select[data-field]")) {
    if (select.value !== select.dataset.found) fields[select.dataset.field] = select.value || null;
  }
  const epsg = value("a-epsg");
  const said = { layer: value("a-layer"), code_system: value("a-code_system"), axes: value("a-axes"), epsg: epsg ? Number(epsg) : null, fields };
  const shifted = value("a-display_only");
  return shifted ? { ...said, display_only: shifted === "true" } : said;
}

function coverage() {
  const kind = document.querySelector("input[name=coverage]:checked").value;
  if (kind === "towns") return [...document.querySelectorAll("#towns input:checked")].map((box) => box.value);
  if (kind !== "polygon") return kind;
  try {
    return JSON.parse($("d-polygon").value);
  } catch (error) {
    throw new Error("完整范围不是合法的 JSON。");
  }
}

function description() {
  const told = { coverage: coverage(), law_status: value("d-law_status"), authority: value("d-authority") || "未注明" };
  for (const name of ["title", "valid_from", "valid_to", "survey_date", "secrecy"]) told[name] = value("d-" + name);
  return told;
}

const repairs = () => [...document.querySelectorAll("[data-repair]:checked")].map((box) => box.dataset.repair);

const everything = () => ({ dataset: $("a-dataset") ? value("a-dataset") : settings.dataset, encoding: value("a-encoding"), answers: answers(), description: description(), repairs: repairs() });

const untouched = JSON.stringify($("answers") ? [answers(), value("a-encoding"), value("a-dataset")] : null);
const isCorrected = () => JSON.stringify([answers(), value("a-encoding"), value("a-dataset")]) !== untouched;

function show(tab) {
  const url = new URL(window.location);
  url.searchParams.set("tab", tab);
  if (url.href === window.location.href) window.location.reload();
  else window.location.replace(url);
}

/** Do a step with its buttons locked; the page is loaded anew where it ends well, or where the delivery has changed. */
async function step(button, work) {
  const buttons = [...document.querySelectorAll("#again, #check, #split, #stage, #publish, #discard")].filter((each) => !each.disabled);
  buttons.forEach((each) => { each.disabled = true; });
  $("failed").hidden = true;
  try {
    show(await work());
  } catch (error) {
    refuse(error);
    buttons.forEach((each) => { each.disabled = false; });
  }
}

async function recognise() {
  await follow((await send("PUT", address + "/answers", everything())).location);
}

const on = (id, work) => { const button = $(id); if (button) button.addEventListener("click", () => step(button, work)); };

on("again", async () => { await recognise(); return "recognise"; });

on("check", async () => {
  if (isCorrected()) await recognise();
  const now = await send("GET", address);
  if (now.recognition && now.recognition.questions.length) return "recognise";
  await follow((await send("POST", address + "/check")).location);
  return "check";
});

on("stage", async () => {
  await send("PATCH", address + "/answers", { description: description(), repairs: repairs() });
  await follow((await send("POST", address + "/stage", { repairs: repairs() })).location);
  return "publish";
});

on("publish", async () => {
  const basis = "expected" in settings ? { expected_in_force: settings.expected } : {};
  await send("POST", address + "/publish", { reason: value("publish-reason") || "发布", ...basis });
  return "publish";
});

on("split", async () => {
  for (const dataset of settings.others) await send("POST", address + "/datasets", { dataset });
  window.location.assign("/layers/import");
  return new Promise(() => {});
});

on("discard", async () => {
  await send("DELETE", address);
  return "recognise";
});

/* An answer offered with a question goes into its field; the person sees it there before it is sent. */
for (const button of document.querySelectorAll("[data-answer]")) {
  button.addEventListener("click", () => {
    const { answer, value: chosen } = button.dataset;
    if (answer === "fields") takeField(chosen);
    else take({ crs: "a-epsg", datum: "a-display_only" }[answer] || "a-" + answer, chosen, button.textContent);
    for (const other of button.parentElement.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
  });
}

function take(id, chosen, label) {
  const select = $(id);
  if (![...select.options].some((option) => option.value === chosen)) select.append(new Option(label, chosen));
  select.value = chosen;
  select.closest(".field").classList.add("answered");
}

function takeField(chosen) {
  const at = chosen.indexOf("=");
  const select = document.querySelector(`select[data-field="${CSS.escape(chosen.slice(0, at))}"]`);
  if (select) { select.value = chosen.slice(at + 1); select.closest("tr").classList.add("answered"); }
}

for (const radio of document.querySelectorAll("input[name=coverage]")) {
  radio.addEventListener("change", () => {
    if ($("towns")) $("towns").hidden = radio.value !== "towns";
    $("polygon").hidden = radio.value !== "polygon";
  });
}

if ($("findings")) makeFindings({ address, list: $("findings"), more: $("more"), filter: $("findings-filter") });
for (const tab of document.querySelectorAll("[role=tab]")) tab.addEventListener("click", () => { if (cuntu.theMap) cuntu.theMap.invalidateSize(); });
if (settings.job) {
  step(null, async () => { await follow("/api/v1/jobs/" + settings.job); return settings.tab; });
} else {
  chooseTab("tab-" + settings.tab);
}
