"""Waiting for what a library offers only as a coroutine, also where an event loop runs already (a notebook, a service)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def outcome(work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    """Return what comes of a coroutine, raise what it raises. It runs in a thread of its own, since a thread can have one loop only."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(lambda: asyncio.run(work())).result()
