/* Corners from a file or from the clipboard: read by the service, which names every problem; several sites in one file are offered. */
import { fromCorners } from "./geometry.js";
import { post, postForm } from "./requests.js";

export function makeFiles({ store, crsName, onRead, makeBody }) {
  const $ = (id) => document.getElementById(id);
  const result = $("read-result");
  const { h, fill } = cuntu;

  async function read(blob, name, crs) {
    const form = new FormData();
    form.append("file", blob, name);
    if (crs) form.append("crs", crs === "zone" ? crsName : crs);
    fill(result, h("p", { class: "hint" }, "正在读取…"));
    try {
      const answer = await postForm("/api/v1/sites/read", form);
      if (answer.sites.length === 1) take(answer, answer.sites[0]);
      else choose(answer);
    } catch (error) {
      refuse(error);
    }
  }

  function take(answer, site) {
    store.change({ parts: fromCorners(site.corners) }, { label: "读入坐标" });
    const source = `已读入 ${site.corners.length} 个界址点，面积 ${site.area_m2.toFixed(2)} ㎡（按 EPSG:${answer.epsg_in} 读入）。`;
    fill(result, h("p", { class: "notice ok" }, source), answer.notes.map((note) => h("p", { class: "hint" }, note)));
    onRead();
  }

  function choose(answer) {
    const button = (site, index) => h("li", {}, h("button", { class: "button", type: "button", onclick: () => take(answer, site) },
      `${site.name || "第 " + (index + 1) + " 个"} · ${site.area_m2.toFixed(2)} ㎡ · ${site.corners.length} 点`));
    fill(result, h("p", { class: "notice" }, `文件中有 ${answer.sites.length} 个图形，请选一个：`), h("ul", { class: "choices" }, answer.sites.map(button)));
  }

  function refuse(error) {
    const problems = (error.problems || []).map(({ place, message }) => h("li", {}, place ? h("b", {}, place.replace(/^\//, "")) : null, place ? "：" : null, message));
    fill(result, h("div", { class: "notice error", role: "alert" }, h("p", {}, problems.length ? "没有读入，原来的图形不变：" : error.message), problems.length ? h("ul", { class: "plain-list" }, problems) : null));
  }

  $("paste-read").addEventListener("click", () => read(new Blob([$("paste-text").value]), "corners.txt", $("paste-crs").value));
  $("file-input").addEventListener("change", () => {
    const [file] = $("file-input").files;
    if (file) read(file, file.name, $("file-crs").value);
    $("file-input").value = "";
  });
  $("save-txt").addEventListener("click", async () => {
    try {
      const body = makeBody(store.state);
      const response = await post(`/api/v1/sites/txt?crs=${crsName}`, body);
      const link = h("a", { href: URL.createObjectURL(await response.blob()), download: "corners.txt" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      refuse(error);
    }
  });
}
