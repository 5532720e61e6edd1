"""Acts on stored checks: hits marked as wrong, such marks withdrawn, and checks made again."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from api import withheld
from api.access.guard import GuardedRoute, needs
from api.access.signing import signed
from api.checks.checking import epsg_of, refuse_other_crs
from api.checks.judging import Judging
from api.checks.overriding import Overriding, act_entry, effective_entry
from api.checks.rechecking import Recheck, recheck
from api.checks.schemas import ApplicationFeature
from api.deps import JSON_TYPES, Checking, Db, JsonBody, When
from api.errors import UnsupportedMediaTypeError
from api.json_text import parse_json
from api.openapi import json_body, problems
from api.reach import check_within_reach
from api.runs.schemas import CheckLine, OverrideEntry, OverrideRequest, Overrides, RecheckAnswer, WithdrawRequest
from layers import rechecks
from spatial.errors import InputError

router = APIRouter(prefix="/checks", tags=["更正与重审"], route_class=GuardedRoute)

def _overriding(request: Request) -> Overriding:
    state = request.app.state
    return Overriding(Judging(state.pool, state.snapshots, state.settings))


async def optional_body(request: Request) -> bytes | None:
    """Read a JSON body where there is one; raises UnsupportedMediaTypeError for other content."""
    body = await request.body()
    if not body.strip():
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES:
        raise UnsupportedMediaTypeError(f"请求内容应为 {' 或 '.join(JSON_TYPES)}，实际是 {kind or '未说明'}。")
    return body


OptionalBody = Annotated[bytes | None, Depends(optional_body)]


@router.get("/{check_id}/overrides", summary="一份审查的更正和更正后的结论", response_model=Overrides, responses=problems(400, 404, 503))
@needs("checks.read")
def get_overrides(request: Request, check_id: UUID) -> dict[str, Any]:
    """Every act on a check, those withdrawn too, and the effective verdict."""
    return effective_entry(_overriding(request).effective(check_id))


@router.post(
    "/{check_id}/overrides",
    status_code=201,
    summary="更正一处命中",
    response_model=OverrideEntry,
    responses=problems(400, 403, 404, 409, 413, 415, 503),
    openapi_extra=json_body(OverrideRequest, "application/json"),
)
@needs("checks.override")
def add_override(request: Request, check_id: UUID, body: JsonBody) -> dict[str, Any]:
    """Mark a hit as wrong, on one feature behind it; the finding stays in the report. Rules without data cannot be marked."""
    return act_entry(_overriding(request).mark(check_id, signed(_object(body)))) | {"standing": True}


@router.post(
    "/{check_id}/overrides/{override_id}/withdrawal",
    status_code=201,
    summary="撤回一项更正",
    response_model=OverrideEntry,
    responses=problems(400, 403, 404, 409, 413, 415, 503),
    openapi_extra=json_body(WithdrawRequest, "application/json"),
)
@needs("checks.override")
def withdraw_override(request: Request, check_id: UUID, override_id: UUID, body: JsonBody) -> dict[str, Any]:
    """Take a mark back by a new act; the mark stays on record."""
    return act_entry(_overriding(request).withdraw(check_id, override_id, signed(_object(body)))) | {"standing": False}


@router.post(
    "/{check_id}/recheck",
    summary="重新审查：只在依据有变时",
    response_model=RecheckAnswer,
    responses=problems(400, 403, 404, 409, 413, 415, 503),
    openapi_extra=json_body(ApplicationFeature, *JSON_TYPES, required=False),
)
@needs("checks.override")
def check_again(
    request: Request,
    check_id: UUID,
    body: OptionalBody,
    when: When,
    checking: Checking,
    crs: Annotated[str | None, Query(description="坐标系，例如 EPSG:4547；不写时为 CRS84 经纬度", max_length=60)] = None,
) -> Response:
    """Check again where the site, the form, a dataset version, the village types or the law changed since; else tell that nothing did.

    With a body (one GeoJSON Feature) that is the application as it is now, else the register's, else that of the check.
    """
    epsg_in = epsg_of(crs)
    given = None
    if body is not None:
        feature = _object(body)
        refuse_other_crs(feature, epsg_in=epsg_in)
        given = checking.read([feature], epsg_in=epsg_in, moment=when)
    done = recheck(_overriding(request).judging, check_id, moment=when, given=given)
    with request.app.state.pool.connection() as conn:
        hidden = withheld.hidden_of(conn, [item for check in (done.check, done.previous) if check for item in check.datasets])
    return Response(orjson.dumps(recheck_entry(done, hidden)), media_type="application/json")


@router.get("/{check_id}/line", summary="一份审查的前后各次", response_model=CheckLine, responses=problems(400, 404, 503))
@needs("checks.read")
def get_line(check_id: UUID, db: Db) -> dict[str, Any]:
    """The checks that were made again one out of the other."""
    with db.connection() as conn:
        check_within_reach(conn, check_id)
        links = rechecks.chain(conn, check_id)
    entries = [{"check_id": str(link.check_id), "previous_id": str(link.previous_id), "grounds": list(link.grounds)} for link in links]
    return {"check_id": str(check_id), "latest_id": str(links[-1].check_id if links else check_id), "links": entries}


def recheck_entry(done: Recheck, hidden: withheld.Hidden = frozenset()) -> dict[str, Any]:
    """Write what came of a re-check without what is hidden, JSON-ready."""
    grounds = "；".join(ground["text"] for ground in done.grounds)
    return {
        "changed": done.changed,
        "message": f"已重新审查：{grounds}。" if done.changed else "自上次审查以来依据没有变化，仍以原结论为准。",
        "check_id": str(done.check.id),
        "previous_id": str(done.previous.id) if done.previous else None,
        "grounds": list(done.grounds),
        "differences": withheld.differences(done.differences, hidden),
        "report": withheld.check_report(orjson.loads(done.check.report), hidden),
    }


def _object(body: bytes) -> dict[str, Any]:
    document = parse_json(body)
    if not isinstance(document, dict):
        raise InputError(problems=["/：应为对象"])
    return document
