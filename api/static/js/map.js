/* What the maps made by layers/maps call: the map itself, inlined shapes, vector tiles. */
"use strict";
var cuntu = window.cuntu || {};
cuntu.layers = {};
cuntu.overlays = {};

const HATCH = "url(#cuntu-hatch)";
const RENDERER = "/static/vendor/protomaps-leaflet/protomaps-leaflet.js";
const PANES = { fills: 400, tiles: 420, lines: 440, findings: 450, labels: 460 };

/** Make the map: no tile provider, panes in drawing order, metric scale, north arrow, the whole county in view. */
cuntu.map = function (id, settings) {
  const container = document.getElementById(id);
  const map = L.map(id, {
    zoomControl: false, attributionControl: false, zoomSnap: 0.25, maxZoom: settings.maxZoom, minZoom: 8, keyboardPanDelta: 120,
  });
  for (const [name, zIndex] of Object.entries(PANES)) map.createPane(name).style.zIndex = zIndex;
  map.getPane("tiles").style.pointerEvents = "none";
  map.getPane("labels").style.pointerEvents = "none";
  map.fitBounds(settings.bounds, { padding: [12, 12], animate: false });
  map.setMaxBounds(L.latLngBounds(settings.bounds).pad(settings.reach));
  L.control.zoom({ position: "topleft", zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
  homeControl(settings.bounds).addTo(map);
  northArrow().addTo(map);
  L.control.scale({ metric: true, imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
  const notices = [settings.attribution, document.body.dataset.mapNotice].filter(Boolean).map(asMarkup);
  if (notices.length) notices.reduce((control, text) => control.addAttribution(text), L.control.attribution({ prefix: false })).addTo(map);
  addHatch(container);
  map.on("layeradd", () => { for (const drawing of container.querySelectorAll(".leaflet-pane svg:not([aria-hidden])")) drawing.setAttribute("aria-hidden", "true"); });
  const mark = () => container.setAttribute("data-zoom", String(Math.floor(map.getZoom())));
  map.on("zoomend", mark);
  mark();
  forPaper(map, container);
  cuntu.theMap = map;
  return map;
};

/** Features as SVG paths. `options.by` names the property whose value picks a colour out of `options.colours`. */
cuntu.shapes = function (collection, options) {
  const base = { weight: 0.8, color: "#6f7a76", fillColor: "#ffffff", fillOpacity: 1, pane: options.pane || "fills", ...options.style };
  const byCode = {};
  for (const feature of collection.features) unpack(feature.geometry);
  const layer = L.geoJSON(collection, {
    pane: base.pane,
    interactive: options.interactive !== false,
    bubblingMouseEvents: false,
    pointToLayer: (feature, at) => label(feature.properties[options.labels], at, options.labelClass || "town-label"),
    style: (feature) => ({ ...base, ...coloured(feature.properties[options.by], options.colours), ...feature.properties.style }),
    onEachFeature: (feature, path) => { if (feature.properties.code) byCode[feature.properties.code] = path; },
  });
  layer.byCode = byCode;
  if (options.tooltip) layer.bindTooltip((path) => cuntu.textElement(options.tooltip.map((name) => path.feature.properties[name]).filter(Boolean).join(" · ")), { sticky: true });
  layer.on("add", () => requestAnimationFrame(() => performance.mark("cuntu-painted-" + options.key)));
  if (options.labelZoom) labelsFrom(layer, options);
  cuntu.layers[options.key] = layer;
  return layer;
};

/* Turns the differences that layers/maps/packing.py wrote back into coordinates. */
function unpack(geometry) {
  if (!geometry.deltas) return;
  geometry.coordinates = positions(geometry.deltas);
  delete geometry.deltas;
}

function positions(deltas) {
  if (typeof deltas[0] !== "number") return deltas.map(positions);
  const found = [];
  for (let index = 0, x = 0, y = 0; index < deltas.length; index += 2) {
    x += deltas[index];
    y += deltas[index + 1];
    found.push([x / 1e5, y / 1e5]);
  }
  return found;
}

/** Catalogue layers as vector tiles. They wait in `cuntu.overlays` until a switch adds them. */
cuntu.tiles = function (specifications) {
  for (const item of specifications) cuntu.overlays[item.id] = { ...item, layer: null };
  return { addTo: (map) => { specifications.filter((item) => item.on).forEach((item) => cuntu.showOverlay(map, item.id, true)); } };
};

/** Show or hide one vector-tile layer; it is made, and the renderer fetched, when first shown. */
cuntu.showOverlay = async function (map, id, shown) {
  const item = cuntu.overlays[id];
  item.shown = shown;
  if (shown) await renderer();
  if (shown && !item.layer) item.layer = tileLayer(item, map.options.maxBounds);
  if (item.shown) item.layer.addTo(map);
  else if (item.layer) item.layer.remove();
};

let rendererLoading = null;
function renderer() {
  rendererLoading = rendererLoading || new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = RENDERER;
    script.onload = resolve;
    script.onerror = () => reject(new Error("矢量瓦片绘图程序读取失败。"));
    document.head.append(script);
  });
  return rendererLoading;
}

function tileLayer(item, bounds) {
  const source = { url: item.url, maxDataZoom: item.max_data_zoom, levelDiff: 0 };
  const layer = protomapsL.leafletLayer({
    sources: { [item.id]: source }, paintRules: paintRules(item), labelRules: [], attribution: "", pane: "tiles", minZoom: item.min_zoom,
    zIndex: item.order, bounds, tileDelay: 1, className: "tile-layer-" + item.id,
  });
  layer.on("load", () => requestAnimationFrame(() => performance.mark("cuntu-painted-" + item.id)));
  return layer;
}

function paintRules(item) {
  const rule = (geometry, symbolizer) => ({
    dataSource: item.id, dataLayer: item.id, symbolizer, filter: (zoom, feature) => feature.geomType === geometry,
  });
  const rules = [];
  const fill = item.by ? (zoom, feature) => classColour(item, feature.props) : item.fill;
  if (fill) rules.push(rule(3, new protomapsL.PolygonSymbolizer({ fill, opacity: item.opacity })));
  const stroke = { color: item.line, width: item.width, dash: item.dash || undefined };
  rules.push(rule(3, new protomapsL.LineSymbolizer(stroke)), rule(2, new protomapsL.LineSymbolizer(stroke)));
  rules.push(rule(1, new protomapsL.CircleSymbolizer({ radius: 3.5, fill: item.line, stroke: "#ffffff", width: 1 })));
  return rules;
}

/* A class colour by the longest prefix of the code that has one: 0101 falls back to 01. */
function classColour(item, properties) {
  const value = String(properties[item.by] ?? "");
  for (let length = value.length; length > 0; length -= 1) {
    const colour = item.colours[value.slice(0, length)];
    if (colour) return colour;
  }
  return item.fill || "#d5d5d0";
}

function coloured(value, colours) {
  return colours ? { fillColor: colours[value] || HATCH } : {};
}

/** A span that shows a text as these very characters. */
cuntu.textElement = function (text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
};

function label(text, at, className) {
  const icon = L.divIcon({ className, html: cuntu.textElement(text), iconSize: null });
  return L.marker(at, { icon, pane: "labels", interactive: false, keyboard: false, alt: "" });
}

/* Names of the features, made when the map is first near enough, shown only there and only where they find room. */
function labelsFrom(layer, options) {
  let group = null;
  layer.on("add", () => {
    const map = layer._map;
    const update = () => {
      const near = map.getZoom() >= options.labelZoom;
      if (near && !group) {
        const features = layer.getLayers().map((path) => path.feature.properties).filter((item) => item.at);
        group = L.layerGroup(features.map((item) => label(item[options.labels], [item.at[1], item.at[0]], "village-label")));
      }
      if (!group) return;
      if (!near) { group.remove(); return; }
      group.addTo(map);
      makeRoom(map, group.getLayers());
    };
    map.on("zoomend", update);
    update();
  });
}

/* A name that would cover one already placed is left out at this zoom. */
function makeRoom(map, markers) {
  const taken = [];
  for (const marker of markers) {
    const span = marker.getElement().firstChild;
    const at = map.latLngToLayerPoint(marker.getLatLng());
    const half = L.point(span.textContent.length * 6.2 + 2, 8);
    const box = L.bounds(at.subtract(half), at.add(half));
    const free = !taken.some((other) => other.overlaps(box));
    span.hidden = !free;
    if (free) taken.push(box);
  }
}

/* On paper the frame has another size: the same view is fitted into it, and back again afterwards. */
function forPaper(map, container) {
  let view = null;
  window.addEventListener("beforeprint", () => {
    view = map.getBounds();
    container.classList.add("on-paper");
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(view, { animate: false });
  });
  window.addEventListener("afterprint", () => {
    container.classList.remove("on-paper");
    map.invalidateSize({ animate: false, pan: false });
    if (view) map.fitBounds(view, { animate: false });
  });
}

function addHatch(container) {
  const box = document.createElement("div");
  box.className = "hatch-source";
  box.innerHTML = '<svg width="0" height="0" aria-hidden="true" focusable="false"><defs><pattern id="cuntu-hatch" width="7" height="7" '
    + 'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7" fill="#eceae3"/>'
    + '<line x1="0" y1="0" x2="0" y2="7" stroke="#a5a79f" stroke-width="2"/></pattern></defs></svg>';
  container.append(box);
}

/** A text as markup that shows its very characters: Leaflet takes attributions as HTML. */
function asMarkup(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (sign) => names[sign]);
}

function homeControl(bounds) {
  const control = L.control({ position: "topleft" });
  control.onAdd = (map) => {
    const bar = L.DomUtil.create("div", "leaflet-bar");
    const button = L.DomUtil.create("a", "home-control", bar);
    button.href = "#";
    button.role = "button";
    button.title = "回到全县";
    button.setAttribute("aria-label", "回到全县");
    button.textContent = "全";
    L.DomEvent.disableClickPropagation(bar);
    L.DomEvent.on(button, "click", (event) => { L.DomEvent.preventDefault(event); map.fitBounds(bounds, { padding: [12, 12] }); });
    return bar;
  };
  return control;
}

function northArrow() {
  const control = L.control({ position: "topright" });
  control.onAdd = () => {
    const box = L.DomUtil.create("div", "north-arrow");
    box.innerHTML = '<svg viewBox="0 0 24 34" width="24" height="34" role="img" aria-label="上方为北"><path d="M12 11 18 31 12 26.5 6 31Z" '
      + 'fill="none" stroke="currentColor" stroke-width="1.3" stroke-linejoin="round"/><path d="M12 11 12 26.5 6 31Z" fill="currentColor"/>'
      + '<text x="12" y="8.5" text-anchor="middle" font-size="9" fill="currentColor">北</text></svg>';
    return box;
  };
  return control;
}

/** Wire every `input[data-overlay]` of the page to its vector-tile layer, and grey those that need a nearer view. */
cuntu.overlaySwitches = function (map) {
  const switches = [...document.querySelectorAll("input[data-overlay]")];
  const tell = () => {
    for (const box of switches) {
      const far = map.getZoom() < cuntu.overlays[box.dataset.overlay].min_zoom;
      box.closest("label").classList.toggle("too-far", far);
      box.closest("label").querySelector(".zoom-note").textContent = far ? "（放大后显示）" : "";
    }
  };
  for (const box of switches) {
    box.addEventListener("change", () => cuntu.showOverlay(map, box.dataset.overlay, box.checked));
    if (box.checked) cuntu.showOverlay(map, box.dataset.overlay, true);
  }
  map.on("zoomend", tell);
  tell();
};
window.cuntu = cuntu;
