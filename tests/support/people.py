"""Somebody who may do all the work there is, by a token known to every test; and ways to make others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.access.permissions import granted
from layers import accounts, database, seats

NAME = "测试员"
UNIT = "测试单位"
TOKEN = "cuntu_" + "testing-only-".ljust(43, "0")
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
WORKERS = ("viewer", "town_clerk", "planner", "publisher", "reviewer")


def tester(conn: Any) -> None:
    """Note the person behind `TOKEN`: every role that works on layers and cases, for the whole county."""
    person_with(conn, NAME, WORKERS, unit=UNIT, token=TOKEN)


def person_with(
    conn: Any, name: str, roles: Collection[str], *, token: str, unit: str = UNIT, place: str | None = None, secrecy: str = "internal",
    password_hash: str | None = None, login: str | None = None, expires: timedelta = timedelta(days=3650),
) -> int:  # fmt: skip
    """Note a person in a seat of some roles, with an account and a token; return the account."""
    seat = seats.new_seat(conn, title=f"{name}之席", unit=unit, roles=roles, place_code=place, secrecy=secrecy)
    person = seats.new_person(conn, name)
    seats.appoint(conn, seat=seat, person=person, held_from=date(2020, 1, 1))
    account = accounts.open_account(conn, person=person, login=login or f"t{person}", password_hash=password_hash, must_change=False)
    accounts.issue_token(
        conn, token, account=account, seat=seat, title="测试", permissions=granted(roles), expires_at=datetime.now(UTC) + expires
    )
    return account


def headers_of(token: str) -> dict[str, str]:
    """What a program with this token sends."""
    return {"Authorization": f"Bearer {token}"}


def somebody(url: str, name: str, roles: Collection[str], **more: Any) -> dict[str, str]:
    """Note a person (letters and digits) in a database, and return what they send with every request."""
    token = "cuntu_" + name.ljust(43, "0")
    with database.connect(url) as conn:
        person_with(conn, name, roles, token=token, **more)
    return headers_of(token)
