"""Applications and who applies: masked in every list and every read, in full only for a seat that handles the case, each such look kept."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.access.guard import GuardedRoute, needs
from api.applicants.desk import ApplicantDesk
from api.applicants.entries import case_entry
from api.applicants.schemas import (
    AcceptRequest,
    ApplicantShown,
    ApplicantStated,
    CaseList,
    CaseShown,
    CloseRequest,
    RevealRequest,
    SearchRequest,
)
from api.deps import AppSettings, Db, JsonBody, Snapshot, When
from api.json_text import validated
from api.openapi import json_body, problems
from api.routes.pages import Data, PageRoute, is_synthetic, page
from api.schemas import WITHOUT_ZERO
from layers.personal_fields import archive, children, notices
from spatial.permit import VERDICT_LABELS

router = APIRouter(prefix="/applications", tags=["申请人"], route_class=GuardedRoute)
pages = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

PRIVATE = {"Cache-Control": "no-store"}
PER_PAGE = 50

CaseNo = Annotated[str, Path(max_length=100, pattern=WITHOUT_ZERO, description="申请编号")]


async def desk(db: Db, settings: AppSettings) -> ApplicantDesk:
    """Where applicants are recorded."""
    return ApplicantDesk(db, settings)


Desk = Annotated[ApplicantDesk, Depends(desk)]


@router.get("", summary="申请一览（个人信息已遮盖）", response_model=CaseList, responses=problems(400, 401, 403, 503))
@needs("applicants.read")
def list_applications(
    response: Response,
    desk: Desk,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = PER_PAGE,
) -> dict[str, Any]:
    """The applications of the towns and villages of the seat, the newest first."""
    response.headers.update(PRIVATE)
    return desk.listed(limit=limit, offset=offset)


@router.post(
    "", status_code=201, summary="受理登记一件申请", response_model=CaseShown, responses=problems(400, 401, 403, 404, 409, 413, 415, 503),
    openapi_extra=json_body(AcceptRequest, "application/json"),
)  # fmt: skip
@needs("applicants.write")
def accept(response: Response, desk: Desk, body: JsonBody) -> dict[str, Any]:
    """Take the application of a stored check into the register of live applications; who applies is recorded after that."""
    found = desk.accept(validated(AcceptRequest, body).check_id)
    response.headers["Location"] = f"/api/v1/applications/{quote(found.case_no, safe='')}/applicant"
    return case_entry(found, None)


@router.post(
    "/search", summary="按身份证号查找申请（个人信息已遮盖）", response_model=CaseList, responses=problems(400, 401, 403, 413, 415, 503),
    openapi_extra=json_body(SearchRequest, "application/json"),
)  # fmt: skip
@needs("applicants.read")
def search(response: Response, desk: Desk, body: JsonBody) -> dict[str, Any]:
    """The cases of somebody, as applicant or member; the number goes in the body, never in the address. That it was searched is kept."""
    response.headers.update(PRIVATE)
    return desk.search(validated(SearchRequest, body, personal=True).identity_number)


@router.get(
    "/{case_no:path}/applicant",
    summary="一件申请的申请人（已遮盖）",
    response_model=ApplicantShown,
    responses=problems(400, 401, 403, 404, 503),
)
@needs("applicants.read")
def get_applicant(response: Response, desk: Desk, case_no: CaseNo) -> dict[str, Any]:
    """Who applies, masked."""
    response.headers.update(PRIVATE)
    return desk.masked(case_no)


@router.put(
    "/{case_no:path}/applicant", summary="登记、更正申请人", response_model=ApplicantShown,
    responses={201: {"description": "首次登记", "model": ApplicantShown}, **problems(400, 401, 403, 404, 409, 413, 415, 503)},
    openapi_extra=json_body(ApplicantStated, "application/json"),
)  # fmt: skip
@needs("applicants.write")
def put_applicant(response: Response, desk: Desk, case_no: CaseNo, body: JsonBody) -> dict[str, Any]:
    """Record who applies with the household, in place of what was recorded; the answer is masked."""
    shown, is_first = desk.record(case_no, validated(ApplicantStated, body, personal=True))
    response.status_code = 201 if is_first else 200
    response.headers.update(PRIVATE)
    return shown


@router.post(
    "/{case_no:path}/applicant/reveal", summary="查看申请人的完整信息（逐次记录）", response_model=ApplicantShown,
    responses=problems(400, 401, 403, 404, 409, 413, 415, 503), openapi_extra=json_body(RevealRequest, "application/json"),
)  # fmt: skip
@needs("applicants.reveal")
def reveal(response: Response, desk: Desk, case_no: CaseNo, body: JsonBody) -> dict[str, Any]:
    """Fields in full, for a stated reason, while the case is open; who looked at what and why is kept in the audit."""
    asked = validated(RevealRequest, body, personal=True)
    response.headers.update(PRIVATE)
    return desk.reveal(case_no, reason=asked.reason, fields=asked.fields)


@router.post(
    "/{case_no:path}/closing", summary="办结一件申请", response_model=CaseShown, responses=problems(400, 401, 403, 404, 409, 413, 415, 503),
    openapi_extra=json_body(CloseRequest, "application/json"),
)  # fmt: skip
@needs("applicants.write")
def close(desk: Desk, case_no: CaseNo, body: JsonBody) -> dict[str, Any]:
    """End a case: it is live no more, nobody sees its applicant in full, and the time until the applicant is erased begins."""
    return case_entry(desk.close(case_no, outcome=validated(CloseRequest, body).outcome), None)


@pages.get("/applications")
@needs("applicants.read")
def applications_page(
    request: Request, desk: Desk, when: When, snapshots: Snapshot, data: Data,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000, description="第几页")] = 1,
) -> HTMLResponse:  # fmt: skip
    """The applications of the seat's places, masked."""
    found = desk.listed(limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    seen = snapshots.in_force(when)
    context: dict[str, Any] = {
        **found,
        "villages": {village.code: village.name for village in data.typing(seen).villages},
        "labels": VERDICT_LABELS,
        "previous": f"/applications?page={number - 1}" if number > 1 else None,
        "following": f"/applications?page={number + 1}" if number * PER_PAGE < found["total"] else None,
    }
    return _private(page(request, "applications.html", context, synthetic=is_synthetic(seen)))


@pages.get("/applications/{case_no:path}")
@needs("applicants.read")
def application_page(request: Request, desk: Desk, when: When, snapshots: Snapshot, case_no: CaseNo) -> HTMLResponse:
    """One application with its applicant masked, why each field is kept, and how to see it in full."""
    case, applicant, unreadable = desk.case(case_no)
    caller = request.state.caller
    context: dict[str, Any] = {
        "case": case,
        "applicant": applicant,
        "unreadable": unreadable,
        "notices": {"applicant": notices("applicant"), "member": notices("member")},
        "children": children(),
        "archive": archive(),
        "may_reveal": case.is_open
        and caller.may("applicants.reveal")
        and applicant is not None
        and not applicant["erased_at"],
        "may_write": case.is_open and caller.may("applicants.write"),
        "labels": VERDICT_LABELS,
    }
    return _private(
        page(request, "application.html", context, synthetic=case.synthetic or is_synthetic(snapshots.in_force(when)))
    )


def _private(answer: HTMLResponse) -> HTMLResponse:
    answer.headers.update(PRIVATE)
    return answer
