"""The one byte form of a report: sorted keys, no spaces, UTF-8, rounded floats. Its hash is the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
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
    return geometries_sha256([geometry])[0]


def geometries_sha256(geometries: Any) -> list[str]:
    """Return the hash of each of n geometries, as `geometry_sha256` does."""
    return [sha256(wkb) for wkb in shapely.to_wkb(shapely.normalize(shapely.force_2d(geometries)), byte_order=1).tolist()]


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
        kinds, holes = shapely.get_type_id(flat).tolist(), shapely.get_num_interior_rings(flat).tolist()
        points = moved.tolist()
        for row, shape, kind, hole, end, count in zip(rows, flat, kinds, holes, counts.cumsum().tolist(), counts.tolist(), strict=True):
            if kind == _LINE:
                result[row] = {"type": "LineString", "coordinates": points[end - count : end]}
            elif kind == _POLYGON and not hole:
                result[row] = {"type": "Polygon", "coordinates": [points[end - count : end]]}
            elif kind == _POLYGONS and not shapely.get_num_interior_rings(parts := shapely.get_parts(shape)).any():
                ends = (shapely.get_num_coordinates(parts).cumsum() + end - count).tolist()
                result[row] = {"type": "MultiPolygon", "coordinates": [[points[a:b]] for a, b in pairwise([end - count, *ends])]}
            else:
                result[row] = _written(shape, moved[end - count : end])
    return result


_LINE, _POLYGON, _POLYGONS = 1, 3, 6


def _written(shape: Any, coordinates: Any) -> dict[str, Any]:
    """A shape as GeoJSON with other coordinates in the place of its own."""
    result: dict[str, Any] = orjson.loads(shapely.to_geojson(shapely.set_coordinates(shape, coordinates)))
    return result
