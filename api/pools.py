"""As whom the service asks its database: for requests, for tiles, and for work that takes its time."""

from __future__ import annotations

from dataclasses import dataclass

from api.settings import Settings
from layers import database
from layers.database import Pool
from layers.roles import APP, TILES


@dataclass(frozen=True)
class Pools:
    """`requests` and `tiles` end a statement after the time that the settings give it; `work` lets jobs and the loading of layers finish."""

    requests: Pool
    tiles: Pool
    work: Pool

    @classmethod
    def of(cls, url: str, settings: Settings) -> Pools:
        """Open the pools; those for tiles and for work connect when they are first used."""
        limits = {"statement_timeout_s": settings.statement_timeout_s, "lock_timeout_s": settings.lock_timeout_s}
        return cls(
            requests=database.pool(url, role=APP, max_size=settings.threads + 6, **limits),
            tiles=database.pool(settings.tiles_url or url, role=TILES, min_size=0, max_size=settings.threads, **limits),
            work=database.pool(url, role=APP, min_size=0, max_size=4),
        )

    def close(self) -> None:
        """Close them."""
        for pool in (self.requests, self.tiles, self.work):
            pool.close()
