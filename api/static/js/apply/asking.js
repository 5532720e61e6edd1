/* A question about the application as it stands, asked with a press. The answer to an older state is not shown. */

export function makeAsking({ button, place, store, waiting, failed, request, show }) {
  const { h, fill } = cuntu;
  let asked = 0;

  async function ask() {
    const number = (asked += 1);
    button.disabled = true;
    fill(place, h("p", { class: "hint" }, waiting));
    try {
      const answer = await request();
      if (number === asked) show(answer);
    } catch (error) {
      if (number === asked) fill(place, h("p", { class: "notice error" }, failed + error.message));
    } finally {
      if (number === asked) button.disabled = false;
    }
  }

  button.addEventListener("click", ask);
  store.subscribe((state, what) => {
    if (what === "preview") return;
    asked += 1;
    button.disabled = false;
    fill(place);
  });
  return {
    /** Say what was taken of the answer, with a way back. */
    taken(text) {
      fill(place, h("p", { class: "notice ok" }, text + " ", h("button", { class: "link-button", type: "button", onclick: () => { store.undo(); fill(place); } }, "撤销")));
    },
  };
}
