"""Runs over many subjects: files, open applications, existing houses, plan differences, back-tests."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends, Query, Request, Response

from api import withheld
from api.access.guard import GuardedRoute, needs
from api.checks.changed_packs import files_of_overlay
from api.checks.checking import epsg_of, features_of, refuse_other_crs
from api.checks.schemas import ApplicationCollection
from api.deps import JSON_TYPES, AppSettings, Checking, Db, JobQueue, JsonBody, When
from api.errors import UnsupportedMediaTypeError
from api.json_text import parse_json, validated
from api.openapi import LOCATION, json_body, problems
from api.runs.entries import result_entry, run_entry
from api.runs.running import CheckRuns
from api.runs.schemas import PlanDifferenceRequest, RunAccepted, RunEntry, RunPage, RunResults
from layers import check_runs as store
from layers.check_runs import Run
from layers.run_export import write_run
from spatial.errors import InputError

router = APIRouter(prefix="/runs", tags=["批量审查"], route_class=GuardedRoute)

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
STARTED = {202: LOCATION, **problems(400, 403, 404, 413, 415, 503)}


async def overlay_text(request: Request) -> str:
    """Read a body of YAML or JSON as text; raises UnsupportedMediaTypeError for other content, InputError for broken JSON or UTF-8."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (*JSON_TYPES, *YAML_TYPES):
        raise UnsupportedMediaTypeError(f"请求内容应为 application/json 或 application/yaml，实际是 {kind or '未说明'}。")
    body = await request.body()
    if kind in JSON_TYPES:
        parse_json(body)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("规则内容不是 UTF-8 文字。") from None


OverlayText = Annotated[str, Depends(overlay_text)]


def _runs(request: Request) -> CheckRuns:
    state = request.app.state
    return CheckRuns(state.pool, state.snapshots, state.settings)


def _accepted(response: Response, queue: Any, run: Run) -> dict[str, Any]:
    job_id = queue.submit("check-run", {"run": str(run.id)})
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return {"id": str(job_id), "state": "queued", "location": f"/api/v1/jobs/{job_id}", "run_id": str(run.id),
            "run_location": f"/api/v1/runs/{run.id}"}  # fmt: skip


@router.get("", summary="批量审查一览", response_model=RunPage, responses=problems(400, 503))
@needs("runs.read", county=True)
def list_runs(
    db: Db, offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    """Runs, the newest first."""
    with db.connection() as conn:
        return {"total": store.count(conn), "offset": offset, "limit": limit,
                "runs": [run_entry(run) for run in store.latest(conn, limit=limit, offset=offset)]}  # fmt: skip


@router.post("/open", status_code=202, summary="审查全部在办申请", response_model=RunAccepted, responses=STARTED)
@needs("runs.make", county=True)
def check_open(request: Request, response: Response, when: When, queue: JobQueue) -> dict[str, Any]:
    """Check every open application of the register with the data of one moment."""
    return _accepted(response, queue, _runs(request).begin_open(moment=when))


@router.post("/houses", status_code=202, summary="现有房屋排查", response_model=RunAccepted, responses=STARTED)
@needs("runs.make", county=True)
def check_houses(request: Request, response: Response, when: When, queue: JobQueue) -> dict[str, Any]:
    """Hold all existing houses and plots against the rules that need no application form."""
    return _accepted(response, queue, _runs(request).begin_houses(moment=when))


@router.post(
    "/file",
    status_code=202,
    summary="审查一个文件的申请，可中断续做",
    response_model=RunAccepted,
    responses=STARTED,
    openapi_extra=json_body(ApplicationCollection, *JSON_TYPES),
)
@needs("runs.make", county=True)
def check_file(
    request: Request,
    response: Response,
    body: JsonBody,
    when: When,
    checking: Checking,
    queue: JobQueue,
    settings: AppSettings,
    crs: Annotated[str | None, Query(description="坐标系，例如 EPSG:4547；不写时为 CRS84 经纬度", max_length=60)] = None,
) -> dict[str, Any]:
    """Check a GeoJSON FeatureCollection. All of it is read first: where one feature is wrong, there is no run."""
    epsg_in = epsg_of(crs)
    document = parse_json(body)
    if not isinstance(document, dict):
        raise InputError(problems=["/：应为 GeoJSON 对象"])
    refuse_other_crs(document, epsg_in=epsg_in)
    features = features_of(document, limit=settings.batch_limit)
    given = checking.read(features, epsg_in=epsg_in, moment=when)
    run = _runs(request).begin_file(given, title=f"文件中的 {len(given)} 件申请", moment=when)
    return _accepted(response, queue, run)


@router.post(
    "/plan-difference",
    status_code=202,
    summary="规划比对：换用草案后哪些结论会变",
    response_model=RunAccepted,
    responses=STARTED,
    openapi_extra=json_body(PlanDifferenceRequest, *JSON_TYPES),
)
@needs("runs.make", county=True)
def compare_plan(request: Request, response: Response, body: JsonBody, when: When, queue: JobQueue) -> dict[str, Any]:
    """Which open applications, houses and plots change under draft versions of layers, and why."""
    asked = validated(PlanDifferenceRequest, body)
    return _accepted(response, queue, _runs(request).begin_plan_difference(list(asked.versions), moment=when))


@router.post(
    "/backtest",
    status_code=202,
    summary="规则回溯：改动参数后哪些已存审查会变",
    response_model=RunAccepted,
    responses=STARTED,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "object"}} for kind in ("application/json", YAML_TYPES[0])},
        }
    },
)
@needs("runs.make", county=True)
def backtest(request: Request, response: Response, text: OverlayText, when: When, queue: JobQueue) -> dict[str, Any]:
    """Which stored checks a changed set of parameters would decide otherwise.

    Body: `{jurisdiction, parameters}` as in a parameter file of the pack, in JSON or YAML; parameters that are named replace those
    of the jurisdiction.
    """
    return _accepted(response, queue, _runs(request).begin_backtest(files_of_overlay(text), moment=when))


@router.post("/{run_id}/resume", status_code=202, summary="接着做一次中断的批量审查", response_model=RunAccepted, responses={**STARTED, **problems(409)})
@needs("runs.make", county=True)
def resume(request: Request, response: Response, run_id: UUID, db: Db, queue: JobQueue) -> dict[str, Any]:
    """Take a run up again where it stopped; one that is finished stays as it is."""
    with db.connection() as conn:
        run = store.get(conn, run_id)
    return _accepted(response, queue, run)


@router.get(
    "/{run_id}.xlsx",
    summary="一次批量审查的表格",
    response_class=Response,
    responses={200: {"content": {WORKBOOK: {"schema": {"type": "string", "format": "binary"}}}}, **problems(400, 403, 404, 503)},
)
@needs("runs.read", county=True)
def sheet(run_id: UUID, db: Db) -> Response:
    """The results as a workbook."""
    with tempfile.TemporaryDirectory(prefix="cuntu-run-") as folder, db.connection() as conn:
        path = Path(folder) / "run.xlsx"
        write_run(path, conn, open_run(conn, run_id))
        data = path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="run-{run_id}.xlsx"'}
    return Response(data, media_type=WORKBOOK, headers=headers)


@router.get("/{run_id}", summary="一次批量审查", response_model=RunEntry, responses=problems(400, 404, 503))
@needs("runs.read", county=True)
def get_run(run_id: UUID, db: Db) -> dict[str, Any]:
    """What a run rests on, how far it is, and what it found."""
    with db.connection() as conn:
        return run_entry(store.get(conn, run_id))


@router.get("/{run_id}/results", summary="一次批量审查的结果", response_model=RunResults, responses=problems(400, 403, 404, 503))
@needs("runs.read", county=True)
def get_results(
    run_id: UUID,
    db: Db,
    verdict: Annotated[str | None, Query(max_length=40, pattern="^[a-z_]+$")] = None,
    after: Annotated[int, Query(ge=-1, le=2_000_000_000, description="从这个序号之后")] = -1,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Results in the order of their subjects."""
    with db.connection() as conn:
        open_run(conn, run_id)
        found = store.results(conn, run_id, after=after, limit=limit, verdict=verdict)
    following = found[-1].position if len(found) == limit else None
    return {"run_id": str(run_id), "results": [result_entry(result) for result in found], "next_after": following}


def open_run(conn: psycopg.Connection[Any], run_id: UUID) -> Run:
    """Return a run whose results whoever asks may see; raises UnknownRecordError, and ForbiddenError where it rests on data above their level."""
    run = store.get(conn, run_id)
    withheld.refuse_hidden(conn, [*run.versions.values(), *run.parameters.get("draft", {}).values()], "批量审查的结果")
    return run
