/* Has the chain of the audit verified, and says what came of it. */
"use strict";
cuntu.ready(() => {
  const button = document.getElementById("audit-verify");
  const said = document.getElementById("audit-verified");
  const faults = document.getElementById("audit-faults");
  button.addEventListener("click", async () => {
    button.disabled = true;
    said.textContent = "正在核验…";
    faults.hidden = true;
    faults.replaceChildren();
    try {
      const response = await fetch("/api/v1/audit/verification");
      const told = await response.json();
      if (!response.ok) throw new Error(told.detail);
      said.textContent = told.sound
        ? `核验 ${told.entries} 条（第 ${told.first_id ?? 0}—${told.last_id ?? 0} 条），无误。`
        : `核验 ${told.entries} 条，${told.faults.length} 处有误：`;
      for (const fault of told.faults) {
        const item = document.createElement("li");
        item.textContent = fault.message;
        faults.append(item);
      }
      faults.hidden = told.sound;
    } catch (error) {
      said.textContent = `没有核验：${error.message}`;
    }
    button.disabled = false;
  });
});
