"""What would make an application lawful. Nothing of it is stored."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from api import withheld
from api.access.guard import GuardedRoute, needs
from api.checks import lawful_way
from api.checks.desk import application_document
from api.checks.proposal_schemas import ProposalList
from api.checks.schemas import ApplicationFeature
from api.deps import JSON_TYPES, CheckAsked, Checking, Db, JsonBody
from api.json_text import answer
from api.openapi import json_body, problems
from api.reach import check_within_reach, refuse_village_beyond_reach
from layers.acting import current

router = APIRouter(tags=["建房审查"], route_class=GuardedRoute)


@router.get(
    "/checks/{check_id}/proposals",
    summary="怎样改才能通过：已存的审查",
    response_model=ProposalList,
    responses=problems(400, 403, 404, 503),
)
@needs("checks.read")
def proposals_of_check(check_id: UUID, db: Db, checking: Checking) -> Response:
    """The smallest changes that make a stored check's application lawful, each checked in full, by effort.

    Rests on the data of the check's two dates and on today's rules; `verdict` says what those make of the application as it is.
    """
    with db.connection() as conn:
        check = check_within_reach(conn, check_id)
        withheld.refuse_hidden(conn, withheld.numbers(check.datasets), "合规方案")
    return answer(lawful_way.for_check(checking, check))


@router.post(
    "/proposals",
    summary="怎样改才能通过：一件没有存的申请",
    response_model=ProposalList,
    responses=problems(400, 403, 413, 415, 503),
    openapi_extra=json_body(ApplicationFeature, *JSON_TYPES),
)
@needs("checks.make")
def proposals_of_feature(body: JsonBody, asked: CheckAsked, checking: Checking, db: Db) -> Response:
    """The same for an application given as a GeoJSON Feature; nothing is stored."""
    feature, epsg_in = application_document(body, asked.crs)
    basis = checking.basis(asked.times.moment())
    applications = checking.read_on([feature], epsg_in=epsg_in, basis=basis)
    if current().places is not None:
        refuse_village_beyond_reach(checking.judge_on(applications, basis).village_code(0))
    [found] = lawful_way.for_applications(checking, applications, basis)
    with db.connection() as conn:
        withheld.refuse_hidden(conn, withheld.numbers(found["datasets"]), "合规方案")
    return answer(found)
