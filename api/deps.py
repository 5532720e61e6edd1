"""What a route may ask for. Aliases make handler signatures read as documentation."""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter
from typing import Annotated, Any

from fastapi import Depends, Query, Request, params
from fastapi.dependencies.utils import get_flat_params
from psycopg_pool import ConnectionPool

from api.checks.checking import Checker
from api.checks.desk import Asked, CheckDesk
from api.errors import UnsupportedMediaTypeError
from api.iso_times import Day, Instant
from api.jobs import Jobs
from api.moment import Moment, Times
from api.outlines import Outlines
from api.papers import Papers
from api.settings import Settings
from api.snapshots import Snapshots
from api.tile_cache import TileCache
from spatial.errors import InputError

JSON_TYPES = ("application/json", "application/geo+json")

Crs = Annotated[str | None, Query(description="坐标系，例如 EPSG:4547；不写时为 CRS84 经纬度", max_length=60)]


async def times(
    valid_on: Annotated[Day | None, Query(description="哪一天有效的数据，默认今天")] = None,
    known_at: Annotated[Instant | None, Query(description="以哪一时刻所知为准（含时区），默认此刻")] = None,
) -> Times:
    """Read `valid_on` and `known_at`; a `known_at` without a time zone is refused, for it would name no moment."""
    if known_at is not None and known_at.tzinfo is None:
        raise InputError(problems=["?known_at：缺少时区，例如 2026-01-01T00:00:00+08:00"])
    return Times(valid_on, known_at)


async def moment(asked_times: Annotated[Times, Depends(times)]) -> Moment:
    """The moment asked for."""
    return asked_times.moment()


async def asked(request: Request, asked_times: Annotated[Times, Depends(times)], crs: Crs = None) -> Asked:
    """Read the parameters of a check, and remember what this query string means."""
    found = Asked(crs, asked_times)
    request.app.state.asked.keep(request.scope["query_string"], found)
    return found


async def known_parameters_only(request: Request) -> None:
    """Refuse query parameters the route does not know, such given twice (a misspelt date must not mean "today"), and zero bytes.

    A route whose parameters depend on what is asked of it (`names_its_parameters`) does the same by itself.
    """
    if not request.scope["query_string"]:
        return
    route = request.scope["route"]
    if getattr(route, "names_its_parameters", False):
        return
    known = {field.alias for field in get_flat_params(route.dependant) if isinstance(field.field_info, params.Query)}
    problems = parameter_problems(request, known)
    if problems:
        raise InputError("参数有误：", problems=problems)


def parameter_problems(request: Request, known: Collection[str]) -> list[str]:
    """Say which query parameters are unknown, given twice, or hold zero bytes."""
    given = [name for name, _ in request.query_params.multi_items()]
    problems = [f"?{name}：没有这个参数" for name in dict.fromkeys(given) if name not in known]
    problems += [f"?{name}：只能给一次" for name in known if given.count(name) > 1]
    return problems + [f"?{name}：不能有空字符" for name, value in request.query_params.multi_items() if "\0" in value]


async def json_body(request: Request) -> bytes:
    """Read a JSON body as bytes; raises UnsupportedMediaTypeError for other content."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES:
        raise UnsupportedMediaTypeError(f"请求内容应为 {' 或 '.join(JSON_TYPES)}，实际是 {kind or '未说明'}。")
    return await request.body()


def kept(path: str) -> Any:
    """Depend on what the application keeps for as long as it runs."""
    found = attrgetter(path)

    async def of(request: Request) -> Any:
        return found(request.app.state)

    return Depends(of)


# Handlers borrow a connection of the pool in a `with` block, never as a dependency. One held by a dependency waits, with its connection, for a
# thread to run the handler in, while other requests hold the threads waiting for a connection: with few threads both wait for ever.
Db = Annotated[ConnectionPool[Any], kept("pool")]
TileDb = Annotated[ConnectionPool[Any], kept("pools.tiles")]
AppSettings = Annotated[Settings, kept("settings")]
Snapshot = Annotated[Snapshots, kept("snapshots")]
Checking = Annotated[Checker, kept("checker")]
Desk = Annotated[CheckDesk, kept("desk")]
JobQueue = Annotated[Jobs, kept("jobs")]
TileStore = Annotated[TileCache, kept("tiles")]
PaperDesk = Annotated[Papers, kept("papers")]
VillageOutlines = Annotated[Outlines, kept("outlines")]
When = Annotated[Moment, Depends(moment)]
CheckAsked = Annotated[Asked, Depends(asked)]
JsonBody = Annotated[bytes, Depends(json_body)]
