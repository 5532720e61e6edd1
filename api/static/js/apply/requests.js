/* Requests to this service. A refusal keeps its problems; no answer at all is told apart from a refusal. */

export class Refused extends Error {
  constructor(problem, status) {
    super(problem.detail || problem.title || "请求没有成功（" + status + "）。");
    this.status = status;
    this.problems = problem.errors || [];
  }
}

class Unreachable extends Error {}

async function answer(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (options.signal && options.signal.aborted && options.signal.reason === "newer") throw options.signal.reason;
    throw new Unreachable(navigator.onLine ? "服务没有应答。" : "没有网络。");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status >= 500) throw new Unreachable(problem.detail || "服务暂时不可用。");
  throw new Refused(problem, response.status);
}

export async function getJson(url, options = {}) {
  return (await answer(url, { headers: { Accept: "application/json" }, ...options })).json();
}

export async function post(url, body, options = {}) {
  return answer(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), ...options });
}

export const postJson = async (url, body, options) => (await post(url, body, options)).json();

export async function postForm(url, form) {
  return (await answer(url, { method: "POST", body: form })).json();
}
