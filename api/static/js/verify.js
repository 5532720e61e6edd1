/* Verifies a paper in the browser: reads the report out of the file, hashes it again, shows its findings. Nothing is sent but a hash. */
"use strict";
const MARKS = { proof: "✓", ok: "✓", bad: "✗", note: "·" };
const LARGEST = 50e6;

cuntu.ready(() => {
  const page = document.getElementById("verify");
  const input = document.getElementById("verify-file");
  const printed = document.getElementById("verify-hash");
  const drop = page.querySelector(".file-drop");
  let file = null;
  const chosen = page.querySelector(".file-drop .muted");
  const again = () => { if (file) chosen.textContent = file.name; if (file) verifyFile(file, printed.value, page); };
  input.addEventListener("change", () => { file = input.files[0] || null; again(); });
  printed.addEventListener("input", again);
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    file = event.dataTransfer.files[0] || null;
    again();
  });
});

async function verifyFile(file, printed, page) {
  const box = document.getElementById("verify-result");
  const lines = [];
  const say = (state, text) => lines.push({ state, text });
  try {
    if (file.size > LARGEST) throw new Error("文件过大，不是本系统出具的意见书。");
    const bytes = new Uint8Array(await file.arrayBuffer());
    const isPdf = latin1(bytes.subarray(0, 5)) === "%PDF-";
    const paper = isPdf ? readPaper(bytes) : { report: bytes, stated: null, signed: false };
    const report = readReport(paper.report);
    const hash = sha256(paper.report);
    compare(hash, paper, printed, isPdf, say);
    if (isPdf && page.dataset.register) await askRegister(page.dataset.register, sha256(bytes), report, say);
    cuntu.fill(box, verdict(lines), list(lines), summary(report, hash), ...groupsOf(report));
  } catch (error) {
    say("bad", error.message);
    cuntu.fill(box, verdict(lines), list(lines));
  }
}

/* A paper has one attachment report.json and ends once, or twice where it is signed: anything else was put together by someone else. */
function readPaper(bytes) {
  const text = latin1(bytes);
  const named = [...text.matchAll(/\/Type\/Filespec\/F\(report\.json\)\/UF\(report\.json\)\/EF<<\/F (\d+) 0 R/g)];
  const signed = text.includes("/ETSI.CAdES.detached");
  const ends = text.split("%%EOF").length - 1;
  if (named.length !== 1 || ends !== (signed ? 2 : 1)) throw new Error("不是本系统出具的意见书，或文件已被改动。");
  const objects = [...text.matchAll(new RegExp("\\n" + named[0][1] + " 0 obj\\n<</Length (\\d+)/Type/EmbeddedFile/Filter/FlateDecode[^\\n]*>>\\nstream\\n", "g"))];
  if (objects.length !== 1) throw new Error("文件已损坏：读不出所附的报告。");
  const start = objects[0].index + objects[0][0].length;
  const stated = /\/Keywords\(cuntu, ([0-9a-f]{64})\)/.exec(text);
  return { report: unpack(bytes.subarray(start, start + Number(objects[0][1]))), stated: stated && stated[1], signed };
}

function unpack(packed) {
  try {
    return fflate.unzlibSync(packed);
  } catch (error) {
    throw new Error("文件已损坏：所附的报告解不开。");
  }
}

function readReport(bytes) {
  let report = null;
  try {
    report = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error("所附内容不是核查报告。");
  }
  if (!report || !Array.isArray(report.findings) || !report.verdict) throw new Error("所附内容不是核查报告。");
  return report;
}

function compare(hash, paper, printed, isPdf, say) {
  say("note", "报告全文的 SHA-256：" + hash);
  if (isPdf) say(paper.stated === hash ? "ok" : "bad", paper.stated === hash ? "与文件属性所记的校验码一致。" : "与文件属性所记的校验码不一致：报告或属性被改动。");
  const given = /[0-9a-f]{64}/.exec(printed.toLowerCase().replace(/\s/g, ""));
  if (given) say(given[0] === hash ? "proof" : "bad", given[0] === hash ? "与所填的校验码一致。" : "与所填的校验码不一致。");
  else say(printed.trim() ? "bad" : "note", printed.trim() ? "所填的不是 64 位校验码。" : "请与纸面末页所印的校验码核对，或把它填在上面。");
  if (isPdf) say("note", paper.signed ? "文件带有数字签名，本页不验证签名，请用 cuntu verify。" : "文件未经数字签名。");
}

async function askRegister(address, hash, report, say) {
  try {
    const found = await cuntu.getJson(address + hash);
    say(found.check_id === report.id ? "proof" : "bad", found.check_id === report.id ? "本局登记簿中有这份文件。" : "登记簿中的文件属于另一件核查。");
  } catch (error) {
    say("bad", "登记簿：" + error.message);
  }
}

function latin1(bytes) {
  const parts = [];
  for (let start = 0; start < bytes.length; start += 32768) parts.push(String.fromCharCode.apply(null, bytes.subarray(start, start + 32768)));
  return parts.join("");
}

/* Only the register or the hash on the paper prove anything: what a file says of itself can be forged together with it. */
function verdict(lines) {
  const has = (state) => lines.some((line) => line.state === state);
  const [tone, text] = has("bad") ? ["refused", "核验不通过"] : has("proof") ? ["passed", "核验通过：所附报告未被改动"] : ["look_at", "文件前后一致，请与纸面校验码核对"];
  return cuntu.h("p", { class: "verify-verdict tone-" + tone }, text);
}

function list(lines) {
  return cuntu.h("ul", { class: "verify-lines" }, lines.map((line) => cuntu.h("li", { class: "verify-" + line.state }, MARKS[line.state] + " " + line.text)));
}

function summary(report, hash) {
  const subject = report.subject || {};
  const rows = [
    ["申请编号", report.case_no || "未编号"], ["核查结论", report.verdict_label], ["核查号", report.id || "未存档"], ["核查时间", report.checked_at || report.known_at],
    ["数据有效日", report.valid_on], ["所在村", subject.village_name || "未知"], ["宗地图形面积", cuntu.measure(subject.area_m2, "m2")], ["校验码前 16 位", hash.slice(0, 16)],
  ];
  const cells = rows.map(([name, value]) => cuntu.h("tr", {}, cuntu.h("th", { scope: "row" }, name), cuntu.h("td", {}, value)));
  return cuntu.h("div", { class: "table-wrap" }, cuntu.h("table", {}, cuntu.h("caption", {}, "所附报告"), cuntu.h("tbody", {}, cells)));
}

/* Findings in the report's own groups; one that stands in no group is shown all the same. */
function groupsOf(report) {
  const key = (item) => item.rule_id + (item.branch || "");
  const texts = new Map(report.findings.map((item) => [key(item), item]));
  for (const item of report.not_checked || []) texts.set(key(item), { ...item, message: "本系统尚不核查，须由人工核对：" + item.reason });
  const groups = (report.groups || []).map((group) => ({ title: group.title, rules: group.rules.filter((rule) => texts.has(rule)) }));
  const placed = new Set(groups.flatMap((group) => group.rules));
  groups.push({ title: "其他", rules: [...texts.keys()].filter((rule) => !placed.has(rule)) });
  return groups.filter((group) => group.rules.length).map((group) => cuntu.h("section", {},
    cuntu.h("h3", {}, group.title + "（" + group.rules.length + " 条）"),
    cuntu.h("ul", { class: "plain-list" }, group.rules.map((rule) => cuntu.h("li", {}, cuntu.h("b", {}, texts.get(rule).title), " ", cuntu.h("span", { class: "rule-id" }, rule), "：", texts.get(rule).message)))));
}
