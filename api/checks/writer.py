"""Storing single checks in groups: those that come while one transaction is under way share the next one."""

from __future__ import annotations

import asyncio
import logging
import select
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import psycopg

from api.errors import DATABASE_AWAY
from layers import acting, checks, database
from layers.acting import Acting
from layers.checks import StoredCheck
from layers.packed_reports import Packing
from layers.roles import APP

log = logging.getLogger("cuntu.checks")

LARGEST_GROUP = 64
IDLE_S = 1.0
"""A connection unused for longer is asked for a sign of life first: the server may have been started anew meanwhile."""


class CheckWriter:
    """A thread with a connection of its own. A check is stored when `store` returns: its transaction is on the disk."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._gathered: list[_Waiting] = []
        self._waiting: SimpleQueue[list[_Waiting] | None] = SimpleQueue()
        self._packing = Packing()
        self._conn: psycopg.Connection[Any] | None = None
        self._used = 0.0
        self._thread = threading.Thread(target=self._work, name="check-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        if self._thread.ident is not None:
            self._waiting.put(None)
            self._thread.join(timeout=30)

    async def store(self, check: StoredCheck) -> None:
        """Store a check; raises what the database raises, then it is not stored."""
        waiting = _Waiting(check)
        self._gathered.append(waiting)
        if len(self._gathered) == 1:
            # At the end of this turn of the loop: checks judged together are stored together, and answered together.
            waiting.loop.call_soon(self._hand_over)
        await waiting.done

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._waiting.put(gathered)

    def _work(self) -> None:
        ended = False
        while not ended:
            handed = [self._waiting.get()]
            with suppress(Empty):
                while True:
                    handed.append(self._waiting.get_nowait())
            ended = None in handed
            group = [waiting for some in handed for waiting in some or ()]
            for start in range(0, len(group), LARGEST_GROUP):
                self._write(group[start : start + LARGEST_GROUP])
        if self._conn is not None:
            self._conn.close()

    def _write(self, group: list[_Waiting]) -> None:
        try:
            with acting.as_service():
                self._save([(waiting.check, waiting.by) for waiting in group])
        except DATABASE_AWAY as error:
            self._forget_connection()
            _settle(group, error)
        except Exception as error:
            # One check that the database refuses must not take the others of its group with it.
            if len(group) > 1:
                for waiting in group:
                    self._write([waiting])
            else:
                _settle(group, error)
        else:
            _settle(group, None)

    def _save(self, new: list[tuple[StoredCheck, Acting]]) -> None:
        """Store checks of several people, with their entries in the audit, by one statement, which is a transaction by itself."""
        conn = self._connection()
        try:
            checks.save(conn, [check for check, _ in new], packing=self._packing, entries=[checks.made(*pair) for pair in new])
        except BaseException:
            self._packing = Packing()
            raise
        self._used = time.monotonic()

    def _connection(self) -> psycopg.Connection[Any]:
        if self._conn is not None:
            try:
                if time.monotonic() - self._used > IDLE_S or _was_spoken_to(self._conn):
                    self._conn.execute("")
            except DATABASE_AWAY:
                self._forget_connection()
        if self._conn is None:
            self._conn = database.connect(self.url, autocommit=True, role=APP)
        return self._conn

    def _forget_connection(self) -> None:
        if self._conn is not None:
            self._conn.close()
        self._conn = None
        self._packing = Packing()


def _was_spoken_to(conn: psycopg.Connection[Any]) -> bool:
    """Whether the server has said something on a connection that asked nothing: most likely that it ends it. Takes no round trip."""
    watched = select.poll()
    watched.register(conn.fileno(), select.POLLIN)
    return bool(watched.poll(0))


class _Waiting:
    """A check that waits for its transaction, who made it, and the loop their request lives in."""

    def __init__(self, check: StoredCheck) -> None:
        self.check = check
        self.by = acting.current()
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self.loop.create_future()


def _settle(group: list[_Waiting], error: Exception | None) -> None:
    def settle() -> None:
        for waiting in group:
            if waiting.done.done():  # the client has gone
                continue
            if error is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(error)

    try:
        group[0].loop.call_soon_threadsafe(settle)
    except RuntimeError:
        log.info("the service ended before %d answers were sent", len(group))
