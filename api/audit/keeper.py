"""What the service itself writes into the audit: that it started, and with what; and the head of the chain, once a day, outside the database."""

from __future__ import annotations

import logging
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from api.errors import DATABASE_AWAY
from api.settings import Settings
from layers import acting, audit
from layers.acting import SERVICE
from layers.audit import anchors as audit_anchors
from layers.audit import search as audit_search
from layers.audit.search import Head
from spatial.rules.pack import load_pack

log = logging.getLogger("cuntu.audit")

DAY_S = 24 * 3600.0
AGAIN_AFTER_S = 30.0
PACKS = ("house-building", "village-types")
SECRET = {"database_url", "owner_url", "tiles_url", "tianditu_key"}


def anchors_file(settings: Settings) -> Path:
    """Where the daily heads are written: beside the uploads, outside the database."""
    return settings.uploads.parent / "audit-heads.jsonl"


def note_start(conn: psycopg.Connection[Any], settings: Settings) -> None:
    """Write down that the service starts: its version, its rule packs, and the SHA-256 of its settings without what is secret."""
    packs = {name: load_pack(name, county=settings.county_code).sha256 for name in PACKS}
    told = settings.model_dump(mode="json", exclude=SECRET)
    audit.note(conn, "service.start", "service", details={"version": version("cuntu"), "packs": packs, "settings_sha256": audit.digest(told)})


def keep_head(conn: psycopg.Connection[Any], settings: Settings) -> None:
    """Write the head of the chain into the log and the file of heads."""
    head = audit_search.head(conn)
    audit_anchors.keep(anchors_file(settings), head, database=audit_search.database_of(conn))
    log.info("audit head %s", head.anchor)


def kept_heads(conn: psycopg.Connection[Any], settings: Settings) -> list[Head]:
    """Return the heads of this database's chain that were written into the file of heads; raises InputError."""
    path = anchors_file(settings)
    return audit_anchors.read(path, database=audit_search.database_of(conn)) if path.exists() else []


class AuditKeeper:
    """A thread that keeps the head of the chain when it begins and once a day."""

    def __init__(self, pool: Any, settings: Settings) -> None:
        self.pool = pool
        self.settings = settings
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="audit-keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=30)

    def _work(self) -> None:
        acting.begin(SERVICE)
        due = 0.0
        while not self._ended.is_set():
            if time.monotonic() >= due:
                due = time.monotonic() + (DAY_S if self._kept() else AGAIN_AFTER_S)
            self._ended.wait(min(due - time.monotonic(), DAY_S))

    def _kept(self) -> bool:
        try:
            with self.pool.connection() as conn:
                keep_head(conn, self.settings)
        except (*DATABASE_AWAY, psycopg.Error, OSError) as error:
            log.warning("the audit's head could not be kept, trying again: %s", error)
            return False
        return True
