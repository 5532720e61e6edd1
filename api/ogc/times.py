"""`datetime` and `known_at`: which days, as known when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.moment import KNOWN_YEARS, Moment
from layers.county_time import COUNTY_TIME

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")
EXAMPLES = "2026-01-01、2026-01-01T08:00:00+08:00、2025-01-01/2025-12-31、2025-01-01/.. 或 ../2025-12-31"


@dataclass(frozen=True)
class When:
    """The days asked for, both included, as known at a moment; `texts` are the parameters as given, for links.

    `first` and `last` are the same day for an instant, and that of `moment` where no day was asked for.
    """

    first: date
    last: date
    moment: Moment
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def is_interval(self) -> bool:
        """Whether more than one day is meant."""
        return self.first != self.last

    def fixed(self, known_at: datetime) -> tuple[tuple[str, str], ...]:
        """Write both times so that they mean the same versions for ever."""
        return ("datetime", dict(self.texts).get("datetime", self.first.isoformat())), ("known_at", known_at.isoformat())


def read(days: str | None, known_at: str | None) -> tuple[When, list[str]]:
    """Read both parameters; what is wrong with them is told with its place, and now is meant then."""
    problems: list[str] = []
    now = Moment.now()
    known = _known(known_at, problems) if known_at is not None else None
    first, last = _days(days, problems) if days is not None else (None, None)
    texts = tuple((name, text) for name, text in (("datetime", days), ("known_at", known_at)) if text is not None)
    at = known or now.known_at
    if first is None or last is None:
        return When(now.valid_on, now.valid_on, now if known is None else Moment(now.valid_on, at), texts), problems
    return When(first, last, Moment(last, at), texts), problems


def instant(day: date, *, end_of_day: bool = False) -> str:
    """Write the first (or last) second of a day in the county's time zone as RFC 3339 asks."""
    at = datetime(day.year, day.month, day.day, tzinfo=COUNTY_TIME)
    return (at + timedelta(days=1, seconds=-1) if end_of_day else at).isoformat()


def _known(text: str, problems: list[str]) -> datetime | None:
    found = _moment(text)
    if found is None:
        problems.append(f"?known_at：应为 {KNOWN_YEARS.start} 到 {KNOWN_YEARS.stop - 1} 年间含时区的时刻，例如 2026-01-01T08:00:00+08:00")
    return found


def _days(text: str, problems: list[str]) -> tuple[date | None, date | None]:
    parts = text.split("/")
    ends = [_day(part) for part in parts]
    if len(parts) == 1 and ends[0]:
        return ends[0], ends[0]
    if len(parts) == 2:
        open_start, open_end = (part in ("", "..") for part in parts)
        first, last = (date.min if open_start else ends[0]), (date.max if open_end else ends[1])
        if first and last and first <= last:
            return first, last
    problems.append(f"?datetime：应为日期、时刻或先后有序的时段，例如 {EXAMPLES}")
    return None, None


def _day(text: str) -> date | None:
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    found = _moment(text)
    return found.astimezone(COUNTY_TIME).date() if found else None


def _moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return found if found.year in KNOWN_YEARS else None
