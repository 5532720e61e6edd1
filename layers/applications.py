"""House-building applications as the bureau received them, with the latest check of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import shapely
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from layers.errors import UnknownRecordError
from layers.sql import queries

SQL = queries("applications")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application: its site in EPSG:`epsg`, its declared `properties` (JSON values), and for planted ones what was `expected`."""

    case_no: str
    properties: Mapping[str, Any]
    geometry: BaseGeometry
    epsg: int
    expected: Mapping[str, Any] | None = None
    synthetic: bool = False
    check_id: UUID | None = None
    verdict: str | None = None


def save(conn: Connection, applications: Sequence[Application]) -> None:
    """Store applications, replacing those of the same case number, in the caller's transaction."""
    rows = [
        {
            "case_no": item.case_no,
            "properties": Jsonb(dict(item.properties)),
            "geom": shapely.to_wkb(item.geometry),
            "epsg": item.epsg,
            "expected": None if item.expected is None else Jsonb(dict(item.expected)),
            "synthetic": item.synthetic,
        }
        for item in applications
    ]
    with conn.cursor() as cursor:
        cursor.executemany(SQL["save"], rows)


def everything(conn: Connection) -> list[Application]:
    """Return all applications by case number; `check_id` and `verdict` are of the newest check, None before the first."""
    return _applications(conn, None)


def get(conn: Connection, case_no: str) -> Application:
    """Return one application; raise UnknownRecordError where there is none."""
    found = _applications(conn, case_no)
    if not found:
        raise UnknownRecordError(f"没有编号为 {case_no} 的申请。")
    return found[0]


def _applications(conn: Connection, case_no: str | None) -> list[Application]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["list"], {"case_no": case_no}).fetchall()
    return [Application(**row | {"geometry": shapely.from_wkb(row["geometry"])}) for row in rows]
