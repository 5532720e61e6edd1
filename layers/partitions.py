"""A version's own tables: copied into while nobody sees them, indexed, then attached to their parents and closed to change.

`feature_N` holds its features, `piece_N` the same cut up, `overview_N` what of them is seen from afar. They belong to the owner of the
database, whose functions make and close them; whoever fills them may write into them in between, and no longer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from psycopg import sql

from layers import binary_copy
from layers.binary_copy import Column
from layers.generalising import WEB_MERCATOR, seen_from_afar
from layers.intake import Intake
from layers.json_rows import BYTES, joined
from layers.sql import queries
from spatial.pieces import MAX_VERTICES, Geometries

SQL = queries("partitions")

_CHUNK = 5_000
PARENTS = ("feature", "piece", "overview")


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a version holds, written and not yet described: `checksum` is the SHA-256 over attributes and geometry (WKB) of all rows in order."""

    version_id: int
    data: Intake
    checksum: str


def write(conn: psycopg.Connection[Any], data: Intake, *, epsg: int) -> Content:
    """Make, fill, index and attach the tables of a version to come, in the caller's transaction."""
    version_id = reserve(conn)
    tables, checksum = _make(conn, version_id), hashlib.sha256()
    _copy(conn, SQL["copy_features"].format(table=tables["feature"]), _features(data, epsg, checksum))
    _copy(conn, SQL["copy_pieces"].format(table=tables["piece"]), _pieces(data, epsg))
    conn.execute(
        SQL["add_whole_pieces"].format(
            pieces=tables["piece"], features=tables["feature"], max_vertices=sql.Literal(MAX_VERTICES)
        )
    )
    _copy(conn, SQL["copy_overview"].format(table=tables["overview"]), _overview(data, epsg))
    conn.execute(SQL["close"], {"version": version_id})
    return Content(version_id=version_id, data=data, checksum=checksum.hexdigest())


def reserve(conn: psycopg.Connection[Any]) -> int:
    """Return the number of a version to come."""
    row = conn.execute(SQL["reserve"]).fetchone()
    assert row is not None
    return int(row[0])


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


def _features(data: Intake, epsg: int, checksum: hashlib._Hash) -> Iterable[Sequence[Column]]:
    for rows in _chunks(len(data.geometries)):
        attributes, wkb = data.attributes.of(rows), _wkb(data.geometries[rows])
        checksum.update(joined(attributes, wkb).buffers()[2])
        yield (
            binary_copy.integers(rows),
            binary_copy.texts([data.identifiers[row] for row in rows]),
            binary_copy.json(attributes),
            binary_copy.geometries(wkb, epsg),
            binary_copy.doubles(data.area_m2[rows]),
        )


def _pieces(data: Intake, epsg: int) -> Iterable[Sequence[Column]]:
    for part in _chunks(len(data.split)):
        numbers = binary_copy.integers(data.split_row[part]), binary_copy.integers(data.split_part[part])
        yield (*numbers, binary_copy.geometries(_wkb(data.split[part]), epsg))


def _overview(data: Intake, epsg: int) -> Iterable[Sequence[Column]]:
    if data.drawn is None:
        return
    rows, shapes = seen_from_afar(data.geometries, data.area_m2, epsg=epsg)
    for part in _chunks(len(rows)):
        yield (
            binary_copy.integers(rows[part]),
            binary_copy.json(data.drawn.of(rows[part])),
            binary_copy.geometries(_wkb(shapes[part]), WEB_MERCATOR),
        )


def _chunks(count: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, count, _CHUNK):
        yield np.arange(start, min(start + _CHUNK, count))


def _wkb(geometries: Geometries) -> pa.LargeBinaryArray:
    return pa.array(shapely.to_wkb(geometries, byte_order=1), BYTES)
