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
from shapely.geometry.base import BaseGeometry

from layers import acting, audit
from layers.acting import Acting
from layers.audit import Entry
from layers.errors import UnknownRecordError
from layers.packed_reports import Packing, unpack
from layers.sql import queries
from spatial.canonical import sha256

SQL = queries("checks")

_AS_THEY_ARE = (
    "id", "case_no", "verdict", "subject_sha256", "applied_on", "valid_on", "known_at", "checked_at", "pack_id", "pack_version", "pack_sha256",
    "account_id", "seat_id",
)  # fmt: skip

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
    village_code: str | None = None
    """The village the site lies in, by which it is decided who sees the check; None: as the report says."""

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


def save(
    conn: Connection, checks: Sequence[StoredCheck], *, packing: Packing | None = None, entries: Sequence[Entry] | None = None
) -> None:
    """Store checks with their `entries` in the audit (default: one for each), all or none, in the caller's transaction if there is one.

    Who stores often hands in a `packing` that lasts for as long as all goes well.
    """
    packing = packing or Packing()
    kept: dict[tuple[int, str], tuple[str, str]] = {}
    rows = [_row(conn, check, packing, *_shared(check, kept)) for check in checks]
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    if columns:
        noted = [made(check) for check in checks] if entries is None else entries
        conn.execute(SQL["save"].format(append=audit.function(conn)), columns | {"payloads": [audit.payload(entry) for entry in noted]})


def made(check: StoredCheck, by: Acting | None = None, *, action: str = "checks.make") -> Entry:
    """Write of a check that somebody (default: whoever acts here and now) made it."""
    told = {"verdict": check.verdict, "case_no": check.case_no, "subject_sha256": check.subject_sha256, "pack_sha256": check.pack_sha256}
    return Entry(action=action, object=f"check/{check.id}", after=sha256(check.report), details=told, by=by or acting.current())


def _shared(check: StoredCheck, kept: dict[tuple[int, str], tuple[str, str]]) -> tuple[str, str]:
    """The basis of a check and its datasets as JSON. Checks made together have one list of datasets, for which both are worked out once."""
    key = id(check.datasets), check.pack_sha256
    if key not in kept:
        kept[key] = check.basis, orjson.dumps([dict(entry) for entry in check.datasets]).decode()
    return kept[key]


def _row(conn: Connection, check: StoredCheck, packing: Packing, basis: str, datasets: str) -> dict[str, Any]:
    """The columns by name; lists and JSON values as texts."""
    packed, dictionary = packing.pack(conn, basis, check.report)
    failed = failed_rules(check.report) if check.failed is None else list(check.failed)
    return {
        "id": check.id, "case_no": check.case_no, "verdict": check.verdict, "packed": packed, "dictionary": dictionary, "failed": "\x1f".join(failed),
        "properties": orjson.dumps(dict(check.properties)).decode(), "geom": shapely.to_wkb(shapely.set_srid(check.geometry, check.epsg), include_srid=True),
        "subject_sha256": check.subject_sha256, "applied_on": check.applied_on, "valid_on": check.valid_on, "known_at": check.known_at,
        "checked_at": check.checked_at, "pack_id": check.pack_id, "pack_version": check.pack_version, "pack_sha256": check.pack_sha256,
        "datasets": datasets, "account_id": check.account_id, "seat_id": check.seat_id,
        "village_code": check.village_code or (orjson.loads(check.report).get("subject") or {}).get("village_code"),
    }  # fmt: skip


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
