"""How many connections each worker has, and when it was last heard of, in memory that all of them see."""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterable

STEP_S = 0.03
"""How long a worker leaves a new connection to the others, for each connection it has more than the least busy one: longer than that one
judges a group of applications."""

LONGEST_WAIT_S = 0.06
ABSENT = -1


class Loads:
    """Counts in as many places; to be made before the workers are forked."""

    def __init__(self, *, places: int) -> None:
        self.counts = memoryview(mmap.mmap(-1, 4 * places)).cast("i")
        self.counts[:] = memoryview(b"\xff" * 4 * places).cast("i")
        self.heard = memoryview(mmap.mmap(-1, 8 * places)).cast("d")

    def place(self, taken: Iterable[int]) -> Load:
        """Give a new worker a place that none of the living has."""
        free = min(set(range(len(self.counts))) - set(taken))
        self.counts[free] = 0
        self.heard[free] = time.monotonic()
        return Load(self.counts, self.heard, free)

    def silent_s(self, place: int) -> float:
        """For how long the worker at a place has not been heard of."""
        return time.monotonic() - self.heard[place] if place != ABSENT else 0.0

    def free(self, place: int) -> None:
        """Forget a worker that has ended."""
        if place != ABSENT:
            self.counts[place] = ABSENT


class Load:
    """The counts as one worker uses them; its own is at `place`."""

    def __init__(self, counts: memoryview[int], heard: memoryview[float], place: int) -> None:
        self.counts = counts
        self.heard = heard
        self.place = place

    def note(self, connections: int) -> None:
        """Tell the others how many connections this worker has."""
        self.counts[self.place] = connections

    def alive(self) -> None:
        """Tell the master that this worker is at work."""
        self.heard[self.place] = time.monotonic()

    def leave(self) -> None:
        """Tell the others that this worker takes no more connections."""
        self.counts[self.place] = ABSENT

    def patience_s(self) -> float:
        """How long to leave a new connection to less busy workers."""
        least = min((count for count in self.counts if count != ABSENT), default=0)
        return max(0.0, min((self.counts[self.place] - least) * STEP_S, LONGEST_WAIT_S))
