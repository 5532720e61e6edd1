"""The layers in force, held in memory. A published version never changes, so what is held is right for as long as it is in force."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from api.errors import DATABASE_AWAY
from api.holding import Holding, Versions
from api.moment import Moment
from layers import acting, classifications, database, snapshot, versions
from layers.acting import as_service
from spatial.layer import LayerSet

log = logging.getLogger("cuntu.snapshots")

FRESH_S = 0.25
"""For how long the answer to "what is in force now" is used again; checks name the moment of that answer as their `known_at`."""


@dataclass(frozen=True)
class InForce:
    """What counts at a moment: the version of each layer, and the classification run (None before the first).

    `display_only` are data in shifted coordinates: drawn with a warning where there is nothing better, never measured.
    """

    moment: Moment
    versions: Versions
    run_id: UUID | None
    display_only: Versions = field(default_factory=dict)


class Snapshots:
    """The layers in force in memory; a thread follows what is published, and readers never wait for it.

    With a `holding` handed in nothing is followed: another process does that, and starts a new one of these in time.
    """

    def __init__(
        self, pool: ConnectionPool[Any], *, epsg: int, enabled: bool = True, every_s: float = 2.0, holding: Holding | None = None
    ) -> None:
        self.pool = pool
        self.epsg = epsg
        self.enabled = enabled
        self.every_s = every_s
        self.holding = holding or Holding(epsg=epsg)
        self._follows = enabled and holding is None
        self.news = 0
        """Counts up whenever something was published by this process."""
        self._now: tuple[float, InForce] | None = None
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="snapshots", daemon=True)

    def start(self) -> None:
        """Begin to load and to follow."""
        if self._follows:
            self._thread.start()

    def stop(self) -> None:
        """Stop following and let go of what is held."""
        self._ended.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=30)
        self.holding.clear()

    @property
    def state(self) -> str:
        """`loaded`, `loading` or `off`."""
        if not self.enabled:
            return "off"
        return "loaded" if self._now is not None and self.layers(self._now[1].versions) is not None else "loading"

    def in_force(self, moment: Moment, conn: psycopg.Connection[Any] | None = None, *, anew: bool = False) -> InForce:
        """Tell what counts, and the moment for which that holds: the one asked for, or (for "now") the one of the last look, `anew` of one made now.

        Whoever has a connection on which the service acts lends it.
        """
        if not moment.is_now:
            return self._look(moment, conn)
        seen = None if anew else self.recent()
        if seen is None:
            began, news = time.monotonic(), self.news
            seen = self._look(Moment.now(), conn)
            if news == self.news:  # else it was asked before what has been published since
                self._now = (began, seen)
        return seen

    def recent(self) -> InForce | None:
        """Return what counts now if that is known without asking the database."""
        seen = self._now
        return seen[1] if seen is not None and time.monotonic() - seen[0] <= FRESH_S else None

    def layers(self, wanted: Versions) -> LayerSet | None:
        """Return exactly these versions if all are held, else None: the caller then reads them from PostGIS."""
        return self.holding.exactly(wanted)

    def held(self, wanted: Versions) -> LayerSet:
        """Return those of these versions that are held."""
        return self.holding.among(wanted)

    def load(self, wanted: Versions, conn: psycopg.Connection[Any]) -> LayerSet:
        """Return these versions whole: those held, and the others from PostGIS."""
        held = self.holding.among(wanted)
        missing = {name: dataset for name, dataset in wanted.items() if name not in held}
        read = snapshot.load(conn, missing, epsg=self.epsg) if missing else {}
        return {name: read[name] if name in read else held[name] for name in wanted}

    def published(self) -> None:
        """Look again at once: something was published."""
        self.news += 1
        self._now = None
        self._wake.set()

    def _look(self, moment: Moment, conn: psycopg.Connection[Any] | None) -> InForce:
        """Ask as the service: what is found is held for all; what each may see of it is decided where it is shown."""
        if conn is not None:
            return look(conn, moment)
        with as_service(), self.pool.connection() as conn:
            return look(conn, moment)

    def _follow(self) -> None:
        acting.begin(acting.SERVICE)
        while not self._ended.is_set():
            self._wake.clear()
            try:
                self.catch_up(self.in_force(Moment.now()))
            except (*DATABASE_AWAY, psycopg.Error) as error:
                log.warning("cannot read the layers in force, trying again: %s", error)
            except Exception:
                log.exception("cannot load the layers in force; checks go through PostGIS")
            self._wake.wait(self.every_s)

    def catch_up(self, seen: InForce) -> None:
        """Hold what counts at a moment, and nothing else."""
        if self.layers(seen.versions) is None:
            self.holding.catch_up(seen.versions, self.pool.connection)


def look(conn: psycopg.Connection[Any], moment: Moment) -> InForce:
    """Ask the database what counts at a moment, in one round trip."""
    with database.seeing_all(conn):
        run_id = classifications.ask_applicable(conn, valid_on=moment.valid_on, known_at=moment.known_at)
        found = versions.ask_in_force_and_shown(conn, valid_on=moment.valid_on, known_at=moment.known_at)
        measured, drawn = found()
        return InForce(moment, measured, run_id(), drawn)
