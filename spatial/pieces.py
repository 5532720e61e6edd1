"""Large geometries cut into small pieces, so that a search or an intersection touches only what lies near."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Geometries = NDArray[Any]
"""A numpy array of shapely geometries."""

MAX_VERTICES = 128
SMALLEST_M = 0.001
"""Nothing smaller is cut: where many corners meet in one point, halving would never end."""

Box = tuple[float, float, float, float]
"""West, south, east, north."""


def subdivide(geometry: Any, *, max_vertices: int = MAX_VERTICES) -> Geometries:
    """Cut a polygon or line into pieces of at most `max_vertices` vertices by halving its box; together they are the geometry.

    Polygons are clipped, which is many times as fast as intersecting; where that is not clean they are intersected after all.
    """
    if shapely.get_dimensions(geometry) == 2:
        pieces = _cut(geometry, max_vertices, _clip)
        if shapely.is_valid(pieces).all() and abs(shapely.area(pieces).sum() - geometry.area) <= 1e-12 * geometry.area:
            return pieces
        return _cut(geometry, max_vertices, _intersect)
    return _cut(geometry, max_vertices, _part)


def _cut(geometry: Any, max_vertices: int, halve: Callable[[Any, Box, Box], list[Any]]) -> Geometries:
    done: list[Any] = []
    waiting = [geometry]
    while waiting:
        part = waiting.pop()
        if part.is_empty:
            continue
        if shapely.get_num_coordinates(part) <= max_vertices or _span(part) < SMALLEST_M:
            done.append(part)
            continue
        waiting.extend(halve(part, *_half_boxes(part)))
    return np.array([piece for part in done for piece in _same_dimension(part, geometry)], dtype=object)


def _span(part: Any) -> float:
    west, south, east, north = part.bounds
    return float(max(east - west, north - south))


def _half_boxes(part: Any) -> tuple[Box, Box]:
    west, south, east, north = part.bounds
    if east - west >= north - south:
        middle = (west + east) / 2
        return (west, south, middle, north), (middle, south, east, north)
    middle = (south + north) / 2
    return (west, south, east, middle), (west, middle, east, north)


def _clip(part: Any, first: Box, second: Box) -> list[Any]:
    return [shapely.clip_by_rect(part, *first), shapely.clip_by_rect(part, *second)]


def _intersect(part: Any, first: Box, second: Box) -> list[Any]:
    return [shapely.intersection(part, shapely.box(*first)), shapely.intersection(part, shapely.box(*second))]


def _part(line: Any, first: Box, _: Box) -> list[Any]:
    """Halve lines; what runs along the cut itself goes to one half only."""
    half = shapely.box(*first)
    return [shapely.intersection(line, half), shapely.difference(line, half)]


def _same_dimension(part: Any, whole: Any) -> list[Any]:
    """Drop the points and lines that cutting leaves where a polygon only touches the cut."""
    wanted = shapely.get_dimensions(whole)
    return [piece for piece in shapely.get_parts(part) if shapely.get_dimensions(piece) == wanted]


@dataclass(frozen=True, eq=False)
class Extent:
    """A coverage polygon ready for many questions: its pieces and its boundary under search trees."""

    geometry: Any
    pieces: Geometries
    tree: shapely.STRtree
    edges: shapely.STRtree

    def uncovered(self, subjects: Geometries) -> NDArray[np.float64]:
        """Return the m² of each subject outside the coverage."""
        result = np.zeros(len(subjects))
        rows, _ = self.tree.query(subjects, predicate="covered_by")
        open_rows = np.ones(len(subjects), dtype=bool)
        open_rows[rows] = False
        for row in np.flatnonzero(open_rows):
            result[row] = self._outside(subjects[row])
        return result

    def _outside(self, subject: Any) -> float:
        near = self.pieces[np.sort(self.tree.query(subject, predicate="intersects"))]
        inside = float(shapely.area(shapely.intersection(near, subject)).sum()) if len(near) else 0.0
        return max(0.0, float(subject.area) - inside)

    def edge_distance(self, subjects: Geometries, *, within: float = math.inf) -> NDArray[np.float64]:
        """Return the metres from each subject to where the coverage ends, infinite beyond `within`; 0 where the subject reaches beyond it."""
        result = np.full(len(subjects), np.inf)
        asked = self._near_the_edge(subjects, within)
        if len(asked):
            rows, apart = self.edges.query_nearest(subjects[asked], all_matches=False, return_distance=True)
            result[asked[rows[0]]] = apart
            result[result > within] = np.inf
            result[asked[self.uncovered(subjects[asked]) > 1e-4]] = 0.0
        return result

    def _near_the_edge(self, subjects: Geometries, within: float) -> NDArray[np.int64]:
        """The subjects that have the edge in their box grown by some metres, or do not lie in the coverage: for most it takes no more."""
        if math.isinf(within):
            return np.arange(len(subjects))
        boxes = shapely.bounds(subjects) + np.array([-1.0, -1.0, 1.0, 1.0]) * within
        grown: Geometries = np.asarray(shapely.box(*boxes.T), dtype=object)
        near = np.ones(len(subjects), dtype=bool)
        near[self.tree.query(grown, predicate="covered_by")[0]] = False
        meets = np.unique(self.edges.query(grown[near])[0])
        rest = np.flatnonzero(near)
        inside = np.ones(len(rest), dtype=bool)
        inside[meets] = False
        # Away from every edge a subject lies wholly inside or wholly outside.
        away = rest[inside]
        outside = away[self.uncovered(subjects[away]) > 0] if len(away) else away
        return np.unique(np.concatenate([rest[~inside], outside]))


@lru_cache(maxsize=64)
def _extent(wkb: bytes) -> Extent:
    geometry = shapely.from_wkb(wkb)
    pieces = subdivide(geometry)
    edges = subdivide(shapely.boundary(geometry), max_vertices=16)
    return Extent(geometry=geometry, pieces=pieces, tree=shapely.STRtree(pieces), edges=shapely.STRtree(edges))


def extent(coverage: Any) -> Extent:
    """Return the prepared extent of a coverage polygon; equal coverages share one."""
    return _extent(shapely.to_wkb(coverage))
