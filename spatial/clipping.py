"""Areas that convex subjects share with polygons, for many pairs at once.

By Green's theorem such an area is an integral along its border: along those parts of the polygon's edges that lie in the convex window,
and along those of the window's border that lie in the polygon. The latter lead from where the polygon leaves the window to where it next
comes in, so that their integral is the difference of the window's own at these places, but for whole turns, each of which adds the area
of the window. Edges that do not come near the window are not looked at, and the order of things changes nothing (Liang & Barsky (1984)
for the parts of edges). Coordinates are taken from the window's first corner, so that no digits are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.lazy import lazy
from spatial.pieces import Geometries
from spatial.rings import MARGIN_M, Edges

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_CORNERS = 8
"""A window has three to so many corners."""
LEAST_M2 = 1e-4
"""A window has at least so much area."""

_POLYGON = 3
_BEFORE, _NEXT = (np.arange(MOST_CORNERS) + step for step in (-1, 1))
_NEXT[-1] = 0


@dataclass(frozen=True, eq=False)
class Windows:
    """Some subjects as windows: `usable` says which are convex polygons of few corners, `south` where the lowest corner of each lies.

    `corners` is MOST_CORNERS × 2 × n, counter-clockwise, the last corner repeated where there are fewer, as metres from `origin` (2 × n), the
    first. `around` is 1 + MOST_CORNERS × n: twice the area that the border up to each corner, and back to the first, encloses with the first.
    """

    usable: Bools
    south: Floats
    origin: Floats
    corners: Floats
    around: Floats

    @lazy
    def along(self) -> Floats:
        """The edges from each corner to the next, as `corners`."""
        return self.corners[_NEXT] - self.corners

    def upto(self, place: Ints, x: Floats, y: Floats, row: Ints) -> Floats:
        """Twice the area that the border up to points on the edges from some corners on encloses with the first corner."""
        result: Floats = self.around[place, row] + self.corners[place, 0, row] * y - x * self.corners[place, 1, row]
        return result


def windows(subjects: Geometries) -> Windows:
    """Return some polygons as windows."""
    counts = shapely.get_num_coordinates(subjects)
    usable = (shapely.get_type_id(subjects) == _POLYGON) & (shapely.get_num_interior_rings(subjects) == 0) & (counts > 3) & (counts <= MOST_CORNERS + 1)
    corners, around = np.zeros((MOST_CORNERS, 2, len(subjects))), np.zeros((MOST_CORNERS + 1, len(subjects)))
    rows = np.flatnonzero(usable)
    if not len(rows):
        return Windows(usable, corners[0, 1], corners[0], corners, around)
    ends = counts[rows].cumsum()
    place = (ends - counts[rows])[:, None] + np.minimum(np.arange(MOST_CORNERS), counts[rows, None] - 2)
    found = shapely.get_coordinates(subjects[rows])[place]
    side = found[:, _NEXT] - found
    before = side[:, _BEFORE]
    before[:, -1] = side[np.arange(len(rows)), counts[rows] - 3]  # the side back to the first corner comes after all repeated ones
    turn = before[..., 0] * side[..., 1] - before[..., 1] * side[..., 0]
    left, right = (turn >= 0).all(axis=1), (turn <= 0).all(axis=1)
    # A corner given twice would hide which way the ring turns there.
    usable[rows] = (left | right) & (side.any(axis=2).sum(axis=1) == counts[rows] - 1)
    # From five corners on a ring may turn one way only and still go round twice, as a pentagram does.
    winding = np.flatnonzero(usable & (counts > 5))
    usable[winding] = shapely.is_valid(subjects[winding])
    found[right] = found[right, ::-1]
    corners[..., rows] = found.transpose(1, 2, 0)
    south, origin = corners[:, 1].min(axis=0), corners[0].copy()
    corners -= origin
    np.cumsum(corners[:-1, 0] * corners[1:, 1] - corners[1:, 0] * corners[:-1, 1], axis=0, out=around[1:-1])
    around[-1] = around[-2]
    usable &= around[-1] > 2 * LEAST_M2
    return Windows(usable, south, origin, corners, around)


@dataclass(frozen=True, eq=False)
class Seen:
    """Edges as their windows see them: `of` is each edge's window, `x` and `y` where it begins as metres from the window's first corner,
    `east` and `north` how far it goes, `start` and `end` how far its ends lie on the inner side of each of `sides` of the window."""

    window: Windows
    edges: Edges
    row: Ints
    of: Ints
    x: Floats
    y: Floats
    east: Floats
    north: Floats
    sides: list[int]
    start: list[Floats]
    end: list[Floats]


def seen(window: Windows, row: Ints, edges: Edges) -> Seen:
    """Look at edges from the windows of their pairs: pair i has window `row[i]`."""
    of = row[edges.pair]
    origin_x, origin_y = window.origin[:, of]
    x, y, to_x, to_y = edges.x - origin_x, edges.y - origin_y, edges.to_x - origin_x, edges.to_y - origin_y
    sides = np.flatnonzero(window.along.any(axis=(1, 2))).tolist()
    start, end = [], []
    for place in sides:
        corner_x, corner_y = window.corners[place][:, of]
        along_x, along_y = window.along[place][:, of]
        start.append(along_x * (y - corner_y) - along_y * (x - corner_x))
        end.append(along_x * (to_y - corner_y) - along_y * (to_x - corner_x))
    return Seen(window, edges, row, of, x, y, to_x - x, to_y - y, sides, start, end)


def shared_areas(view: Seen) -> Floats:
    """Return the m² that the window and the polygon of each pair share.

    They are known but for the whole window more or less: next to none and next to all cannot be told apart. Edges that do not come near the
    window may be left out.
    """
    missed = np.zeros(len(view.of), dtype=bool)
    enters, leaves = np.full(len(view.of), -1.0), np.full(len(view.of), 2.0)
    entry, exit_ = np.zeros((2, len(view.of)), dtype=np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        for place, start, end in zip(view.sides, view.start, view.end, strict=True):
            out, out_at_end = start < 0, end < 0
            missed |= out & out_at_end
            part = start / (start - end)
            later, sooner = out & (part > enters), out_at_end & (part < leaves)
            later &= ~out_at_end
            sooner &= ~out
            enters[later], entry[later] = part[later], place
            leaves[sooner], exit_[sooner] = part[sooner], place
    met = np.flatnonzero(~missed & (enters < leaves))
    twice = _border(view, met, enters[met], leaves[met], entry[met], exit_[met])
    sums = np.bincount(view.edges.pair[met], weights=twice, minlength=len(view.row))
    whole = view.window.around[-1][view.row]
    areas: Floats = np.mod(sums, np.where(whole > 0, whole, 1.0)) / 2
    return areas


def _border(view: Seen, met: Ints, enters: Floats, leaves: Floats, entry: Ints, exit_: Ints) -> Floats:
    """Twice the integral along the parts of edges in their windows, and along the windows' borders up to where they come in less where they leave."""
    x, y, east, north, row = view.x[met], view.y[met], view.east[met], view.north[met], view.of[met]
    came, left = enters >= 0, leaves <= 1
    enters, leaves = np.where(came, enters, 0.0), np.where(left, leaves, 1.0)
    from_x, from_y, to_x, to_y = x + enters * east, y + enters * north, x + leaves * east, y + leaves * north
    twice: Floats = from_x * to_y - to_x * from_y
    twice += np.where(came, view.window.upto(entry, from_x, from_y, row), 0.0)
    twice -= np.where(left, view.window.upto(exit_, to_x, to_y, row), 0.0)
    twice *= view.edges.sign[met]
    return twice


def clear(view: Seen) -> Bools:
    """Tell of which pairs no edge comes so near that it might touch the window: not beyond one of its sides, nor all of it on one side of the edge."""
    apart = np.zeros(len(view.of), dtype=bool)
    least, most = np.full(len(view.of), np.inf), np.full(len(view.of), -np.inf)
    for place, start, end in zip(view.sides, view.start, view.end, strict=True):
        margin = -MARGIN_M * np.hypot(*view.window.along[place])[view.of]
        apart |= (start < margin) & (end < margin)
        x, y = view.window.corners[place][:, view.of]
        aside = view.east * (y - view.y) - view.north * (x - view.x)
        np.minimum(least, aside, out=least)
        np.maximum(most, aside, out=most)
    margin = MARGIN_M * np.hypot(view.east, view.north)
    apart |= (least > margin) | (most < -margin)
    found: Bools = np.bincount(view.edges.pair[~apart], minlength=len(view.row)) == 0
    return found


def passing(view: Seen) -> Bools:
    """Tell which pairs have an odd number of edges that pass the window's lowest corner on the east."""
    corners, south = view.window.corners, view.window.south[view.of]
    lowest = corners[:, 1].argmin(axis=0)
    x, y = corners[lowest, :, np.arange(len(lowest))].T
    upward = view.edges.y < south
    passes = upward != (view.edges.to_y < south)
    passes &= (view.east * (y[view.of] - view.y) - view.north * (x[view.of] - view.x) > 0) == upward
    odd: Bools = np.bincount(view.edges.pair[passes], minlength=len(view.row)) % 2 > 0
    return odd
