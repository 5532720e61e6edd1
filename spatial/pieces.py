"""Large geometries cut into small pieces, so that a search or an intersection touches only what lies near."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Geometries = NDArray[Any]
"""A numpy array of shapely geometries."""

MAX_VERTICES = 128


def subdivide(geometry: Any, *, max_vertices: int = MAX_VERTICES) -> Geometries:
    """Cut a polygon or line into pieces of at most `max_vertices` vertices by halving its box; their union is the geometry."""
    done: list[Any] = []
    waiting = [geometry]
    while waiting:
        part = waiting.pop()
        if part.is_empty:
            continue
        if shapely.get_num_coordinates(part) <= max_vertices:
            done.append(part)
            continue
        waiting.extend(_halves(part))
    return np.array([piece for part in done for piece in _same_dimension(part, geometry)], dtype=object)


def _halves(part: Any) -> list[Any]:
    west, south, east, north = part.bounds
    if east - west >= north - south:
        middle = (west + east) / 2
        boxes = [(west, south, middle, north), (middle, south, east, north)]
    else:
        middle = (south + north) / 2
        boxes = [(west, south, east, middle), (west, middle, east, north)]
    return [shapely.intersection(part, shapely.box(*box)) for box in boxes]


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

    def edge_distance(self, subjects: Geometries) -> NDArray[np.float64]:
        """Return the metres from each subject to where the coverage ends; 0 where the subject reaches beyond it."""
        result = np.zeros(len(subjects))
        rows, apart = self.edges.query_nearest(subjects, all_matches=False, return_distance=True)
        result[rows[0]] = apart
        result[self.uncovered(subjects) > 1e-4] = 0.0
        return result


@lru_cache(maxsize=64)
def _extent(wkb: bytes) -> Extent:
    geometry = shapely.from_wkb(wkb)
    pieces = subdivide(geometry)
    edges = subdivide(shapely.boundary(geometry), max_vertices=16)
    return Extent(geometry=geometry, pieces=pieces, tree=shapely.STRtree(pieces), edges=shapely.STRtree(edges))


def extent(coverage: Any) -> Extent:
    """Return the prepared extent of a coverage polygon; equal coverages share one."""
    return _extent(shapely.to_wkb(coverage))
