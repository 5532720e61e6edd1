"""Single geometries made right where that hardly changes them; None where a person has to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from layers.catalog import CatalogLayer
from layers.quality.rulebook import checks, number


def without_repeated_points(geometry: Any, limit_m: float) -> Any | None:
    """Return a polygon or line without vertices closer than `limit_m` to the one before; None where it would not stay what it is."""
    try:
        result = shapely.remove_repeated_points(geometry, limit_m)
    except shapely.GEOSException:  # a ring of which too little is left
        return None
    lines = shapely.get_rings(result) if shapely.get_dimensions(result) == 2 else shapely.get_parts(result)
    points, of = shapely.get_coordinates(lines, return_index=True)
    steps = np.hypot(*np.diff(points, axis=0).T)[of[1:] == of[:-1]]
    is_same = (
        shapely.get_num_geometries(result) == shapely.get_num_geometries(geometry)
        and len(steps)
        and steps.min() >= limit_m
    )
    return result if is_same and (shapely.is_valid(result) or not shapely.is_valid(geometry)) else None


@dataclass(frozen=True)
class Mended:
    """A geometry made valid, and by how many m² its area changed (crumbs that were left out included)."""

    geometry: Any
    change_m2: float


def mend(geometry: Any, layer: CatalogLayer) -> Mended | None:
    """Make a polygon valid, keeping its kind and number of parts; None where the area would change beyond the thresholds."""
    if shapely.get_dimensions(geometry) != 2:
        return None
    parts = shapely.get_parts(shapely.make_valid(geometry, method="structure", keep_collapsed=False))
    parts = parts[(shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)]
    allowed = int(shapely.get_num_geometries(geometry))
    if checks()["QC-G08"].level_for(layer) != "error":
        allowed = max(allowed, len(parts))
    if not len(parts):
        return None
    areas = shapely.area(parts)
    order = np.argsort(-areas, kind="stable")
    kept, crumbs = parts[order[:allowed]], areas[order[allowed:]].sum()
    result = kept[0] if len(kept) == 1 and geometry.geom_type == "Polygon" else shapely.multipolygons(kept)
    change = abs(float(shapely.area(result)) + crumbs - float(shapely.area(geometry))) + crumbs
    limit = max(number("repair_area", layer), number("repair_share", layer) * float(shapely.area(result)))
    return Mended(result, change) if change <= limit and shapely.is_valid(result) else None
