/* Plane geometry of a site. A point is [east, north] in metres, a ring its corners without repeating the first, a part an outer
   ring and its holes, a site a list of parts. Nothing here is changed in place. */

const MU_M2 = 2000 / 3;
const RIGHT_M = 0.005;

const ringArea = (ring) => Math.abs(signedArea(ring));

function signedArea(ring) {
  const [e0, n0] = ring[0] || [0, 0];
  let sum = 0;
  ring.forEach(([e, n], index) => {
    const [f, m] = ring[(index + 1) % ring.length];
    sum += (e - e0) * (m - n0) - (f - e0) * (n - n0);
  });
  return sum / 2;
}

/** m² of the whole site, holes taken out. */
export const siteArea = (parts) =>
  parts.reduce((total, [outer, ...holes]) => total + ringArea(outer) - holes.reduce((sum, hole) => sum + ringArea(hole), 0), 0);

export const mu = (area) => area / MU_M2;

export const distance = ([a, b], [c, d]) => Math.hypot(c - a, d - b);

export const sides = (ring) => ring.map((point, index) => distance(point, ring[(index + 1) % ring.length]));

export const perimeter = (parts) => parts.flat().reduce((total, ring) => total + sides(ring).reduce((sum, side) => sum + side, 0), 0);

export const middle = ([a, b], [c, d]) => [(a + c) / 2, (b + d) / 2];

export function centre(ring) {
  const sum = ring.reduce(([e, n], point) => [e + point[0], n + point[1]], [0, 0]);
  return [sum[0] / ring.length, sum[1] / ring.length];
}

/* Finer than a millimetre, so that a turned rectangle of 10 × 14 m has 140.00 m² and not 140.01. */
export const rounded = (point) => point.map((value) => Math.round(value * 1e6) / 1e6);

export const moved = (parts, [east, north]) => parts.map((part) => part.map((ring) => ring.map(([e, n]) => rounded([e + east, n + north]))));

/** A ring clockwise from its north-west corner, as boundary points are numbered. */
export function inOrder(ring) {
  const clockwise = signedArea(ring) > 0 ? [...ring].reverse() : ring;
  const [west, north] = [Math.min(...ring.map(([e]) => e)), Math.max(...ring.map(([, n]) => n))];
  const away = clockwise.map((point) => distance(point, [west, north]));
  const first = away.indexOf(Math.min(...away));
  return [...clockwise.slice(first), ...clockwise.slice(0, first)];
}

/** A rectangle round a point: `bearing` is the direction its depth points to, in degrees clockwise from north. */
export function rectangle([east, north], width, depth, bearing) {
  const turn = (bearing * Math.PI) / 180;
  const corner = (across, along) =>
    rounded([east + across * Math.cos(turn) + along * Math.sin(turn), north - across * Math.sin(turn) + along * Math.cos(turn)]);
  return [corner(-width / 2, depth / 2), corner(width / 2, depth / 2), corner(width / 2, -depth / 2), corner(-width / 2, -depth / 2)];
}

/** Width, depth, bearing and centre of a ring that is a rectangle within 5 mm; null for any other. */
export function asRectangle(ring) {
  if (ring.length !== 4) return null;
  const at = centre(ring);
  const radius = ring.map((point) => distance(point, at));
  if (Math.max(...radius) - Math.min(...radius) > RIGHT_M) return null;
  const [width, depth] = sides(ring);
  const [[e0, n0], [e1, n1]] = ring;
  const bearing = ((Math.atan2(-(n1 - n0), e1 - e0) * 180) / Math.PI + 360) % 360;
  return { centre: at, width, depth, bearing };
}

/** The point of a segment nearest to `at`. */
function onSegment(at, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const share = length2 ? Math.max(0, Math.min(1, ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / length2)) : 0;
  return [a[0] + share * dx, a[1] + share * dy];
}

/** Where to put a point: the nearest corner within reach, else the nearest side within reach, else where it is. */
export function snapped(at, rings, reach) {
  let best = null;
  for (const ring of rings) {
    for (const corner of ring) {
      const away = distance(at, corner);
      if (away <= reach && (!best || away < best.away)) best = { away, point: corner, kind: "corner" };
    }
  }
  if (best) return best;
  for (const ring of rings) {
    ring.forEach((corner, index) => {
      const point = onSegment(at, corner, ring[(index + 1) % ring.length]);
      const away = distance(at, point);
      if (away <= reach && (!best || away < best.away)) best = { away, point: rounded(point), kind: "side" };
    });
  }
  return best || { away: 0, point: at, kind: null };
}

/** The numbers (from 1) of two sides of a ring that cross, or null. */
export function crossing(ring) {
  const count = ring.length;
  for (let i = 0; i < count; i += 1) {
    for (let j = i + 2; j < count; j += 1) {
      if (i === 0 && j === count - 1) continue;
      if (segmentsCross(ring[i], ring[(i + 1) % count], ring[j], ring[(j + 1) % count])) return [i + 1, j + 1];
    }
  }
  return null;
}

function segmentsCross(a, b, c, d) {
  const side = (p, q, r) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

/** A site as a GeoJSON geometry in the same coordinates. */
export function toGeometry(parts) {
  const closed = parts.map((part) => part.map((ring) => [...ring, ring[0]]));
  return closed.length === 1 ? { type: "Polygon", coordinates: closed[0] } : { type: "MultiPolygon", coordinates: closed };
}

/** The parts of a GeoJSON polygon; `point` turns each position into [east, north]. */
export function fromGeometry(geometry, point) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return polygons.map((polygon) => polygon.map((ring) => ring.slice(0, -1).map((position) => rounded(point(position)))));
}

/** The parts of a list of corners {part, ring, x_m (north), y_m (east)}. */
export function fromCorners(corners) {
  const parts = [];
  for (const { part, ring, x_m: north, y_m: east } of corners) {
    const rings = (parts[part - 1] = parts[part - 1] || []);
    (rings[ring - 1] = rings[ring - 1] || []).push([east, north]);
  }
  return parts;
}

/** Whether two sites are the same within a millimetre. */
export function sameSite(one, other) {
  const flat = (parts) => parts.map((part) => part.map((ring) => ring.length));
  if (JSON.stringify(flat(one)) !== JSON.stringify(flat(other))) return false;
  const [a, b] = [one.flat(2), other.flat(2)];
  return a.every((point, index) => distance(point, b[index]) <= 0.0015);
}
