"""Keeps the embedded PostgreSQL up while the service runs: a server that was killed is started again within seconds."""

from __future__ import annotations

import logging

from layers.cluster import Cluster
from spatial.errors import CuntuError

log = logging.getLogger("cuntu.watchdog")


class Watchdog:
    """Looks after one cluster whenever `look` is called."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def look(self) -> None:
        """Start the cluster if it is down."""
        if self.cluster.status().running:
            return
        log.warning("the embedded database is down, starting it again")
        try:
            self.cluster.start()
        except CuntuError:
            log.exception("the embedded database could not be started, trying again")
