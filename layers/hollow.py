"""Holes without a point. They are valid, but PostGIS does not take them, and GEOS (3.14) crashes when it relates a polygon that has one."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries


def without_empty_rings(geometries: Geometries) -> tuple[Geometries, NDArray[np.int64]]:
    """Return polygons without holes and parts that hold no point at all, and the rows that had such holes."""
    kinds = shapely.get_type_id(geometries)
    holed = (kinds == shapely.GeometryType.POLYGON) & (shapely.get_num_interior_rings(geometries) > 0)
    suspects = np.flatnonzero((holed | (kinds == shapely.GeometryType.MULTIPOLYGON)) & ~shapely.is_empty(geometries))
    parts, part_of = shapely.get_parts(geometries[suspects], return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    # A part without any point is taken by everybody, and so is no fault; it is left out all the same.
    hollow = np.unique(part_of[ring_of[shapely.is_empty(rings) & ~shapely.is_empty(parts)[ring_of]]])
    changed = np.union1d(hollow, part_of[shapely.is_empty(parts)])
    if not len(changed):
        return geometries, changed.astype(np.int64)
    result = geometries.copy()
    for row in suspects[changed].tolist():
        kept = [_without_empty_holes(part) for part in shapely.get_parts(geometries[row]) if not part.is_empty]
        result[row] = kept[0] if geometries[row].geom_type == "Polygon" else shapely.multipolygons(kept)
    return result, suspects[hollow].astype(np.int64)


def _without_empty_holes(polygon: Any) -> Any:
    shell, *holes = shapely.get_rings(polygon)
    kept = [ring for ring in holes if not ring.is_empty]
    return shapely.polygons(shell, holes=kept) if kept else shapely.polygons(shell)
