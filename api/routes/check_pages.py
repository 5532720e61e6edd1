"""The page of one check, and the page on which its paper is verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api import withheld
from api.access.guard import needs
from api.checks.judging import Judging
from api.checks.overriding import Overriding
from api.deps import Snapshot
from api.moment import Moment
from api.pages import application_rows
from api.routes.pages import CHECK_ON, CHECK_OVERLAYS, TEMPLATES, Data, PageRoute, page
from api.snapshots import InForce, Snapshots
from api.verify_page import SCRIPTS, standalone
from layers.checks import StoredCheck
from layers.maps.check import check_map
from layers.maps.report import groups
from layers.overrides import Act
from spatial.canonical import sha256

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)


@router.get("/maps/checks/{check_id}")
@needs("checks.read")
def check(request: Request, check_id: UUID, snapshots: Snapshot, data: Data) -> HTMLResponse:
    """One stored check on its map, drawn over the very versions it rests on, with what officers marked as wrong."""
    standing = Overriding(Judging(request.app.state.pool, request.app.state.snapshots, request.app.state.settings)).effective(check_id)
    stored = standing.check
    with request.app.state.pool.connection() as conn:
        hidden = withheld.hidden_of(conn, stored.datasets)
    report = {**withheld.check_report(orjson.loads(stored.report), hidden), "id": str(stored.id), "checked_at": stored.checked_at}
    synthetic = any(dataset.get("synthetic") for dataset in report["datasets"])
    overlays = data.overlays(seen_by(snapshots, stored, report), ids=CHECK_OVERLAYS, on=CHECK_ON)
    context: dict[str, Any] = {
        "report": report,
        "case_no": stored.case_no or "",
        "groups": groups(report),
        "overlays": overlays,
        "application": application_rows(report["subject"]["properties"]),
        "sha256": sha256(stored.report),
        "sentence": standing.sentence,
        "marks": by_rule(standing.standing),
        "acts": standing.acts,
        "standing_ids": {act.id for act in standing.standing},
        "links": standing.links,
        "map": check_map(report, stored.geometry, epsg=stored.epsg, overlays=overlays, synthetic=synthetic),
    }
    return page(request, "check.html", context, synthetic=synthetic)


def seen_by(snapshots: Snapshots, stored: StoredCheck, report: Mapping[str, Any]) -> InForce:
    """What a check saw, as far as it can still be read: the versions in force at its moment that it names itself."""
    seen = snapshots.in_force(Moment(stored.valid_on, stored.known_at))
    used = {item["layer"]: item.get("version") for item in report["datasets"]}
    kept = {name: version for name, version in seen.versions.items() if used.get(name, version.version) == version.version}
    return replace(seen, versions=kept)


def by_rule(acts: tuple[Act, ...]) -> dict[str, list[Act]]:
    """Standing marks by the rule they are on."""
    found: dict[str, list[Act]] = {}
    for act in acts:
        found.setdefault(act.rule_key, []).append(act)
    return found


@router.get("/verify")
@needs("open")
def verify(request: Request) -> HTMLResponse:
    """The page on which a paper is verified in the browser."""
    scripts = [f"/static/{name}" for name in SCRIPTS if name != "js/dom.js"]  # which every page has
    return page(request, "verify.html", {"register": True, "scripts": scripts}, synthetic=False)


@router.get("/verify/offline.html")
@needs("open")
def verify_offline() -> HTMLResponse:
    """The same page as one file, to be saved."""
    body = TEMPLATES.get_template("verify_body.html").render(register=False)
    return HTMLResponse(standalone(body), headers={"Content-Disposition": "attachment; filename*=UTF-8''" + quote("核验意见书.html")})
