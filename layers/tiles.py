"""Vector tiles (Mapbox Vector Tile) of one dataset version, cut by PostGIS from the Web-Mercator copies."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from layers.catalog import CatalogLayer, is_open_to
from layers.catalog import layer as catalog_layer
from layers.errors import SecrecyError, TileAddressError, UnknownVersionError
from layers.sql import queries

SQL = queries("tiles")

MAX_ZOOM = 22
_WORLD_M = 40_075_016.685578488
_TILE_PX = 256
_GROUND = 0.866
"""Metres on the ground per Web-Mercator metre at 30 degrees north."""

_KINDS = {
    "text": sql.SQL("text"),
    "date": sql.SQL("text"),
    "number": sql.SQL("double precision"),
    "integer": sql.SQL("bigint"),
    "boolean": sql.SQL("boolean"),
}


def tile(
    conn: psycopg.Connection[Any], version_id: int, layer: str, z: int, x: int, y: int, *, max_secrecy: str = "internal"
) -> bytes:
    """Return one tile with a single source-layer named as the catalogue id; empty below the layer's lowest zoom.

    Features carry their identifier and the display fields of the catalogue. Polygons smaller than a screen pixel (houses
    and parcels: a quarter) are left out. Raises TileAddressError, UnknownLayerError, UnknownVersionError (also for a version still staged or of another
    layer), SecrecyError. The caller's transaction is only read.
    """
    entry = catalog_layer(layer)
    _check_address(z, x, y)
    found = conn.execute(SQL["version"], {"id": version_id}).fetchone()
    if found is None or found[0] != layer or found[2] == "staged":
        raise UnknownVersionError(f"图层“{entry.title}”没有数据版本 {version_id}。")
    if not is_open_to(found[1], max_secrecy=max_secrecy):
        raise SecrecyError(f"“{entry.title}”的密级不允许在此显示。")
    if z < entry.min_zoom:
        return b""
    pixel_m = _WORLD_M / 2**z / _TILE_PX
    values = {"version": version_id, "layer": layer, "z": z, "x": x, "y": y}
    least_px = 0.25 if entry.role == "cadastre" else 1.0
    thinning = {"least_m2": least_px * (pixel_m * _GROUND) ** 2, "tolerance_m": pixel_m / 4}
    conn.execute(SQL["one_worker"])
    row = conn.execute(SQL["tile"].format(properties=_properties(entry)), values | thinning).fetchone()
    return bytes(row[0]) if row and row[0] else b""


def _check_address(z: int, x: int, y: int) -> None:
    if not 0 <= z <= MAX_ZOOM:
        raise TileAddressError(f"缩放级别 {z} 不在 0–{MAX_ZOOM} 之内。")
    if not (0 <= x < 2**z and 0 <= y < 2**z):
        raise TileAddressError(f"瓦片 {z}/{x}/{y} 不存在：行列号应在 0–{2**z - 1} 之内。")


def _properties(layer: CatalogLayer) -> sql.Composed:
    """The columns a tile carries: only what the catalogue allows to be displayed, in its type."""
    columns = [
        sql.SQL("(f.attributes ->> {name})::{kind} AS {column}").format(
            name=sql.Literal(name), kind=_KINDS[layer.fields[name].type], column=sql.Identifier(name)
        )
        for name in layer.display_fields
    ]
    return sql.SQL(", ").join(columns)
