"""The county's time: which day it is does not depend on where the service or its database stands."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

COUNTY_TIME = ZoneInfo("Asia/Shanghai")


def day_of(at: datetime) -> date:
    """Return the day of a moment in the county."""
    return at.astimezone(COUNTY_TIME).date()


def today() -> date:
    """Return the day it is in the county."""
    return datetime.now(COUNTY_TIME).date()
