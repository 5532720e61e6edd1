"""The two times of every read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

COUNTY_TIME = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Moment:
    """What was valid on a day, as it was known at a moment. `is_now` says that neither was asked for."""

    valid_on: date
    known_at: datetime
    is_now: bool = False

    @classmethod
    def now(cls) -> Moment:
        """This moment, and this day in the county's time zone."""
        known_at = datetime.now(UTC)
        return cls(known_at.astimezone(COUNTY_TIME).date(), known_at, is_now=True)

    def fixed(self) -> Moment:
        """The same moment as one that was asked for: it stays when the clock goes on."""
        return replace(self, is_now=False)
