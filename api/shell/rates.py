"""Token buckets in memory that all processes of the service share: how often somebody may ask."""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from dataclasses import dataclass

PERIODS_S = {"s": 1.0, "min": 60.0, "h": 3600.0}
WAYS = 4
"""So many places a key may stand in; the one not used for longest gives way."""
FIELDS = 3


@dataclass(frozen=True)
class Rate:
    """`most` requests in `period_s` seconds, and so many at once."""

    most: float
    period_s: float

    @classmethod
    def read(cls, text: str) -> Rate:
        """Read `3000/s`, `60/min`, `5/h`; raises ValueError for anything else."""
        most, _, period = text.partition("/")
        if period not in PERIODS_S or not most.isdigit() or not int(most):
            raise ValueError(f"no rate: {text}")
        return cls(float(most), PERIODS_S[period])

    @property
    def per_s(self) -> float:
        """How fast a bucket fills again."""
        return self.most / self.period_s


class Buckets:
    """A table of a fixed size, to be made before workers are forked.

    Nothing is locked: two processes that take from one bucket in the same microsecond may take one token for two requests, which a limit of this
    kind bears. Keys are told apart by Python's hash, which is salted anew for each service: nobody can choose keys that share a bucket.
    """

    def __init__(self, places: int = 65_536, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rows = places // WAYS
        self.clock = clock
        shared = memoryview(mmap.mmap(-1, places * FIELDS * 8))
        self._keys = shared[: places * 8].cast("q")
        self._tokens = shared[places * 8 : places * 16].cast("d")
        self._times = shared[places * 16 :].cast("d")

    def take(self, rate: Rate, *key: object, cost: float = 1.0) -> float:
        """Take a token; return 0 where there was one, or in how many seconds there will be."""
        number = hash(key)
        place, now = self._place(number), self.clock()
        left = self._filled(place, number, rate, now)
        waits = 0.0 if left >= cost else (cost - left) / rate.per_s
        self._keys[place], self._times[place] = number, now
        self._tokens[place] = left if waits else left - cost
        return waits

    def wait(self, rate: Rate, *key: object, cost: float = 1.0) -> float:
        """Return what `take` would, and take nothing."""
        number = hash(key)
        left = self._filled(self._place(number), number, rate, self.clock())
        return 0.0 if left >= cost else (cost - left) / rate.per_s

    def _filled(self, place: int, number: int, rate: Rate, now: float) -> float:
        """How many tokens are there now; a bucket nobody used yet is full."""
        if self._keys[place] != number or not self._times[place]:
            return rate.most
        return min(rate.most, self._tokens[place] + max(0.0, now - self._times[place]) * rate.per_s)

    def _place(self, number: int) -> int:
        """Where a key stands, or the place among its own that was not used for longest."""
        first = number % self.rows * WAYS
        oldest, since = first, float("inf")
        for place in range(first, first + WAYS):
            if self._keys[place] == number:
                return place
            if self._times[place] < since:
                oldest, since = place, self._times[place]
        return oldest
