"""Background jobs: one worker thread, one row a job. What the service did not finish is marked interrupted, never left open."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from api.errors import DATABASE_AWAY, InternalError, document_of
from layers import jobs as records
from spatial.errors import CuntuError

log = logging.getLogger("cuntu.jobs")

Report = Callable[[float, str], None]
"""Told the share done (0-1) and what is being done."""

Work = Callable[[Report], Mapping[str, Any]]

REPORT_EVERY_S = 0.5


class ServiceStoppedError(CuntuError):
    """服务停止，任务中断。"""


class Jobs:
    """Takes work and does it piece by piece, in the order it came."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self.pool = pool
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")
        self._ended = threading.Event()

    def start(self) -> None:
        """Clear up what an earlier run of the service left open, before any new work."""
        self._worker.submit(self._interrupt_left)

    def stop(self) -> None:
        """Take no more work; a running job ends at its next report."""
        self._ended.set()
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._interrupt_left()

    def submit(self, kind: str, work: Work) -> UUID:
        """Queue a piece of work and return the id of its job."""
        with self.pool.connection() as conn:
            job_id = records.add(conn, kind).id
        self._worker.submit(self._do, job_id, work)
        return job_id

    def _do(self, job_id: UUID, work: Work) -> None:
        try:
            report = self._reporter(job_id)
            report(0.0, "")
            self._done(job_id, work(report))
        except ServiceStoppedError:
            log.info("job %s interrupted", job_id)
        except CuntuError as error:
            self._failed(job_id, error)
        except Exception:
            log.exception("job %s failed", job_id)
            self._failed(job_id, InternalError())

    def _done(self, job_id: UUID, result: Mapping[str, Any]) -> None:
        with self.pool.connection() as conn:
            records.finish(conn, job_id, result=dict(result))

    def _failed(self, job_id: UUID, error: CuntuError) -> None:
        problem = document_of(error, instance=f"/api/v1/jobs/{job_id}")
        try:
            with self.pool.connection() as conn:
                records.fail(conn, job_id, message=str(error), result={"problem": problem})
        except DATABASE_AWAY:
            log.exception("the failure of job %s could not be written down", job_id)

    def _reporter(self, job_id: UUID) -> Report:
        last = 0.0

        def report(progress: float, message: str = "") -> None:
            nonlocal last
            if self._ended.is_set():
                raise ServiceStoppedError
            if time.monotonic() - last > REPORT_EVERY_S:
                last = time.monotonic()
                with self.pool.connection() as conn:
                    records.report(conn, job_id, progress=progress, message=message)

        return report

    def _interrupt_left(self) -> None:
        try:
            with self.pool.connection() as conn:
                records.interrupt_unfinished(conn)
        except (*DATABASE_AWAY, psycopg.Error) as error:
            log.warning("jobs left open could not be marked: %s", error)
