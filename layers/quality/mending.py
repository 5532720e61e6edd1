"""Single geometries made right where that hardly changes them; None where a person has to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from layers.catalog import CatalogLayer
from layers.quality.rulebook import checks, number


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
