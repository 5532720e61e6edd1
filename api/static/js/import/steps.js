/* Steps of a delivery: each is a job of the service, followed until it ends. */
import { getJson, Refused } from "../apply/requests.js";

const LOOK_MS = 400;
const $ = (id) => document.getElementById(id);

/** Follow a job, showing how far it is; its result, or an error with its own words. */
export async function follow(location) {
  const box = $("progress");
  box.hidden = false;
  try {
    for (;;) {
      const job = await getJson(location);
      box.querySelector("progress").value = job.progress;
      $("progress-text").textContent = job.message || (job.state === "queued" ? "等待处理…" : "正在处理…");
      if (job.state === "done") return job.result;
      if (job.state === "failed") throw new Refused(job.problem || {}, 0);
      if (job.state === "interrupted") throw new Refused({ detail: "任务中断，请再做一次。" }, 0);
      await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
    }
  } finally {
    box.hidden = true;
  }
}

/** Send JSON; the answer's JSON, or an error that keeps its problems. */
export async function send(method, url, body) {
  const options = { method, headers: { Accept: "application/json", ...(body ? { "Content-Type": "application/json" } : {}) } };
  const response = await fetch(url, body ? { ...options, body: JSON.stringify(body) } : options).catch(() => null);
  if (!response) throw new Refused({ detail: "服务没有应答，请稍后再试。" }, 0);
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(told, response.status);
  return told;
}

/** Say why something was refused, each problem with its place. */
export function refuse(error) {
  const box = $("failed");
  const { h, fill } = cuntu;
  const problems = (error.problems || []).slice(0, 50).map(({ place, message }) => h("li", {}, place ? h("b", {}, place.replace(/^[/?]/, "") + " ") : null, message));
  fill(box, problems.length ? error.message.split(" ")[0] : error.message, problems.length ? h("ul", { class: "plain-list" }, problems) : null);
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}
