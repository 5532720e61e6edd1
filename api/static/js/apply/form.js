/* The form: fields to properties and back. The browser only hints; whether a value counts is decided where the check is made. */
import { mu } from "./geometry.js";

export function makeForm({ store, onTakeArea }) {
  const form = document.getElementById("application");
  const controls = [...form.elements].filter((item) => item.name);
  const names = [...new Set(controls.map((item) => item.name))];
  const of = (name) => controls.filter((item) => item.name === name);

  function value(name) {
    const [first, ...rest] = of(name);
    if (rest.length) {
      const chosen = of(name).find((item) => item.checked);
      return !chosen || chosen.value === "" ? null : chosen.value === "true";
    }
    const text = first.value.trim();
    if (first.validity.badInput) return undefined;
    if (text === "") return null;
    return ["integer", "decimal"].includes(first.dataset.input) ? Number(text) : text;
  }

  function read(event) {
    const { name } = event.target;
    if (!name) return;
    const now = value(name);
    hint(name, now);
    const properties = { ...store.state.properties };
    if (now === null || now === undefined) delete properties[name]; else properties[name] = now;
    store.change({ properties }, { label: "填表", merge: "field " + name });
  }

  /* What the browser already knows to be wrong; only a hint beside the field. */
  function hint(name, now) {
    const [field] = of(name);
    const { badInput, rangeUnderflow, rangeOverflow, stepMismatch } = field.validity;
    if (badInput || now === undefined) problem(name, "应为数字");
    else if (rangeUnderflow || rangeOverflow) problem(name, `应在 ${field.min || "…"} 到 ${field.max || "…"} 之间`);
    else if (stepMismatch) problem(name, "应为整数");
    else problem(name, null);
  }

  function problem(name, text) {
    const place = document.getElementById("p-" + name);
    if (!place) return;
    place.textContent = text || "";
    place.hidden = !text;
    for (const item of of(name)) { if (text) item.setAttribute("aria-invalid", "true"); else item.removeAttribute("aria-invalid"); }
  }

  function write(properties) {
    for (const name of names) {
      const stated = properties[name];
      const [first, ...rest] = of(name);
      if (rest.length) for (const item of of(name)) item.checked = item.value === (stated === undefined || stated === null ? "" : String(stated));
      else if (document.activeElement !== first || value(name) !== stated) first.value = stated === undefined || stated === null ? "" : String(stated);
    }
    counts(properties);
  }

  function counts(properties) {
    for (const output of form.querySelectorAll("[data-mu]")) {
      const area = properties[output.dataset.mu];
      output.textContent = typeof area === "number" && area > 0 ? `${mu(area).toFixed(3)} 亩` : "";
    }
    for (const part of form.querySelectorAll("details.part")) {
      const inside = new Set([...part.querySelectorAll("[name]")].map((item) => item.name));
      const filled = [...inside].filter((name) => properties[name] !== undefined).length;
      part.querySelector("[data-part-count]").textContent = `${filled} / ${inside.size}`;
    }
  }

  form.addEventListener("input", read);
  form.addEventListener("change", read);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-take-area]").addEventListener("click", onTakeArea);
  store.subscribe((state, what) => { if (what === "form" || what === "both") write(state.properties); });
  write(store.state.properties);
  return {
    /** Show the service's problems at their fields; returns those that belong to no field. */
    refuse(problems) {
      for (const name of names) problem(name, null);
      return problems.filter(({ place, message }) => {
        const name = place.replace(/^\/properties\//, "");
        if (!names.includes(name)) return true;
        problem(name, message);
        of(name)[0].closest("details").open = true;
        return false;
      });
    },
    accept() { for (const name of names) problem(name, null); },
  };
}
