"""The bare statement a tile is usually cut with: what the speed of our tiles is compared with."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from layers import tiles
from layers.catalog import layer as catalog_layer
from layers.sql import queries

SQL = queries("tile_baseline")


def prepare(conn: psycopg.Connection[Any], version: int, layer: str) -> None:
    """Make the table that the statement likes best: whole shapes in Web Mercator, a column for each attribute, indexed."""
    entry = catalog_layer(layer)
    properties = tiles.properties(entry, entry.display_fields)
    conn.execute(SQL["make"].format(properties=properties, version=sql.Literal(version)))
    conn.execute(SQL["one_worker"])


def tile(conn: psycopg.Connection[Any], layer: str, z: int, x: int, y: int) -> bytes:
    """Cut a tile of all that lies in it, with the attributes that ours has at this zoom."""
    names = ("fid", *tiles.fields_at(catalog_layer(layer), z))
    columns = sql.SQL(" ").join(sql.SQL("t.{},").format(sql.Identifier(name)) for name in names)
    row = conn.execute(SQL["tile"].format(columns=columns), {"layer": layer, "z": z, "x": x, "y": y}).fetchone()
    return bytes(row[0]) if row and row[0] else b""
