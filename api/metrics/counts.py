"""Counts in memory that all processes of the service see. Each process writes in a place of its own; whoever is asked adds them up.

A worker that takes the place of another goes on from its counts, so that none ever falls.
"""

from __future__ import annotations

import mmap
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STATUSES = (
    0, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 415, 416, 421, 422, 423,
    424, 425, 429, 431, 499, 500, 501, 502, 503, 504, 507,
)  # fmt: skip
"""Those counted by themselves; others count as 0."""
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MOST_ROUTES = 512
GAUGES = (
    "in_flight", "pool_size", "pool_available", "pool_waiting", "snapshot_loaded", "seen_at", "tile_bytes",
)  # fmt: skip
"""What is so at the moment; begins at zero with every process."""
TOTALS = ("tile_hits", "tile_misses", "restarts", "pool_timeouts")

_STATUS = {status: place for place, status in enumerate(STATUSES)}
_ROUTE = len(STATUSES) + len(BOUNDS_S) + 2
"""Of each route: answers by status, by latency (the last for longer ones), and the seconds they took together."""
_TOTALS_AT = len(GAUGES)
_ROUTES_AT = _TOTALS_AT + len(TOTALS)
WIDTH = _ROUTES_AT + MOST_ROUTES * _ROUTE


@dataclass(frozen=True)
class Summed:
    """What all processes have counted: (routes, statuses), (routes, latency bounds + 1), (routes,) seconds."""

    answers: NDArray[np.float64]
    latencies: NDArray[np.float64]
    seconds: NDArray[np.float64]
    gauges: dict[str, float]
    totals: dict[str, float]


class Counts:
    """Counts in as many places as there may be processes at a time; to be made before they are forked."""

    def __init__(self, *, places: int = 1) -> None:
        self._shared = mmap.mmap(-1, 8 * WIDTH * places)
        self._memory = memoryview(self._shared).cast("d")
        self.places = places

    def tally(self, place: int = 0) -> Tally:
        """Give a new process its place."""
        begin = place * WIDTH
        for gauge in range(len(GAUGES)):
            self._memory[begin + gauge] = 0.0
        return Tally(self._memory[begin : begin + WIDTH])

    def forget(self, place: int) -> None:
        """What was so of a process that has ended is so no more."""
        self.tally(place)

    def summed(self) -> Summed:
        """Add up what all have counted."""
        table = np.frombuffer(self._shared, dtype=np.float64).reshape(self.places, WIDTH).sum(axis=0)
        routes = table[_ROUTES_AT:].reshape(MOST_ROUTES, _ROUTE)
        gauges = dict(zip(GAUGES, table[:_TOTALS_AT].tolist(), strict=True))
        totals = dict(zip(TOTALS, table[_TOTALS_AT:_ROUTES_AT].tolist(), strict=True))
        return Summed(routes[:, : len(STATUSES)], routes[:, len(STATUSES) : -1], routes[:, -1], gauges, totals)

    def latest(self, gauge: str) -> float:
        """The largest value of a gauge in any place."""
        table = np.frombuffer(self._shared, dtype=np.float64).reshape(self.places, WIDTH)
        return float(table[:, GAUGES.index(gauge)].max())


class Tally:
    """The counts of one process. Written by its event loop alone."""

    def __init__(self, memory: memoryview[float]) -> None:
        self._memory = memory
        self._followed: dict[str, float] = {}

    def began(self) -> None:
        """A request is being answered."""
        self._memory[0] += 1.0

    def answered(self, route: int, status: int, seconds: float) -> None:
        """It was answered, or given up (499)."""
        memory, at = self._memory, _ROUTES_AT + route * _ROUTE
        memory[0] -= 1.0
        memory[at + _STATUS.get(status, 0)] += 1.0
        memory[at + len(STATUSES) + bisect_left(BOUNDS_S, seconds)] += 1.0
        memory[at + _ROUTE - 1] += seconds

    def add(self, total: str, number: float = 1.0) -> None:
        """Count something up."""
        self._memory[_TOTALS_AT + TOTALS.index(total)] += number

    def follow(self, total: str, number: float) -> None:
        """Take over a count that begins at zero with this process."""
        self.add(total, number - self._followed.get(total, 0.0))
        self._followed[total] = number

    def gauge(self, name: str, value: float) -> None:
        """Say how something is now."""
        self._memory[GAUGES.index(name)] = value

    def seen(self) -> None:
        """What is held was found to be in force just now."""
        self.gauge("seen_at", time.time())


def bounds() -> Sequence[str]:
    """The latency bounds as Prometheus writes them."""
    return [*(f"{bound:g}" for bound in BOUNDS_S), "+Inf"]
