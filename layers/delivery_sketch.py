"""A light drawing of a delivered data set, so that its findings are seen where they belong."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from layers.delivery_findings import in_degrees
from layers.quality.findings import QualityReport

MOST_SHAPES = 1_500
MOST_BYTES = 400_000
STEPS = 3_000
"""What is smaller than so many parts of the data set's extent is not seen on a screen, and is left out of the shapes."""
LEAST_TOLERANCE_M = 0.5


def sketch(frame: gpd.GeoDataFrame, report: QualityReport, *, epsg: int) -> list[dict[str, Any]]:
    """Return light GeoJSON geometries (CRS84) of a data set in EPSG:`epsg`: the rows with findings first, the others as far as there is room."""
    shapes = np.asarray(shapely.force_2d(np.asarray(frame.geometry.array, dtype=object)))
    marked = [item.row for item in report.findings if item.row is not None and item.row < len(shapes)]
    rows = list(dict.fromkeys([*marked, *range(min(len(shapes), MOST_SHAPES))]))[:MOST_SHAPES]
    drawable = [row for row in rows if _is_drawable(shapes[row])]
    if not drawable:
        return []
    west, south, east, north = shapely.total_bounds(shapes[drawable])
    tolerance = max(LEAST_TOLERANCE_M, max(east - west, north - south) / STEPS)
    light = [shapely.simplify(shapes[row], tolerance, preserve_topology=True) for row in drawable]
    result: list[dict[str, Any]] = []
    left = MOST_BYTES
    for geometry in in_degrees(light, epsg=epsg):
        left -= len(json.dumps(geometry))
        if geometry is not None and left > 0:
            result.append(geometry)
    return result


def _is_drawable(shape: Any) -> bool:
    return shape is not None and not shape.is_empty and bool(np.isfinite(shapely.get_coordinates(shape)).all())
