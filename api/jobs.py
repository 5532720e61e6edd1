"""Background jobs, one row each. Whoever takes requests queues them; one runner does them, in the order they came.

What the service did not finish is marked interrupted, never left open.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from api import job_owners
from api.checks.checking import Checker
from api.errors import DATABASE_AWAY, InternalError, StorageFullError, document_of
from api.moment import Moment
from api.settings import Settings
from api.snapshots import Snapshots
from layers import acting
from layers import jobs as records
from layers.acting import SERVICE, Acting
from layers.jobs import Taken
from spatial.errors import CuntuError

log = logging.getLogger("cuntu.jobs")

Report = Callable[[float, str], None]
"""Told the share done (0-1) and what is being done."""

REPORT_EVERY_S = 0.5
LOOK_EVERY_S = 0.25


class ServiceStoppedError(CuntuError):
    """服务停止，任务中断。"""


@dataclass(frozen=True)
class Workshop:
    """What a job may use."""

    settings: Settings
    pool: ConnectionPool[Any]
    snapshots: Snapshots
    checker: Checker


Work = Callable[[Workshop, Mapping[str, Any], Report], Mapping[str, Any]]
"""Does one job: given its input (JSON values), it returns its result (JSON values). It runs on behalf of whoever ordered it."""


Note = Callable[[psycopg.Connection[Any], UUID], None]
"""Given the transaction in which a job is queued, and its id."""


class Jobs:
    """Takes orders."""

    def __init__(self, pool: ConnectionPool[Any], *, queued: Callable[[], None] = lambda: None) -> None:
        self.pool = pool
        self.queued = queued

    def submit(self, kind: str, work_on: Mapping[str, Any], *, note: Note | None = None) -> UUID:
        """Queue a job of a kind that `api.work` knows, with its input (JSON values), and return its id.

        `note` writes the job down where it belongs in the same transaction; where it raises, nothing is queued.
        """
        with self.pool.connection() as conn:
            job_id = records.add(conn, kind, work_on).id
            if note:
                note(conn, job_id)
        self.queued()
        return job_id


class Runner:
    """Does queued jobs one by one, in a thread."""

    def __init__(self, workshop: Workshop, kinds: Mapping[str, Work], *, service_began: float | None = None) -> None:
        self.workshop = workshop
        self.kinds = kinds
        self.service_began = time.monotonic() if service_began is None else service_began
        self._wake = threading.Event()
        self._leaving = threading.Event()
        self._ended = threading.Event()
        self._cleared = False
        self._thread = threading.Thread(target=self.work, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def wake(self) -> None:
        """Look for work at once."""
        self._wake.set()

    @property
    def working(self) -> bool:
        """Whether jobs are still taken, or one is still being done."""
        return self._thread.is_alive()

    def leave(self) -> None:
        """Take no more work; end after the job at hand. What waits is left to another runner."""
        self._leaving.set()
        self._wake.set()

    def stop(self) -> None:
        """Take no more work; the job at hand ends at its next report. What is left is marked as interrupted."""
        self._ended.set()
        self.leave()
        if self._thread.ident is not None:
            self._thread.join()
        interrupt_left(self.workshop.pool)

    def work(self) -> None:
        """Do what is queued until told to end. What an earlier run of the service left open is cleared up before."""
        acting.begin(SERVICE)
        while not self._leaving.is_set():
            self._wake.clear()
            job = self._next()
            if job is not None:
                self._do(job)
            elif not self._leaving.is_set():
                self._wake.wait(LOOK_EVERY_S)

    def _next(self) -> Taken | None:
        try:
            with self.workshop.pool.connection() as conn:
                if not self._cleared:
                    records.interrupt_unfinished(conn, queued_for_s=time.monotonic() - self.service_began)
                    self._cleared = True
                return records.take(conn)
        except (*DATABASE_AWAY, psycopg.Error) as error:
            log.warning("cannot look for jobs, trying again: %s", error)
            return None

    def _do(self, job: Taken) -> None:
        try:
            report = self._reporter(job)
            report(0.0, "")
            with acting.on_behalf(self._owner(job)):
                result = self.kinds[job.kind](self.workshop, job.input, report)
            self._done(job.id, result)
        except ServiceStoppedError:
            log.info("job %s interrupted", job.id)
        except CuntuError as error:
            self._failed(job.id, error)
        except psycopg.errors.DiskFull:
            log.warning("job %s: the database has no room left", job.id)
            self._failed(job.id, StorageFullError())
        except Exception:
            log.exception("job %s failed", job.id)
            self._failed(job.id, InternalError())

    def _owner(self, job: Taken) -> Acting:
        with self.workshop.pool.connection() as conn:
            return job_owners.owner(conn, job, today=Moment.now().valid_on)

    def _done(self, job_id: UUID, result: Mapping[str, Any]) -> None:
        with self.workshop.pool.connection() as conn:
            records.finish(conn, job_id, result=dict(result))

    def _failed(self, job_id: UUID, error: CuntuError) -> None:
        problem = document_of(error, instance=f"/api/v1/jobs/{job_id}")
        try:
            with self.workshop.pool.connection() as conn:
                records.fail(conn, job_id, message=str(error), result={"problem": problem})
        except DATABASE_AWAY:
            log.exception("the failure of job %s could not be written down", job_id)

    def _reporter(self, job: Taken) -> Report:
        """Note how far a job is; where its owner has lost the seat or the permission meanwhile, it ends there."""
        last = 0.0

        def report(progress: float, message: str = "") -> None:
            nonlocal last
            if self._ended.is_set():
                raise ServiceStoppedError
            if time.monotonic() - last > REPORT_EVERY_S:
                last = time.monotonic()
                with acting.as_service(), self.workshop.pool.connection() as conn:
                    job_owners.owner(conn, job, today=Moment.now().valid_on)
                    records.report(conn, job.id, progress=progress, message=message)

        return report


def interrupt_left(pool: ConnectionPool[Any]) -> None:
    """Mark all that is queued or running as interrupted."""
    try:
        with acting.as_service(), pool.connection() as conn:
            records.interrupt_unfinished(conn)
    except (*DATABASE_AWAY, psycopg.Error) as error:
        log.warning("jobs left open could not be marked: %s", error)
