"""Runs of the village types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import psycopg
from fastapi import APIRouter, Response

from api import classifying, withheld
from api.access.guard import GuardedRoute, needs
from api.deps import AppSettings, Db, JsonBody, Snapshot
from api.json_text import validated
from api.moment import Moment
from api.openapi import json_body, problems
from api.village_schemas import Classification, ClassificationList, ClassificationRequest
from layers import classifications
from layers.acting import as_service
from layers.classifications import Run, VillageResult
from layers.county_time import COUNTY_TIME
from spatial.errors import InputError

router = APIRouter(prefix="/classifications", tags=["村庄分类"], route_class=GuardedRoute)


@router.post(
    "",
    status_code=201,
    summary="给全县村庄分类",
    response_model=Classification,
    responses=problems(400, 403, 409, 413, 415, 503),
    openapi_extra=json_body(ClassificationRequest, "application/json"),
)
@needs("villages.classify")
def create_classification(body: JsonBody, response: Response, db: Db, snapshots: Snapshot, settings: AppSettings) -> dict[str, Any]:
    """Type every village with the layers in force on a day, store the run and return it. Takes some seconds."""
    request = validated(ClassificationRequest, body)
    seen = snapshots.in_force(_moment(request))
    with as_service(), db.connection() as conn:
        layers = snapshots.load(seen.versions, conn)
    typed = classifying.classify(layers, county=settings.county_code, moment=seen.moment)
    with db.connection() as conn:
        run_id = classifying.store(conn, typed, layers, county=settings.county_code, moment=seen.moment, note=request.note)
    snapshots.published()
    response.headers["Location"] = f"/api/v1/classifications/{run_id}"
    with db.connection() as conn:
        return run_entry(conn, classifications.get(conn, run_id), classifications.results(conn, run_id))


@router.get("", summary="最近的分类结果", response_model=ClassificationList, responses=problems(400, 503))
@needs("maps.view")
def list_classifications(db: Db) -> dict[str, Any]:
    """The newest runs first, without their villages."""
    with db.connection() as conn:
        return {"classifications": [run_head(conn, run) for run in classifications.recent(conn)]}


@router.get("/{run_id}", summary="一次分类的结果", response_model=Classification, responses=problems(400, 404, 503))
@needs("maps.view")
def get_classification(run_id: UUID, db: Db) -> dict[str, Any]:
    """A run with its pack, dataset versions, dates, counts, and every village with its evidence."""
    with db.connection() as conn:
        return run_entry(conn, classifications.get(conn, run_id), classifications.results(conn, run_id))


def run_head(conn: psycopg.Connection[Any], run: Run) -> dict[str, Any]:
    """Write what a run was made with, as far as whoever asks may see it."""
    return {
        "id": str(run.id),
        "pack": {"id": run.pack_id, "version": run.pack_version, "sha256": run.pack_sha256},
        "datasets": withheld.states(run.datasets, withheld.hidden_of(conn, run.datasets)),
        "parameters": dict(run.parameters),
        "valid_on": run.valid_on,
        "known_at": run.known_at,
        "created_at": run.created_at,
    }


def run_entry(conn: psycopg.Connection[Any], run: Run, results: Sequence[VillageResult]) -> dict[str, Any]:
    """Write a run with its results, as far as whoever asks may see them."""
    hidden = withheld.hidden_of(conn, run.datasets)
    counts = classifying.counts([result.village_type for result in results])
    villages = [withheld.village_report(orjson.loads(result.report), hidden) for result in results]
    return run_head(conn, run) | {"counts": counts, "villages": villages}


def _moment(request: ClassificationRequest) -> Moment:
    if request.valid_on is None and request.known_at is None:
        return Moment.now()
    now = Moment.now()
    known_at = request.known_at or now.known_at
    if known_at.tzinfo is None:
        raise InputError(problems=["/known_at：缺少时区，例如 2026-01-01T00:00:00+08:00"])
    return Moment(request.valid_on or known_at.astimezone(COUNTY_TIME).date(), known_at)
