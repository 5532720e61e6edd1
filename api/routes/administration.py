"""Seats, people and accounts, for who administers them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from api.access import administration
from api.access.administration import Connection
from api.access.administration_schemas import (
    AppointmentRequest,
    EndRequest,
    People,
    PersonRequest,
    Roles,
    SeatDetail,
    SeatRequest,
    Seats,
)
from api.access.guard import GuardedRoute, needs
from api.access.permissions import roles
from api.deps import AppSettings, Db, JsonBody
from api.json_text import validated
from api.moment import Moment
from api.openapi import json_body, problems
from layers import seats
from layers.seats import Holding, Person

router = APIRouter(prefix="/admin", tags=["席位和账户"], route_class=GuardedRoute)

MANAGE = "accounts.manage"
READ = problems(400, 401, 403, 404, 503)
ACTED = problems(400, 401, 403, 404, 409, 413, 415, 503)

SeatId = Annotated[int, Path(ge=1, le=2**31 - 1, description="席位编号")]
HoldingId = Annotated[int, Path(ge=1, le=2**31 - 1, description="任职记录编号")]
RoleName = Annotated[str, Path(pattern="^[a-z_]{1,40}$", description="角色")]


class Desk:
    """Where acts are done: each in a transaction, after which every process asks anew who may do what."""

    def __init__(self, request: Request, db: Db) -> None:
        self.pool = db
        self.epoch = request.app.state.epoch

    @contextmanager
    def act(self) -> Iterator[Connection]:
        """Give a connection for one act."""
        with self.pool.connection() as conn:
            yield conn
        self.epoch.turn()


Acts = Annotated[Desk, Depends()]


@router.get("/roles", summary="角色和权限", response_model=Roles, responses=READ)
@needs(MANAGE)
def list_roles() -> dict[str, Any]:
    """Every role there is."""
    return {
        "roles": [
            asdict(role) | {"permissions": sorted(role.permissions), "excludes": sorted(role.excludes)}
            for role in roles().values()
        ]
    }


@router.get("/seats", summary="席位一览", response_model=Seats, responses=READ)
@needs(MANAGE)
def list_seats(db: Db) -> dict[str, Any]:
    """Every seat with whoever holds it today."""
    with db.connection() as conn:
        return {"seats": seats.listed(conn, today=Moment.now().valid_on)}


@router.get("/seats/{seat}", summary="一个席位和历任", response_model=SeatDetail, responses=READ)
@needs(MANAGE)
def get_seat(seat: SeatId, db: Db) -> SeatDetail:
    """One seat with everybody who held it."""
    with db.connection() as conn:
        return seat_detail(conn, seat)


@router.post(
    "/seats",
    status_code=201,
    summary="设立席位",
    response_model=SeatDetail,
    responses=ACTED,
    openapi_extra=json_body(SeatRequest, "application/json"),
)
@needs(MANAGE)
def make_seat(acts: Acts, settings: AppSettings, body: JsonBody) -> SeatDetail:
    """Make a seat with its roles."""
    asked = validated(SeatRequest, body)
    told = asked.model_dump(exclude={"roles"})
    with acts.act() as conn:
        return seat_detail(conn, administration.make_seat(conn, **told, named=asked.roles, county=settings.county_code))


@router.post(
    "/seats/{seat}/end",
    summary="撤销席位",
    response_model=SeatDetail,
    responses=ACTED,
    openapi_extra=json_body(EndRequest, "application/json"),
)
@needs(MANAGE)
def end_seat(acts: Acts, seat: SeatId, body: JsonBody) -> SeatDetail:
    """End a seat and whoever's holding of it; what was done in it stays."""
    asked = validated(EndRequest, body)
    with acts.act() as conn:
        administration.end_seat(conn, seat, on=asked.on)
        return seat_detail(conn, seat)


@router.put(
    "/seats/{seat}/roles/{role}", summary="给席位一个角色", response_model=SeatDetail, responses=READ | problems(409)
)
@needs(MANAGE)
def give_role(acts: Acts, seat: SeatId, role: RoleName) -> SeatDetail:
    """Give a seat a role, unless somebody would then have two that exclude each other."""
    with acts.act() as conn:
        administration.give_role(conn, seat, role)
        return seat_detail(conn, seat)


@router.delete(
    "/seats/{seat}/roles/{role}",
    summary="收回席位的一个角色",
    response_model=SeatDetail,
    responses=READ | problems(409),
)
@needs(MANAGE)
def take_role(acts: Acts, seat: SeatId, role: RoleName) -> SeatDetail:
    """Take a role from a seat, at once."""
    with acts.act() as conn:
        administration.take_role(conn, seat, role)
        return seat_detail(conn, seat)


@router.post(
    "/seats/{seat}/holders", status_code=201, summary="任命", response_model=SeatDetail, responses=ACTED,
    openapi_extra=json_body(AppointmentRequest, "application/json"),
)  # fmt: skip
@needs(MANAGE)
def appoint(acts: Acts, seat: SeatId, body: JsonBody) -> SeatDetail:
    """Have somebody hold a seat from a day to a day."""
    asked = validated(AppointmentRequest, body)
    with acts.act() as conn:
        person = asked.person_id or administration.note_person(conn, str(asked.person))
        administration.appoint(conn, seat, person=person, held_from=asked.held_from, held_to=asked.held_to)
        return seat_detail(conn, seat)


@router.post(
    "/seats/{seat}/holders/{holding}/end", summary="结束任职", response_model=Holding, responses=ACTED,
    openapi_extra=json_body(EndRequest, "application/json"),
)  # fmt: skip
@needs(MANAGE)
def end_holding(acts: Acts, seat: SeatId, holding: HoldingId, body: JsonBody) -> Holding:
    """Say when somebody's holding of a seat ends; one that has not begun, or began today, is taken back."""
    asked = validated(EndRequest, body)
    with acts.act() as conn:
        return administration.end_holding(conn, holding, seat=seat, on=asked.on)


@router.get("/people", summary="人员一览", response_model=People, responses=READ)
@needs(MANAGE)
def list_people(db: Db) -> dict[str, Any]:
    """Everybody who holds or held a seat, or has an account."""
    with db.connection() as conn:
        return {"people": seats.people(conn)}


@router.post(
    "/people",
    status_code=201,
    summary="登记人员",
    response_model=Person,
    responses=ACTED,
    openapi_extra=json_body(PersonRequest, "application/json"),
)
@needs(MANAGE)
def note_person(acts: Acts, body: JsonBody) -> Person:
    """Note a person, who can then be appointed and given an account."""
    asked = validated(PersonRequest, body)
    with acts.act() as conn:
        return seats.person(conn, administration.note_person(conn, asked.name))


def seat_detail(conn: Connection, seat: int) -> SeatDetail:
    """Return one seat with its history."""
    found = seats.get(conn, seat, today=Moment.now().valid_on)
    return SeatDetail(**asdict(found), holdings=seats.holdings(conn, seat=seat))
