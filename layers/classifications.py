"""Stored runs of the village typing, each with one result for every village."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers import audit
from layers.acting import current
from layers.errors import UnknownRecordError
from layers.sql import queries

SQL = queries("classifications")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run was made with. `created_at`, `account_id` and `seat_id` (from which it was made) are set by the store."""

    id: UUID
    pack_id: str
    pack_version: str
    pack_sha256: str
    valid_on: date
    known_at: datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)
    datasets: Sequence[Mapping[str, Any]] = ()
    created_at: datetime | None = None
    account_id: int | None = None
    seat_id: int | None = None


@dataclass(frozen=True)
class VillageResult:
    """One village's type in a run; `report` is canonical JSON in UTF-8."""

    village_code: str
    village_type: str
    report: bytes


def save(conn: Connection, run: Run, results: Iterable[VillageResult]) -> None:
    """Store a run with its results, in the caller's transaction."""
    values = {
        "id": run.id,
        "pack_id": run.pack_id,
        "pack_version": run.pack_version,
        "pack_sha256": run.pack_sha256,
        "parameters": Jsonb(dict(run.parameters)),
        "datasets": Jsonb([dict(entry) for entry in run.datasets]),
        "valid_on": run.valid_on,
        "known_at": run.known_at,
        **current().signed,
    }
    rows = [
        {"run_id": run.id, "village_code": item.village_code, "village_type": item.village_type, "report": item.report.decode()}
        for item in results
    ]
    with conn.cursor() as cursor:
        cursor.execute(SQL["save_run"], values)
        cursor.executemany(SQL["save_result"], rows)
    told = {"villages": len(rows), "pack_sha256": run.pack_sha256, "valid_on": run.valid_on, "known_at": run.known_at}
    audit.note(conn, "villages.classify", f"classification/{run.id}", after=audit.digest([[row["village_code"], row["report"]] for row in rows]), details=told)


def get(conn: Connection, run_id: UUID) -> Run:
    """Return a run; raise UnknownRecordError where there is none."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        run = cursor.execute(SQL["run"], {"id": run_id}).fetchone()
    if run is None:
        raise UnknownRecordError(f"没有编号为 {run_id} 的村庄分类。")
    return run


def latest(conn: Connection) -> Run | None:
    """Return the newest run, or None before the first."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(SQL["latest_run"]).fetchone()


def applicable(conn: Connection, *, valid_on: date, known_at: datetime) -> UUID | None:
    """Return the run whose types count on a day, as known at a moment: made for the latest day up to it, and of those the newest."""
    return ask_applicable(conn, valid_on=valid_on, known_at=known_at)()


def ask_applicable(conn: Connection, *, valid_on: date, known_at: datetime) -> Callable[[], UUID | None]:
    """Ask what `applicable` tells; in a pipeline, call for the answer later."""
    cursor = conn.execute(SQL["applicable"], {"valid_on": valid_on, "known_at": known_at})
    return lambda: next((row[0] for row in cursor), None)


def recent(conn: Connection, *, limit: int = 20) -> list[Run]:
    """Return the newest runs first."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(SQL["runs"], {"limit": limit}).fetchall()


def results(conn: Connection, run_id: UUID) -> list[VillageResult]:
    """Return a run's results by village code."""
    rows = conn.execute(SQL["results"], {"id": run_id}).fetchall()
    return [VillageResult(village_code=row[0], village_type=row[1], report=row[2].encode()) for row in rows]


def types(conn: Connection, run_id: UUID) -> dict[str, str]:
    """Return by village code the types of a run that the data could decide: what a check may rest on."""
    return {str(code): str(slug) for code, slug in conn.execute(SQL["types"], {"id": run_id}).fetchall()}


def result(conn: Connection, run_id: UUID, village_code: str) -> VillageResult:
    """Return a run's result for one village; raise UnknownRecordError where there is none."""
    row = conn.execute(SQL["result"], {"id": run_id, "village_code": village_code}).fetchone()
    if row is None:
        raise UnknownRecordError(f"没有村 {village_code} 的分类结果。")
    return VillageResult(village_code=row[0], village_type=row[1], report=row[2].encode())
