"""Vector tiles (Mapbox Vector Tile) of one dataset version, cut by PostGIS.

Up to zoom 11 they are cut from the shapes kept for that (`generalising.py`). Nearer ones are cut from the features themselves, in the
county's coordinates: within one tile the way from there to Web Mercator is so nearly affine (to half of the smallest step of a tile at
zoom 12, and half as much at each further zoom) that no vertex is projected. Up to zoom 12 they carry only what decides how a feature is drawn.
"""

from __future__ import annotations

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

    Features carry their identifier and the display fields of the catalogue, up to zoom 12 only the fields that hold a class. Polygons
    smaller than a screen pixel (houses and parcels: a quarter) are left out. Raises TileAddressError, UnknownLayerError,
    UnknownVersionError (also for a version still staged or of another layer), SecrecyError. The caller's transaction is only read.
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
    statement, values = _from_afar(entry, z) if z <= FARTHEST_ZOOM else _near(entry, z, x, y, epsg=found[3])
    conn.execute(SQL["one_worker"])
    row = conn.execute(statement, values | {"version": version_id, "layer": layer, "z": z, "x": x, "y": y}).fetchone()
    return bytes(row[0]) if row and row[0] else b""


def _check_address(z: int, x: int, y: int) -> None:
    if not 0 <= z <= MAX_ZOOM:
        raise TileAddressError(f"缩放级别 {z} 不在 0–{MAX_ZOOM} 之内。")
    if not (0 <= x < 2**z and 0 <= y < 2**z):
        raise TileAddressError(f"瓦片 {z}/{x}/{y} 不存在：行列号应在 0–{2**z - 1} 之内。")


def _from_afar(entry: CatalogLayer, z: int) -> tuple[sql.Composed, dict[str, Any]]:
    pixel = pixel_m(z)
    least = (
        pixel**2 if z < FARTHEST_ZOOM else 0.0
    )  # at the nearest of these zooms what is too small is left out already
    properties = _properties(entry, drawn_fields(entry))
    return SQL["tile_from_afar"].format(properties=properties), {"tolerance": pixel / 4, "least": least}


def _near(entry: CatalogLayer, z: int, x: int, y: int, *, epsg: int) -> tuple[sql.Composed, dict[str, Any]]:
    least_px = 0.25 if entry.role == "cadastre" else 1.0
    pixel = pixel_m(z) * GROUND
    values = {"least_m2": least_px * pixel**2, "tolerance_m": pixel / 4, "epsg": epsg}
    properties = _properties(entry, drawn_fields(entry) if z <= CLASS_ZOOM else entry.display_fields)
    return SQL["tile"].format(properties=properties), values | _window(z, x, y, epsg)


def _window(z: int, x: int, y: int, epsg: int) -> dict[str, float]:
    """The box of a tile with its margin in the county's coordinates, and the affine way from there to the tile's own (from its lower left)."""
    side = WORLD_M / 2**z
    corners = np.array(
        [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (0.0, 0.5), (0.5, 0.5), (1.0, 0.5), (0.0, 1.0), (0.5, 1.0), (1.0, 1.0)]
    )
    steps = -MARGIN + corners * (EXTENT + 2 * MARGIN)
    web = np.column_stack(
        [-WORLD_M / 2 + (x + steps[:, 0] / EXTENT) * side, WORLD_M / 2 - (y + 1 - steps[:, 1] / EXTENT) * side]
    )
    ground = reproject_coordinates(web, source=WEB_MERCATOR, target=epsg)
    middle = ground[4]
    terms = np.column_stack([ground - middle, np.ones(len(ground))])
    (a, b, xoff), (d, e, yoff) = np.linalg.lstsq(terms, steps, rcond=None)[0].T
    xoff, yoff = xoff - a * middle[0] - b * middle[1], yoff - d * middle[0] - e * middle[1]
    (west, south), (east, north) = ground.min(axis=0), ground.max(axis=0)
    window = {
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "a": a,
        "b": b,
        "d": d,
        "e": e,
        "xoff": xoff,
        "yoff": yoff,
    }
    return {name: float(value) for name, value in window.items()}


def _properties(layer: CatalogLayer, fields: tuple[str, ...]) -> sql.Composed:
    """The columns a tile carries: only what the catalogue allows to be displayed, in its type."""
    columns = [
        sql.SQL("(f.attributes ->> {name})::{kind} AS {column},").format(
            name=sql.Literal(name), kind=_KINDS[layer.fields[name].type], column=sql.Identifier(name)
        )
        for name in fields
    ]
    return sql.SQL(" ").join(columns)
