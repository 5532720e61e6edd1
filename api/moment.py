"""The two times of every read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from layers.county_time import COUNTY_TIME
from spatial.errors import InputError

KNOWN_YEARS = range(1900, 9_000)
"""Moments of these years can be told in every time zone, here and in the database."""


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


@dataclass(frozen=True)
class Times:
    """The two times as they were asked for; what was not asked for means now, whenever `moment` is called."""

    valid_on: date | None = None
    known_at: datetime | None = None

    @property
    def is_now(self) -> bool:
        """Whether neither was asked for."""
        return self.valid_on is None and self.known_at is None

    def __post_init__(self) -> None:
        """Refuse moments that cannot be told in every time zone; raises InputError."""
        if self.known_at is not None and self.known_at.year not in KNOWN_YEARS:
            raise InputError(problems=[f"?known_at：年份应在 {KNOWN_YEARS.start} 到 {KNOWN_YEARS.stop - 1} 之间"])

    def moment(self) -> Moment:
        """The moment asked for."""
        now = Moment.now()
        if self.is_now:
            return now
        return Moment(self.valid_on or now.valid_on, self.known_at.astimezone(UTC) if self.known_at else now.known_at)

    @classmethod
    def from_text(cls, valid_on: str | None, known_at: str | None) -> Times:
        """Read what `as_text` wrote."""
        return cls(date.fromisoformat(valid_on) if valid_on else None, datetime.fromisoformat(known_at) if known_at else None)

    def as_text(self) -> dict[str, str | None]:
        """Write both times in ISO 8601, None for what was not asked for."""
        return {
            "valid_on": self.valid_on.isoformat() if self.valid_on else None,
            "known_at": self.known_at.isoformat() if self.known_at else None,
        }
