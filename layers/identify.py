"""What lies at a place: the features of one dataset version under or near a point, as a map asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import psycopg
import shapely

from layers.catalog import CatalogLayer, is_open_to
from layers.catalog import layer as catalog_layer
from layers.errors import SecrecyError
from layers.site_files.written import corners_json, geometry_json
from layers.sql import queries
from spatial.crs import CRS84, reproject
from spatial.layer import DatasetVersion

SQL = queries("identify")

MAX_FEATURES = 200
MAX_RADIUS_M = 200.0


@dataclass(frozen=True)
class Identified:
    """One feature: its identifier, the fields the catalogue lets a map show, its GeoJSON in CRS84.

    `corners` and `area_m2` are those of a polygon in the storage CRS; other features have none (None).
    """

    identifier: str
    attributes: dict[str, Any]
    geometry: dict[str, Any]
    corners: list[dict[str, Any]]
    area_m2: float | None


def near(
    conn: psycopg.Connection[Any],
    dataset: DatasetVersion,
    *,
    lon: float,
    lat: float,
    radius_m: float,
    epsg: int,
    max_secrecy: str | None = "internal",
) -> list[Identified]:
    """Return the features within `radius_m` of a point in degrees (0: those it lies in or on), the nearest first.

    Raises SecrecyError where the version is more closed than `max_secrecy`. At most MAX_FEATURES are returned.
    """
    entry = catalog_layer(dataset.layer)
    if not is_open_to(dataset.secrecy, max_secrecy=max_secrecy):
        raise SecrecyError(f"“{entry.title}”的密级不允许在此显示。")
    [point] = reproject(np.array([shapely.Point(lon, lat)], dtype=object), source=CRS84, target=epsg)
    if not (np.isfinite(point.x) and np.isfinite(point.y)):
        return []
    values = {"version": dataset.version, "east": point.x, "north": point.y, "radius": radius_m, "epsg": epsg, "limit": MAX_FEATURES}
    rows = conn.execute(SQL["near"], values, binary=True).fetchall()
    return [_identified(identifier, orjson.loads(text), shapely.from_wkb(wkb), entry, epsg) for identifier, text, wkb in rows]


def _identified(identifier: str, attributes: dict[str, Any], shape: Any, entry: CatalogLayer, epsg: int) -> Identified:
    shown = {name: attributes.get(name) for name in entry.display_fields}
    area = round(float(shape.area), 4) if shape.area > 0 else None
    return Identified(identifier, shown, geometry_json(shape, epsg=epsg), corners_json(shape), area)
