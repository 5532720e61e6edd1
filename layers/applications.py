"""House-building applications as the bureau received them, with the latest check of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import shapely
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from layers.errors import UnknownRecordError
from layers.sql import queries
from spatial.layer import Layer
from spatial.open_applications import register

SQL = queries("applications")

EVERYWHERE = shapely.box(-1e8, -1e8, 1e8, 1e8)
"""The register knows every application to this bureau, wherever its site lies (metres, in any zone)."""

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
    """Store applications, replacing those of the same case number, in the caller's transaction. They count as live from now on."""
    rows = [
        {
            "case_no": item.case_no,
            "properties": Jsonb(dict(item.properties)),
            "geom": shapely.to_wkb(item.geometry),
            "epsg": item.epsg,
            "expected": None if item.expected is None else Jsonb(dict(item.expected)),
            "synthetic": item.synthetic,
            "household_id": item.properties.get("household_id"),
        }
        for item in applications
    ]
    with conn.cursor() as cursor:
        cursor.executemany(SQL["save"], rows)
        cursor.execute(SQL["lock_records"])
        cursor.executemany(SQL["close_changed"], rows)
        cursor.executemany(SQL["open_record"], rows)


def settle(conn: Connection, case_nos: Sequence[str]) -> None:
    """Note that applications are decided or withdrawn: from now on they are live no more. They stay on file."""
    conn.execute(SQL["lock_records"])
    conn.execute(SQL["settle"], {"case_nos": list(case_nos)})


def last_change(conn: Connection, *, known_at: datetime) -> datetime | None:
    """Tell when the register of live applications, as known at a moment, last changed; waits for a change under way."""
    conn.execute(SQL["share_records"])
    row = conn.execute(SQL["last_record_change"], {"known_at": known_at}).fetchone()
    return row[0] if row else None


def live(conn: Connection, *, known_at: datetime, epsg: int) -> Layer:
    """Return the applications that were live at a moment as far as was known then, as a layer in EPSG:`epsg`.

    It is complete everywhere. The same moment always gives the same register, whatever came in since.
    """
    conn.execute(SQL["share_records"])
    rows = conn.execute(SQL["live_records"], {"known_at": known_at}).fetchall()
    sites = np.empty(len(rows), dtype=object)
    sites[:] = shapely.from_wkb([row[2] for row in rows])
    return register(
        sites, case_no=[row[0] for row in rows], household_id=[row[1] for row in rows], coverage=EVERYWHERE, epsg=epsg, known_on=known_at.date()
    )


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
