"""Checks of house-building applications: one, many, and the stored reports."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api import uploads, withheld
from api.access.guard import GuardedRoute, needs
from api.checks.checking import features_of
from api.checks.desk import Asked, CheckDesk, application_document
from api.checks.schemas import ApplicationCollection, ApplicationFeature, CheckPage, CheckPreview, Report, Verdict
from api.deps import JSON_TYPES, AppSettings, CheckAsked, Checking, Db, Desk, JobQueue, JsonBody
from api.openapi import LOCATION, json_body, problems
from api.reach import check_within_reach
from api.schemas import Accepted
from layers import checks
from spatial.permit import VERDICT_LABELS

router = APIRouter(prefix="/checks", tags=["建房审查"], route_class=GuardedRoute)


@router.post(
    "",
    status_code=201,
    summary="审查一件建房申请",
    response_model=Report,
    responses={201: LOCATION, **problems(400, 403, 413, 415, 503)},
    openapi_extra=json_body(ApplicationFeature, *JSON_TYPES),
)
@needs("checks.make")
async def create_check(body: JsonBody, asked: CheckAsked, desk: Desk) -> Response:
    """Check one application given as a GeoJSON Feature, store the report and return it. Nothing is stored where the input is wrong."""
    return await created(desk, body, asked)


@router.post(
    "/preview",
    summary="试审一件建房申请，不存档",
    response_model=CheckPreview,
    responses=problems(400, 403, 413, 415, 503),
    openapi_extra=json_body(ApplicationFeature, *JSON_TYPES),
)
@needs("checks.make")
async def preview_check(body: JsonBody, asked: CheckAsked, desk: Desk) -> Response:
    """Check one application and store nothing: the same report without an id, for a page that shows the verdict while a site is drawn."""
    return await previewed(desk, body, asked)


@router.post(
    "/batch",
    status_code=202,
    summary="审查许多件建房申请",
    response_model=Accepted,
    responses={202: LOCATION, **problems(400, 403, 413, 415, 503)},
    openapi_extra=json_body(ApplicationCollection, *JSON_TYPES),
)
@needs("checks.make", county=True)
def create_batch(
    response: Response, body: JsonBody, asked: CheckAsked, checking: Checking, queue: JobQueue, settings: AppSettings
) -> dict[str, Any]:
    """Check a GeoJSON FeatureCollection in a job. All of it is read first: where one feature is wrong, there is no job."""
    collection, epsg_in = application_document(body, asked.crs)
    features = features_of(collection, limit=settings.batch_limit)
    checking.read(features, epsg_in=epsg_in, moment=asked.times.moment())
    kept = uploads.keep(BytesIO(body), name="batch.geojson")
    with uploads.forgotten_on_error(kept):
        job_id = queue.submit("check-batch", {"file": str(kept), "crs": asked.crs, **asked.times.as_text()})
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return {"id": str(job_id), "state": "queued", "location": f"/api/v1/jobs/{job_id}"}


@router.get("", summary="已存的审查", response_model=CheckPage, responses=problems(400, 503))
@needs("checks.read")
def list_checks(
    db: Db,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    verdict: Verdict | None = None,
    case_no: Annotated[str | None, Query(max_length=100)] = None,
) -> dict[str, Any]:
    """Stored checks, the newest first."""
    with db.connection() as conn:
        total = checks.count(conn, verdict=verdict, case_no=case_no)
        lines = checks.latest(conn, offset=offset, limit=limit, verdict=verdict, case_no=case_no)
    entries = [asdict(line) | {"id": str(line.id), "verdict_label": VERDICT_LABELS[line.verdict]} for line in lines]
    return {"total": total, "offset": offset, "limit": limit, "checks": entries}


@router.get("/{check_id}", summary="一份审查报告", response_model=Report, responses=problems(400, 404, 503))
@needs("checks.read")
def get_check(check_id: UUID, db: Db) -> Response:
    """A stored report, byte for byte as it was given; without what rests on data above the level of whoever asks."""
    with db.connection() as conn:
        found = check_within_reach(conn, check_id)
        return Response(withheld.report_bytes(conn, found.report, found.datasets), media_type="application/json")


async def created(desk: CheckDesk, body: bytes, asked: Asked) -> Response:
    """Answer with the report of a new check, once it is stored."""
    checked = await desk.check(body, asked)
    headers = {"Location": f"/api/v1/checks/{checked.id}"}
    report = await desk.shown(checked.report, checked.datasets)
    return Response(report, status_code=201, media_type="application/json", headers=headers)


async def previewed(desk: CheckDesk, body: bytes, asked: Asked) -> Response:
    """Answer with the report of a check that is not stored."""
    return Response(await desk.preview(body, asked), media_type="application/json")


SHORT_WAYS = {"/api/v1/checks": created, "/api/v1/checks/preview": previewed}
"""Paths that are answered without routing once their query string is known."""
