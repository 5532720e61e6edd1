"""Work that goes on after the answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from api.access.guard import GuardedRoute, needs
from api.deps import Db
from api.job_owners import is_seen, sees_all
from api.openapi import problems
from api.schemas import Job, JobList
from layers import acting
from layers import jobs as records
from layers.errors import UnknownRecordError

router = APIRouter(prefix="/jobs", tags=["任务"], route_class=GuardedRoute)


@router.get("", summary="最近的任务", response_model=JobList, responses=problems(400, 503))
@needs("jobs.read")
def list_jobs(db: Db, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, Any]:
    """The newest jobs first: those ordered from one's own account or seat; all for a county-wide seat that looks after the service."""
    by = acting.current()
    with db.connection() as conn:
        found = records.recent(conn, limit=limit, of=None if sees_all(by) else by)
    return {"jobs": [job_entry(record) for record in found]}


@router.get("/{job_id}", summary="一个任务的状态和结果", response_model=Job, responses=problems(400, 404, 503))
@needs("jobs.read")
def get_job(job_id: UUID, db: Db) -> dict[str, Any]:
    """How far a job is, and what came of it: one's own, or one on something that one may see. Others are as if they were not there."""
    with acting.as_service(), db.connection() as conn:
        found = records.get(conn, job_id)
    if not is_seen(found, acting.current()):
        raise UnknownRecordError(f"没有编号为 {job_id} 的任务。")
    return job_entry(found)


def job_entry(record: records.Job) -> dict[str, Any]:
    """Write one job: a failed one has a problem document in place of a result."""
    failed = record.state == "failed" and record.result is not None
    problem = record.result["problem"] if failed and record.result else None
    told = {name: value for name, value in asdict(record).items() if name not in ("account_id", "seat_id")}
    return told | {"id": str(record.id), "result": None if failed else record.result, "problem": problem}
