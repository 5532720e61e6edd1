"""Waiting for what the service does after its answer."""

from __future__ import annotations

import time
from typing import Any


def finished(client: Any, location: str, *, within_s: float = 120.0) -> dict[str, Any]:
    """The job at an address once it has ended, at most so many seconds from now."""
    until = time.monotonic() + within_s
    while (job := client.get(location).json())["state"] in ("queued", "running"):
        assert time.monotonic() < until
        time.sleep(0.02)
    return job
