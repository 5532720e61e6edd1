/* Handing in: the application is checked and stored; the answer has the report's address and the paper. */
import { postJson, Refused } from "./requests.js";

export function makeSubmit({ store, url, makeBody, onStored, onRefused, onMessage }) {
  const button = document.getElementById("submit");
  const place = document.getElementById("submitted");
  const { h, fill } = cuntu;
  let sending = false;

  async function send() {
    const body = makeBody(store.state);
    if (sending || !body) return;
    sending = true;
    button.disabled = true;
    button.textContent = "正在提交…";
    const sent = store.state;
    try {
      const report = await postJson(url, body);
      show(report, body.properties.case_no);
      onStored(report, sent);
    } catch (error) {
      if (error instanceof Refused) onRefused(error);
      onMessage("没有提交：" + error.message + (error instanceof Refused ? "" : "填写的内容已存为草稿，恢复后再提交。"));
    } finally {
      sending = false;
      button.textContent = "提交审查";
      button.disabled = !makeBody(store.state);
    }
  }

  /** Take the application into the register; who applies is recorded on its own page, never here. */
  async function accept(report, caseNo) {
    try {
      await postJson("/api/v1/applications", { check_id: report.id });
    } catch (error) {
      if (error.status !== 409) return onMessage("没有受理：" + error.message);
    }
    location.href = "/applications/" + encodeURIComponent(caseNo);
  }

  function show(report, caseNo) {
    place.hidden = false;
    fill(place, h("div", { class: "notice ok" },
      h("p", {}, h("strong", {}, "已提交，审查意见已存档。"), ` 结论：${report.verdict_label}。`),
      h("p", { class: "bar-buttons" },
        h("a", { class: "button primary", href: "/maps/checks/" + report.id }, "查看审查意见"),
        h("a", { class: "button", href: `/api/v1/checks/${report.id}.pdf`, download: `${report.id}.pdf` }, "下载 PDF"),
        "mayRecord" in place.dataset && caseNo && h("button", { class: "button", type: "button", onclick: () => accept(report, caseNo) }, "受理并登记申请人"))));
    place.scrollIntoView({ block: "nearest" });
  }

  button.addEventListener("click", send);
  store.subscribe((state) => { if (!sending) button.disabled = !makeBody(state); });
  button.disabled = !makeBody(store.state);
}
