"""The two times as options of commands."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from api.moment import KNOWN_YEARS, Moment
from spatial.errors import InputError

ValidOn = Annotated[str | None, typer.Option(help="哪一天有效的数据，例如 2026-01-01，默认今天")]
KnownAt = Annotated[str | None, typer.Option(help="以哪一时刻所知为准，例如 2026-01-01T00:00:00+08:00，默认此刻")]


def moment_of(valid_on: str | None, known_at: str | None) -> Moment:
    """Read the two options; raises InputError."""
    now = Moment.now()
    if valid_on is None and known_at is None:
        return now
    return Moment(day_of(valid_on, "--valid-on") if valid_on else now.valid_on, _instant(known_at) if known_at else now.known_at)


def day_of(text: str, option: str) -> date:
    """Read a date; raises InputError naming the option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} 应为日期，例如 2026-01-01，实为 {text[:40]}。") from None


def _instant(text: str) -> datetime:
    try:
        known_at = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--known-at 应为时刻，例如 2026-01-01T00:00:00+08:00，实为 {text[:40]}。") from None
    if known_at.tzinfo is None:
        raise InputError("--known-at 缺少时区，例如 2026-01-01T00:00:00+08:00。")
    if known_at.year not in KNOWN_YEARS:
        raise InputError(f"--known-at 的年份应在 {KNOWN_YEARS.start} 到 {KNOWN_YEARS.stop - 1} 之间。")
    return known_at.astimezone(UTC)
