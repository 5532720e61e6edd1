"""Work that goes on after the answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from api.access.guard import GuardedRoute, needs
from api.deps import Db
from api.openapi import problems
from api.schemas import Job, JobList
from layers import jobs as records

router = APIRouter(prefix="/jobs", tags=["任务"], route_class=GuardedRoute)


@router.get("", summary="最近的任务", response_model=JobList, responses=problems(400, 503))
@needs("jobs.read")
def list_jobs(db: Db, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, Any]:
    """The newest jobs first."""
    with db.connection() as conn:
        return {"jobs": [job_entry(record) for record in records.recent(conn, limit=limit)]}


@router.get("/{job_id}", summary="一个任务的状态和结果", response_model=Job, responses=problems(400, 404, 503))
@needs("jobs.read")
def get_job(job_id: UUID, db: Db) -> dict[str, Any]:
    """How far a job is, and what came of it."""
    with db.connection() as conn:
        return job_entry(records.get(conn, job_id))


def job_entry(record: records.Job) -> dict[str, Any]:
    """Write one job: a failed one has a problem document in place of a result."""
    failed = record.state == "failed" and record.result is not None
    problem = record.result["problem"] if failed and record.result else None
    return asdict(record) | {"id": str(record.id), "result": None if failed else record.result, "problem": problem}
