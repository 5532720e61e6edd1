"""Which geometries have no coordinate that is infinite or not a number."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries

_OF_SEGMENTS = (
    shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON,
)  # fmt: skip


def is_finite(geometries: Geometries) -> NDArray[np.bool_]:
    """Tell of each geometry (n,) whether all its coordinates are finite numbers."""
    result = np.ones(len(geometries), dtype=bool)
    # Every coordinate of a line or polygon goes into its length: where that is a number they all are.
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = shapely.length(geometries)
    if np.isin(shapely.get_type_id(geometries), _OF_SEGMENTS).all() and np.isfinite(lengths).all():
        return result
    coordinates, rows = shapely.get_coordinates(geometries, return_index=True)
    result[rows[~np.isfinite(coordinates).all(axis=1)]] = False
    return result
