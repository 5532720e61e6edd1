"""The one byte form of a report: sorted keys, no spaces, UTF-8, rounded floats. Its hash is the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

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
    return geojsons([geometry], epsg=epsg, decimals=decimals)[0]


def geojsons(geometries: Sequence[Any], *, epsg: int, decimals: int = 8) -> list[dict[str, Any] | None]:
    """Return several geometries as `geojson` does, all moved at once; None for those that are empty or None."""
    result: list[dict[str, Any] | None] = [None] * len(geometries)
    rows = [row for row, geometry in enumerate(geometries) if geometry is not None and not geometry.is_empty]
    if rows:
        flat = shapely.force_2d([geometries[row] for row in rows])
        moved = reproject_coordinates(shapely.get_coordinates(flat), source=epsg, target=4326).round(decimals)
        counts = shapely.get_num_coordinates(flat)
        for row, shape, end, count in zip(rows, flat, counts.cumsum().tolist(), counts.tolist(), strict=True):
            result[row] = _written(shape, moved[end - count : end])
    return result


def _written(shape: Any, coordinates: Any) -> dict[str, Any]:
    """A shape as GeoJSON with other coordinates in the place of its own; those that most findings have are written without a detour."""
    kind = shape.geom_type
    if kind == "LineString":
        return {"type": kind, "coordinates": coordinates.tolist()}
    if kind == "Polygon" and not shapely.get_num_interior_rings(shape):
        return {"type": kind, "coordinates": [coordinates.tolist()]}
    result: dict[str, Any] = orjson.loads(shapely.to_geojson(shapely.set_coordinates(shape, coordinates)))
    return result
