"""What a bench tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Report = Callable[[float, str], None]
"""Told the share of a section done (0-1) and what is being done."""


@dataclass(frozen=True)
class Figure:
    """One number: `aim` says in words what it should be, `met` whether it is (None where nothing is aimed at)."""

    section: str
    name: str
    value: float
    unit: str
    aim: str = ""
    met: bool | None = None


@dataclass
class Figures:
    """The numbers of one section in the order they were found."""

    section: str
    found: list[Figure] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str, *, at_most: float | None = None, at_least: float | None = None) -> None:
        """Note one number, with what is aimed at."""
        aim, met = "", None
        if at_most is not None:
            aim, met = f"≤ {at_most:g}", value <= at_most
        elif at_least is not None:
            aim, met = f"≥ {at_least:g}", value >= at_least
        self.found.append(Figure(self.section, name, round(float(value), 3), unit, aim, met))
