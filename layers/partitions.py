"""A version's own tables: copied into while nobody sees them, indexed, then attached to `feature` and `piece` and closed to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import shapely
from psycopg import sql

from layers.intake import Intake
from layers.sql import queries
from spatial.pieces import MAX_VERTICES, Geometries

SQL = queries("partitions")

_CHUNK = 5_000
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def add(conn: psycopg.Connection[Any], version_id: int, data: Intake, *, epsg: int) -> None:
    """Make, fill, index and attach the two tables of a version, in the caller's transaction."""
    features, pieces = _tables(version_id)
    version = sql.Literal(version_id)
    conn.execute(SQL["create_features"].format(table=features, version=version))
    conn.execute(SQL["create_pieces"].format(table=pieces, version=version))
    _copy(conn, SQL["copy_features"].format(table=features), _feature_lines(data, epsg))
    _copy(conn, SQL["copy_pieces"].format(table=pieces), _piece_lines(data, epsg))
    whole = SQL["add_whole_pieces"].format(pieces=pieces, features=features, max_vertices=sql.Literal(MAX_VERTICES))
    conn.execute(whole)
    _finish(conn, version_id)


def copy(conn: psycopg.Connection[Any], version_id: int, source_id: int) -> None:
    """Make the two tables of a version with the content of another version, in the caller's transaction."""
    features, pieces = _tables(version_id)
    named = {"version": sql.Literal(version_id), "source": sql.Literal(source_id)}
    conn.execute(SQL["create_features"].format(table=features, **named))
    conn.execute(SQL["create_pieces"].format(table=pieces, **named))
    conn.execute(SQL["repeat_features"].format(table=features, **named))
    conn.execute(SQL["repeat_pieces"].format(table=pieces, **named))
    _finish(conn, version_id)


def _finish(conn: psycopg.Connection[Any], version_id: int) -> None:
    """Index the two tables of a version and make them part of `feature` and `piece`."""
    features, pieces = _tables(version_id)
    conn.execute(SQL["index_features"].format(table=features))
    conn.execute(SQL["index_pieces"].format(table=pieces))
    for parent, table in (("feature", features), ("piece", pieces)):
        conn.execute(SQL["attach"].format(parent=sql.Identifier(parent), table=table, version=sql.Literal(version_id)))


def remove(conn: psycopg.Connection[Any], version_id: int) -> None:
    """Drop the two tables of a version that was never published."""
    for table in _tables(version_id):
        conn.execute(SQL["drop"].format(table=table))


def _tables(version_id: int) -> tuple[sql.Identifier, sql.Identifier]:
    return sql.Identifier(f"feature_{version_id}"), sql.Identifier(f"piece_{version_id}")


def _copy(conn: psycopg.Connection[Any], statement: sql.Composed, chunks: Iterator[str]) -> None:
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)


def _hex(geometries: Geometries, epsg: int) -> list[str]:
    return [wkb.hex() for wkb in shapely.to_wkb(shapely.set_srid(geometries, epsg), include_srid=True).tolist()]


def _feature_lines(data: Intake, epsg: int) -> Iterator[str]:
    for start in range(0, len(data.geometries), _CHUNK):
        part = slice(start, start + _CHUNK)
        rows = zip(
            range(start, len(data.geometries)),
            [text.translate(_ESCAPES) for text in data.identifiers[part]],
            [row.decode().replace("\\", "\\\\") for row in data.attributes[part]],
            _hex(data.geometries[part], epsg),
            _hex(data.web_geometries[part], 3857),
            data.area_m2[part].tolist(),
            strict=False,
        )
        yield "".join([f"{fid}\t{name}\t{row}\t{geom}\t{web}\t{area!r}\n" for fid, name, row, geom, web, area in rows])


def _piece_lines(data: Intake, epsg: int) -> Iterator[str]:
    for start in range(0, len(data.split), _CHUNK):
        part = slice(start, start + _CHUNK)
        rows = zip(data.split_row[part].tolist(), data.split_part[part].tolist(), _hex(data.split[part], epsg), strict=True)
        yield "".join([f"{fid}\t{number}\t{geom}\n" for fid, number, geom in rows])
