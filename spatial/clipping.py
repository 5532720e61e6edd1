"""Areas that convex subjects share with polygons, for many pairs at once.

Sutherland & Hodgman (1974): a ring is cut by one edge of the convex window after the other. Here all rings are cut by their first
edge in one run of array operations, then all by their second, and so on. What of a ring falls apart stays joined along the
window's edge, where it has no area. Coordinates are taken from the window's first corner, so that no digits are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_CORNERS = 8
"""A window has three to so many corners."""

_POLYGON = 3


@dataclass(frozen=True, eq=False)
class Windows:
    """Some subjects as windows: `usable` says which are convex polygons of few corners; `corners` is n × MOST_CORNERS × 2, counter-clockwise,
    the last corner repeated where there are fewer."""

    usable: Bools
    corners: Floats


def windows(subjects: Geometries) -> Windows:
    """Return some polygons as windows."""
    counts = shapely.get_num_coordinates(subjects)
    usable = (shapely.get_type_id(subjects) == _POLYGON) & (shapely.get_num_interior_rings(subjects) == 0) & (counts > 3) & (counts <= MOST_CORNERS + 1)
    rows = np.flatnonzero(usable)
    ends = counts[rows].cumsum()
    place = (ends - counts[rows])[:, None] + np.minimum(np.arange(MOST_CORNERS), counts[rows, None] - 2)
    found = shapely.get_coordinates(subjects[rows])[place]
    side = np.roll(found, -1, axis=1) - found
    before = np.roll(side, 1, axis=1)
    before[:, -1] = side[np.arange(len(rows)), counts[rows] - 3]  # the side back to the first corner comes after all repeated ones
    turn = before[..., 0] * side[..., 1] - before[..., 1] * side[..., 0]
    left, right = (turn >= 0).all(axis=1), (turn <= 0).all(axis=1)
    # A corner given twice would hide which way the ring turns there.
    usable[rows] = (left | right) & (side.any(axis=2).sum(axis=1) == counts[rows] - 1)
    # From five corners on a ring may turn one way only and still go round twice, as a pentagram does.
    winding = np.flatnonzero(usable & (counts > 5))
    usable[winding] = shapely.is_valid(subjects[winding])
    corners = np.zeros((len(subjects), MOST_CORNERS, 2))
    corners[rows] = found
    corners[rows[right]] = found[right][:, ::-1]
    return Windows(usable, corners)


def plain(pieces: Geometries) -> Bools:
    """Return which geometries are polygons without holes."""
    result: Bools = (shapely.get_type_id(pieces) == _POLYGON) & (shapely.get_num_interior_rings(pieces) == 0)
    return result


def shared_areas(corners: Floats, pieces: Geometries) -> Floats:
    """Return the m² that window i (`corners`, n × MOST_CORNERS × 2) and plain polygon i share."""
    counts = shapely.get_num_coordinates(pieces)
    xy, ring = shapely.get_coordinates(pieces, return_index=True)
    kept = np.ones(len(xy), dtype=bool)
    kept[counts.cumsum() - 1] = False  # the corner that closes a ring
    ring = ring[kept]
    origin = corners[:, 0]
    window: Floats = corners - origin[:, None]
    xy = xy[kept] - origin[ring]
    x: Floats = xy[:, 0]
    y: Floats = xy[:, 1]
    for place in range(MOST_CORNERS):
        start, end = window[:, place], window[:, (place + 1) % MOST_CORNERS]
        along = end - start
        if along.any():
            beyond = along[ring, 0] * (y - start[ring, 1]) - along[ring, 1] * (x - start[ring, 0])
            x, y, ring = _cut(x, y, ring, beyond)
    follows = _following(ring)
    doubled = np.bincount(ring, weights=x * y[follows] - x[follows] * y, minlength=len(pieces))
    areas: Floats = np.abs(doubled) / 2
    return areas


def _following(ring: Ints) -> Ints:
    """The next corner of each corner in its ring."""
    follows = np.arange(1, len(ring) + 1)
    if len(ring):
        last = np.append(np.flatnonzero(ring[1:] != ring[:-1]), len(ring) - 1)
        follows[last] = np.append(0, last[:-1] + 1)
    return follows


def _cut(x: Floats, y: Floats, ring: Ints, beyond: Floats) -> tuple[Floats, Floats, Ints]:
    """Keep of each ring what lies on the inner side of a line: `beyond` is the corner's distance from it, negative outside."""
    inside = beyond >= 0
    if inside.all():
        return x, y, ring
    follows = _following(ring)
    crossing = np.flatnonzero(inside != inside[follows])
    given = inside.astype(np.int64)
    given[crossing] += 1
    ends = given.cumsum()
    place = ends - given
    cut_x, cut_y = np.empty(ends[-1]), np.empty(ends[-1])
    cut_x[place[inside]], cut_y[place[inside]] = x[inside], y[inside]
    after = follows[crossing]
    share = beyond[crossing] / (beyond[crossing] - beyond[after])
    place = place[crossing] + inside[crossing]
    cut_x[place] = x[crossing] + share * (x[after] - x[crossing])
    cut_y[place] = y[crossing] + share * (y[after] - y[crossing])
    return cut_x, cut_y, ring.repeat(given)
