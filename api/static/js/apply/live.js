/* The verdict while editing. What is shown is either the answer to exactly what stands on the page, or is said not to be one. */
import { postJson, Refused } from "./requests.js";

const PAUSE_MS = 450;
const AGAIN_MS = 5_000;
const PATIENCE_MS = 20_000;

/**
 * `makeBody(state)` gives the application, or null where there is nothing to check yet. `onResult` gets one of
 * {kind: "none"}, {kind: "checking"}, {kind: "current", report}, {kind: "invalid", problems, detail}, {kind: "unchecked", reason}.
 */
export function makeLiveCheck({ url, makeBody, onResult }) {
  let sequence = 0;
  let timer = null;
  let running = null;

  function stop() {
    sequence += 1;
    clearTimeout(timer);
    if (running) running.abort("newer");
    running = null;
  }

  async function ask(body, number) {
    const own = (running = new AbortController());
    const patience = setTimeout(() => own.abort("late"), PATIENCE_MS);
    try {
      const report = await postJson(url, body, { signal: own.signal });
      if (number === sequence) onResult({ kind: "current", report });
    } catch (error) {
      if (number !== sequence) return;
      if (error instanceof Refused) onResult({ kind: "invalid", problems: error.problems, detail: error.message });
      else {
        onResult({ kind: "unchecked", reason: error.message || "服务没有应答。" });
        timer = setTimeout(() => ask(body, number), AGAIN_MS);
      }
    } finally {
      clearTimeout(patience);
    }
  }

  return {
    /** The application changed: whatever was known is no longer about it. */
    changed(state, { pause = PAUSE_MS } = {}) {
      stop();
      const body = makeBody(state);
      if (!body) return onResult({ kind: "none" });
      const number = sequence;
      onResult({ kind: "checking" });
      timer = setTimeout(() => ask(body, number), pause);
      return undefined;
    },
    stop,
  };
}
