"""The service as processes: one that looks after all, workers that answer, and one that does the jobs.

The master holds the layers in force and forks workers from itself, so that all share them in memory. It is a single
thread, for only then is forking safe. When something is published it reads what is new and forks new workers; the old ones
take no more connections and end when theirs have ended, so that nobody is cut off.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg

from api.audit.keeper import note_start
from api.errors import DATABASE_AWAY
from api.holding import Holding
from api.moment import Moment
from api.processes import duties as processes
from api.processes.children import HANDLED, Child, fork
from api.processes.duties import Plan
from api.processes.loads import Loads
from api.processes.worker import LEAVE
from api.snapshots import InForce, look
from layers import acting, database, jobs
from layers.roles import APP

log = logging.getLogger("cuntu.master")

TICK_S = 1.0
FOLLOW_EVERY_S = 2.0
AGAIN_AFTER_S = 1.0
"""A child that ended is replaced at once, but not more often than this."""
SILENT_S = 60.0
"""A worker whose event loop has stood still for so long is ended, and so replaced."""
STOP_WITHIN_S = 15.0


class _Ending(BaseException):
    """The service was told to stop."""


class Master:
    """Runs the service until it is told to stop by SIGTERM or SIGINT."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.holding = Holding(epsg=plan.settings.epsg)
        self.loads = Loads(places=plan.places)
        self.tally = plan.counts.tally(plan.counts.places - 1)
        self.began = time.monotonic()
        self.generation = 0
        self.children: list[Child] = []
        self._forked: dict[tuple[str, int, int], float] = {}
        self._looked = float("-inf")
        self._kept: psycopg.Connection[Any] | None = None
        self._ending = False
        self._announced = False
        self._written_down = False

    def run(self) -> None:
        """Serve; returns when all children have ended."""
        acting.begin(acting.SERVICE)
        with self._signals() as wake:
            try:
                while True:
                    self._turn()
                    if self._announced:
                        self._write_down()
                        self._follow()
                    self._wait(wake)
            except _Ending:
                log.info("stopping")
            finally:
                self._end()

    def _turn(self) -> None:
        """Look after the children and the database once."""
        if self._ending:
            raise _Ending
        self._hear()
        if self.plan.watchdog:
            self.plan.watchdog.look()
        for number in range(self.plan.workers):
            self._keep("worker", number)
        if all(child.role != "jobs" for child in self.children):
            self._keep("jobs", 0)
        self._retire()

    def _hear(self) -> None:
        """Take note of children that are ready, and of those that have ended."""
        for child in list(self.children):
            if child.ready_fd is not None and select.select([child.ready_fd], [], [], 0)[0]:
                child.hear()
            if child.ready and self.loads.silent_s(child.place) > SILENT_S:
                log.warning("%s %d has not been heard of for %.0f s, it is ended", child.role, child.pid, SILENT_S)
                child.tell(signal.SIGKILL)
            status = child.ended()
            if status is not None:
                self.children.remove(child)
                self.loads.free(child.place)
                if child.place >= 0:
                    self.plan.counts.forget(child.place)
                if not child.leaving:
                    self.tally.add("restarts")
                    log.warning("%s %d ended (%d), it is replaced", child.role, child.pid, status)
        if not self._announced and any(child.role == "worker" and child.ready for child in self.children):
            self._announced = True
            self.plan.on_ready()

    def _keep(self, role: str, number: int) -> None:
        """Fork a child where there is none; not at once where one has only just been forked in vain."""
        key = role, number, self.generation
        lately = time.monotonic() - self._forked.get(key, float("-inf")) < AGAIN_AFTER_S
        if lately or any((child.role, child.number, child.generation) == key for child in self.children):
            return
        self._forked[key] = time.monotonic()
        self._let_go()
        plan, holding = self.plan, self.holding
        if role == "jobs":
            began = self.began
            self.children.append(fork(role, lambda ready: processes.do_jobs(plan, holding, began, ready), number=number, generation=self.generation))
            return
        load = self.loads.place(child.place for child in self.children)
        child = fork(role, lambda ready: processes.answer(plan, holding, load, ready, number=number), number=number, generation=self.generation)
        self.children.append(replace(child, place=load.place))

    def _retire(self) -> None:
        """Once a whole generation answers, let older workers leave; the jobs' process leaves between two jobs."""
        ready = {child.number for child in self.children if child.role == "worker" and child.generation == self.generation and child.ready}
        for child in self.children:
            old = child.generation < self.generation and not child.leaving
            if old and (child.role == "jobs" or len(ready) == self.plan.workers):
                child.leaving = True
                child.tell(LEAVE)

    def _write_down(self) -> None:
        """Say in the audit, once, that the service has started."""
        if self._written_down:
            return
        try:
            with self._connect() as conn:
                note_start(conn, self.plan.settings)
            self._written_down = True
        except (*DATABASE_AWAY, psycopg.Error) as error:
            log.warning("the start of the service could not be written down, trying again: %s", error)

    def _follow(self) -> None:
        """Hold what is in force; where that is something new, begin a new generation of children with it."""
        if not self.plan.settings.snapshot or time.monotonic() - self._looked < FOLLOW_EVERY_S:
            return
        self._looked = time.monotonic()
        try:
            wanted = self._look().versions
            self.tally.seen()
            if self.holding.exactly(wanted) is None:
                self.holding.catch_up(wanted, self._connect, between=self._turn)
                processes.rehearse_in(self.plan, self.holding)
                self.generation += 1
                self._turn()
        except (*DATABASE_AWAY, psycopg.Error) as error:
            log.warning("cannot read the layers in force, trying again: %s", error)
        except Exception:
            log.exception("cannot load the layers in force; checks go through PostGIS")

    def _look(self) -> InForce:
        """Ask what counts now, on a connection kept from one time to the next: to begin one takes the server 8 ms, in the midst of checks."""
        if self._kept is not None:
            try:
                if _answers(self._kept, within_s=processes.CONNECT_WITHIN_S):
                    return look(self._kept, Moment.now())
            except DATABASE_AWAY as error:
                log.debug("the kept connection has ended: %s", error)
            self._let_go()
        self._kept = self._connect()
        self._kept.autocommit = True
        return look(self._kept, Moment.now())

    def _let_go(self) -> None:
        """Close the kept connection, before a fork too: two processes must not have the same one."""
        if self._kept is not None:
            self._kept.close()
        self._kept = None

    def _connect(self) -> psycopg.Connection[Any]:
        return database.connect(self.plan.url, role=APP, timeout_s=processes.CONNECT_WITHIN_S)

    def _wait(self, wake: int) -> None:
        """Wait for something to happen, at most a second."""
        waiting = [child.ready_fd for child in self.children if child.ready_fd is not None]
        if wake in select.select([wake, *waiting], [], [], TICK_S)[0]:
            os.read(wake, 4096)

    def _end(self) -> None:
        self._let_go()
        for child in self.children:
            child.tell(signal.SIGTERM)
        until = time.monotonic() + STOP_WITHIN_S
        while self.children:
            self.children = [child for child in self.children if child.ended() is None]
            if time.monotonic() > until:
                for child in self.children:
                    child.tell(signal.SIGKILL)
            time.sleep(0.02)
        try:
            with self._connect() as conn:
                jobs.interrupt_unfinished(conn)
        except DATABASE_AWAY as error:
            log.warning("jobs left open could not be marked: %s", error)

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """Be woken by signals through a pipe, whose reading end this gives."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        before = {number: signal.getsignal(number) for number in HANDLED}
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reading)
            os.close(writing)

    def _on_end(self, *_: object) -> None:
        self._ending = True


def _answers(conn: psycopg.Connection[Any], *, within_s: float) -> bool:
    """Whether the server still answers on a connection: this process must not wait for a host that is gone, it has children to look after."""
    watched = select.poll()
    watched.register(conn.fileno(), select.POLLIN)
    until = time.monotonic() + within_s
    conn.pgconn.send_query(b"")
    while True:
        while conn.pgconn.is_busy():
            if not watched.poll(max(0.0, 1000 * (until - time.monotonic()))):
                return False
            conn.pgconn.consume_input()
        if conn.pgconn.get_result() is None:
            return True
