"""How long work tells how far it has come."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Told the share done so far, 0 to 1, and in Chinese what is being done."""


def silent(share: float, text: str) -> None:
    """Tell nobody."""


def part(progress: Progress, begin: float, end: float) -> Progress:
    """Tell of one part of the work: its share runs from `begin` to `end` of the whole."""
    return lambda share, text: progress(begin + share * (end - begin), text)
