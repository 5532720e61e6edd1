"""Boxes laid over polygons, many pairs at once: wholly inside, wholly outside, or across an edge.

An edge that lies wholly beyond one side of a box (Cohen & Sutherland's outcodes) does not meet it. Where all edges of a polygon do, the
box is inside or outside as a whole, and the number of edges that pass by on one side tells which; most pairs need no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.lazy import lazy
from spatial.pieces import Geometries

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MARGIN_M = 1e-6
"""Boxes are grown by so much: what is beyond is beyond to every other way of reckoning, too."""

_RUN = 8
"""So many edges are looked at together at first."""
_BLOCK = 1 << 18
"""Pairs with so many corners are worked on at a time, so that the arrays stay in the processor's cache."""
_WEST, _EAST, _SOUTH, _NORTH = 1, 2, 4, 8


@dataclass(frozen=True, eq=False)
class Rings:
    """The corners of some polygons, ring after ring, shells before holes.

    Ring r has `counts[r]` edges; the first begins at corner `starts[r]` of `x` and `y`, and each ends at the next corner, for the first is
    given again after the last. `sign[r]` is 1 where the polygon lies on the left of the ring's edges, else -1. Polygon p has the rings
    from `first[p]` up to `first[p + 1]`.
    """

    x: Floats
    y: Floats
    starts: Ints
    counts: Ints
    sign: Floats
    first: Ints

    @lazy
    def runs(self) -> Runs:
        """The rings in runs of edges."""
        many = -(-self.counts // _RUN)
        first = np.append(0, many.cumsum())
        of = np.arange(len(many)).repeat(many)
        starts = self.starts[of] + (np.arange(len(of)) - first[of]) * _RUN
        counts = np.minimum(self.starts[of] + self.counts[of] - starts, _RUN)
        sides = np.column_stack([starts, starts + counts + 1]).ravel()
        x, y = np.append(self.x, 0.0), np.append(self.y, 0.0)
        west, east = np.minimum.reduceat(x, sides)[::2], np.maximum.reduceat(x, sides)[::2]
        south, north = np.minimum.reduceat(y, sides)[::2], np.maximum.reduceat(y, sides)[::2]
        return Runs(starts, counts, first, west, south, east, north)


@dataclass(frozen=True, eq=False)
class Runs:
    """Rings in runs of some edges each, with their boxes: run i has the `counts[i]` edges from corner `starts[i]` on.

    Ring r has the runs from `first[r]` up to `first[r + 1]`.
    """

    starts: Ints
    counts: Ints
    first: Ints
    west: Floats
    south: Floats
    east: Floats
    north: Floats


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges of polygons from `x`, `y` to `to_x`, `to_y`, each for a pair; `sign` is 1 where the polygon lies on their left, else -1."""

    x: Floats
    y: Floats
    to_x: Floats
    to_y: Floats
    sign: Floats
    pair: Ints


@dataclass(frozen=True, eq=False)
class Laid:
    """Pairs of box and polygon: `inside` and `across` by pair; where neither holds the box lies outside.

    Of the pairs across an edge that were asked for `edges` are those not wholly beyond one side of the box (`pair` counts these pairs
    alone), and `passing` tells whether of the others an odd number passes the box's lower side on the east.
    """

    inside: Bools
    across: Bools
    passing: Bools
    edges: Edges


def rings(polygons: Geometries) -> Rings:
    """Take polygons apart; empty ones and other geometries are not allowed."""
    x, y = np.ascontiguousarray(shapely.get_coordinates(polygons).T)
    holes = shapely.get_num_interior_rings(polygons)
    first = np.zeros(len(polygons) + 1, dtype=np.int64)
    np.cumsum(holes + 1, out=first[1:])
    counts = np.empty(first[-1], dtype=np.int64)
    counts[first[:-1]] = shapely.get_num_coordinates(polygons)
    pierced = np.flatnonzero(holes)
    if len(pierced):
        several, of = shapely.get_rings(polygons[pierced], return_index=True)
        counts[first[pierced][of] + np.arange(len(of)) - np.searchsorted(of, of)] = shapely.get_num_coordinates(several)
    starts = counts.cumsum() - counts
    east, north = x - x[starts].repeat(counts), y - y[starts].repeat(counts)
    turned = np.zeros(len(x))
    turned[:-1] = east[:-1] * north[1:] - east[1:] * north[:-1]
    turned[starts[1:] - 1] = 0.0
    sign = np.where(np.add.reduceat(turned, starts) < 0, 1.0, -1.0)
    sign[first[:-1]] *= -1.0
    return Rings(x, y, starts, counts - 1, sign, first)


def all_edges(over: Rings) -> Edges:
    """Return the edges of all polygons, pair i being polygon i."""
    place = _places(over.starts, over.counts)
    owner = np.arange(len(over.first) - 1).repeat(np.diff(over.first)).repeat(over.counts)
    return Edges(over.x[place], over.y[place], over.x[place + 1], over.y[place + 1], over.sign.repeat(over.counts), owner)


def _places(starts: Ints, counts: Ints) -> Ints:
    """Count up from each start as many times as said, one after the other."""
    place: Ints = (starts - counts.cumsum() + counts).repeat(counts)
    place += np.arange(len(place))
    return place


def lay(boxes: Floats, polygon: Ints, over: Rings, *, asked: Bools) -> Laid:
    """Lay box i (`boxes`, n × west, south, east, north) over polygon `polygon[i]`; edges are given of the pairs `asked` for."""
    many = over.first[polygon + 1] - over.first[polygon]
    begins = np.append(0, many.cumsum())
    ring = _places(over.first[polygon], many)
    blocks = [_lay(boxes[low:high], ring[begins[low] : begins[high]], begins[low : high + 1] - begins[low], over, asked[low:high])
              for low, high in _blocks(over.counts[ring].cumsum(), begins)]  # fmt: skip
    across, odd = (np.concatenate([block[place] for block in blocks]) for place in (0, 1))
    place, sign = (np.concatenate([block[which] for block in blocks]) for which in (2, 3))
    mine = across & asked
    near = np.concatenate([block[4] for block in blocks])[mine]
    edges = Edges(over.x[place], over.y[place], over.x[place + 1], over.y[place + 1], sign, np.arange(len(near)).repeat(near))
    return Laid(~across & odd, across, odd[mine], edges)


def _blocks(corners: Ints, begins: Ints) -> Iterator[tuple[int, int]]:
    """Some pairs at a time, by the corners of all rings up to each and the first ring of each pair."""
    upto = np.append(0, corners)[begins]
    low = 0
    while low < len(begins) - 1:
        high = max(int(np.searchsorted(upto, upto[low] + _BLOCK, side="right")) - 1, low + 1)
        yield low, high
        low = high


def _lay(boxes: Floats, ring: Ints, begins: Ints, over: Rings, asked: Bools) -> tuple[Bools, Bools, Ints, Floats, Ints]:
    """Of a block of pairs, whose rings begin at `begins`: which are across, which have an odd number of edges passing on the east; where those asked for
    have edges near the box begin, the signs of these, and how many each pair has."""
    many = np.diff(begins)
    mine = boxes.repeat(many, axis=0)
    grown = mine + np.array([-MARGIN_M, -MARGIN_M, MARGIN_M, MARGIN_M])
    place, counts = _thinned(grown, ring, over)
    ends = counts.cumsum()
    starts = ends - counts
    x, y = over.x[place], over.y[place]
    west, south, east, north = (side.repeat(counts) for side in grown.T)
    beyond = (x < west).view(np.uint8)
    for side, met in ((_EAST, x > east), (_SOUTH, y < south), (_NORTH, y > north)):
        beyond |= met.view(np.uint8) * np.uint8(side)
    both, low = beyond & _next(beyond, starts, ends), y < mine[:, 1].repeat(counts)
    across = np.bitwise_or.reduceat(np.bitwise_or.reduceat(both == 0, starts), begins[:-1])
    near = np.flatnonzero((both == 0) & asked.repeat(many).repeat(counts))
    passing = (low ^ _next(low, starts, ends)) & ((both & _EAST) > 0)
    odd = np.bitwise_xor.reduceat(np.bitwise_xor.reduceat(passing, starts), begins[:-1])
    of = np.searchsorted(ends, near, side="right")
    found = np.bincount(np.searchsorted(begins, of, side="right") - 1, minlength=len(boxes))
    return across, odd, place[near], over.sign[ring[of]], found


def _next(values: NDArray[Any], starts: Ints, ends: Ints) -> NDArray[Any]:
    """The value of the next corner of each ring."""
    after = np.empty_like(values)
    after[:-1] = values[1:]
    after[ends - 1] = values[starts]
    return after


def _thinned(boxes: Floats, ring: Ints, over: Rings) -> tuple[Ints, Ints]:
    """The corners of some rings that matter to their boxes, and how many of each: of a run that lies beyond one side, the first will do."""
    runs = over.runs
    many = runs.first[ring + 1] - runs.first[ring]
    place = _places(runs.first[ring], many)
    west, south, east, north = (side.repeat(many) for side in boxes.T)
    far = (runs.east[place] < west) | (runs.west[place] > east) | (runs.north[place] < south) | (runs.south[place] > north)
    counts = np.where(far, 1, runs.counts[place])
    return _places(runs.starts[place], counts), np.add.reduceat(counts, many.cumsum() - many)
