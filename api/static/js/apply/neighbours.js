/* Corners of parcels and houses nearby, exact to a tenth of a millimetre, to snap to. */
import { fromCorners } from "./geometry.js";
import { getJson } from "./requests.js";

const FROM_ZOOM = 17;
const RADIUS_M = 120;
const AGAIN_M = 50;

export function makeNeighbours(map, layers) {
  let rings = [];
  let at = null;
  let asked = 0;
  async function look() {
    const centre = map.getCenter();
    if (map.getZoom() < FROM_ZOOM || (at && map.distance(at, centre) < AGAIN_M)) return;
    at = centre;
    const number = (asked += 1);
    const place = `lon=${centre.lng.toFixed(8)}&lat=${centre.lat.toFixed(8)}&radius_m=${RADIUS_M}`;
    try {
      const found = await Promise.all(layers.map((layer) => getJson(`/api/v1/layers/${layer}/at?${place}`)));
      if (number !== asked) return;
      rings = found.flatMap((collection) => collection.features.flatMap((feature) => fromCorners(feature.corners).flat()));
    } catch (error) {
      at = null;  // Drawing goes on without; the next move asks again.
    }
  }
  if (layers.length) map.on("moveend", look);
  look();
  return { get rings() { return rings; } };
}
