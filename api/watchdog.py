"""Keeps the embedded PostgreSQL up while the service runs: a server that was killed is started again within seconds."""

from __future__ import annotations

import logging
import threading

from layers.cluster import Cluster
from spatial.errors import CuntuError

log = logging.getLogger("cuntu.watchdog")


class Watchdog:
    """A thread that looks after one cluster from `start` to `stop`."""

    def __init__(self, cluster: Cluster, *, every_s: float = 1.0) -> None:
        self.cluster = cluster
        self.every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; the cluster is left as it is."""
        self._ended.set()
        self._thread.join(timeout=10)

    def _watch(self) -> None:
        while not self._ended.wait(self.every_s):
            if self.cluster.status().running:
                continue
            log.warning("the embedded database is down, starting it again")
            try:
                self.cluster.start()
            except CuntuError:
                log.exception("the embedded database could not be started, trying again")
