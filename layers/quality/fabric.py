"""The polygons of a data set as a fabric: who lies over whom, and what they leave open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.quality.edges import Edges, Faces, edges, faces, grid, settled, unmatched
from layers.quality.rings import Floats, Ints, Rings, rings
from layers.quality.subject import Subject
from spatial.lazy import lazy
from spatial.pieces import Geometries

_NODING, _SETTLING, _PAIR, _UNION = 45.0, 8.0, 10.0, 25.0
"""What an edge to be noded or settled, a pair to be intersected and a polygon to be merged cost in microseconds: only the ratio counts."""


@dataclass(frozen=True, eq=False)
class Overlaps:
    """k overlaps of two rows each (`first` < `second`), with the polygons they share, their areas (m²) and perimeters (m)."""

    first: Ints
    second: Ints
    polygons: Geometries
    area_m2: Floats
    length_m: Floats


@dataclass(frozen=True, eq=False)
class Fabric:
    """f polygons of a data set: `rows` they stand in, rising; the same shape again is left out, as `repeats` (later, earlier)."""

    rows: Ints
    shapes: Geometries
    ring: Rings
    repeats: Ints
    tree: shapely.STRtree
    """The search tree over `shapes`."""
    resolution_m: float
    tolerance_m: float
    tiled: Any | None
    """The union of the polygons, where they tile it vertex for vertex: then none overlap."""

    @lazy
    def edges(self) -> Edges:
        """The directed edges, on the grid of the resolution."""
        return edges(self.ring, grid(self.ring.xy, self.resolution_m))

    @lazy
    def single_edges(self) -> Edges:
        """The edges that have no partner as they stand."""
        return unmatched(self.edges)

    @lazy
    def open_edges(self) -> Edges:
        """The edges that have no partner, corners on one side only allowed for."""
        left = self.single_edges
        # Where hardly an edge has one the polygons stand apart, and there is nothing to settle.
        return settled(left, tolerance_m=self.tolerance_m) if 0 < len(left) < 0.9 * len(self.edges) else left

    @lazy
    def near(self) -> tuple[Ints, Ints]:
        """Pairs of polygons whose boxes meet, as places in `shapes`."""
        first, second = self.tree.query(self.shapes)
        before = first < second
        return first[before].astype(np.int64), second[before].astype(np.int64)

    @lazy
    def faces(self) -> Faces:
        """What the open edges enclose."""
        return faces(self.open_edges, tree=self.tree, thinnest_m=self.tolerance_m)

    def is_told_by_faces(self, *, gaps: bool) -> bool:
        """Whether it takes less to node the open edges than to compare all neighbours."""
        if self.tiled is not None:
            return False
        if not gaps and _PAIR * len(self.near[0]) < _SETTLING * len(self.single_edges):
            return False
        by_faces = _NODING * len(self.open_edges)
        if by_faces < _PAIR * len(self.shapes):
            return True
        return by_faces < _PAIR * len(self.near[0]) + (_UNION * len(self.shapes) if gaps else 0.0)

    def overlaps(self, *, gaps: bool) -> Overlaps:
        """Every two polygons that share more than a border; `gaps` says whether gaps will be asked for too."""
        if self.tiled is not None:
            none = np.zeros(0, dtype=np.int64)
            return self._shared(none, none)
        if self.is_told_by_faces(gaps=gaps):
            crowded = self.faces.polygons[self.faces.count >= 2]
            some = np.unique(self.tree.query(crowded, predicate="intersects")[1]).astype(np.int64)
            first, second = shapely.STRtree(self.shapes[some]).query(self.shapes[some])
            before = first < second
            return self._shared(some[first[before]], some[second[before]])
        return self._shared(*self.near)

    def _shared(self, first: Ints, second: Ints) -> Overlaps:
        shared = shapely.intersection(self.shapes[first], self.shapes[second])
        some = np.flatnonzero(shapely.area(shared) > 0)
        polygons = np.array([_polygons(shape) for shape in shared[some]], dtype=object)
        area, length = shapely.area(polygons), shapely.length(polygons)
        kept = area > self.tolerance_m * length
        return Overlaps(
            self.rows[first[some]][kept], self.rows[second[some]][kept], polygons[kept], area[kept], length[kept]
        )

    def gaps(self) -> Geometries:
        """What lies between the polygons and is covered by none, as polygons that do not touch along a line."""
        if self.is_told_by_faces(gaps=True):
            holes = self.faces.polygons[self.faces.count == 0]
            return np.asarray(shapely.get_parts(shapely.union_all(holes)), dtype=object) if len(holes) else holes
        parts = shapely.get_parts(self.outline)
        inner, _ = shapely.get_rings(parts, return_index=True)
        shells = shapely.get_exterior_ring(parts)
        holes = inner[~np.isin(shapely.to_wkb(inner), shapely.to_wkb(shells))]
        polygons = np.asarray(shapely.polygons(holes), dtype=object)
        # A hole may hold an island, which is covered.
        polygons = np.asarray(shapely.get_parts(shapely.difference(polygons, self.outline)), dtype=object)
        return polygons[shapely.area(polygons) > self.tolerance_m * shapely.length(polygons)]

    @lazy
    def outline(self) -> Any:
        """All polygons in one."""
        if not len(self.shapes):
            return shapely.Polygon()
        if self.tiled is not None:
            return self.tiled
        if self.is_told_by_faces(gaps=True):
            return shapely.union_all(self.faces.polygons[self.faces.count > 0])
        return shapely.union_all(self.shapes)


def _polygons(shape: Any) -> Any:
    """The polygons of what two polygons have in common."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = shapely.get_parts(shape)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def fabric(subject: Subject, *, resolution_m: float, tolerance_m: float) -> Fabric:
    """Take the polygons of a data set; an invalid one stands for the area it encloses, so that it is not taken for a gap."""
    if subject.tiling and subject.is_tiled and subject.is_together.all():
        none = np.zeros((0, 2), dtype=np.int64)
        return Fabric(subject.valid_rows, subject.geometries, subject.rings, none, subject.tree, resolution_m, tolerance_m, subject.tiling.outline)
    rows = np.flatnonzero(subject.is_together & (shapely.get_dimensions(subject.geometries) == 2))
    shapes = subject.geometries[rows]
    valid = subject.is_valid[rows]
    if not valid.all():
        shapes = shapes.copy()
        shapes[~valid] = shapely.make_valid(shapes[~valid], method="structure", keep_collapsed=False)
        real = (shapely.get_dimensions(shapes) == 2) & ~shapely.is_empty(shapes)
        rows, shapes = rows[real], shapes[real]
    repeats = _repeats(shapes)
    if len(repeats) or not valid.all():
        kept = np.ones(len(rows), dtype=bool)
        kept[repeats[:, 0]] = False
        repeats, rows, shapes = rows[repeats], rows[kept], shapes[kept]
        ring, tree = rings(shapes, rows), shapely.STRtree(shapes)
    else:
        ring = subject.rings if subject.is_together.sum() == subject.is_sound.sum() else rings(shapes, rows)
        tree = subject.tree if len(rows) == len(subject.valid_rows) else shapely.STRtree(shapes)
    return Fabric(rows, shapes, ring, repeats, tree, resolution_m, tolerance_m, None)


def _repeats(shapes: Geometries) -> NDArray[np.int64]:
    """Pairs (k, 2) of places: a shape, and the first one that is the same set of points."""
    measures = np.column_stack([shapely.bounds(shapes), shapely.area(shapes)])
    measures = np.round(measures, 6)
    suspects = np.flatnonzero(pd.DataFrame(measures).duplicated(keep=False).to_numpy())
    found = []
    groups: dict[tuple[float, ...], list[int]] = {}
    for place in suspects.tolist():
        firsts = groups.setdefault(tuple(measures[place].tolist()), [])
        earlier = next((first for first in firsts if shapely.equals(shapes[first], shapes[place])), None)
        if earlier is None:
            firsts.append(place)
        else:
            found.append((place, earlier))
    return np.array(found, dtype=np.int64).reshape(-1, 2)
