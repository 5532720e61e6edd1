"""Everything that the suite's logs say, kept until its end: no name, identity or telephone number that a test used may stand in it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from spatial.personal_numbers import named_in

OF_CLIENTS = ("httpx", "httpcore", "urllib3", "hypothesis")
"""Programs that stand for users: what they write down themselves never leaves their machine."""


class Logs(logging.Handler):
    """Keeps every record as it was written, before anything takes numbers out of it, and what other processes wrote to stderr."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(OF_CLIENTS):
            self.texts.append(self.format(record))

    def leaks(self, planted: Collection[str]) -> list[str]:
        """Return the lines that hold something planted, or an identity number at all."""
        whole = "\n".join(self.texts)
        here = [text for text in planted if text in whole]
        return [
            line
            for text in self.texts
            for line in text.splitlines()
            if any(item in line for item in here) or "身份证号" in named_in(line)
        ]


ALL = Logs()
"""What this process's tests and the services they started have written."""


@contextmanager
def collecting(logs: Logs) -> Iterator[Logs]:
    """Have a collector hear every record that is written anywhere in this process."""
    root, own = logging.getLogger(), logging.getLogger("cuntu")
    before = own.level
    root.addHandler(logs)
    own.setLevel(logging.DEBUG)
    try:
        yield logs
    finally:
        root.removeHandler(logs)
        own.setLevel(before)
