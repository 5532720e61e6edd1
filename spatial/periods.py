"""Reporting periods: months, the months in which a cadence is due, and the ten-day parts (旬) of a month."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from spatial.errors import InputError

CADENCES: Mapping[str, int] = MappingProxyType({"month": 1, "quarter": 3, "half-year": 6, "year": 12})
"""Months between two reports. A report is due in the last month of its period: a quarter's in March, June, September, December."""

TEN_DAYS: Mapping[str, int] = MappingProxyType({"上旬": 1, "中旬": 11, "下旬": 21})
"""The day on which each ten-day part of a month starts."""

_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-01)?")


def parse_month(text: str) -> date:
    """Read a month written `2026-11` (or as its first day, `2026-11-01`) as its first day.

    Raises InputError for anything else: a period is never guessed.
    """
    match = _MONTH.fullmatch(text.strip())
    if match and 1 <= int(match[2]) <= 12 and int(match[1]) >= 1:
        return date(int(match[1]), int(match[2]), 1)
    raise InputError(problems=[f"期数“{text}”不是月份，应写成 2026-11 的样子"])


def month_label(period: date) -> str:
    """Write a month the way it is read: `2026-11`."""
    return f"{period:%Y-%m}"


def due_period(period: date, *, cadence: str) -> date:
    """Find the last month, not after `period`, in which a figure of this cadence is due."""
    step = CADENCES[cadence]
    month = period.month - period.month % step
    return date(period.year, month, 1) if month else date(period.year - 1, 12, 1)


def due_periods(first: date, last: date, *, cadence: str) -> tuple[date, ...]:
    """List the months from `first` to `last`, both included, in which a figure of this cadence is due."""
    step = CADENCES[cadence]
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return tuple(date(m // 12, m % 12 + 1, 1) for m in months if (m % 12 + 1) % step == 0)


def months_before(period: date, count: int) -> date:
    """Step `count` months back."""
    months = period.year * 12 + period.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def ten_day_span(year: int, month: int, part: str) -> tuple[date, date]:
    """Give the first and last day of 上旬 (1–10), 中旬 (11–20) or 下旬 (21 to the end of the month)."""
    first = TEN_DAYS[part]
    last = first + 9 if part != "下旬" else monthrange(year, month)[1]
    return date(year, month, first), date(year, month, last)
