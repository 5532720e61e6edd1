"""Where a house may be built. Nothing of it is stored."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api import withheld
from api.access.guard import GuardedRoute, needs
from api.checks.desk import application_document
from api.deps import CheckAsked, Checking, Db, JsonBody
from api.json_text import answer
from api.openapi import json_body, problems
from api.sites.siting import sites_for
from api.sites.siting_schemas import Siting, SitingRequest

router = APIRouter(tags=["选址"], route_class=GuardedRoute)


@router.post(
    "/sites",
    summary="在一个村或画出的范围内选址",
    response_model=Siting,
    responses=problems(400, 403, 413, 415, 503),
    openapi_extra=json_body(SitingRequest, "application/json"),
)
@needs("checks.make")
def create_sites(body: JsonBody, asked: CheckAsked, checking: Checking, db: Db) -> Response:
    """Buildable land for a house in a village or a drawn area, places ranked with reasons, and those not proposed with theirs.

    Buildable is what no rule forbids and where the data are complete; what is not known is counted apart. Each place went through
    the full check. An area across the county's border, outside it, too large or empty is refused.
    """
    request, epsg_in = application_document(body, asked.crs)
    found = sites_for(checking, request, epsg_in=epsg_in, basis=checking.basis(asked.times.moment()))
    with db.connection() as conn:
        withheld.refuse_hidden(conn, withheld.numbers(found["datasets"]), "选址")  # the land left over draws what it may not be built on
    return answer(found)
