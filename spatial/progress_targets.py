"""Targets by year: how they are written in a pack, and the line they draw for a figure of a given month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from spatial.rules.parameters import Confidence, Strict

Op = Literal[">=", "<=", "="]
Better = Literal["higher", "lower"]
Pace = Literal["year_end", "schedule"]


def _printed(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("应是数字，单位写在 unit 里")
    return Decimal(str(value))


Printed = Annotated[Decimal, BeforeValidator(_printed)]
"""A number exactly as it is printed, so that 98 + 3 × 0.1 is 98.3."""

Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class Target:
    """One target of one year, in the printed unit. `year` is None where the source leaves it open: such a target is shown, never judged by."""

    indicator: str
    year: int | None
    kind: str
    op: str
    low: Decimal | None
    high: Decimal | None
    unit: str
    ahead: Decimal | None
    note: str
    source: str
    confidence: str
    jurisdiction: str
    example: bool
    derived: bool = False

    @property
    def counts(self) -> bool:
        """Whether the target is a number of things (its line is for the numerator of the whole county), not a share."""
        return self.unit != "%"

    @property
    def label(self) -> str:
        """The target as a planner reads it."""
        if self.kind == "text":
            return self.note
        if self.op == "all":
            return "全部完成"
        if self.low is not None and self.high is not None:
            return f"{self.low:f}—{self.high:f} {self.unit}"
        value = self.low if self.low is not None else self.high
        return f"{'' if self.op == '=' else self.op.replace('>=', '≥ ').replace('<=', '≤ ')}{value:f} {self.unit}"

    def as_dict(self) -> dict[str, Any]:
        """Return the target as it stands in an answer."""
        return {
            "year": self.year,
            "kind": self.kind,
            "op": self.op,
            "value": None if self.low is None else float(self.low),
            "value_high": None if self.high is None else float(self.high),
            "unit": self.unit,
            "ahead": None if self.ahead is None else float(self.ahead),
            "label": self.label,
            "note": self.note,
            "source": self.source,
            "confidence": self.confidence,
            "jurisdiction": self.jurisdiction,
            "example": self.example,
            "derived": self.derived,
        }


class _Entry(Strict):
    source: Text
    confidence: Confidence
    note: str = ""


class _Measured(_Entry):
    unit: Text
    ahead: Printed | None = None


class ValueEntry(_Measured):
    """A single line for one year: a share (`rate`) or a number of things (`absolute`)."""

    kind: Literal["rate", "absolute"]
    year: int | None = None
    op: Op
    value: Printed

    @model_validator(mode="after")
    def _unit_fits(self) -> ValueEntry:
        if (self.kind == "rate") != (self.unit == "%"):
            raise ValueError("rate 的单位是 %，absolute 的单位不能是 %")
        return self

    def rows(self) -> list[dict[str, Any]]:
        """The one year's line."""
        upper = self.op == "<="
        return [{"year": self.year, "op": self.op, "low": None if upper else self.value, "high": self.value if upper else None}]


class BandEntry(_Measured):
    """A low and a high line for one year."""

    kind: Literal["band"]
    year: int | None = None
    low: Printed
    high: Printed

    @model_validator(mode="after")
    def _in_order(self) -> BandEntry:
        if self.low > self.high:
            raise ValueError("low 大于 high")
        return self

    def rows(self) -> list[dict[str, Any]]:
        """The one year's band."""
        return [{"year": self.year, "op": "band", "low": self.low, "high": self.high}]


class StepEntry(_Measured):
    """A base year's figure and a step for each year after it; with `step_high` the line is a band."""

    kind: Literal["increment_per_year", "cumulative_count"]
    base_year: int
    base: Printed
    step: Printed
    step_high: Printed | None = None
    years: Annotated[list[int], Field(min_length=1)]

    @model_validator(mode="after")
    def _after_base(self) -> StepEntry:
        if min(self.years) <= self.base_year:
            raise ValueError("years 应在 base_year 之后")
        if self.step_high is not None and self.step_high < self.step:
            raise ValueError("step_high 小于 step")
        return self

    def rows(self) -> list[dict[str, Any]]:
        """A line for each year, worked out from the base."""
        return [self._row(year) for year in self.years]

    def _row(self, year: int) -> dict[str, Any]:
        low, high = (None if s is None else self.base + s * (year - self.base_year) for s in (self.step, self.step_high))
        return {"year": year, "op": ">=" if high is None else "band", "low": low, "high": high, "derived": True}


class AllEntry(_Entry):
    """Everything done by the end of a year."""

    kind: Literal["all_by_date"]
    year: int
    unit: Text

    def rows(self) -> list[dict[str, Any]]:
        """The whole denominator, at the year's end."""
        return [{"year": self.year, "op": "all", "low": Decimal(100), "high": None, "unit": "%", "ahead": None}]


class TextEntry(_Entry):
    """Words without a number (基本…): shown, never judged by, until the county sets the number."""

    kind: Literal["text"]
    year: int | None = None
    note: Text

    def rows(self) -> list[dict[str, Any]]:
        """The words alone."""
        return [{"year": self.year, "op": "text", "low": None, "high": None, "unit": "", "ahead": None}]


Entry = Annotated[ValueEntry | BandEntry | StepEntry | AllEntry | TextEntry, Field(discriminator="kind")]


def expand(indicator: str, entries: Sequence[Entry], *, jurisdiction: str, example: bool) -> tuple[Target, ...]:
    """Write a pack's entries out year by year."""
    shared = {"indicator": indicator, "jurisdiction": jurisdiction, "example": example}
    return tuple(
        Target(**{**entry.model_dump(include={"kind", "unit", "ahead", "note", "source", "confidence"}), **shared, **row})
        for entry in entries
        for row in entry.rows()
    )


@dataclass(frozen=True)
class Goal:
    """The line a figure of one month is judged by. `line` and `ahead_line` are shares 0–1, or numbers of things where `counts`."""

    target: Target
    better: Better
    pace: Pace
    counts: bool
    line: float
    ahead_line: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the target with this month's line."""
        return {**self.target.as_dict(), "pace": self.pace, "better": self.better, "line": self.line, "ahead_line": self.ahead_line}


def goal(targets: Sequence[Target], *, period: date, better: Better, pace: Pace = "year_end") -> Goal | None:
    """Find the line for a month, or None where no target of its year can be judged by: a target is never carried to another year.

    With pace `schedule` (序时进度) the line rises month by month from last year's target to this year's; without a target
    of last year, and with `year_end`, it is this year's.
    """
    own = _of_year(targets, period.year)
    if own is None:
        return None
    line, ahead = _lines(own, better)
    shift = Decimal(0)
    before = _of_year(targets, period.year - 1) if pace == "schedule" else None
    if before is not None and before.counts == own.counts:
        shift = (line - _lines(before, better)[0]) * (12 - period.month) / 12
    unit = Decimal(1) if own.counts else Decimal(100)
    ahead_line = None if ahead is None else float((ahead - shift) / unit)
    paced: Pace = "schedule" if before is not None and before.counts == own.counts else "year_end"
    return Goal(own, better, paced, own.counts, float((line - shift) / unit), ahead_line)


def _of_year(targets: Sequence[Target], year: int) -> Target | None:
    judged = [target for target in targets if target.year == year and target.kind != "text"]
    return min(judged, key=lambda target: target.counts) if judged else None


def _lines(target: Target, better: Better) -> tuple[Decimal, Decimal | None]:
    """The line to reach, and the one beyond which a figure is ahead (超前)."""
    low, high = target.low, target.high
    first, second = (low, high) if better == "higher" else (high, low)
    line = first if first is not None else second
    assert line is not None  # every kind but text has a number
    if low is not None and high is not None:
        return line, second
    step = target.ahead
    return line, None if step is None else (line + step if better == "higher" else line - step)
