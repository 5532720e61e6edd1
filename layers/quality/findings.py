"""What an acceptance check found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from shapely.geometry.base import BaseGeometry

Level = Literal["error", "warning", "note"]
LEVEL_LABELS: dict[Level, str] = {"error": "错误", "warning": "警告", "note": "提示"}


@dataclass(frozen=True, kw_only=True)
class QualityFinding:
    """One finding: a stable `code`, the row it is about (from 0; None: the whole data set), its place in the county's CRS.

    `measured` is in `unit`; `repair` is the id of the repair offered for it, None where a person has to mend the file.
    """

    code: str
    level: Level
    message: str
    row: int | None = None
    identifier: str | None = None
    geometry: BaseGeometry | None = None
    other: str | None = None
    measured: float | None = None
    unit: str | None = None
    repair: str | None = None


@dataclass(frozen=True, kw_only=True)
class RepairOffer:
    """A repair that can be chosen: what it does, and every row it would touch (from 0), listed among the findings or not."""

    id: str
    code: str
    title: str
    rows: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """All findings of a data set, worst first; `checks` says of every check whether it was made, or why it could not be.

    Each entry of `checks` has code, title, group, level, status (made, not_made, not_applicable), reason, found (true number by level)
    and listed (number of findings listed). `thresholds` are the numbers used with unit, source and confidence; `figures` what was
    counted (features, area in m2, ...); `repairs` what is offered.
    """

    layer: str
    findings: tuple[QualityFinding, ...]
    checks: tuple[dict[str, Any], ...]
    thresholds: tuple[dict[str, Any], ...]
    figures: dict[str, Any]
    repairs: tuple[RepairOffer, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """True number of findings by level, listed or not; every level is there."""
        if not self.checks:
            counted = Counter(finding.level for finding in self.findings)
            return {level: counted[level] for level in LEVEL_LABELS}
        return {level: sum(check.get("found", {}).get(level, 0) for check in self.checks) for level in LEVEL_LABELS}

    @property
    def is_acceptable(self) -> bool:
        """Whether no error is left."""
        return not self.counts["error"]


@dataclass(frozen=True, kw_only=True)
class Repair:
    """A repair that was made: what was done to which row, for the record."""

    id: str
    code: str
    row: int
    identifier: str | None
    message: str
