"""Who took a file away, and when: told in every file that is handed out, as its entry in the audit does."""

from __future__ import annotations

from datetime import datetime

from layers import acting
from layers.county_time import COUNTY_TIME


def taken_by() -> str:
    """Name whoever acts here and now, by unit, seat and name; empty where nobody does."""
    by = acting.current()
    return " ".join(text for text in (by.unit, by.seat, by.person) if text)


def taken_at() -> str:
    """This moment in the county's time, to the second."""
    return datetime.now(COUNTY_TIME).isoformat(timespec="seconds")
