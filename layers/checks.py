"""Stored reports of application checks. A report is kept as the very bytes that were sent out, and is never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
import shapely
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from layers.errors import UnknownRecordError
from layers.packed_reports import Packing, unpack
from layers.sql import queries

SQL = queries("checks")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class StoredCheck:
    """One check with all that is needed to run it again.

    `report` is canonical JSON in UTF-8; `geometry` is the site in EPSG:`epsg`; `datasets` names at least `layer` and `version` of
    each layer it rests on; `failed` are the rules (id and branch) that failed, None where they are to be read from the report.
    """

    id: UUID
    case_no: str | None
    verdict: str
    report: bytes
    geometry: BaseGeometry
    epsg: int
    subject_sha256: str
    valid_on: date
    known_at: datetime
    checked_at: datetime
    pack_id: str
    pack_version: str
    pack_sha256: str
    applied_on: date | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    datasets: Sequence[Mapping[str, Any]] = ()
    failed: Sequence[str] | None = None
    account_id: int | None = None
    seat_id: int | None = None
    """From which account and seat the check was made."""

    @property
    def basis(self) -> str:
        """What this check shares with all that rest on the same rules and dataset versions."""
        versions = sorted((str(entry["layer"]), entry.get("version")) for entry in self.datasets)
        return hashlib.sha256(orjson.dumps([self.pack_sha256, versions])).hexdigest()


@dataclass(frozen=True, kw_only=True)
class CheckSummary:
    """One line of the list of checks."""

    id: UUID
    case_no: str | None
    verdict: str
    applied_on: date | None
    valid_on: date
    known_at: datetime
    checked_at: datetime
    pack_id: str
    pack_version: str


def save(conn: Connection, checks: Sequence[StoredCheck], *, packing: Packing | None = None) -> None:
    """Store checks, all or none, in the caller's transaction if there is one. Who stores often hands in a `packing` that lasts for as
    long as all goes well."""
    packing = packing or Packing()
    rows = [_row(conn, check, packing) for check in checks]
    with conn.cursor() as cursor, cursor.copy(SQL["save"]) as copy:
        for row in rows:
            copy.write_row(row)


def _row(conn: Connection, check: StoredCheck, packing: Packing) -> tuple[Any, ...]:
    """The columns in the order of the statement."""
    packed, dictionary = packing.pack(conn, check.basis, check.report)
    failed = failed_rules(check.report) if check.failed is None else list(check.failed)
    geometry = shapely.to_wkb(shapely.set_srid(check.geometry, check.epsg), hex=True, include_srid=True)
    properties = Jsonb(dict(check.properties), dumps=orjson.dumps)
    datasets = Jsonb([dict(entry) for entry in check.datasets], dumps=orjson.dumps)
    return (
        check.id, check.case_no, check.verdict, packed, dictionary, failed, properties, geometry, check.subject_sha256, check.applied_on,
        check.valid_on, check.known_at, check.checked_at, check.pack_id, check.pack_version, check.pack_sha256, datasets,
        check.account_id, check.seat_id,
    )  # fmt: skip


def failed_rules(report: bytes) -> list[str]:
    """Return the rules (id and branch) that failed by a report."""
    findings = orjson.loads(report).get("findings", ())
    return [f"{found['rule_id']}{found.get('branch') or ''}" for found in findings if found["outcome"] == "fail"]


def get(conn: Connection, check_id: UUID) -> StoredCheck:
    """Return a stored check, its report byte for byte; raise UnknownRecordError where there is none."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(SQL["get"], {"id": check_id}).fetchone()
    if row is None:
        raise UnknownRecordError(f"没有编号为 {check_id} 的检查报告。")
    geometry: Any = shapely.from_wkb(row["geometry"])
    report = report_of(conn, row.pop("report"), row.pop("packed"), row.pop("dictionary"))
    return StoredCheck(**row | {"report": report, "geometry": geometry})


def report_of(conn: Connection, text: str | None, packed: bytes | None, dictionary: bytes | None) -> bytes:
    """Return a report as it was, from the columns `report` (earlier checks), `packed` and `dictionary`."""
    if text is None and packed is not None and dictionary is not None:
        return unpack(conn, packed, dictionary)
    return (text or "").encode()


def missing(conn: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Return those of some checks that are not stored."""
    return [row[0] for row in conn.execute(SQL["missing"], {"ids": list(ids)}).fetchall()]


def latest(
    conn: Connection, *, limit: int = 100, offset: int = 0, verdict: str | None = None, case_no: str | None = None
) -> list[CheckSummary]:
    """Return the newest checks first, of one verdict or one case if asked for."""
    with conn.cursor(row_factory=class_row(CheckSummary)) as cursor:
        values = {"limit": limit, "offset": offset, "verdict": verdict, "case_no": case_no}
        return cursor.execute(SQL["list"], values).fetchall()


def count(conn: Connection, *, verdict: str | None = None, case_no: str | None = None) -> int:
    """Return how many checks are stored, of one verdict or one case if asked for."""
    row = conn.execute(SQL["count"], {"verdict": verdict, "case_no": case_no}).fetchone()
    return int(row[0]) if row else 0


def count_by_verdict(conn: Connection) -> dict[str, int]:
    """Return how many checks are stored, by verdict."""
    return dict(conn.execute(SQL["count_by_verdict"]).fetchall())
