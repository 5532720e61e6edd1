"""Working days and calendar days: deadlines of law, counted without the starting day (民法典 §201).

Working days follow the State Council's yearly notice. A year without its notice on file has no working days to count, and
asking for them is an error: weekends alone would give a wrong deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from spatial.errors import CuntuError, PackError
from spatial.lazy import lazy
from spatial.rules.parameters import Confidence, Strict
from spatial.rules.yamlfile import read

FOLDER = Path(__file__).parent / "rules" / "packs" / "calendar"

_SATURDAY = 5
_DAY = timedelta(days=1)


class UnknownYearError(CuntuError):
    """没有这一年的放假安排，不能计算工作日。"""


class DayEntry(Strict):
    """A day that differs from its weekday: a holiday, or worked in exchange (调休)."""

    date: date
    kind: Literal["holiday", "worked"]
    name: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _differs(self) -> DayEntry:
        if self.kind == "worked" and self.date.weekday() < _SATURDAY:
            raise ValueError(f"{self.date} 本来就是工作日，不必写调休上班")
        return self


class CalendarFile(Strict):
    """One year's notice."""

    year: int
    source: Annotated[str, Field(min_length=1)]
    confidence: Confidence
    days: list[DayEntry]

    @model_validator(mode="after")
    def _days_fit(self) -> CalendarFile:
        days = [entry.date for entry in self.days]
        wrong = [f"{day} 不在 {self.year} 年" for day in days if day.year != self.year]
        wrong += [f"{day} 写了两次" for day in sorted(set(days)) if days.count(day) > 1]
        if wrong:
            raise ValueError("；".join(wrong))
        return self


@dataclass(frozen=True)
class Calendar:
    """The years whose notice is on file, and the days in them that differ from their weekday."""

    years: frozenset[int]
    special: Mapping[date, bool]
    counted: dict[tuple[int, int], float] = field(default_factory=dict, compare=False, repr=False)
    """The working days of pairs of days asked about before."""

    @lazy
    def differing(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The weekends that are worked and the weekdays that are not, as ordinals, and the years on file, all in order."""
        differs = np.array([day.toordinal() for day in self.special], dtype=np.int64)
        worked = np.array(list(self.special.values()), dtype=bool)
        weekend = np.array([day.weekday() >= _SATURDAY for day in self.special], dtype=bool)
        return np.sort(differs[worked]), np.sort(differs[~worked & ~weekend]), np.array(sorted(self.years), dtype=np.int64)

    def is_working_day(self, day: date) -> bool:
        """Tell whether offices work on a day. Raises UnknownYearError for a year without notice."""
        if day.year not in self.years:
            raise UnknownYearError(f"没有 {day.year} 年的放假安排，不能计算工作日。")
        return self.special.get(day, day.weekday() < _SATURDAY)

    def due(self, start: date, *, working_days: int) -> date:
        """Return the last day of a period of working days. The starting day does not count, the last one does."""
        day = start
        for _ in range(working_days):
            day += _DAY
            while not self.is_working_day(day):
                day += _DAY
        return day

    def between(self, first: date, last: date) -> int:
        """Count the working days after `first` up to and including `last`; none where `last` is not later."""
        return sum(self.is_working_day(first + _DAY * step) for step in range(1, (last - first).days + 1))

    def late(self, start: date, done: date, *, working_days: int) -> int:
        """Count the working days by which something was done too late."""
        return self.between(self.due(start, working_days=working_days), done)


def working_days(calendar: Calendar, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count for n pairs of days (as ordinals) the working days after the first up to the last; NaN where a year has no notice.

    Gives for every pair what `Calendar.between` gives. Notices begin and end on few days: each pair is counted once.
    """
    pairs, kept = list(zip(first.tolist(), last.tolist(), strict=True)), calendar.counted
    found = {pair: kept.get(pair) for pair in pairs}
    new = [pair for pair, days in found.items() if days is None]
    if new:
        counted = dict(zip(new, _counted(calendar, *np.array(new, dtype=np.int64).T).tolist(), strict=True))
        found |= counted
        if len(kept) > _MOST_COUNTED:  # all at once: to find the oldest for each of many new ones would take longer than counting them
            kept.clear()
        kept.update(counted)
    return np.array([found[pair] for pair in pairs], dtype=float)


_MOST_COUNTED = 20_000


def _counted(calendar: Calendar, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
    more, fewer, years = calendar.differing
    epoch = date(1970, 1, 1).toordinal()
    start, end = (first - epoch + 1).astype("datetime64[D]"), (np.maximum(last, first) - epoch + 1).astype("datetime64[D]")
    count = np.busday_count(start, end).astype(float)
    for days, sign in ((more, 1), (fewer, -1)):
        count += sign * (np.searchsorted(days, np.maximum(last, first), "right") - np.searchsorted(days, first, "right"))
    from_year, to_year = start.astype("datetime64[Y]").astype(np.int64) + 1970, (end - 1).astype("datetime64[Y]").astype(np.int64) + 1970
    on_file = np.searchsorted(years, to_year, "right") - np.searchsorted(years, from_year, "left") == to_year - from_year + 1
    return np.where(last <= first, 0.0, np.where(on_file, count, np.nan))


def due_calendar_days(start: date, *, days: int) -> date:
    """Return the last day of a period of calendar days. The starting day does not count, the last one does."""
    return start + _DAY * days


@lru_cache(maxsize=4)
def load_calendar(*, folder: Path = FOLDER) -> Calendar:
    """Read every year's notice, once. Raises PackError naming file and line of what is wrong."""
    years: set[int] = set()
    special: dict[date, bool] = {}
    for path in sorted(folder.glob("*.yaml")):
        notice = read(path, CalendarFile)
        if path.stem != str(notice.year):
            raise PackError(problems=[f"{path.name}:1 year: 与文件名不符"])
        years.add(notice.year)
        special |= {entry.date: entry.kind == "worked" for entry in notice.days}
    return Calendar(frozenset(years), MappingProxyType(special))
