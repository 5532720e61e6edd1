/* What is being applied for: the site and the form, with undo over both. States are never changed, only replaced. */

const KEPT = 100;

/** `state` is {parts, properties}. Listeners get (state, what) where `what` is "site", "form", "both" or "preview". */
export function makeStore(state) {
  let now = state;
  let past = [];
  let future = [];
  let merging = null;
  const listeners = [];
  const tell = (what) => listeners.forEach((listener) => listener(now, what));
  const step = (from, to) => {
    if (!from.length) return null;
    const before = now;
    const entry = from.pop();
    to.push({ state: before, label: entry.label });
    now = entry.state;
    merging = null;
    tell(what(before, now));
    return entry.label;
  };
  return {
    get state() { return now; },
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    subscribe(listener) { listeners.push(listener); },
    /** Replace parts of the state. Changes in a row with the same `merge` key (typing in one field) are one step of undo. */
    change(changes, { label = "", merge = null } = {}) {
      const next = { ...now, ...changes };
      if (JSON.stringify(next) === JSON.stringify(now)) return;
      if (!merge || merge !== merging) past = [...past.slice(-KEPT + 1), { state: now, label }];
      future = [];
      merging = merge;
      const before = now;
      now = next;
      tell(what(before, now));
    },
    /** Show a site that is still under the finger; it is not part of the state yet. */
    preview(parts) { listeners.forEach((listener) => listener({ ...now, parts }, "preview")); },
    /** Start over with another state; nothing of the old one can be brought back. */
    reset(next) {
      now = next;
      past = [];
      future = [];
      merging = null;
      tell("both");
    },
    undo: () => step(past, future),
    redo: () => step(future, past),
  };
}

function what(before, after) {
  const site = before.parts !== after.parts;
  const form = before.properties !== after.properties;
  return site && form ? "both" : site ? "site" : "form";
}
