"""What it costs to know who asks, whether they may, and to write down what they did: the service against itself without that, turn about.

Both are the same application in this process, asked without a network. The bare one takes every caller for the service itself: no token is looked
up, no permission asked for, no policy of the database applies, and no entry goes to the audit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from statistics import median
from typing import Any
from unittest.mock import patch

import orjson
import shapely
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from api.access import guard
from api.access.caller import Caller
from api.access.permissions import permissions
from api.app import create_app
from api.bench.bearer import token
from api.bench.clients import RefusedError
from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.bench.sites import sites
from api.holding import Holding
from api.moment import Moment
from api.snapshots import look
from layers import applications, checks, database, roles
from layers.acting import SERVICE, as_service, on_behalf

ROUNDS = 400
SITES = 200
READ_MS, CHECK_MS = 1.0, 3.0
UNLIMITED = "1000000/s"
EVERYBODY = Caller(kind="token", permissions=frozenset(permissions()), secrecy="internal", places=None, account_id=None, person="测速", seat="测速", unit="测速")

Ask = Callable[[], tuple[str, str, bytes]]
"""Gives method, path with query string, and body of the next request."""


class _Bare:
    """Stands where it would be found out who asks."""

    def __init__(self, app: Any, **_: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["caller"] = EVERYBODY
        with on_behalf(SERVICE):
            await self.app(scope, receive, send)


def run(place: Place, report: Report) -> Figures:
    """Ask both in turn, request by request; the medians and their difference count."""
    report(0.0, "读取图层")
    holding = Holding(epsg=place.settings.epsg)
    with as_service(), database.connect(place.url) as conn:
        holding.catch_up(look(conn, Moment.now()).versions, lambda: database.connect(place.url))
        plots = sites(conn, place.in_force()["building"], count=SITES, epsg=place.settings.epsg)
        forms = [dict(item.properties) for item in applications.everything(conn)]
    bodies = [orjson.dumps({"type": "Feature", "geometry": orjson.loads(shapely.to_geojson(plot)), "properties": forms[row % len(forms)]}) for row, plot in enumerate(plots)]
    return asyncio.run(_measure(place, holding, bodies, report))


async def _measure(place: Place, holding: Holding, bodies: Sequence[bytes], report: Report) -> Figures:
    figures, tokens = Figures("access"), [token(place.url) for _ in range(2)]
    settings = place.settings.model_copy(update={"rate_address": UNLIMITED, "rate_caller": UNLIMITED})
    full = create_app(settings, database_url=place.url, holding=holding)
    with _as_owner(), patch("api.app.Identify", _Bare):
        bare = create_app(settings, database_url=place.url, holding=holding)
    async with AsyncExitStack() as stack:
        for app in (full, bare):
            await stack.enter_async_context(app.router.lifespan_context(app))
        with _as_owner(), _without_guard():
            await _asked(bare, "POST", f"/api/v1/checks?crs=EPSG:{place.settings.epsg}", bodies[0], tokens[0])
        villages = orjson.loads(await _asked(full, "GET", "/api/v1/villages", b"", tokens[0]))
        code = villages["features"][0]["properties"]["village_code"]
        turns: list[tuple[str, float, Ask]] = [
            ("读图层目录", READ_MS, lambda: ("GET", "/api/v1/layers", b"")),
            ("读一个村", READ_MS, lambda: ("GET", f"/api/v1/villages/{code}", b"")),
            ("审查一件并存档", CHECK_MS, _posts(bodies, place.settings.epsg)),
        ]
        for number, (name, aim, ask) in enumerate(turns):
            report(0.1 + 0.3 * number, name)
            await _compare(figures, name, aim, full, bare, ask, tokens)
        report(0.95, "初次识别")
        unknown = []
        for number in range(ROUNDS // 4):
            full.state.epoch.turn()
            began = time.perf_counter()
            await _asked(full, "GET", "/api/v1/layers", b"", tokens[number % 2])
            unknown.append(time.perf_counter() - began)
        figures.add("读图层目录，凭证不在记忆中（每 5 秒至多一次）", 1000 * median(unknown), "ms")
    return figures


async def _compare(figures: Figures, name: str, aim: float, full: FastAPI, bare: FastAPI, ask: Ask, tokens: Sequence[str]) -> None:
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(ROUNDS + 20):
        request = ask()
        for guarded in (True, False) if number % 2 else (False, True):
            app = full if guarded else bare
            with _nothing() if guarded else _without_guard():
                began = time.perf_counter()
                await _asked(app, *request, tokens[number // 2 % 2])
                seconds = time.perf_counter() - began
            if number >= 20:
                took[guarded].append(seconds)
    whole, without = 1000 * median(took[True]), 1000 * median(took[False])
    figures.add(f"{name}，中位数", whole, "ms")
    figures.add(f"{name}，不查身份、权限，不写审计", without, "ms")
    figures.add(f"{name}：多用的时间", whole - without, "ms", at_most=aim)
    figures.add(f"{name}：之比", whole / without, "×")


def _posts(bodies: Sequence[bytes], epsg: int) -> Ask:
    place = iter(range(10**9))
    return lambda: ("POST", f"/api/v1/checks?crs=EPSG:{epsg}", bodies[next(place) % len(bodies)])


async def _asked(app: FastAPI, method: str, path: str, body: bytes, secret: str) -> bytes:
    """Send one request straight into the application; raises RefusedError for any answer but a good one."""
    where, _, query = path.partition("?")
    headers = [(b"host", b"bench"), (b"authorization", f"Bearer {secret}".encode()), (b"content-type", b"application/geo+json")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": where, "raw_path": where.encode(),
        "query_string": query.encode(), "root_path": "", "headers": [*headers, (b"content-length", str(len(body)).encode())], "client": ("127.0.0.1", 1),
        "server": ("bench", 80), "state": {},
    }  # fmt: skip
    status, parts = 0, []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    if not 200 <= status < 300:
        raise RefusedError(f"{method} {where} {status} {b''.join(parts).decode('utf-8', 'replace')[:300]}")
    return b"".join(parts)


@contextmanager
def _as_owner() -> Iterator[None]:
    """Connections made within the block are the owner's, whom no policy binds."""
    as_role = roles.conninfo_as
    with patch.object(roles, "conninfo_as", lambda url, _role, **options: as_role(url, None, **options)):
        yield


@contextmanager
def _without_guard() -> Iterator[None]:
    """Nobody is refused, and checks are stored without entries in the audit."""
    save = checks.save

    def unaudited(*given: Any, **told: Any) -> None:
        save(*given, **{**told, "entries": []})

    def never(*_: Any, **__: Any) -> None:
        return None

    with (
        patch.object(guard, "refused", never), patch("api.short_way.refused", never), patch.object(checks, "made", never),
        patch.object(checks, "save", unaudited),
    ):  # fmt: skip
        yield


@contextmanager
def _nothing() -> Iterator[None]:
    yield
