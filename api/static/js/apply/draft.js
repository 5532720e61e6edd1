/* Drafts in this browser: each tab has its own, so that two applications do not overwrite each other; one left by a closed tab can be taken up. */

const PREFIX = "cuntu-apply:";
const TAB = "cuntu-apply-tab";

/** Storage that may be full or forbidden: then nothing is kept, and the page says so. */
function attempt(action, otherwise) {
  try { return action(); } catch (error) { return otherwise; }
}

export function makeDraft() {
  let key = PREFIX + name(attempt(() => sessionStorage.getItem(TAB), null));
  /* A tab that was duplicated has the same name: whoever hears the other write takes a new one. */
  window.addEventListener("storage", (event) => { if (event.key === key && event.newValue) key = PREFIX + name(null); });
  const read = (item) => attempt(() => JSON.parse(localStorage.getItem(item)), null);
  return {
    load: () => usable(read(key)),
    /** Keep the state; false where the browser refuses. */
    save: (state) => attempt(() => { localStorage.setItem(key, JSON.stringify({ ...state, saved: new Date().toISOString() })); return true; }, false),
    remove: (other = key) => attempt(() => localStorage.removeItem(other)),
    /** Drafts of other tabs, the newest first. */
    others() {
      const names = attempt(() => Object.keys(localStorage), []).filter((item) => item.startsWith(PREFIX) && item !== key);
      const found = names.map((item) => ({ name: item, draft: usable(read(item)) })).filter((item) => item.draft);
      return found.sort((a, b) => String(b.draft.saved).localeCompare(String(a.draft.saved)));
    },
  };
}

/* The name of this tab, kept for as long as the tab is open. */
function name(known) {
  const tab = known || crypto.getRandomValues(new Uint32Array(2)).join("-");
  attempt(() => sessionStorage.setItem(TAB, tab));
  return tab;
}

/* What stands in the browser may be of an older page or of someone's hand: only what has the right form is used. */
function usable(draft) {
  if (!draft || typeof draft !== "object" || !Array.isArray(draft.parts) || !draft.properties || typeof draft.properties !== "object") return null;
  const point = (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
  const ring = (value) => Array.isArray(value) && value.length >= 3 && value.every(point);
  const whole = draft.parts.every((part) => Array.isArray(part) && part.length > 0 && part.every(ring));
  return whole ? { parts: draft.parts, properties: draft.properties, saved: draft.saved } : null;
}
