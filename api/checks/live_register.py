"""The register of live applications as known at a moment, read once for as long as it stays the same."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from psycopg_pool import ConnectionPool

from layers import applications
from layers.acting import as_service
from spatial.layer import Layer


class LiveRegister:
    """Gives the live applications of any moment; asks the database once for each moment, and for the rows once for each change.

    It asks as the service: what is applied for beyond a town's border counts for what is applied for on this side of it.
    """

    def __init__(self, pool: ConnectionPool[Any], *, epsg: int) -> None:
        self.pool = pool
        self.epsg = epsg
        self.at = lru_cache(maxsize=16)(self._at)
        self._since = lru_cache(maxsize=4)(self._read)

    def _at(self, known_at: datetime) -> Layer:
        """Return the register as it was known at a moment."""
        with as_service(), self.pool.connection() as conn:
            changed = applications.last_change(conn, known_at=known_at)
        return self._since(changed or known_at)

    def _read(self, known_at: datetime) -> Layer:
        with as_service(), self.pool.connection() as conn:
            layer = applications.live(conn, known_at=known_at, epsg=self.epsg)
        _ = layer.tree, layer.extent
        return layer
