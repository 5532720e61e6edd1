"""How much one account may deliver: so many bytes of layer files in a day, and so many deliveries open at the same time."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from anyio.to_thread import run_sync
from psycopg_pool import ConnectionPool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.caller import Caller
from api.errors import (
    DATABASE_AWAY,
    DatabaseAwayError,
    PayloadTooLargeError,
    TooManyRequestsError,
    document_of,
    problem,
)
from api.moment import Moment
from api.settings import Settings
from layers import deliveries
from layers.acting import as_service
from layers.county_time import COUNTY_TIME
from spatial.errors import CuntuError

UPLOADS = ("/api/v1/deliveries", "/imports")


def is_upload(scope: Scope) -> bool:
    """Whether a request brings a layer file."""
    return bool(
        scope["type"] == "http"
        and scope["method"] == "POST"
        and scope["path"].startswith("/api/v1/")
        and scope["path"].endswith(UPLOADS)
    )


class UploadQuota:
    """Answers 429 before the file is read where an account has delivered what it may, 413 where this file alone is more than a day's."""

    def __init__(self, app: ASGIApp, *, settings: Settings, pool: ConnectionPool[Any]) -> None:
        self.app = app
        self.settings = settings
        self.pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        refusal = await self._refusal(scope) if is_upload(scope) else None
        if refusal is None:
            await self.app(scope, receive, send)
            return
        headers = {"Retry-After": str(_until_midnight_s())} if isinstance(refusal, TooManyRequestsError) else {}
        await problem(document_of(refusal, instance=scope["path"]), headers=headers)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> CuntuError | None:
        caller: Caller = scope["state"]["caller"]
        if caller.account_id is None or not caller.may("layers.deliver"):
            return None  # the route refuses them
        declared = Headers(scope=scope).get("content-length", "")
        size, most = int(declared) if declared.isdigit() else 0, self.settings.upload_bytes_per_day
        if size > most:
            return PayloadTooLargeError(f"文件超过每个账户每日可交付的总量 {most} 字节。")
        try:
            delivered, opened = await run_sync(self._so_far, caller.account_id)
        except DATABASE_AWAY:
            return DatabaseAwayError()
        if delivered + size > most:
            return TooManyRequestsError(
                f"今日已交付 {delivered} 字节，加上这个文件超过每日上限 {most} 字节，请明日再交，或由管理员调整。"
            )
        if opened >= self.settings.open_deliveries:
            return TooManyRequestsError(f"您有 {opened} 份交付尚未办结，请先办结或作废一些。")
        return None

    def _so_far(self, account: int) -> tuple[int, int]:
        with as_service(), self.pool.connection() as conn:
            return deliveries.of_account(conn, account, since=_midnight())


def _midnight() -> datetime:
    return _now().replace(hour=0, minute=0, second=0, microsecond=0)


def _until_midnight_s() -> int:
    return max(1, math.ceil((_midnight() + timedelta(days=1) - _now()).total_seconds()))


def _now() -> datetime:
    return Moment.now().known_at.astimezone(COUNTY_TIME)
