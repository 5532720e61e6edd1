"""Days and moments as callers write them: ISO 8601, never a number."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)


def _written(kind: str) -> BeforeValidator:
    """Refuse what would be taken for seconds since 1970: whoever writes 20260101 means another day."""

    def check(value: Any) -> Any:
        if isinstance(value, (int, float)) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
            raise PydanticCustomError(kind, "not written in ISO 8601")
        return value

    return BeforeValidator(check)


Day = Annotated[date, _written("date_parsing")]
"""A date such as 2026-01-01."""
Instant = Annotated[datetime, _written("datetime_parsing")]
"""A moment such as 2026-01-01T08:00:00+08:00."""
