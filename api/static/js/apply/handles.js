/* The site on the map: its outline, a handle on each corner, a small one on each side to add a corner, one to move it all, side lengths. */
import { centre, middle, moved, rounded, sides } from "./geometry.js";

const OUTLINE = { weight: 3, color: "#17324d", fillColor: "#ffffff", fillOpacity: 0.3, pane: "site", interactive: false };
const MOST_HANDLES = 120;
const LABEL_PX = 34;
const NEAR_PX = 140;
const NUDGE_M = 0.1;
const ARROWS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export function makeHandles(map, plane, { store, snap, onMessage }) {
  map.createPane("site").style.zIndex = 470;
  map.createPane("side-labels").style.zIndex = 560;
  map.getPane("side-labels").style.pointerEvents = "none";
  const outline = L.polygon([], OUTLINE).addTo(map);
  const labels = L.layerGroup().addTo(map);
  const handles = L.layerGroup().addTo(map);
  let dragging = false;
  let shown = true;

  const toLatLngs = (parts) => parts.map((part) => part.map((ring) => ring.map(plane.toLatLng)));

  function drawOutline(parts) {
    outline.setLatLngs(parts.length ? toLatLngs(parts) : []);
    drawLabels(parts);
    performance.mark("cuntu-painted-applied-site");
  }

  function drawLabels(parts) {
    labels.clearLayers();
    for (const ring of parts.flat()) {
      if (ring.length > MOST_HANDLES) continue;
      sides(ring).forEach((length, index) => {
        const [a, b] = [ring[index], ring[(index + 1) % ring.length]];
        const [p, q] = [a, b].map((point) => map.latLngToLayerPoint(plane.toLatLng(point)));
        if (p.distanceTo(q) < LABEL_PX) return;
        const icon = L.divIcon({ className: "side-label", html: cuntu.textElement(length.toFixed(2)), iconSize: null });
        L.marker(plane.toLatLng(middle(a, b)), { icon, pane: "side-labels", interactive: false, keyboard: false }).addTo(labels);
      });
    }
  }

  /* A handle is a button for the keyboard too: arrows move it, Delete takes it away. */
  function handle(at, { className, title, onDrag, onEnd, onKey }) {
    const icon = L.divIcon({ className: "site-handle " + className, html: document.createElement("span"), iconSize: [44, 44] });
    const marker = L.marker(at, { icon, draggable: true, keyboard: true, alt: title, title, autoPan: true });
    marker.on("dragstart", () => { dragging = true; });
    marker.on("drag", (event) => { const held = onDrag(plane.fromLatLng(event.latlng || marker.getLatLng())); if (held) marker.setLatLng(held); });
    marker.on("dragend", () => { dragging = false; onEnd(); });
    marker.on("add", () => {
      const element = marker.getElement();
      element.setAttribute("aria-label", title);
      element.addEventListener("keydown", (event) => {
        const done = onKey && onKey(event);
        if (done) { event.preventDefault(); event.stopPropagation(); }
      });
    });
    marker.addTo(handles);
    return marker;
  }

  function replaced(parts, p, r, ring) {
    return parts.map((part, i) => (i !== p ? part : part.map((old, j) => (j === r ? ring : old))));
  }

  function cornerHandle(parts, p, r, index, name) {
    const ring = parts[p][r];
    const put = (point) => replaced(parts, p, r, ring.map((old, i) => (i === index ? point : old)));
    let latest = parts;
    const remove = () => {
      if (ring.length <= 3) return onMessage("至少要留三个界址点。");
      store.change({ parts: replaced(parts, p, r, ring.filter((_, i) => i !== index)) }, { label: "删除界址点" });
      return onMessage(`已删除 ${name}，可撤销。`);
    };
    const marker = handle(plane.toLatLng(ring[index]), {
      className: "corner",
      title: `界址点 ${name}：可拖动；方向键移动 0.1 米，按住 Shift 为 1 米，Delete 删除`,
      onDrag: (at) => { const held = snap(at, { parts, except: [p, r, index] }); latest = put(held); preview(latest); return plane.toLatLng(held); },
      onEnd: () => store.change({ parts: latest }, { label: "移动界址点" }),
      onKey: (event) => {
        if (event.key === "Delete" || event.key === "Backspace") { remove(); return true; }
        const arrow = ARROWS[event.key];
        if (!arrow) return false;
        const by = event.shiftKey ? 1 : NUDGE_M;
        store.change({ parts: put(rounded([ring[index][0] + arrow[0] * by, ring[index][1] + arrow[1] * by])) }, { label: "移动界址点", merge: `nudge ${p} ${r} ${index}` });
        focusHandle(name);
        return true;
      },
    });
    marker.getElement().dataset.corner = name;
    marker.on("contextmenu", remove);
  }

  function sideHandle(parts, p, r, index) {
    const ring = parts[p][r];
    const [a, b] = [ring[index], ring[(index + 1) % ring.length]];
    if (map.latLngToLayerPoint(plane.toLatLng(a)).distanceTo(map.latLngToLayerPoint(plane.toLatLng(b))) < 60) return;
    const put = (point) => replaced(parts, p, r, [...ring.slice(0, index + 1), point, ...ring.slice(index + 1)]);
    let latest = null;
    const add = (point) => store.change({ parts: put(rounded(point)) }, { label: "增加界址点" });
    const marker = handle(plane.toLatLng(middle(a, b)), {
      className: "side",
      title: "在这条边上增加界址点：拖动，或按 Enter",
      onDrag: (at) => { const held = snap(at, { parts, except: [p, r, -1] }); latest = put(held); preview(latest); return plane.toLatLng(held); },
      onEnd: () => latest && store.change({ parts: latest }, { label: "增加界址点" }),
      onKey: (event) => { if (event.key !== "Enter") return false; add(middle(a, b)); return true; },
    });
    marker.on("dblclick", () => add(middle(a, b)));
  }

  function moveHandle(parts) {
    const from = centre(parts[0][0]);
    let latest = parts;
    const by = (at) => [at[0] - from[0], at[1] - from[1]];
    handle(plane.toLatLng(from), {
      className: "whole",
      title: "移动整个宗地：可拖动；方向键移动 0.1 米，按住 Shift 为 1 米",
      onDrag: (at) => { latest = moved(parts, by(at)); preview(latest); },
      onEnd: () => store.change({ parts: latest }, { label: "移动宗地" }),
      onKey: (event) => {
        const arrow = ARROWS[event.key];
        if (!arrow) return false;
        const metres = event.shiftKey ? 1 : NUDGE_M;
        store.change({ parts: moved(parts, arrow.map((value) => value * metres)) }, { label: "移动宗地", merge: "nudge whole" });
        handles.getLayers().at(-1)?.getElement().focus();
        return true;
      },
    }).getElement().dataset.corner = "whole";
  }

  function preview(parts) {
    drawOutline(parts);
    store.preview(parts);
  }

  function focusHandle(name) {
    const marker = handles.getLayers().find((layer) => layer.getElement().dataset.corner === name);
    if (marker) marker.getElement().focus();
  }

  function drawHandles(parts) {
    handles.clearLayers();
    const count = parts.flat().reduce((sum, ring) => sum + ring.length, 0);
    if (!shown || !count || count > MOST_HANDLES || tooSmall(parts)) return;
    let number = 0;
    parts.forEach((part, p) => part.forEach((ring, r) => ring.forEach((_, index) => sideHandle(parts, p, r, index))));
    parts.forEach((part, p) => part.forEach((ring, r) => ring.forEach((_, index) => cornerHandle(parts, p, r, index, `J${(number += 1)}`))));
    moveHandle(parts);
  }

  /* Handles would cover a site that is small on the screen; then one has to come nearer first. */
  function tooSmall(parts) {
    const ring = parts[0][0];
    const points = ring.map((point) => map.latLngToLayerPoint(plane.toLatLng(point)));
    return Math.max(...points.map((point) => point.distanceTo(points[0]))) < 30;
  }

  const redraw = () => { drawOutline(store.state.parts); drawHandles(store.state.parts); };
  store.subscribe((state, what) => { if (what !== "preview" && !dragging) redraw(); });
  map.on("zoomend", () => { if (!dragging) redraw(); });
  redraw();
  return {
    /** Show or hide the handles: while something new is drawn they would be in the way. */
    show(value) { shown = value; drawHandles(store.state.parts); },
    /** Come near enough to the site to work on it, where it is small on the screen. */
    approach() {
      const [ring] = store.state.parts[0] || [];
      const points = ring ? ring.map((point) => map.latLngToLayerPoint(plane.toLatLng(point))) : [];
      if (points.length && Math.max(...points.map((point) => point.distanceTo(points[0]))) < NEAR_PX) this.fit();
    },
    fit(options = {}) { if (store.state.parts.length) map.fitBounds(outline.getBounds(), { maxZoom: 21, padding: [90, 90], animate: false, ...options }); },
  };
}
