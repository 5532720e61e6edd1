"""Acts on seats and on who holds them: what the rules allow, each written down with the act. One of these acts happens at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg

from api.access.permissions import conflicts, roles
from api.moment import Moment
from layers import audit, seats
from layers.seats import Holding, Seat
from spatial.errors import CuntuError, InputError

Connection = psycopg.Connection[Any]


class RoleConflictError(CuntuError):
    """这几个角色不能由同一个人担任："""


class LastAdministratorError(CuntuError):
    """这样就没有能登录的管理员了：请先另外任命一位管理员（到期日不限），再办理。"""


class SeatEndedError(CuntuError):
    """这个席位已撤销，或在所说的日期之前撤销。"""


class HoldingOverError(CuntuError):
    """这项任职已经结束，不能再改。"""


def make_seat(
    conn: Connection,
    *,
    title: str,
    unit: str,
    named: Collection[str],
    place_code: str | None,
    secrecy: str,
    county: str,
) -> int:
    """Make a seat with roles; raises InputError for a role or place that cannot be, RoleConflictError, SeatExistsError."""
    _refuse_unfit(named, place_code, county)
    seats.lock(conn)
    seat = seats.new_seat(
        conn, title=title, unit=unit, roles=sorted(set(named)), place_code=place_code, secrecy=secrecy
    )
    _note(
        conn,
        "make_seat",
        seat,
        title=title,
        unit=unit,
        place_code=place_code,
        secrecy=secrecy,
        roles=sorted(set(named)),
    )
    return seat


def end_seat(conn: Connection, number: int, *, on: date | None = None) -> None:
    """End a seat and whoever's holding of it from a day, today unless told; raises SeatEndedError, LastAdministratorError."""
    with keeping_an_administrator(conn) as today:
        day, seat = _from_today(on, today), seats.get(conn, number, today=today)
        if seat.ended_on is not None and seat.ended_on <= max(day, today):
            raise SeatEndedError(f"席位“{seat.title}”自 {seat.ended_on} 起已撤销。")
        seats.end_seat(conn, number, on=day)
        _note(conn, "end_seat", number, seat=_name(seat), on=day)


def give_role(conn: Connection, number: int, role: str) -> bool:
    """Give a seat a role; tell whether it did not have it. Raises RoleConflictError also for what its holders hold elsewhere."""
    seats.lock(conn)
    today = Moment.now().valid_on
    seat = _standing(conn, number, today)
    _refuse_unfit([*seat.roles, role], seat.place_code, seat.place_code or "")
    for holding in seats.holdings(conn, seat=number):
        if holding.held_to is None or holding.held_to > today:
            _refuse_conflict(
                conn, holding.person_id, seat, {*seat.roles, role}, holding.held_from, holding.held_to, today
            )
    given = seats.give_role(conn, number, role)
    if given:
        _note(conn, "give_role", number, seat=_name(seat), role=role)
    return given


def take_role(conn: Connection, number: int, role: str) -> bool:
    """Take a role from a seat; tell whether it had it. Raises LastAdministratorError."""
    with keeping_an_administrator(conn) as today:
        seat = seats.get(conn, number, today=today)
        taken = seats.take_role(conn, number, role)
        if taken:
            _note(conn, "take_role", number, seat=_name(seat), role=role)
    return taken


def note_person(conn: Connection, name: str) -> int:
    """Note a person and return their number."""
    person = seats.new_person(conn, name)
    audit.note(conn, "accounts.note_person", f"person/{person}", details={"name": name})
    return person


def appoint(
    conn: Connection, number: int, *, person: int, held_from: date | None = None, held_to: date | None = None
) -> int:
    """Have a person hold a seat from a day (today unless told) to before another; return the number of the holding.

    Raises InputError for a period that has begun or is none, SeatEndedError, SeatHeldError, RoleConflictError, UnknownRecordError.
    """
    seats.lock(conn)
    today = Moment.now().valid_on
    seat, somebody = _standing(conn, number, today), seats.person(conn, person)
    first = _from_today(held_from, today, "/held_from")
    if held_to is not None and held_to <= first:
        raise InputError(problems=[f"/held_to：应晚于 {first}"])
    if seat.ended_on is not None and (held_to is None or held_to > seat.ended_on):
        raise SeatEndedError(f"席位“{seat.title}”自 {seat.ended_on} 起撤销，任职不能更晚到期。")
    _refuse_conflict(conn, person, seat, set(seat.roles), first, held_to, today)
    holding = seats.appoint(conn, seat=number, person=person, held_from=first, held_to=held_to)
    _note(
        conn,
        "appoint",
        number,
        seat=_name(seat),
        person_id=person,
        person=somebody.name,
        held_from=first,
        held_to=held_to,
        holding=holding,
    )
    return holding


def end_holding(conn: Connection, number: int, *, seat: int | None = None, on: date | None = None) -> Holding:
    """End a holding from a day, today unless told; an appointment that has not begun, or began today, is taken back.

    Raises HoldingOverError, LastAdministratorError, InputError for a day before today or after the end that is known, UnknownRecordError.
    """
    with keeping_an_administrator(conn) as today:
        held = seats.holding(conn, number)
        if seat is not None and held.seat_id != seat:
            raise InputError(f"任职记录 {number} 不属于席位 {seat}。")
        day = max(_from_today(on, today), held.held_from)
        if held.held_to is not None and held.held_to <= today:
            raise HoldingOverError(f"{held.person}的任职已于 {held.held_to} 结束，不能再改。")
        if held.held_to is not None and day > held.held_to:
            raise InputError(problems=[f"/on：不得晚于已定的到期日 {held.held_to}"])
        seats.end_holding(conn, number, on=day)
        told = {"seat": f"{held.unit}／{held.seat}", "person_id": held.person_id, "person": held.person}
        _note(conn, "end_holding", held.seat_id, **told, on=day, holding=number)
        return seats.holding(conn, number)


@contextmanager
def keeping_an_administrator(conn: Connection) -> Iterator[date]:
    """Do an act, with today's date; raises LastAdministratorError where it leaves the county without an administrator, now or later."""
    seats.lock(conn)
    today = Moment.now().valid_on
    before = seats.administered(conn, today=today)
    yield today
    after = seats.administered(conn, today=today)
    if (before.today and not after.today) or (before.always and not after.always):
        raise LastAdministratorError


def _standing(conn: Connection, number: int, today: date) -> Seat:
    seat = seats.get(conn, number, today=today)
    if seat.is_ended(today):
        raise SeatEndedError(f"席位“{seat.title}”自 {seat.ended_on} 起已撤销。")
    return seat


def _from_today(day: date | None, today: date, place: str = "/on") -> date:
    """What has been is not changed: acts of that time name who held the seat then."""
    if day is not None and day < today:
        raise InputError(problems=[f"{place}：不得早于今天（{today}）"])
    return day or today


def _refuse_unfit(named: Iterable[str], place_code: str | None, county: str) -> None:
    """Raise InputError for roles that are not defined or not for such a place, RoleConflictError for those that exclude each other."""
    known, asked = roles(), sorted(set(named))
    problems = [f"/roles：没有角色 {role}" for role in asked if role not in known]
    problems += [
        f"/roles：{known[role].title}只能给乡镇或村的席位，须写明 place_code"
        for role in asked
        if role in known and known[role].of_town and not place_code
    ]
    if place_code and not place_code.startswith(county):
        problems.append(f"/place_code：不是本县的代码（{county} 开头）")
    if problems:
        raise InputError(problems=problems)
    _refuse_pairs(asked, "同一席位")


def _refuse_conflict(
    conn: Connection, person: int, seat: Seat, named: set[str], held_from: date, held_to: date | None, today: date
) -> None:
    for beside, others in seats.roles_beside(
        conn, person=person, seat=seat.id, held_from=held_from, held_to=held_to, today=today
    ):
        _refuse_pairs({*named, *others}, f"此人同时担任{beside}")


def _refuse_pairs(named: Iterable[str], where: str) -> None:
    found = conflicts(name for name in named if name in roles())
    if found:
        raise RoleConflictError(
            problems=[f"{roles()[one].title}与{roles()[other].title}（{where}）" for one, other in found]
        )


def _name(seat: Seat) -> str:
    return f"{seat.unit}／{seat.title}"


def _note(conn: Connection, act: str, number: int, /, **details: Any) -> None:
    audit.note(conn, f"accounts.{act}", f"seat/{number}", details=details)
