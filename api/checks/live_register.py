"""The register of live applications as known at a moment, read once for as long as it stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from layers import applications
from layers.acting import as_service
from spatial.layer import Layer
from spatial.remembered import remember

MOMENTS_KEPT = 16
REGISTERS_KEPT = 4

Connection = psycopg.Connection[Any]


class LiveRegister:
    """Gives the live applications of any moment; asks the database once for each moment, and for the rows once for each change.

    It asks as the service: what is applied for beyond a town's border counts for what is applied for on this side of it.
    """

    def __init__(self, pool: ConnectionPool[Any], *, epsg: int) -> None:
        self.pool = pool
        self.epsg = epsg
        self._changes: dict[datetime, datetime] = {}
        self._registers: dict[datetime, Layer] = {}

    def at(self, known_at: datetime, conn: Connection | None = None) -> Layer:
        """Return the register as it was known at a moment. Whoever has a connection on which the service acts lends it."""
        changed = self._changes.get(known_at)
        if changed is None:
            with self._asking(conn) as asked:
                changed = applications.last_change(asked, known_at=known_at) or known_at
            remember(self._changes, known_at, changed, most=MOMENTS_KEPT)
        register = self._registers.get(changed)
        if register is None:
            with self._asking(conn) as asked:
                register = applications.live(asked, known_at=changed, epsg=self.epsg)
            _ = register.tree, register.extent
            remember(self._registers, changed, register, most=REGISTERS_KEPT)
        return register

    @contextmanager
    def _asking(self, conn: Connection | None) -> Iterator[Connection]:
        if conn is not None:
            yield conn
        else:
            with as_service(), self.pool.connection() as own:
                yield own
