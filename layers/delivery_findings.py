"""The findings of a delivery's acceptance check, one row each: 100,000 of them are stored and paged through like ten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import psycopg
import shapely
from psycopg.rows import dict_row
from shapely.geometry.base import BaseGeometry

from layers.quality.findings import QualityFinding
from layers.sql import queries
from layers.storable import storable_text
from spatial.crs import CRS84, reproject

SQL = queries("delivery_findings")

CHUNK = 5_000
DECIMALS = 7
"""Of degrees: a centimetre, enough to find the place; measuring is done in the county's CRS."""

Connection = psycopg.Connection[Any]


def replace(conn: Connection, delivery_id: UUID, findings: Iterable[QualityFinding], *, epsg: int) -> None:
    """Store findings in the order given, in place of those of an earlier check; their geometries are in EPSG:`epsg`."""
    conn.execute(SQL["clear"], {"id": delivery_id})
    numbered = enumerate(findings, start=1)
    while chunk := list(islice(numbered, CHUNK)):
        rows = [_row(number, item, epsg) for number, item in chunk]
        conn.execute(SQL["add"], {"id": delivery_id} | {name: [row[name] for row in rows] for name in rows[0]})


def _row(number: int, item: QualityFinding, epsg: int) -> dict[str, Any]:
    """The columns as the statement takes them."""
    told = {name: getattr(item, name) for name in ("code", "level", "measured", "unit", "repair")}
    return told | {
        "number": number,
        "message": storable_text(item.message),
        "row_number": item.row,
        "identifier": _plain(item.identifier),
        "other": _plain(item.other),
        "geom": None if item.geometry is None else shapely.to_wkb(shapely.set_srid(item.geometry, epsg), include_srid=True),
    }


def page(
    conn: Connection, delivery_id: UUID, *, after: int = 0, limit: int = 100, code: str | None = None, level: str | None = None
) -> list[tuple[int, QualityFinding]]:
    """Return findings behind number `after`, with their numbers; those of one code or level where asked for."""
    asked = {"id": delivery_id, "after": after, "limit": limit, "code": code, "level": level}
    with conn.cursor(row_factory=dict_row) as cursor:
        return [_finding(row) for row in cursor.execute(SQL["list"], asked)]


def every(conn: Connection, delivery_id: UUID, *, chunk: int = 5_000) -> Iterator[QualityFinding]:
    """Give all findings in order, reading so many at once."""
    after = 0
    while found := page(conn, delivery_id, after=after, limit=chunk):
        yield from (finding for _, finding in found)
        after = found[-1][0]


def _finding(row: dict[str, Any]) -> tuple[int, QualityFinding]:
    number, wkb = row.pop("number"), row.pop("geometry")
    return number, QualityFinding(**row, geometry=None if wkb is None else shapely.from_wkb(bytes(wkb)))


def _plain(value: object) -> str | None:
    """A text PostgreSQL can keep."""
    return None if value is None else storable_text(str(value))


def in_degrees(geometries: Sequence[BaseGeometry | None], *, epsg: int) -> list[dict[str, Any] | None]:
    """Turn geometries in EPSG:`epsg` into GeoJSON geometries in CRS84, to about a centimetre; one that has none stays None."""
    shapes = np.array(geometries, dtype=object)
    there = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    result: list[dict[str, Any] | None] = [None] * len(shapes)
    moved = shapely.force_2d(reproject(shapes[there], source=epsg, target=CRS84)) if len(there) else ()
    for row, shape in zip(there, moved, strict=True):
        finite = bool(np.isfinite(shapely.get_coordinates(shape)).all())
        rounded = shapely.transform(shape, lambda points: np.round(points, DECIMALS)) if finite else None
        result[row] = orjson.loads(shapely.to_geojson(rounded)) if rounded is not None else None
    return result
