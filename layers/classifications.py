"""Stored runs of the village types: which rules and data, when, and every village's evidence. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers.errors import UnknownRecordError
from layers.sql import queries

SQL = queries("classifications")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: the pack it was made with, its parameters and dataset versions, and the two times it was made for."""

    id: UUID
    pack_id: str
    pack_version: str
    pack_sha256: str
    parameters: dict[str, Any]
    datasets: list[dict[str, Any]]
    valid_on: date
    known_at: datetime
    created_at: datetime


def add(
    conn: Connection,
    *,
    pack: Mapping[str, str],
    parameters: Mapping[str, Any],
    datasets: Sequence[Mapping[str, Any]],
    valid_on: date,
    known_at: datetime,
    villages: Sequence[Mapping[str, Any]],
) -> UUID:
    """Store a run with what it says of every village (`village_code`, `village_type` and the evidence); return its id."""
    run_id = uuid4()
    values = {"id": run_id, "pack_id": pack["id"], "pack_version": pack["version"], "pack_sha256": pack["sha256"]}
    values |= {"parameters": Jsonb(dict(parameters)), "datasets": Jsonb([dict(item) for item in datasets])}
    conn.execute(SQL["add_run"], values | {"valid_on": valid_on, "known_at": known_at})
    with conn.cursor() as cursor, cursor.copy(SQL["copy_results"]) as copy:
        for village in villages:
            report = orjson.dumps(village, option=orjson.OPT_SORT_KEYS).decode()
            copy.write_row((run_id, village["village_code"], village["village_type"], report))
    return run_id


def applicable(conn: Connection, *, valid_on: date, known_at: datetime) -> UUID | None:
    """Return the run whose types count on a day, as known at a moment: made for the latest day up to it, the last one made."""
    row = conn.execute(SQL["applicable"], {"valid_on": valid_on, "known_at": known_at}).fetchone()
    return row[0] if row else None


def get(conn: Connection, run_id: UUID) -> Run:
    """Return one run; raise UnknownRecordError where there is none."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        found = cursor.execute(SQL["run"], {"id": run_id}).fetchone()
    if found is None:
        raise UnknownRecordError(f"没有分类结果 {run_id}。")
    return found


def latest(conn: Connection, *, limit: int = 50) -> list[Run]:
    """Return the newest runs first."""
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(SQL["runs"], {"limit": limit}).fetchall()


def types(conn: Connection, run_id: UUID) -> dict[str, str]:
    """Return the type of every village of a run by village code."""
    return {str(code): str(slug) for code, slug in conn.execute(SQL["types"], {"id": run_id}).fetchall()}


def reports(conn: Connection, run_id: UUID) -> list[dict[str, Any]]:
    """Return what a run says of every village, in the order of the codes."""
    return [orjson.loads(row[0]) for row in conn.execute(SQL["reports"], {"id": run_id}).fetchall()]


def village(conn: Connection, run_id: UUID, village_code: str) -> dict[str, Any]:
    """Return what a run says of one village; raise UnknownRecordError where it says nothing."""
    row = conn.execute(SQL["village_report"], {"id": run_id, "village_code": village_code}).fetchone()
    if row is None:
        raise UnknownRecordError(f"分类结果中没有村 {village_code}。")
    return dict(orjson.loads(row[0]))
