"""Rows of long work (imports, batches): queued, running, done, failed or interrupted. Who runs them is not this module's concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers import acting, audit
from layers.acting import Acting
from layers.errors import UnknownRecordError
from layers.sql import queries
from layers.storable import storable, storable_text

SQL = queries("jobs")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One piece of work; `progress` is a share 0–1, `result` JSON values once it is done or failed. Account and seat are those of its owner."""

    id: UUID
    kind: str
    state: str
    progress: float
    message: str
    result: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    account_id: int | None = None
    seat_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A job that somebody has begun, with what it works on (JSON values), and its owner as they were when they ordered it."""

    id: UUID
    kind: str
    input: dict[str, Any]
    owner: dict[str, Any]

    @property
    def ordered_by(self) -> Acting | None:
        """Who ordered it; None for the service itself."""
        if self.owner.get("account_id") is None:
            return None
        sets = {name: None if self.owner[name] is None else frozenset(self.owner[name]) for name in ("places", "permissions")}
        return Acting(**self.owner | sets)


@dataclass(frozen=True, kw_only=True)
class OwnerNow:
    """What the seat of a job's owner is like today."""

    place_code: str | None
    secrecy: str
    roles: list[str]


def add(conn: Connection, kind: str, work_on: Mapping[str, Any] | None = None) -> Job:
    """Write down a new job as queued, with what it is to work on (JSON values); it belongs to whoever acts here and now."""
    by = acting.current()
    owner = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in vars(by).items()}
    values = {"id": uuid4(), "kind": kind, "input": Jsonb(dict(work_on or {})), "owner": Jsonb(owner)}
    with conn.cursor(row_factory=class_row(Job)) as cursor:
        job = cursor.execute(SQL["add"], values | by.signed).fetchone()
    if job is None:
        raise UnknownRecordError
    audit.note(conn, "jobs.order", f"job/{job.id}", details={"kind": kind})
    return job


def take(conn: Connection) -> Taken | None:
    """Begin the job that has waited longest; None where none waits. No job is taken twice."""
    with conn.cursor(row_factory=class_row(Taken)) as cursor:
        return cursor.execute(SQL["take"]).fetchone()


def report(conn: Connection, job_id: UUID, *, progress: float, message: str) -> None:
    """Note how far a job is; a finished one is left as it is."""
    conn.execute(SQL["report"], {"id": job_id, "progress": min(max(progress, 0.0), 1.0), "message": storable_text(message)})


def finish(conn: Connection, job_id: UUID, *, result: dict[str, Any], message: str = "") -> None:
    """Note that a job is done."""
    conn.execute(SQL["finish"], {"id": job_id, "state": "done", "message": storable_text(message), "result": Jsonb(storable(result))})


def fail(conn: Connection, job_id: UUID, *, message: str, result: dict[str, Any] | None = None) -> None:
    """Note that a job failed and why."""
    told = None if result is None else Jsonb(storable(result))
    values = {"id": job_id, "state": "failed", "message": storable_text(message), "result": told}
    conn.execute(SQL["finish"], values)


def get(conn: Connection, job_id: UUID) -> Job:
    """Return a job; raise UnknownRecordError where there is none."""
    with conn.cursor(row_factory=class_row(Job)) as cursor:
        job = cursor.execute(SQL["get"], {"id": job_id}).fetchone()
    if job is None:
        raise UnknownRecordError(f"没有编号为 {job_id} 的任务。")
    return job


def recent(conn: Connection, *, limit: int = 50, of: Acting | None = None) -> list[Job]:
    """Return the newest jobs first: all, or those ordered by somebody, or from their seat by whoever held it then."""
    values = {"limit": limit, "all": of is None, "account_id": of and of.account_id, "seat_id": of and of.seat_id}
    with conn.cursor(row_factory=class_row(Job)) as cursor:
        return cursor.execute(SQL["list"], values).fetchall()


def owner_now(conn: Connection, by: Acting, *, today: date) -> OwnerNow | None:
    """Return what the seat of a job's owner is like today; None where the account is closed, or the person does not hold the seat any more."""
    with conn.cursor(row_factory=class_row(OwnerNow)) as cursor:
        return cursor.execute(SQL["owner_now"], by.signed | {"today": today}).fetchone()


def interrupt_unfinished(conn: Connection, *, queued_for_s: float = 0.0, message: str = "服务中断，任务未完成") -> int:
    """Mark as interrupted what was running, and what has been queued for longer than so many seconds; return how many there were."""
    return conn.execute(SQL["interrupt"], {"message": message, "queued_for_s": queued_for_s}).rowcount
