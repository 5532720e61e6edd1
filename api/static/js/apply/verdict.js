/* The verdict strip: what the answer is, whether it is an answer to what stands on the page now, and the announcement of a change. */

const MARKS = { refused: "否", incomplete: "缺", needs_approval: "批", needs_correction: "改", needs_review: "看", passed: "可" };
const STATES = {
  none: { mark: "–", label: "尚未核查", note: "先在图上画出宗地。" },
  checking: { mark: "…", label: "正在核查…", note: "" },
  invalid: { mark: "!", label: "不能核查", note: "" },
  unchecked: { mark: "?", label: "未核查", note: "" },
};

export function makeVerdict() {
  const strip = document.getElementById("verdict");
  const announce = document.getElementById("announce");
  let told = null;

  function write({ state, tone, mark, label, note }) {
    strip.dataset.state = state;
    strip.className = "apply-strip" + (tone ? " tone-" + tone : "");
    strip.querySelector(".mark").textContent = mark;
    document.getElementById("verdict-label").textContent = label;
    document.getElementById("verdict-note").textContent = note;
  }

  /* Only a change is announced, so that typing does not talk all the time. */
  function tell(text) {
    if (text === told) return;
    told = text;
    announce.textContent = text;
  }

  return {
    show(result, groups) {
      if (result.kind === "current") {
        const { verdict, verdict_label: label } = result.report;
        const note = groups.filter((group) => group.hits.length).map((group) => `${group.title} ${group.hits.length} 条`).join("，");
        write({ state: "current", tone: verdict, mark: MARKS[verdict] || "？", label, note: note || "没有须处理的意见。" });
        tell(`核查结论：${label}。${note}`);
        return;
      }
      const { mark, label, note } = STATES[result.kind];
      const reason = { invalid: result.detail, unchecked: `${result.reason || ""}填写的内容已存为草稿，恢复后自动核查。` }[result.kind];
      write({ state: result.kind, tone: null, mark, label, note: reason || note });
      if (result.kind !== "checking") tell(`${label}。${reason || note}`);
    },
    say(text) { announce.textContent = text; },
  };
}
