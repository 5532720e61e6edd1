"""Seats (席位): posts in a unit, for the county or for one town or village, and the people who hold them from a day to a day.

A holding is from its first day to the day before `held_to`; the record of it is never changed, but for when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.errors import ExclusionViolation, UniqueViolation
from psycopg.rows import class_row

from layers.catalog import Secrecy
from layers.errors import UnknownRecordError
from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("seats")

Connection = psycopg.Connection[Any]


class SeatExistsError(CuntuError):
    """这个单位已有同名的席位（含已撤销的），请换一个名称。"""


class SeatHeldError(CuntuError):
    """这个席位在这段时间里已有人担任，请先结束前一任。"""


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A seat with its roles, and with whoever holds it on the day asked for (all None where nobody does)."""

    id: int
    title: str
    unit: str
    place_code: str | None
    secrecy: Secrecy
    ended_on: date | None
    created_at: datetime
    roles: list[str]
    holding_id: int | None
    person_id: int | None
    person: str | None
    held_from: date | None
    held_to: date | None

    def is_ended(self, day: date) -> bool:
        """Whether there is no such seat any more on a day."""
        return self.ended_on is not None and self.ended_on <= day


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A person in a seat from a day to (before) a day, None until further notice. An appointment taken back has `held_from` = `held_to`."""

    id: int
    seat_id: int
    seat: str
    unit: str
    person_id: int
    person: str
    held_from: date
    held_to: date | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person, with their account where they have one."""

    id: int
    name: str
    account_id: int | None
    login: str | None


@dataclass(frozen=True)
class Administered:
    """Whether somebody who can sign in holds an administrator's seat today, and whether that is so on every day to come."""

    today: bool
    always: bool


def lock(conn: Connection) -> None:
    """Let one transaction at a time change seats, holders, roles and accounts: what is checked then still holds when it is written."""
    conn.execute(SQL["lock"])


def new_seat(
    conn: Connection,
    *,
    title: str,
    unit: str,
    roles: Iterable[str],
    place_code: str | None = None,
    secrecy: str = "internal",
) -> int:
    """Make a seat with its roles and return its number. `place_code` is that of a town (nine digits) or village (twelve), None the county.

    Raises SeatExistsError; the transaction is then to be rolled back.
    """
    try:
        row = conn.execute(
            SQL["new_seat"], {"title": title, "unit": unit, "place_code": place_code, "secrecy": secrecy}
        ).fetchone()
    except UniqueViolation as error:
        raise SeatExistsError(f"{unit}已有席位“{title}”（含已撤销的），请换一个名称。") from error
    assert row is not None
    for role in roles:
        give_role(conn, row[0], role)
    return int(row[0])


def give_role(conn: Connection, seat: int, role: str) -> bool:
    """Give a seat a role; tell whether it did not have it."""
    return conn.execute(SQL["give_role"], {"seat": seat, "role": role}).rowcount == 1


def take_role(conn: Connection, seat: int, role: str) -> bool:
    """Take a role from a seat; tell whether it had it."""
    return conn.execute(SQL["take_role"], {"seat": seat, "role": role}).rowcount == 1


def end_seat(conn: Connection, seat: int, *, on: date) -> None:
    """End a seat, and whoever's holding of it, from a day."""
    conn.execute(SQL["end_holdings"], {"seat": seat, "on": on})
    conn.execute(SQL["end_seat"], {"seat": seat, "on": on})


def new_person(conn: Connection, name: str) -> int:
    """Note a person and return their number."""
    row = conn.execute(SQL["new_person"], {"name": name}).fetchone()
    assert row is not None
    return int(row[0])


def appoint(conn: Connection, *, seat: int, person: int, held_from: date, held_to: date | None = None) -> int:
    """Have a person hold a seat from a day, and to (before) another day; return the number of the holding.

    Raises SeatHeldError: the database refuses two holders at a time; the transaction is then to be rolled back.
    """
    told = {"seat": seat, "person": person, "held_from": held_from, "held_to": held_to}
    try:
        row = conn.execute(SQL["appoint"], told).fetchone()
    except ExclusionViolation as error:
        raise SeatHeldError from error
    assert row is not None
    return int(row[0])


def end_holding(conn: Connection, holding: int, *, on: date) -> None:
    """Write down when a holding ends."""
    conn.execute(SQL["end_holding"], {"holding": holding, "on": on})


def listed(conn: Connection, *, today: date) -> list[Seat]:
    """Return all seats, those ended last, each with its holder on a day."""
    with conn.cursor(row_factory=class_row(Seat)) as cursor:
        return cursor.execute(SQL["seats"], {"today": today, "seat": None}).fetchall()


def get(conn: Connection, seat: int, *, today: date) -> Seat:
    """Return one seat with its holder on a day; raises UnknownRecordError."""
    with conn.cursor(row_factory=class_row(Seat)) as cursor:
        found = cursor.execute(SQL["seats"], {"today": today, "seat": seat}).fetchone()
    if found is None:
        raise UnknownRecordError(f"没有席位 {seat}。")
    return found


def named(conn: Connection, *, unit: str, title: str) -> int | None:
    """Return the number of the seat of a name in a unit, None where there is none."""
    row = conn.execute(SQL["seat_named"], {"unit": unit, "title": title}).fetchone()
    return None if row is None else int(row[0])


def holdings(conn: Connection, *, seat: int | None = None, person: int | None = None) -> list[Holding]:
    """Return who held a seat, or which seats a person held, the latest first."""
    with conn.cursor(row_factory=class_row(Holding)) as cursor:
        return cursor.execute(SQL["holdings"], {"seat": seat, "person": person, "holding": None}).fetchall()


def holding(conn: Connection, number: int) -> Holding:
    """Return one holding; raises UnknownRecordError."""
    with conn.cursor(row_factory=class_row(Holding)) as cursor:
        found = cursor.execute(SQL["holdings"], {"seat": None, "person": None, "holding": number}).fetchone()
    if found is None:
        raise UnknownRecordError(f"没有任职记录 {number}。")
    return found


def people(conn: Connection) -> list[Person]:
    """Return all people by name."""
    with conn.cursor(row_factory=class_row(Person)) as cursor:
        return cursor.execute(SQL["people"], {"person": None}).fetchall()


def person(conn: Connection, number: int) -> Person:
    """Return one person; raises UnknownRecordError."""
    with conn.cursor(row_factory=class_row(Person)) as cursor:
        found = cursor.execute(SQL["people"], {"person": number}).fetchone()
    if found is None:
        raise UnknownRecordError(f"没有人员 {number}。")
    return found


def roles_beside(
    conn: Connection, *, person: int, seat: int, held_from: date, held_to: date | None, today: date
) -> list[tuple[str, list[str]]]:
    """Return title and roles of the other seats that a person holds at some time of a period, as far as that is not over."""
    told = {"person": person, "seat": seat, "held_from": held_from, "held_to": held_to, "today": today}
    return [(f"{unit}{title}", roles) for title, unit, roles in conn.execute(SQL["roles_beside"], told)]


def administered(conn: Connection, *, today: date, role: str = "administrator") -> Administered:
    """Tell whether there is an administrator who can sign in: by password, by another service, or by a link that still holds."""
    row = conn.execute(SQL["administrators"], {"today": today, "role": role}).fetchone()
    assert row is not None
    return Administered(*row)
