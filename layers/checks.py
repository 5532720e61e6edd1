"""Stored checks of applications: the report as it was given, with everything needed to give it again. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
import shapely
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers.errors import UnknownRecordError
from layers.sql import queries

SQL = queries("checks")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class NewCheck:
    """One check to be stored: the report as canonical JSON with its `id` and `checked_at`, and the subject in EPSG:`epsg`."""

    id: UUID
    report: bytes
    properties: Mapping[str, Any]
    geometry: Any
    epsg: int


@dataclass(frozen=True, kw_only=True)
class CheckLine:
    """One line of the list of stored checks."""

    id: UUID
    case_no: str | None
    verdict: str
    valid_on: date
    known_at: datetime
    checked_at: datetime


def add(conn: Connection, checks: Sequence[NewCheck]) -> None:
    """Store checks."""
    rows = [_row(check) for check in checks]
    if len(rows) == 1:
        conn.execute(SQL["add"], rows[0])
    else:
        with conn.cursor() as cursor:
            cursor.executemany(SQL["add"], rows)


def _row(check: NewCheck) -> dict[str, Any]:
    report = orjson.loads(check.report)
    pack = report["pack"]
    return {
        "id": check.id,
        "case_no": check.properties.get("case_no"),
        "verdict": report["verdict"],
        "report": check.report.decode(),
        "properties": Jsonb(dict(check.properties), dumps=orjson.dumps),
        "geom": shapely.to_wkb(check.geometry),
        "epsg": check.epsg,
        "subject_sha256": report["subject"]["sha256"],
        "applied_on": check.properties.get("applied_on"),
        "valid_on": report["valid_on"],
        "known_at": report["known_at"],
        "checked_at": report["checked_at"],
        "pack_id": pack["id"],
        "pack_version": pack["version"],
        "pack_sha256": pack["sha256"],
        "datasets": Jsonb(report["datasets"], dumps=orjson.dumps),
    }


def report(conn: Connection, check_id: UUID) -> bytes:
    """Return a stored report, byte for byte as it was given; raise UnknownRecordError where there is none."""
    row = conn.execute(SQL["report"], {"id": check_id}).fetchone()
    if row is None:
        raise UnknownRecordError(f"没有审查记录 {check_id}。")
    return str(row[0]).encode()


def site(conn: Connection, check_id: UUID) -> tuple[Any, int, dict[str, Any]]:
    """Return a stored check's geometry, the EPSG code it is in, and the declared properties; raise UnknownRecordError."""
    row = conn.execute(SQL["site"], {"id": check_id}).fetchone()
    if row is None:
        raise UnknownRecordError(f"没有审查记录 {check_id}。")
    return shapely.from_wkb(row[0]), int(row[1]), dict(row[2])


def page(
    conn: Connection, *, offset: int = 0, limit: int = 50, verdict: str | None = None, case_no: str | None = None
) -> tuple[int, list[CheckLine]]:
    """Return how many stored checks fit the filter, and a page of them, the newest first."""
    values = {"offset": offset, "limit": limit, "verdict": verdict, "case_no": case_no}
    total = conn.execute(SQL["total"], values).fetchone()
    with conn.cursor(row_factory=class_row(CheckLine)) as cursor:
        lines = cursor.execute(SQL["page"], values).fetchall()
    return int(total[0]) if total else 0, lines


def counts(conn: Connection) -> dict[str, int]:
    """Return how many stored checks there are of each verdict."""
    return {str(verdict): int(count) for verdict, count in conn.execute(SQL["counts"]).fetchall()}
