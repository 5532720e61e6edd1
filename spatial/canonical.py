"""The one byte form of a report: sorted keys, no spaces, UTF-8, rounded floats. Its hash is the same on every machine."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import orjson
import shapely

from spatial.crs import reproject_coordinates


def canonical_json(value: Any) -> bytes:
    """Return a JSON-ready value as canonical bytes; raise TypeError for anything that is not JSON."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def sha256(data: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def geometry_sha256(geometry: Any) -> str:
    """Return the hash of a geometry's normalised 2-D little-endian WKB in its storage CRS."""
    return sha256(shapely.to_wkb(shapely.normalize(shapely.force_2d(geometry)), byte_order=1))


def geojson(geometry: Any, *, epsg: int, decimals: int = 8) -> dict[str, Any] | None:
    """Return a geometry in the storage CRS as a GeoJSON geometry in CRS84, rounded to 10⁻⁸ degrees (about 1 mm)."""
    if geometry is None or geometry.is_empty:
        return None
    shape = shapely.force_2d(geometry)
    moved = reproject_coordinates(shapely.get_coordinates(shape), source=epsg, target=4326)
    rounded = shapely.set_coordinates(shape, np.round(moved, decimals))
    result: dict[str, Any] = orjson.loads(shapely.to_geojson(rounded))
    return result
