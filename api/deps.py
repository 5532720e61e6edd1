"""What a route may ask for. Aliases make handler signatures read as documentation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request
from psycopg_pool import ConnectionPool

from api.settings import Settings
from spatial.errors import InputError

COUNTY_TIME = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Moment:
    """The two times of every read: what was valid on a day, as it was known at a moment. `is_now` says that neither was asked for."""

    valid_on: date
    known_at: datetime
    is_now: bool = False

    @classmethod
    def now(cls) -> Moment:
        """This moment, and this day in the county's time zone."""
        known_at = datetime.now(UTC)
        return cls(known_at.astimezone(COUNTY_TIME).date(), known_at, is_now=True)


async def moment(
    valid_on: Annotated[date | None, Query(description="哪一天有效的数据，默认今天")] = None,
    known_at: Annotated[datetime | None, Query(description="以哪一时刻所知为准（含时区），默认此刻")] = None,
) -> Moment:
    """Read `valid_on` and `known_at`; a `known_at` without a time zone is refused, for it would name no moment."""
    if known_at is not None and known_at.tzinfo is None:
        raise InputError(problems=["known_at：缺少时区，例如 2026-01-01T00:00:00+08:00"])
    now = Moment.now()
    if valid_on is None and known_at is None:
        return now
    return Moment(valid_on or now.valid_on, known_at.astimezone(UTC) if known_at else now.known_at)


async def settings(request: Request) -> Settings:
    """The settings the application was made with."""
    return request.app.state.settings  # type: ignore[no-any-return]


async def database(request: Request) -> ConnectionPool[Any]:
    """The connection pool. Handlers borrow a connection in a `with` block, never as a dependency.

    A connection held by a dependency waits, with its connection, for a thread to run the handler in, while other requests
    hold the threads waiting for a connection: with few threads both wait for ever.
    """
    return request.app.state.pool  # type: ignore[no-any-return]


AppSettings = Annotated[Settings, Depends(settings)]
Db = Annotated[ConnectionPool[Any], Depends(database)]
When = Annotated[Moment, Depends(moment)]
