"""A number in memory that all processes of the service see: another one whenever somebody's rights may have become fewer."""

from __future__ import annotations

import mmap
import secrets


class Epoch:
    """To be made before workers are forked. Whoever remembers an identity also remembers the number at which it was true."""

    def __init__(self) -> None:
        self._number = memoryview(mmap.mmap(-1, 8)).cast("Q")

    @property
    def now(self) -> int:
        """The number."""
        return self._number[0]

    def turn(self) -> None:
        """Have every process ask the database anew who somebody is.

        A number of its own, not the next one: of two that counted at once, one could write down again what somebody remembers.
        """
        self._number[0] = secrets.randbits(64)
