"""Vector tiles (Mapbox Vector Tile) of one dataset version, cut by PostGIS.

Up to zoom 11 they are cut from the shapes kept for that (`generalising.py`). Nearer ones are cut from the features themselves, in the
county's coordinates: within one tile the way from there to Web Mercator is so nearly affine (to about the smallest step of a tile at
zoom 12, and half as much at each further zoom) that no vertex is projected. Up to zoom 12 they carry only what decides how a feature is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from layers.catalog import CatalogLayer, is_open_to
from layers.catalog import layer as catalog_layer
from layers.errors import SecrecyError, TileAddressError, UnknownVersionError
from layers.generalising import FARTHEST_ZOOM, GROUND, WEB_MERCATOR, WORLD_M, drawn_fields, pixel_m
from layers.sql import queries
from spatial.crs import reproject_coordinates

SQL = queries("tiles")

MAX_ZOOM = 22
EXTENT = 4096
"""Steps of a tile's grid along each side."""
CLASS_ZOOM = 12
"""Up to here features carry no more than their class."""
MARGIN = 64
"""Steps that are drawn beyond a tile's edge, so that no line shows there."""

_NINE = np.array([(column, row) for row in (0.0, 0.5, 1.0) for column in (0.0, 0.5, 1.0)])
"""Corners, middles of the sides and middle of a square."""

_KINDS = {
    "text": sql.SQL("text"),
    "date": sql.SQL("text"),
    "number": sql.SQL("double precision"),
    "integer": sql.SQL("bigint"),
    "boolean": sql.SQL("boolean"),
}


@dataclass(frozen=True)
class Cut:
    """The content of a tile, and the secrecy level of the version it is cut from."""

    content: bytes
    secrecy: str


def tile(
    conn: psycopg.Connection[Any], version_id: int, layer: str, z: int, x: int, y: int, *, max_secrecy: str | None = "internal"
) -> bytes:
    """Return the content of one tile; see `cut`."""
    return cut(conn, version_id, layer, z, x, y, max_secrecy=max_secrecy).content


def cut(conn: psycopg.Connection[Any], version_id: int, layer: str, z: int, x: int, y: int, *, max_secrecy: str | None = "internal") -> Cut:
    """Cut one tile with a single source-layer named as the catalogue id; empty below the layer's lowest zoom.

    Features carry their identifier and the display fields of the catalogue, up to zoom 12 only the fields that hold a class. Polygons
    smaller than a screen pixel (houses and parcels: a quarter) are left out. Raises TileAddressError, UnknownLayerError,
    UnknownVersionError (also for a version still staged or of another layer), SecrecyError. The caller's transaction is only read.
    """
    entry = catalog_layer(layer)
    _check_address(z, x, y)
    # The same statement keeps PostgreSQL to one process for the next: two are slower at this.
    found = conn.execute(SQL["version"], {"id": version_id}).fetchone()
    if found is None or found[0] != layer or found[2] == "staged":
        raise UnknownVersionError(f"图层“{entry.title}”没有数据版本 {version_id}。")
    if not is_open_to(found[1], max_secrecy=max_secrecy):
        raise SecrecyError(f"“{entry.title}”的密级不允许在此显示。")
    if z < entry.min_zoom:
        return Cut(b"", found[1])
    values = _from_afar(z) if z <= FARTHEST_ZOOM else _near(entry, z, x, y, epsg=found[3])
    row = conn.execute(_statement(layer, min(z, CLASS_ZOOM + 1)), values | {"version": version_id, "layer": layer, "z": z, "x": x, "y": y}).fetchone()
    return Cut(bytes(row[0]) if row and row[0] else b"", found[1])


@lru_cache(maxsize=256)
def _statement(layer: str, z: int) -> sql.SQL:
    """The statement that cuts the tiles of a layer at a zoom, written once."""
    entry = catalog_layer(layer)
    written = SQL["tile_from_afar" if z <= FARTHEST_ZOOM else "tile"].format(properties=properties(entry, fields_at(entry, z)))
    return sql.SQL(written.as_string())


def _check_address(z: int, x: int, y: int) -> None:
    if not 0 <= z <= MAX_ZOOM:
        raise TileAddressError(f"缩放级别 {z} 不在 0–{MAX_ZOOM} 之内。")
    if not (0 <= x < 2**z and 0 <= y < 2**z):
        raise TileAddressError(f"瓦片 {z}/{x}/{y} 不存在：行列号应在 0–{2**z - 1} 之内。")


def _from_afar(z: int) -> dict[str, float]:
    pixel = pixel_m(z)
    # At the nearest of these zooms what is too small is left out already.
    least = pixel**2 if z < FARTHEST_ZOOM else 0.0
    return {"tolerance": pixel / 4, "least": least}


def _near(entry: CatalogLayer, z: int, x: int, y: int, *, epsg: int) -> dict[str, Any]:
    least_px = 0.25 if entry.role == "cadastre" else 1.0
    pixel = pixel_m(z) * GROUND
    return {"least_m2": least_px * pixel**2, "tolerance_m": pixel / 4, "epsg": epsg} | window(z, x, y, epsg)


def window(z: int, x: int, y: int, epsg: int) -> dict[str, float]:
    """The box of a tile with its margin in the county's coordinates, and the affine way from there to the tile's own (from its lower left)."""
    side = WORLD_M / 2**z
    steps = -MARGIN + _NINE * (EXTENT + 2 * MARGIN)
    east_web = -WORLD_M / 2 + (x + steps[:, 0] / EXTENT) * side
    north_web = WORLD_M / 2 - (y + 1 - steps[:, 1] / EXTENT) * side
    ground = reproject_coordinates(np.column_stack([east_web, north_web]), source=WEB_MERCATOR, target=epsg)
    middle = ground[4]
    terms = np.column_stack([ground - middle, np.ones(len(ground))])
    (a, b, xoff), (d, e, yoff) = np.linalg.lstsq(terms, steps, rcond=None)[0].T
    affine = {
        "a": a,
        "b": b,
        "d": d,
        "e": e,
        "xoff": xoff - np.dot((a, b), middle),
        "yoff": yoff - np.dot((d, e), middle),
    }
    box = dict(zip(("west", "south", "east", "north"), (*ground.min(axis=0), *ground.max(axis=0)), strict=True))
    return {name: float(value) for name, value in (box | affine).items()}


def fields_at(layer: CatalogLayer, z: int) -> tuple[str, ...]:
    """Return the fields that the tiles of a zoom carry: only what the catalogue allows to be displayed, from afar only classes."""
    return drawn_fields(layer) if z <= CLASS_ZOOM else layer.display_fields


def properties(layer: CatalogLayer, fields: tuple[str, ...]) -> sql.Composed:
    """Write the columns of these fields of a feature `f`, each in its type and with a comma behind it."""
    columns = [
        sql.SQL("(f.attributes ->> {name})::{kind} AS {column},").format(
            name=sql.Literal(name), kind=_KINDS[layer.fields[name].type], column=sql.Identifier(name)
        )
        for name in fields
    ]
    return sql.SQL(" ").join(columns)
