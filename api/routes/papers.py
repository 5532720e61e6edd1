"""Reports as files to keep, print and pass on: the paper (PDF) and the workbook; and the register of papers."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Response

from api import withheld
from api.access.guard import GuardedRoute, needs
from api.checks.schemas import PaperRecord
from api.deps import Db, PaperDesk
from api.errors import NotFoundError
from api.openapi import problems
from api.reach import check_within_reach
from layers import audit
from layers.check_export import workbook_bytes

router = APIRouter(tags=["建房审查"], route_class=GuardedRoute)

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/checks/{check_id}.pdf",
    summary="意见书（PDF）",
    response_class=Response,
    responses={200: {"content": {PDF: BINARY}}, **problems(400, 403, 404, 503)},
)
@needs("checks.read")
def get_paper(check_id: UUID, desk: PaperDesk) -> Response:
    """The report as an A4 paper with plan, QR code and hash, signed where a seal is set up; entered into the register of papers."""
    body = desk.issue(check_id)
    return Response(body, media_type=PDF, headers=_named(f"核查意见书 {check_id}.pdf", show="inline"))


@router.get(
    "/checks/{check_id}.xlsx",
    summary="审查报告（表格）",
    response_class=Response,
    responses={200: {"content": {XLSX: BINARY}}, **problems(400, 404, 503)},
)
@needs("checks.read")
def get_workbook(check_id: UUID, db: Db) -> Response:
    """The report as a workbook, with the same groups."""
    with db.connection() as conn:
        found = check_within_reach(conn, check_id)
        report = withheld.check_report(orjson.loads(found.report), withheld.hidden_of(conn, found.datasets))
        audit.note(conn, "checks.export", f"check/{check_id}", details={"format": "xlsx"})
    return Response(workbook_bytes(report), media_type=XLSX, headers=_named(f"核查意见 {check_id}.xlsx", show="attachment"))


@router.get("/papers/{sha256}", summary="登记的意见书", response_model=PaperRecord, responses=problems(400, 404, 503))
@needs("checks.read")
def get_record(sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="文件的 SHA-256")], desk: PaperDesk) -> dict[str, Any]:
    """What the register knows of a file: the check it belongs to, and when it was given out. The file itself need not be sent."""
    paper = desk.find(sha256)
    if paper is None:
        raise NotFoundError("登记簿中没有这份文件。")
    return {"sha256": sha256, "check_id": str(paper.check_id), "certificate": paper.certificate, "issued_at": paper.issued_at}


def _named(name: str, *, show: str) -> dict[str, str]:
    return {"Content-Disposition": f"{show}; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-cache"}
