/* Applications: search by number, look at an applicant in full with a reason, record an applicant, close a case. */
"use strict";

/** Send JSON; an answer that is no success becomes an Error with its own words. What is sent never goes into an address. */
cuntu.send = async function (method, url, body) {
  let response;
  try {
    response = await fetch(url, { method, headers: { Accept: "application/json", "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch (error) {
    throw new Error("服务没有应答，请稍后再试。");
  }
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(told.detail || told.title || "操作失败（" + response.status + "）。");
  return told;
};

cuntu.ready(() => {
  const find = (id) => document.getElementById(id);
  const frame = find("case");
  const address = frame && "/api/v1/applications/" + encodeURIComponent(frame.dataset.case);
  const FIELDS = ["name", "sex", "birth", "phone", "identity_number", "registered_address", "address", "bounds"];
  const MEMBER = { name: "姓名", relation: "关系", birth: "出生日期", identity_number: "身份证号", registered_address: "户口所在地" };

  /** Have a form do something, its problems told beside it. */
  const on = (form, result, act) => {
    if (!form) return;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("[type=submit]");
      button.disabled = true;
      try {
        await act();
      } catch (error) {
        cuntu.fill(result, cuntu.h("span", { class: "notice" }, error.message));
      }
      button.disabled = false;
    });
  };

  on(find("search"), find("search-result"), async () => {
    const found = await cuntu.send("POST", "/api/v1/applications/search", { identity_number: find("search-number").value.trim() });
    find("search-number").value = "";
    const line = (item) => cuntu.h("li", {}, cuntu.h("a", { href: "/applications/" + encodeURIComponent(item.case_no) }, item.case_no), " " + (item.name || ""));
    cuntu.fill(find("search-result"), found.total ? cuntu.h("ul", {}, found.applications.map(line)) : "本席位所辖范围内没有找到。");
  });

  const masked = frame ? [...frame.querySelectorAll("[data-field]")].map((cell) => [cell, cell.textContent]) : [];
  const mask = () => {
    for (const [cell, text] of masked) cell.textContent = text;
    find("shown-state").textContent = "已遮盖";
    find("mask-again").hidden = true;
  };

  on(find("reveal"), find("reveal-result"), async () => {
    const full = await cuntu.send("POST", address + "/applicant/reveal", { reason: find("reveal-reason").value });
    const show = (cell, entry) => { cell.textContent = entry[cell.dataset.field] || "未填"; };
    for (const [cell] of masked) {
      const row = cell.closest("[data-member]");
      show(cell, row ? full.members[Number(row.dataset.member)] : full);
    }
    find("shown-state").textContent = "完整信息，请勿拍照、转发";
    cuntu.fill(find("reveal-result"), "本次查看已写入审计记录。");
    find("mask-again").hidden = false;
    fillForm(full);
  });
  if (find("mask-again")) find("mask-again").addEventListener("click", mask);

  const members = find("edit-members");
  const addMember = (entry) => {
    const input = (name) =>
      cuntu.h("label", { class: "field" }, cuntu.h("span", {}, MEMBER[name]),
        cuntu.h("input", { type: name === "birth" ? "date" : "text", "data-name": name, maxlength: "200", autocomplete: "off", value: (entry && entry[name]) || "" }));
    const box = cuntu.h("fieldset", { class: "member" }, cuntu.h("legend", {}, "成员"), Object.keys(MEMBER).map(input),
      cuntu.h("button", { class: "button small", type: "button", onclick: () => box.remove() }, "删去"));
    members.append(box);
  };
  const fillForm = (full) => {
    const form = find("edit");
    if (!form) return;
    for (const name of FIELDS) form.elements[name].value = full[name] || "";
    members.replaceChildren();
    full.members.forEach(addMember);
  };
  if (find("add-member")) find("add-member").addEventListener("click", () => addMember(null));

  on(find("edit"), find("edit-result"), async () => {
    const form = find("edit");
    const stated = {};
    for (const name of FIELDS) if (form.elements[name].value.trim()) stated[name] = form.elements[name].value.trim();
    stated.members = [...members.children].map((box) => {
      const inputs = [...box.querySelectorAll("[data-name]")].filter((input) => input.value.trim());
      return Object.fromEntries(inputs.map((input) => [input.dataset.name, input.value.trim()]));
    });
    await cuntu.send("PUT", address + "/applicant", stated);
    location.reload();
  });

  on(find("close"), find("close-result"), async () => {
    await cuntu.send("POST", address + "/closing", { outcome: find("close-outcome").value });
    location.reload();
  });
});
