"""The pages for people, in Chinese. Each handler says what its template shows; the templates say what they need."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from starlette.types import Receive, Scope, Send

from api.access.guard import GuardedRoute, needs
from api.access.masthead import masthead
from api.checks.schemas import Verdict
from api.deps import Snapshot, When
from api.errors import TITLES, status_of
from api.pages import PER_PAGE, Pages, verdict_counts
from api.shown import level
from api.snapshots import InForce
from layers.county_time import COUNTY_TIME
from layers.maps import palette
from layers.maps.overlays import DRAWN_FROM_BELOW
from layers.maps.progress import progress_map
from layers.maps.report import citation_text, dataset_text, measure
from layers.maps.village_types import legend, village_types_map
from spatial.errors import CuntuError
from spatial.permit import VERDICT_LABELS
from spatial.personal_numbers import scrub

TYPE_OVERLAYS = (
    "ecological_redline",
    "basic_farmland",
    "urban_boundary",
    "village_boundary",
    "control_zone",
    "planned_use",
    "land_use",
    "settlement",
    "building",
    "road",
    "river",
    "power_line",
    "hazard",
    "heritage",
    "water_source",
)

CHECK_OVERLAYS = tuple(name for name in reversed(DRAWN_FROM_BELOW) if name not in ("county", "town"))
CHECK_ON = tuple(name for name in CHECK_OVERLAYS if name not in ("planned_use", "control_zone", "settlement", "new_village_area", "slope", "forest"))


def moment_text(value: datetime | str) -> str:
    """A moment in the county's time, to the minute."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(COUNTY_TIME).strftime("%Y-%m-%d %H:%M")


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
TEMPLATES.filters.update(measure=measure, moment=moment_text, citation=citation_text, dataset=dataset_text)


class PageRoute(GuardedRoute):
    """Tells people, not programs, what went wrong: errors of the project become a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handler = super().get_route_handler()

        async def with_message(request: Request) -> Response:
            try:
                return await handler(request)
            except CuntuError as error:
                status = status_of(error)
                context = {"title": TITLES.get(status, "出错了"), "detail": scrub(str(error))}
                return page(request, "message.html", context, status=status, synthetic=False)

        return with_message

    async def refuse(self, refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Show a browser a page in place of a problem document. Whoever has no seat is led to their account, where they see that."""
        request = Request(scope, receive)
        if refusal.status_code not in (401, 403) or "text/html" not in request.headers.get("accept", ""):
            await refusal(scope, receive, send)
            return
        caller = scope["state"]["caller"]
        if caller.is_known and caller.seat_id is None and scope["method"] == "GET" and scope["path"] != "/account":
            await RedirectResponse("/account", status_code=303, headers={"Cache-Control": "no-store"})(scope, receive, send)
            return
        context = {"title": TITLES[refusal.status_code], "detail": orjson.loads(bytes(refusal.body))["detail"]}
        answer = page(request, "message.html", context, status=refusal.status_code, synthetic=False)
        answer.headers["Cache-Control"] = "no-store"
        await answer(scope, receive, send)


router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)


async def page_data(request: Request) -> Pages:
    """What the pages read from."""
    return request.app.state.pages  # type: ignore[no-any-return]


Data = Annotated[Pages, Depends(page_data)]


def page(
    request: Request, template: str, context: Mapping[str, Any], *, synthetic: bool, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """Render one page under the nonce of this answer's Content-Security-Policy."""
    settings = request.app.state.settings
    county = {"code": settings.county_code, "name": settings.county_name}
    caller = request.scope["state"]["caller"]
    frame = {"may": caller.may, "signs": caller, "county": county, "nonce": request.state.csp_nonce, "synthetic": synthetic, "map_notice": settings.map_notice, "me": masthead(request)}
    html = TEMPLATES.get_template(template).render(frame, **context)
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-cache", **(headers or {})})


def is_synthetic(seen: InForce) -> bool:
    """Whether any layer in force is 示例数据."""
    return any(dataset.synthetic for dataset in seen.versions.values())


@router.get("/")
@needs("maps.view")
def start(request: Request, when: When, snapshots: Snapshot, data: Data) -> HTMLResponse:
    """What is served, and which layers are loaded."""
    seen = snapshots.in_force(when)
    context: dict[str, Any] = {"figures": data.figures(seen), "layers": data.layers(seen), "valid_on": seen.moment.valid_on}
    return page(request, "start.html", context, synthetic=is_synthetic(seen))


@router.get("/maps/village-types")
@needs("maps.view")
def village_types(
    request: Request, when: When, snapshots: Snapshot, data: Data, village: Annotated[str | None, Query(description="选中的村")] = None
) -> HTMLResponse:
    """The map of village types."""
    seen = snapshots.in_force(when)
    outline, typing, synthetic = data.outline(seen), data.typing(seen), is_synthetic(seen)
    overlays = data.overlays(seen, ids=TYPE_OVERLAYS)
    drawn = None
    if outline:
        drawn_from = (*seen.versions.values(), *seen.display_only.values())
        key = ("village types", level(), seen.run_id, *sorted((dataset.layer, dataset.version) for dataset in drawn_from))
        drawn = data.once(key, lambda: village_types_map(outline, typing.types, overlays=overlays, synthetic=synthetic))
    context: dict[str, Any] = {"map": drawn, "legend": legend(typing.types), "overlays": overlays, "villages": typing.villages, "run": typing.run}
    return page(request, "village_types.html", context | {"valid_on": seen.moment.valid_on}, synthetic=synthetic)


@router.get("/maps/progress")
@needs("progress.view")
def progress(request: Request, when: When, snapshots: Snapshot, data: Data) -> HTMLResponse:
    """The map of rectification progress."""
    seen = snapshots.in_force(when)
    outline, synthetic = data.outline(seen), is_synthetic(seen)
    drawn = progress_map(outline, synthetic=synthetic) if outline else None
    return page(request, "progress.html", {"map": drawn, "colours": palette.RATES}, synthetic=synthetic)


@router.get("/checks")
@needs("checks.read")
def checks(
    request: Request,
    when: When,
    snapshots: Snapshot,
    data: Data,
    verdict: Annotated[Verdict | None, Query(description="只看一种结论")] = None,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000, description="第几页")] = 1,
) -> HTMLResponse:
    """The stored checks."""
    found, counts = data.checks(verdict=verdict, page=number)
    total = counts.get(verdict, 0) if verdict else sum(counts.values())
    query = f"verdict={verdict}&" if verdict else ""
    following = f"/checks?{query}page={number + 1}" if number * PER_PAGE < total else None
    previous = f"/checks?{query}page={number - 1}" if number > 1 else None
    context: dict[str, Any] = {"checks": found, "counts": verdict_counts(counts), "labels": VERDICT_LABELS, "chosen": verdict, "total": total}
    synthetic = is_synthetic(snapshots.in_force(when))
    return page(request, "checks.html", context | {"previous": previous, "following": following}, synthetic=synthetic)


@router.get("/docs")
@needs("open")
def docs(request: Request) -> HTMLResponse:
    """The OpenAPI description, without anything from elsewhere."""
    return page(request, "docs.html", {"openapi_url": request.app.openapi_url}, synthetic=False)
