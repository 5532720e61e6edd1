"""The layers in force, held in memory. A published version never changes, so what is held is right for as long as it is in force."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from api.errors import DATABASE_AWAY
from api.moment import Moment
from layers import classifications, snapshot, versions
from spatial.layer import DatasetVersion, Layer, LayerSet

log = logging.getLogger("cuntu.snapshots")

FRESH_S = 0.25
"""For how long the answer to "what is in force now" is used again; checks name the moment of that answer as their `known_at`."""

Versions = Mapping[str, DatasetVersion]


@dataclass(frozen=True)
class InForce:
    """What counts at a moment: the version of each layer, and the classification run (None before the first)."""

    moment: Moment
    versions: Versions
    run_id: UUID | None


class Snapshots:
    """Holds the layers in force; a thread follows what is published. Readers never wait for it."""

    def __init__(self, pool: ConnectionPool[Any], *, epsg: int, enabled: bool = True, every_s: float = 2.0) -> None:
        self.pool = pool
        self.epsg = epsg
        self.enabled = enabled
        self.every_s = every_s
        self._held: dict[tuple[str, int], Layer] = {}
        self._now: tuple[float, InForce] | None = None
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="snapshots", daemon=True)

    def start(self) -> None:
        """Begin to load and to follow."""
        if self.enabled:
            self._thread.start()

    def stop(self) -> None:
        """Stop following and let go of what is held."""
        self._ended.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=30)
        self._held = {}

    @property
    def state(self) -> str:
        """`loaded`, `loading` or `off`."""
        if not self.enabled:
            return "off"
        return "loaded" if self._now is not None and self.layers(self._now[1].versions) is not None else "loading"

    def in_force(self, moment: Moment) -> InForce:
        """Tell what counts, and the moment for which that holds: the one asked for, or (for "now") the one of the last look."""
        if not moment.is_now:
            return self._look(moment)
        seen = self.recent()
        if seen is None:
            began = time.monotonic()
            seen = self._look(Moment.now())
            self._now = (began, seen)
        return seen

    def recent(self) -> InForce | None:
        """Return what counts now if that is known without asking the database."""
        seen = self._now
        return seen[1] if seen is not None and time.monotonic() - seen[0] <= FRESH_S else None

    def layers(self, wanted: Versions) -> LayerSet | None:
        """Return exactly these versions if all are held, else None: the caller then reads them from PostGIS."""
        held = self._held
        try:
            return {name: held[name, dataset.version] for name, dataset in wanted.items()}
        except KeyError:
            return None

    def held(self, wanted: Versions) -> LayerSet:
        """Return those of these versions that are held."""
        held = self._held
        return {name: held[name, dataset.version] for name, dataset in wanted.items() if (name, dataset.version) in held}

    def load(self, wanted: Versions, conn: psycopg.Connection[Any]) -> LayerSet:
        """Return these versions whole: those held, and the others from PostGIS."""
        held = self._held
        missing = {name: dataset for name, dataset in wanted.items() if (name, dataset.version) not in held}
        read = snapshot.load(conn, missing, epsg=self.epsg) if missing else {}
        return {name: read[name] if name in read else held[name, wanted[name].version] for name in wanted}

    def published(self) -> None:
        """Look again at once: something was published."""
        self._now = None
        self._wake.set()

    def _look(self, moment: Moment) -> InForce:
        with self.pool.connection() as conn:
            found = versions.in_force(conn, valid_on=moment.valid_on, known_at=moment.known_at)
            run_id = classifications.applicable(conn, valid_on=moment.valid_on, known_at=moment.known_at)
        return InForce(moment, found, run_id)

    def _follow(self) -> None:
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
        wanted = seen.versions
        if self.layers(wanted) is not None:
            return
        began = time.monotonic()
        with self.pool.connection() as conn:
            layers = self.load(wanted, conn)
        for layer in layers.values():
            _ = layer.tree
        self._held = {(name, wanted[name].version): layer for name, layer in layers.items()}
        # Half a million geometries that stay: without this, each full garbage collection would walk over all of them.
        gc.collect()
        gc.freeze()
        log.info("%d layers held in memory after %.1f s", len(layers), time.monotonic() - began)
