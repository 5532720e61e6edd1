"""A count in memory that all processes of the service see: it goes up whenever somebody's rights may have become fewer."""

from __future__ import annotations

import mmap


class Epoch:
    """To be made before workers are forked. Whoever remembers an identity also remembers the count at which it was true."""

    def __init__(self) -> None:
        self._count = memoryview(mmap.mmap(-1, 8)).cast("Q")

    @property
    def now(self) -> int:
        """The count."""
        return self._count[0]

    def turn(self) -> None:
        """Have every process ask the database anew who somebody is; two at once may turn it once, which does the same."""
        self._count[0] += 1
