/* Forms of the administrator's pages: each is sent as JSON; the page is then read anew. A one-time link is shown first, for it is told only once. */
import { refuse, send } from "../import/steps.js";

const $ = (id) => document.getElementById(id);

/** What a form says: empty fields are left out, but for the one that `data-null` names, which is then null. */
function told(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || (field.type === "checkbox" && !("list" in field.dataset))) continue;
    if ("list" in field.dataset) {
      body[field.name] ||= [];
      if (field.checked) body[field.name].push(field.value);
    } else if (field.value.trim()) {
      body[field.name] = "number" in field.dataset ? Number(field.value) : field.value.trim();
    } else if (field.name === form.dataset.null) {
      body[field.name] = null;
    }
  }
  return body;
}

function show(answer) {
  $("link-text").textContent = new URL(answer.link, location.origin).href;
  $("link").hidden = false;
  $("link").scrollIntoView({ block: "center" });
}

async function submit(form) {
  const method = form.dataset.method || "POST";
  $("failed").hidden = true;
  form.querySelector("[type=submit]").disabled = true;
  try {
    const empty = method === "DELETE" || !form.querySelector("[name]");
    const answer = await send(method, form.dataset.send, empty ? null : told(form));
    if (answer.link) show(answer);
    else if (form.dataset.then) location.assign(form.dataset.then + answer.id);
    else location.reload();
  } catch (error) {
    form.querySelector("[type=submit]").disabled = false;
    refuse(error);
  }
}

for (const form of document.querySelectorAll("form[data-send]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
}
for (const again of document.querySelectorAll("#link a")) {
  again.addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
}
const copy = $("link-copy");
if (copy) copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText($("link-text").textContent).then(() => { copy.textContent = "已复制"; }, () => { getSelection().selectAllChildren($("link-text")); });
});
