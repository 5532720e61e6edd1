/* What proposals and proposed places have in common: shown dashed on the map, taken into site and form as one step of undo. */
import { fromGeometry, sameSite } from "./geometry.js";

const SHOWN = { color: "#2f6d4c", weight: 3, dashArray: "8 5", fillColor: "#2f6d4c", fillOpacity: 0.12, pane: "site", interactive: false };

export function makeTaking(map, plane, { store, onMessage }) {
  const shown = L.featureGroup().addTo(map);
  const partsOf = (geometry) => fromGeometry(geometry, ([lng, lat]) => plane.fromLatLng({ lat, lng }));
  store.subscribe((state, what) => { if (what !== "preview") shown.clearLayers(); });

  return {
    /** Draw geometries (CRS84) beside the site, each with a label if it has one, and bring them into view. */
    draw(items, { padding = 0.6 } = {}) {
      shown.clearLayers();
      for (const { geometry, label } of items) {
        const outline = L.polygon(partsOf(geometry).map((part) => part.map((ring) => ring.map(plane.toLatLng))), SHOWN).addTo(shown);
        if (!label) continue;
        const icon = L.divIcon({ className: "place-badge", html: cuntu.textElement(label), iconSize: null });
        L.marker(outline.getBounds().getCenter(), { icon, pane: "side-labels", interactive: false, keyboard: false }).addTo(shown);
      }
      map.fitBounds(shown.getBounds().pad(padding), { maxZoom: 20, animate: false });
    },
    /** Take properties and geometry over. The applicant's own case number stays, and so does a site that is the same within a millimetre. */
    take({ geometry, properties }, label) {
      const parts = partsOf(geometry);
      const stated = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null && value !== undefined));
      const { case_no: number } = store.state.properties;
      if (number) stated.case_no = number; else delete stated.case_no;
      store.change({ parts: sameSite(parts, store.state.parts) ? store.state.parts : parts, properties: stated }, { label });
      onMessage(`已采用${label}，正在重新核查。`);
    },
    partsOf,
  };
}
