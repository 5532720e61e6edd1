"""What the service tells a monitoring system: numbers in the text form of Prometheus, none of them about a person."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from psycopg_pool import ConnectionPool

from api.errors import DATABASE_AWAY
from api.metrics.counts import STATUSES, Counts, Summed, Tally, bounds
from api.settings import Settings
from layers import operations
from layers.acting import as_service
from layers.operations import StoreFigures

STORE_FRESH_S = 10.0
"""For so long the numbers of the store are told again without asking it."""
ASK_WITHIN_S = 2.0
JOB_STATES = ("queued", "running", "done", "failed", "interrupted")


class Metrics:
    """Puts together what all processes have counted, and what the store says."""

    def __init__(self, counts: Counts, names: Iterable[str], pool: ConnectionPool[Any], settings: Settings) -> None:
        self.counts = counts
        self.names: list[tuple[int, str, str]] = [(0, "", "(none)")]
        for number, name in enumerate(names):
            if number:
                method, _, route = name.partition(" ")
                self.names.append((number, method, route))
        self.pool = pool
        self.settings = settings
        self._store: tuple[float, StoreFigures | None] = (float("-inf"), None)

    def text(self) -> bytes:
        """Write everything there is to tell now."""
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """Give each family of metrics."""
        summed = self.counts.summed()
        yield from self._requests(summed)
        yield from self._processes(summed)
        yield from self._disk()
        found = self._asked()
        yield GaugeMetricFamily("cuntu_database_up", "Whether the database answers.", value=float(found is not None))
        if found is not None:
            yield from _of_store(found)

    def _requests(self, summed: Summed) -> Iterator[Metric]:
        answers = CounterMetricFamily("cuntu_requests", "Requests answered.", labels=["method", "route", "status"])
        latency = HistogramMetricFamily("cuntu_request_seconds", "Time to the last byte of the answer.", labels=["method", "route"])
        for number, method, route in self.names:
            counted = summed.answers[number]
            for place in counted.nonzero()[0].tolist():
                answers.add_metric([method, route, str(STATUSES[place] or "other")], float(counted[place]))
            if counted.any():
                upto = summed.latencies[number].cumsum().tolist()
                latency.add_metric([method, route], list(zip(bounds(), upto, strict=True)), float(summed.seconds[number]))
        yield answers
        yield latency
        yield GaugeMetricFamily("cuntu_requests_in_flight", "Requests being answered.", value=summed.gauges["in_flight"])

    def _processes(self, summed: Summed) -> Iterator[Metric]:
        gauges, totals = summed.gauges, summed.totals
        for state, value in (("in_use", gauges["pool_size"] - gauges["pool_available"]), ("idle", gauges["pool_available"])):
            yield _gauge("cuntu_pool_connections", "Connections of the pools of all processes.", {"state": state}, value)
        yield GaugeMetricFamily("cuntu_pool_waiting", "Callers that wait for a connection.", value=gauges["pool_waiting"])
        yield CounterMetricFamily("cuntu_pool_timeouts", "Callers that waited in vain for a connection.", value=totals["pool_timeouts"])
        yield GaugeMetricFamily("cuntu_workers_with_layers", "Processes that answer from layers in memory.", value=gauges["snapshot_loaded"])
        seen = self.counts.latest("seen_at")
        if seen:
            yield GaugeMetricFamily("cuntu_snapshot_age_seconds", "Since the layers in memory were last found in force.", value=max(0.0, time.time() - seen))
        yield CounterMetricFamily("cuntu_tile_cache_hits", "Tiles answered from memory.", value=totals["tile_hits"])
        yield CounterMetricFamily("cuntu_tile_cache_misses", "Tiles that had to be cut.", value=totals["tile_misses"])
        yield GaugeMetricFamily("cuntu_tile_cache_bytes", "Tiles in memory.", value=gauges["tile_bytes"])
        yield CounterMetricFamily("cuntu_process_restarts", "Processes that ended unasked and were replaced.", value=totals["restarts"])

    def _disk(self) -> Iterator[Metric]:
        free = GaugeMetricFamily("cuntu_disk_free_bytes", "Free bytes where the service writes.", labels=["folder"])
        for name, folder in written_folders(self.settings).items():
            bytes_free = free_bytes(folder)
            if bytes_free is not None:
                free.add_metric([name], float(bytes_free))
        yield free

    def _asked(self) -> StoreFigures | None:
        now = time.monotonic()
        if now - self._store[0] > STORE_FRESH_S or self._store[1] is None:
            try:
                with as_service(), self.pool.connection(timeout=ASK_WITHIN_S) as conn:
                    self._store = now, operations.figures(conn)
            except (*DATABASE_AWAY, psycopg.Error):
                self._store = now, None
        return self._store[1]


def _of_store(found: StoreFigures) -> Iterator[Metric]:
    yield GaugeMetricFamily("cuntu_checks_stored", "Checks kept.", value=found.checks_stored)
    jobs = GaugeMetricFamily("cuntu_jobs", "Jobs by state.", labels=["state"])
    for state in JOB_STATES:
        jobs.add_metric([state], found.jobs.get(state, 0))
    yield jobs
    yield GaugeMetricFamily("cuntu_queue_age_seconds", "How long the first of the queued jobs has waited.", value=found.queue_age_s)
    yield GaugeMetricFamily("cuntu_audit_head", "Number of the last entry of the audit.", value=found.audit_head)
    yield GaugeMetricFamily("cuntu_failed_sign_ins_last_hour", "Attempts to sign in that failed within the last hour.", value=found.failed_sign_ins)
    yield GaugeMetricFamily("cuntu_layers_published_timestamp_seconds", "When the newest version in force was published.", value=found.in_force_since)
    yield _gauge("cuntu_database_connections", "Connections to the server.", {"kind": "open"}, found.connections)
    yield _gauge("cuntu_database_connections_limit", "Most connections the server takes.", {}, found.most_connections)


def _gauge(name: str, told: str, labels: dict[str, str], value: float) -> Metric:
    family = GaugeMetricFamily(name, told, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def note_state(state: Any, tally: Tally) -> None:
    """Say how the parts of one process's application are; to be called about once a second."""
    told = [pool.get_stats() for pool in (state.pools.requests, state.pools.tiles, state.pools.work)]
    for gauge, name in (("pool_size", "pool_size"), ("pool_available", "pool_available"), ("pool_waiting", "requests_waiting")):
        tally.gauge(gauge, sum(one.get(name, 0) for one in told))
    tally.follow("pool_timeouts", sum(one.get("requests_errors", 0) for one in told))
    if state.snapshots.recent() is not None:
        tally.seen()
    tally.gauge("snapshot_loaded", float(len(state.snapshots.holding) > 0))
    tally.gauge("tile_bytes", state.tiles.size)


def written_folders(settings: Settings) -> dict[str, Path]:
    """Where this deployment writes on this machine: uploads, and the embedded cluster where there is one."""
    from api.database import cluster_of

    cluster = cluster_of(settings)
    return {"uploads": settings.uploads} | ({"data": cluster.pgdata} if cluster else {})


def free_bytes(folder: Path) -> int | None:
    """Free bytes for ordinary users where a folder is or would be made; None where that cannot be told."""
    for place in (folder, *folder.parents):
        try:
            found = os.statvfs(place)
        except (FileNotFoundError, PermissionError, NotADirectoryError):
            continue
        return found.f_bavail * found.f_frsize
    return None
