"""A version's own tables: copied into while nobody sees them, indexed, then attached to their parents and closed to change.

`feature_N` holds its features, `piece_N` the same cut up, `overview_N` what of them is seen from afar. They belong to the owner of the
database, whose functions make and close them; whoever fills them may write into them in between, and no longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import psycopg
import shapely
from psycopg import sql

from layers import binary_copy
from layers.binary_copy import Column
from layers.generalising import WEB_MERCATOR, seen_from_afar
from layers.intake import Intake
from layers.sql import queries
from spatial.pieces import MAX_VERTICES

SQL = queries("partitions")

_CHUNK = 5_000
PARENTS = ("feature", "piece", "overview")


def add(conn: psycopg.Connection[Any], version_id: int, data: Intake, *, epsg: int) -> None:
    """Make, fill, index and attach the tables of a version, in the caller's transaction."""
    tables = _make(conn, version_id)
    _copy(conn, SQL["copy_features"].format(table=tables["feature"]), _features(data, epsg))
    _copy(conn, SQL["copy_pieces"].format(table=tables["piece"]), _pieces(data, epsg))
    conn.execute(
        SQL["add_whole_pieces"].format(
            pieces=tables["piece"], features=tables["feature"], max_vertices=sql.Literal(MAX_VERTICES)
        )
    )
    _copy(conn, SQL["copy_overview"].format(table=tables["overview"]), _overview(data, epsg))
    conn.execute(SQL["close"], {"version": version_id})


def copy(conn: psycopg.Connection[Any], version_id: int, source_id: int) -> None:
    """Make the tables of a version with the content of another version, in the caller's transaction."""
    tables = _make(conn, version_id)
    for parent, query in zip(PARENTS, ("repeat_features", "repeat_pieces", "repeat_overview"), strict=True):
        conn.execute(SQL[query].format(table=tables[parent], source=sql.Literal(source_id)))
    conn.execute(SQL["close"], {"version": version_id})


def remove(conn: psycopg.Connection[Any], version_id: int) -> None:
    """Drop the tables of a version that was never published, and is no longer written down."""
    conn.execute(SQL["drop"], {"version": version_id})


def _make(conn: psycopg.Connection[Any], version_id: int) -> dict[str, sql.Identifier]:
    conn.execute(SQL["make"], {"version": version_id})
    return _tables(version_id)


def _tables(version_id: int) -> dict[str, sql.Identifier]:
    return {parent: sql.Identifier(f"{parent}_{version_id}") for parent in PARENTS}


def _copy(conn: psycopg.Connection[Any], statement: sql.Composed, chunks: Iterable[Sequence[Column]]) -> None:
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for part in binary_copy.stream(chunks):
            copy.write(part)


def _features(data: Intake, epsg: int) -> Iterable[Sequence[Column]]:
    rows = np.arange(len(data.wkb))
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        yield (
            binary_copy.integers(rows[part]),
            binary_copy.texts(data.identifiers[part]),
            binary_copy.json(data.attributes[part]),
            binary_copy.geometries(data.wkb[part], epsg),
            binary_copy.doubles(data.area_m2[part]),
        )


def _pieces(data: Intake, epsg: int) -> Iterable[Sequence[Column]]:
    wkb = shapely.to_wkb(data.split, byte_order=1).tolist()
    for start in range(0, len(wkb), _CHUNK):
        part = slice(start, start + _CHUNK)
        numbers = binary_copy.integers(data.split_row[part]), binary_copy.integers(data.split_part[part])
        yield (*numbers, binary_copy.geometries(wkb[part], epsg))


def _overview(data: Intake, epsg: int) -> Iterable[Sequence[Column]]:
    if data.drawn is None:
        return
    rows, shapes = seen_from_afar(data.geometries, data.area_m2, epsg=epsg)
    wkb = shapely.to_wkb(shapes, byte_order=1).tolist()
    drawn = [data.drawn[row] for row in rows]
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        yield (
            binary_copy.integers(rows[part]),
            binary_copy.json(drawn[part]),
            binary_copy.geometries(wkb[part], WEB_MERCATOR),
        )
