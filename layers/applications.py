"""House-building applications as the bureau received them, with the latest check of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import shapely
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from layers import audit
from layers.county_time import day_of
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
    village_code: str | None = None
    check_id: UUID | None = None
    verdict: str | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One application as a list shows it: where, whether it is open, and its newest check. `closed_at` is None while it is open.

    `village_code` is None where it is not known: then only seats of the whole county handle it.
    """

    case_no: str
    village_code: str | None
    synthetic: bool
    created_at: datetime
    is_open: bool
    closed_at: datetime | None
    check_id: UUID | None
    verdict: str | None


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
            "village_code": item.village_code,
        }
        for item in applications
    ]
    with conn.cursor() as cursor:
        cursor.executemany(SQL["save"], rows)
        cursor.execute(SQL["lock_records"])
        cursor.executemany(SQL["close_changed"], rows)
        cursor.executemany(SQL["open_record"], rows)
    sites = [[item.case_no, dict(item.properties), shapely.to_wkb(item.geometry, hex=True)] for item in applications]
    told = {"cases": len(sites), "first": [item.case_no for item in applications[:100]]}
    audit.note(conn, "applications.save", "application", after=audit.digest(sites), details=told)


def locate(conn: Connection, *, village_version: int) -> int:
    """Note for each application that does not have it yet the village it lies in, by a version of that layer; return for how many."""
    located = conn.execute(SQL["locate"], {"village_version": village_version}).rowcount
    audit.note(conn, "applications.locate", "application", details={"cases": located, "village_version": village_version})
    return located


def settle(conn: Connection, case_nos: Sequence[str]) -> None:
    """Note that applications are decided or withdrawn: from now on they are live no more. They stay on file."""
    conn.execute(SQL["lock_records"])
    conn.execute(SQL["settle"], {"case_nos": list(case_nos)})
    audit.note(conn, "applications.settle", "application", details={"case_nos": list(case_nos)})


def last_change(conn: Connection, *, known_at: datetime) -> datetime | None:
    """Tell when the register of live applications, as known at a moment, last changed; waits for a change under way."""
    with conn.pipeline():  # both in one round trip; the second still sees what was there when the first was through
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
        sites, case_no=[row[0] for row in rows], household_id=[row[1] for row in rows], coverage=EVERYWHERE, epsg=epsg, known_on=day_of(known_at)
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


def cases(
    conn: Connection, *, places: Collection[str] | None, case_nos: Sequence[str] | None = None, limit: int | None = None, offset: int = 0
) -> list[Case]:
    """Return the applications of some places (codes of towns and villages; None: the whole county), the newest first."""
    asked = {"places": _list(places), "case_nos": _list(case_nos), "limit": limit, "offset": offset}
    with conn.cursor(row_factory=class_row(Case)) as cursor:
        return cursor.execute(SQL["cases"], asked).fetchall()


def count_cases(conn: Connection, *, places: Collection[str] | None) -> int:
    """Return how many applications there are of some places."""
    row = conn.execute(SQL["count_cases"], {"places": _list(places)}).fetchone()
    return int(row[0]) if row else 0


def case(conn: Connection, case_no: str, *, places: Collection[str] | None) -> Case:
    """Return one application of some places; raise UnknownRecordError where there is none there, whether or not there is one elsewhere."""
    found = cases(conn, places=places, case_nos=[case_no])
    if not found:
        raise UnknownRecordError(f"没有编号为 {case_no} 的申请。")
    return found[0]


def _list(values: Collection[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _applications(conn: Connection, case_no: str | None) -> list[Application]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["list"], {"case_no": case_no}).fetchall()
    return [Application(**row | {"geometry": shapely.from_wkb(row["geometry"])}) for row in rows]
