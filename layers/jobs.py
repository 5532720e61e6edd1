"""Records of work that goes on in the background. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers.errors import UnknownRecordError
from layers.sql import queries

SQL = queries("jobs")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """One job: `state` queued, running, done, failed or interrupted; `progress` 0-1; `result` of a done one, the problem of a failed one."""

    id: UUID
    kind: str
    state: str
    progress: float
    message: str
    result: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def add(conn: Connection, kind: str) -> UUID:
    """Write down a new job as queued and return its id."""
    job_id = uuid4()
    conn.execute(SQL["add"], {"id": job_id, "kind": kind})
    return job_id


def start(conn: Connection, job_id: UUID) -> None:
    """Write down that the work has begun."""
    conn.execute(SQL["start"], {"id": job_id})


def report(conn: Connection, job_id: UUID, *, progress: float, message: str) -> None:
    """Write down how far a running job is."""
    conn.execute(SQL["report"], {"id": job_id, "progress": min(max(progress, 0.0), 1.0), "message": message})


def finish(conn: Connection, job_id: UUID, *, state: str, progress: float, message: str, result: Mapping[str, Any]) -> None:
    """Write down the end of a job, `done` or `failed`; one that is no longer open stays as it is."""
    values = {"id": job_id, "state": state, "progress": progress, "message": message, "result": Jsonb(dict(result))}
    conn.execute(SQL["finish"], values)


def interrupt(conn: Connection) -> int:
    """Mark every job that is still open as interrupted (the service that worked on it is gone); return how many there were."""
    return len(conn.execute(SQL["interrupt"]).fetchall())


def get(conn: Connection, job_id: UUID) -> JobRecord:
    """Return one job; raise UnknownRecordError where there is none."""
    with conn.cursor(row_factory=class_row(JobRecord)) as cursor:
        found = cursor.execute(SQL["get"], {"id": job_id}).fetchone()
    if found is None:
        raise UnknownRecordError(f"没有任务 {job_id}。")
    return found


def latest(conn: Connection, *, limit: int = 50) -> list[JobRecord]:
    """Return the newest jobs first."""
    with conn.cursor(row_factory=class_row(JobRecord)) as cursor:
        return cursor.execute(SQL["latest"], {"limit": limit}).fetchall()
