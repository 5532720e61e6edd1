"""The pages of who administers: seats and accounts at a glance, one seat with its history; and that of the first administrator."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from api.access.guard import needs
from api.access.permissions import permissions, roles
from api.deps import AppSettings, Db, Snapshot
from api.moment import Moment
from api.pages import Pages
from api.routes.administration import MANAGE
from api.routes.pages import Data, PageRoute, page
from api.snapshots import InForce
from api.versions.entries import SECRECY_LABELS
from layers import accounts, seats

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

NO_STORE = {"Cache-Control": "no-store"}

SeatId = Annotated[int, Path(ge=1, le=2**31 - 1, description="席位编号")]


@router.get("/admin/accounts")
@needs(MANAGE)
def accounts_page(request: Request, db: Db, snapshots: Snapshot, data: Data, settings: AppSettings) -> HTMLResponse:
    """Every seat with whoever holds it today, every account, and the forms for new ones."""
    moment = Moment.now()
    with db.connection() as conn:
        found, people, opened = seats.listed(conn, today=moment.valid_on), seats.people(conn), accounts.listed(conn)
    holders: dict[int, list[str]] = {}
    for seat in found:
        if seat.person_id is not None:
            holders.setdefault(seat.person_id, []).append(f"{seat.unit}／{seat.title}")
    context = _frame() | {
        "seats": found, "people": people, "accounts": opened, "holders": holders, "places": places(data, snapshots.in_force(moment)),
        "today": moment.valid_on, "now": moment.known_at, "county_code": settings.county_code,
    }  # fmt: skip
    return page(request, "admin_accounts.html", context, synthetic=False, headers=NO_STORE)


@router.get("/admin/seats/{seat}")
@needs(MANAGE)
def seat_page(request: Request, seat: SeatId, db: Db, snapshots: Snapshot, data: Data) -> HTMLResponse:
    """One seat: its roles, who holds it and who did, and what may be done about that."""
    moment = Moment.now()
    with db.connection() as conn:
        found = seats.get(conn, seat, today=moment.valid_on)
        history, people = seats.holdings(conn, seat=seat), seats.people(conn)
    context = _frame() | {
        "seat": found, "history": history, "people": people, "places": places(data, snapshots.in_force(moment)), "today": moment.valid_on,
        "open": [held for held in history if held.held_to is None or held.held_to > moment.valid_on], "ended": found.is_ended(moment.valid_on),
    }  # fmt: skip
    return page(request, "admin_seat.html", context, synthetic=False, headers=NO_STORE)


@router.get("/first-administrator")
@needs("open")
def first_administrator_page(request: Request) -> HTMLResponse:
    """Where the one-time link of a new deployment leads; its secret never leaves the browser's address until the form is sent."""
    headers = {**NO_STORE, "Referrer-Policy": "no-referrer"}
    return page(request, "first_administrator.html", {}, synthetic=False, headers=headers)


def _frame() -> dict[str, Any]:
    may_do = {role.id: [permissions()[name] for name in sorted(role.permissions)] for role in roles().values()}
    return {"roles": roles(), "may_do": may_do, "secrecy_labels": SECRECY_LABELS}


def places(data: Pages, seen: InForce) -> dict[str, str]:
    """Name by code of the towns and villages that are known, the towns first."""
    known = data.outline(seen)
    villages = [feature["properties"] for feature in known.villages] if known else []
    return {item["code"][:9]: item["town"] for item in villages} | {item["code"]: item["name"] for item in villages}
