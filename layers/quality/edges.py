"""Edges of polygons on the grid of the XY resolution: which have a partner, and what the ones without one enclose.

Every valid polygon, its shells counter-clockwise and its holes clockwise, is the sum of its directed edges. Where two neighbours
share an edge it runs once each way and cancels. The edges that are left are the boundary of the number of polygons over each
point: between them that number does not change. So a data set of 150,000 patches that fit is told from the few edges of its
outline, and every overlap and gap is among the faces of the edges that are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.quality.rings import Bools, Floats, Ints, Rings
from spatial.lazy import lazy
from spatial.pieces import Geometries

_SPAN = 2**31 - 1
"""So many steps fit along each axis, for both ordinates to make one whole number."""


@dataclass(frozen=True)
class Grid:
    """Whole steps of `step` metres from `origin` (east, north)."""

    origin: Floats
    step: float

    def keys(self, xy: Floats) -> Ints:
        """One whole number for each point (n, 2); points on the same step have the same."""
        steps = np.rint((xy - self.origin) / self.step).astype(np.int64)
        return (steps[:, 0] << 31) | steps[:, 1]

    def steps(self, keys: Ints) -> Floats:
        """The points (n, 2) of keys, in steps from the origin."""
        return np.stack([keys >> 31, keys & _SPAN], axis=-1).astype(np.float64)

    def place(self, geometries: Geometries) -> Geometries:
        """Geometries in steps, brought back to metres."""
        return np.asarray(shapely.transform(geometries, lambda xy: xy * self.step + self.origin), dtype=object)


def grid(xy: Floats, step: float) -> Grid:
    """Lay a grid of the given step (or a coarser one, where the points lie too far apart) over points (n, 2)."""
    low, high = (xy.min(axis=0), xy.max(axis=0)) if len(xy) else (np.zeros(2), np.zeros(2))
    # Aligned to whole metres: two data sets of one county fall on the same grid.
    origin = np.floor(low) - 1
    return Grid(origin, max(step, float((high - origin).max()) / (_SPAN - 2)))


@dataclass(frozen=True, eq=False)
class Edges:
    """e directed edges on a grid: keys of their ends `begin` and `end`, and the row of the polygon each bounds, on its left.

    `weight` says how often each runs.
    """

    grid: Grid
    begin: Ints
    end: Ints
    owner: Ints
    weight: Ints

    def __len__(self) -> int:
        return len(self.begin)

    @lazy
    def lines(self) -> Geometries:
        """The edges as lines, in steps of the grid."""
        ends = np.stack([self.grid.steps(self.begin), self.grid.steps(self.end)], axis=1)
        return np.asarray(shapely.linestrings(ends), dtype=object)

    def some(self, which: NDArray[Any], weight: Ints) -> Edges:
        """Some of the edges, with another weight."""
        return Edges(self.grid, self.begin[which], self.end[which], self.owner[which], weight)


def edges(ring: Rings, over: Grid) -> Edges:
    """Direct the edges of rings so that each polygon lies to the left; those shorter than a step are left out."""
    keys = over.keys(ring.xy)
    begin, end = keys[ring.inner], keys[ring.inner + 1]
    of = ring.ring[ring.inner]
    turned = ((ring.signed_area < 0) != ring.is_hole)[of]
    begin, end = np.where(turned, end, begin), np.where(turned, begin, end)
    real = begin != end
    return Edges(over, begin[real], end[real], ring.owner[of[real]], np.ones(np.count_nonzero(real), dtype=np.int64))


def unmatched(found: Edges) -> Edges:
    """Return one edge for each stretch that runs more often one way than the other, in that way; its weight is by how often."""
    found = _perhaps_unmatched(found)
    if not len(found):
        return found
    low, high = np.minimum(found.begin, found.end), np.maximum(found.begin, found.end)
    order, first = _groups(low, high)
    forward = np.where(found.begin < found.end, found.weight, -found.weight)[order]
    net = np.add.reduceat(forward, first)
    size = np.diff(np.append(first, len(order)))
    odd = np.flatnonzero(net != 0)
    # Of a group the first edge that runs the way that is left over stands for all.
    members = np.repeat(odd, size[odd])
    place = np.arange(size[odd].sum()) - np.repeat(np.cumsum(size[odd]) - size[odd], size[odd]) + first[members]
    right_way = np.sign(forward[place]) == np.sign(net[members])
    chosen = place[right_way][np.unique(members[right_way], return_index=True)[1]]
    return found.some(order[chosen], np.abs(net[odd]))


def settled(left: Edges, *, tolerance_m: float) -> Edges:
    """Return what is left of unmatched edges when each is led through the ends of others that lie on it within the tolerance.

    Neighbours often have a corner on one side only: then one long edge runs along two short ones. No edge is moved by more than
    the tolerance.
    """
    points = np.unique(np.concatenate([left.begin, left.end]))
    near: Geometries = np.asarray(shapely.points(left.grid.steps(points)), dtype=object)
    distance = tolerance_m / left.grid.step
    point, line = shapely.STRtree(left.lines).query(near, predicate="dwithin", distance=distance)
    own = (points[point] == left.begin[line]) | (points[point] == left.end[line])
    point, line = point[~own], line[~own]
    if not len(line):
        return left
    along = shapely.line_locate_point(left.lines[line], near[point])
    length: Floats = np.asarray(shapely.length(left.lines))
    inside = (along > 0) & (along < length[line])
    point, line, along = point[inside], line[inside], along[inside]
    every = np.arange(len(left))
    of = np.concatenate([every, line, every])
    at = np.concatenate([np.zeros(len(left)), along, length])
    key = np.concatenate([left.begin, points[point], left.end])
    order = np.lexsort((at, of))
    of, key = of[order], key[order]
    step = np.flatnonzero((of[1:] == of[:-1]) & (key[1:] != key[:-1]))
    parts = Edges(left.grid, key[step], key[step + 1], left.owner[of[step]], left.weight[of[step]])
    return unmatched(parts)


def _mixed(low: Ints, high: Ints) -> Ints:
    """A number for each pair that is hardly ever that of another pair."""
    with np.errstate(over="ignore"):
        mixed = low * np.int64(-7046029254386353131) + (high ^ (high >> 17)) * np.int64(-4417276706812531889)
        mixed = (mixed ^ (mixed >> 29)) * np.int64(-4658895280553007687)
    return np.asarray(mixed ^ (mixed >> 32))


def _perhaps_unmatched(found: Edges) -> Edges:
    """Leave out edges that have a partner, without sorting: they fall into buckets whose signed sum of 40-bit numbers is zero.

    That a bucket with an unmatched edge sums to zero all the same has a chance of one in 2⁴⁰. The sums are whole numbers below 2⁵³.
    """
    if len(found) < 1_000:
        return found
    mixed = _mixed(np.minimum(found.begin, found.end), np.maximum(found.begin, found.end))
    buckets = 1 << (len(found) - 1).bit_length()
    bucket = mixed & (buckets - 1)
    number = ((mixed >> 24) & ((1 << 40) - 1)).astype(np.float64)
    sums = np.bincount(
        bucket, weights=np.where(found.begin < found.end, number, -number) * found.weight, minlength=buckets
    )
    kept = np.flatnonzero(sums[bucket] != 0)
    return found.some(kept, found.weight[kept])


def _groups(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Return an order in which equal pairs stand together, and where each group of equal pairs begins."""
    mixed = _mixed(low, high)
    order = np.argsort(mixed)
    same = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
    if (
        same != (mixed[order][1:] == mixed[order][:-1])
    ).any():  # two pairs with the same mixed number: sort by the pairs themselves
        order = np.lexsort((high, low))
        same = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
    return order, np.concatenate([[0], np.flatnonzero(~same) + 1]).astype(np.int64)


def has_edge(found: Edges, others: Edges) -> Bools:
    """Which edges of one set another set on the same grid has too, whichever way they run."""
    low = np.concatenate([np.minimum(item.begin, item.end) for item in (found, others)])
    high = np.concatenate([np.maximum(item.begin, item.end) for item in (found, others)])
    order, first = _groups(low, high)
    size = np.diff(np.append(first, len(order)))
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.repeat(np.arange(len(first)), size)
    known = np.zeros(len(first), dtype=bool)
    known[group[len(found) :]] = True
    return known[group[: len(found)]]


@dataclass(frozen=True, eq=False)
class Faces:
    """What edges enclose: f polygons in metres, and over how many polygons of the data set each lies."""

    polygons: Geometries
    count: NDArray[np.int64]


def faces(left: Edges, *, tree: shapely.STRtree, thinnest_m: float) -> Faces:
    """Return the faces that unmatched edges enclose, with the number of polygons of `tree` over each.

    Faces thinner (area ÷ perimeter) than `thinnest_m` metres are left out: there the edges agree within the tolerance.
    """
    if not len(left):
        return Faces(np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64))
    noded = shapely.union_all(left.lines, grid_size=1.0)
    polygons = shapely.get_parts(shapely.polygonize(shapely.get_parts([noded])))
    polygons = left.grid.place(polygons)
    area, length = shapely.area(polygons), shapely.length(polygons)
    polygons = polygons[area > thinnest_m * length]
    at, _ = tree.query(shapely.point_on_surface(polygons), predicate="intersects")
    return Faces(polygons, np.bincount(at, minlength=len(polygons)))
