/* The tools on the map: pick a parcel, draw a polygon point by point, place a rectangle. Each ends by putting a site into the store. */
import { asRectangle, fromCorners, inOrder, rectangle, siteArea, snapped } from "./geometry.js";
import { getJson } from "./requests.js";

const REACH_PX = { mouse: 12, touch: 22 };
const HINTS = {
  pick: "点图上的宗地，取它的界址点。",
  draw: "依次点出界址点；也可移动地图，把准星对准后按“在准星处加点”。点回第一点或按“完成”结束。",
  rectangle: "填面宽、进深和朝向，点图上要放的地方，或按“在准星处放”。",
};
const NEW_LINE = { color: "#b4541a", weight: 2.5, dashArray: "6 5", pane: "site", interactive: false };

export function makeDrawing(map, plane, { store, neighbours, handles, parcelsLoaded, onMessage, onPicked }) {
  const $ = (id) => document.getElementById(id);
  const line = L.polyline([], NEW_LINE).addTo(map);
  const dots = L.layerGroup().addTo(map);
  const target = L.circleMarker([0, 0], { radius: 7, color: "#b4541a", weight: 2, fill: false, pane: "site", interactive: false });
  let mode = null;
  let points = [];

  const reach = () => {
    const pixels = matchMedia("(pointer: coarse)").matches ? REACH_PX.touch : REACH_PX.mouse;
    const at = map.getCenter();
    const beside = map.containerPointToLatLng(map.latLngToContainerPoint(at).add([pixels, 0]));
    return Math.min(5, map.distance(at, beside));
  };

  /** A place held to the nearest corner or side of what lies around, or of the site's own other corners. */
  function snap(at, { parts = [], except = null } = {}) {
    const own = except ? parts.flatMap((part, p) => part.filter((_, r) => p !== except[0] || r !== except[1])) : [];
    return snapped(at, [...neighbours.rings, ...own], reach()).point;
  }

  function setMode(next) {
    mode = mode === next ? null : next;
    points = [];
    drawNew();
    for (const button of document.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    $("map-bar").hidden = !mode;
    $("map-hint").textContent = mode ? HINTS[mode] : "";
    $("crosshair").hidden = !mode;
    $("rectangle-fields").hidden = mode !== "rectangle";
    map.getContainer().classList.toggle("drawing", Boolean(mode));
    handles.show(!mode || mode === "rectangle");
    buttons();
    if (mode === "pick" && !parcelsLoaded) onMessage("宗地图层未入库，不能选地块；请画出来或填坐标。");
  }

  function buttons() {
    const set = (name, text, hidden, disabled = false) => {
      const button = document.querySelector(`[data-bar="${name}"]`);
      Object.assign(button, { hidden, disabled });
      if (text) button.textContent = text;
    };
    set("here", { draw: "在准星处加点", rectangle: "在准星处放", pick: "选准星处的宗地" }[mode], !mode);
    set("back", null, mode !== "draw", points.length === 0);
    set("done", null, mode === "pick", mode === "draw" && points.length < 3);
    set("cancel", null, mode === "rectangle");
  }

  function drawNew() {
    const shown = points.map(plane.toLatLng);
    line.setLatLngs(shown);
    dots.clearLayers();
    shown.forEach((at, index) => L.circleMarker(at, { radius: index ? 5 : 8, color: "#b4541a", fillColor: "#fff", fillOpacity: 1, weight: 2, pane: "site", interactive: false }).addTo(dots));
  }

  function addPoint(latlng) {
    const at = plane.fromLatLng(latlng);
    const held = snap(at);
    if (points.length >= 3 && snapped(at, [[points[0], points[0]]], reach()).kind) return finish();
    if (points.length && Math.hypot(held[0] - points.at(-1)[0], held[1] - points.at(-1)[1]) < 0.001) return undefined;
    points = [...points, held];
    drawNew();
    buttons();
    return onMessage(`已加 ${points.length} 个点。`);
  }

  function finish() {
    if (mode === "draw") {
      if (points.length < 3) return;
      store.change({ parts: [[inOrder(points)]] }, { label: "画多边形" });
      handles.approach();
      onMessage("宗地已画好，面积 " + siteArea(store.state.parts).toFixed(2) + " ㎡。");
    }
    setMode(null);
  }

  const rectangleFields = () => ["rect-width", "rect-depth", "rect-bearing"].map((id) => Number($(id).value));

  function place(latlng) {
    const [width, depth, bearing] = rectangleFields();
    if (!(width > 0) || !(depth > 0) || width > 200 || depth > 200) return onMessage("面宽和进深应为 1 到 200 米。");
    store.change({ parts: [[rectangle(plane.fromLatLng(latlng), width, depth, bearing)]] }, { label: "放矩形" });
    handles.approach();
    return onMessage(`已放 ${width} × ${depth} 米的矩形，可拖动或旋转。`);
  }

  /* While the rectangle tool is open and the site is a rectangle, its three numbers can be changed. */
  function reshape() {
    const ring = store.state.parts.length === 1 && store.state.parts[0].length === 1 ? store.state.parts[0][0] : null;
    const now = ring && asRectangle(ring);
    const [width, depth, bearing] = rectangleFields();
    if (!now || !(width > 0) || !(depth > 0) || width > 200 || depth > 200 || !Number.isFinite(bearing)) return;
    store.change({ parts: [[rectangle(now.centre, width, depth, bearing)]] }, { label: "改矩形", merge: "rectangle" });
  }

  async function pick(latlng) {
    try {
      const found = await getJson(`/api/v1/layers/parcel/at?lon=${latlng.lng.toFixed(9)}&lat=${latlng.lat.toFixed(9)}`);
      const feature = found.features.find((item) => item.corners.length);
      if (!feature) return onMessage("此处没有登记的宗地。");
      store.change({ parts: fromCorners(feature.corners) }, { label: "选地块" });
      setMode(null);
      handles.approach();
      return onPicked(feature);
    } catch (error) {
      return onMessage("没有选到宗地：" + error.message);
    }
  }

  const use = (latlng) => ({ pick, draw: addPoint, rectangle: place })[mode]?.(latlng);
  map.on("click", (event) => { if (mode) use(event.latlng); });
  map.on("mousemove", (event) => {
    if (mode !== "draw") { target.remove(); return; }
    const at = plane.fromLatLng(event.latlng);
    const held = snapped(at, neighbours.rings, reach());
    if (held.kind) target.setLatLng(plane.toLatLng(held.point)).addTo(map); else target.remove();
    line.setLatLngs([...points, held.point].map(plane.toLatLng));
  });
  for (const button of document.querySelectorAll("[data-mode]")) button.addEventListener("click", () => setMode(button.dataset.mode));
  const bar = { here: () => use(map.getCenter()), back: () => { points = points.slice(0, -1); drawNew(); buttons(); }, done: finish, cancel: () => setMode(null) };
  for (const button of document.querySelectorAll("[data-bar]")) button.addEventListener("click", () => bar[button.dataset.bar]());
  for (const id of ["rect-width", "rect-depth", "rect-bearing"]) $(id).addEventListener("input", reshape);
  $("rect-turn").addEventListener("input", () => { $("rect-bearing").value = $("rect-turn").value; reshape(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && mode) setMode(null); });
  L.DomEvent.disableClickPropagation($("map-bar"));
  L.DomEvent.disableClickPropagation(document.querySelector(".map-tools"));
  return { setMode, snap, get mode() { return mode; } };
}
