/* A layer file dropped or chosen goes to the service at once; its own page follows when it is recognised. */
import { follow, refuse } from "./steps.js";
import { Refused } from "../apply/requests.js";

const $ = (id) => document.getElementById(id);
const form = $("drop");

function upload(file) {
  const body = new FormData();
  body.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/deliveries");
    request.upload.addEventListener("progress", (event) => {
      form.querySelector("progress").value = event.total ? event.loaded / event.total : 0;
      $("progress-text").textContent = "正在上传 " + file.name;
    });
    request.addEventListener("error", () => reject(new Refused({ detail: "服务没有应答，请稍后再试。" }, 0)));
    request.addEventListener("load", () => {
      let told = {};
      try { told = JSON.parse(request.responseText); } catch (error) { /* no JSON: told by its status */ }
      if (request.status === 202) resolve(told);
      else reject(new Refused(told, request.status));
    });
    request.send(body);
  });
}

/** The files of one shapefile as one archive; null for anything else. */
async function packed(files) {
  const shape = files.find((file) => /\.shp$/i.test(file.name));
  const stem = shape && shape.name.slice(0, -4).toLowerCase() + ".";
  if (!shape || !files.every((file) => file.name.toLowerCase().startsWith(stem))) return null;
  const parts = {};
  for (const file of files) parts[file.name] = new Uint8Array(await file.arrayBuffer());
  return new File([fflate.zipSync(parts, { level: 1 })], shape.name.slice(0, -4) + ".zip");
}

async function take(files) {
  if (!files.length) return;
  $("failed").hidden = true;
  const file = files.length > 1 ? await packed(files) : files[0];
  if (!file) return refuse(new Refused({ detail: "一次交付一份：一个文件，或同一个 Shapefile 的几个文件（.shp、.shx、.dbf、.prj、.cpg）。" }, 0));
  $("progress").hidden = false;
  form.classList.add("busy");
  let delivery = null;
  try {
    delivery = await upload(file);
    await follow(delivery.location);
    window.location.assign("/layers/import/" + delivery.delivery_id);
  } catch (error) {
    if (delivery) window.location.assign("/layers/import/" + delivery.delivery_id);
    else refuse(error);
  } finally {
    form.classList.remove("busy");
    $("progress").hidden = true;
    $("file").value = "";
  }
  return undefined;
}

form.addEventListener("submit", (event) => event.preventDefault());
$("file").addEventListener("change", () => take([...$("file").files]));
for (const kind of ["dragenter", "dragover"]) {
  form.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("over"); });
}
for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("over"));
form.addEventListener("drop", (event) => { event.preventDefault(); take([...event.dataTransfer.files]); });
