"""Sessions of people who have signed in. The secret is only known to the browser; it changes with everything that changes what it is worth."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row

from layers.identities import digest
from layers.sql import queries

SQL = queries("sessions")

Connection = psycopg.Connection[Any]

SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Session:
    """One that has not ended."""

    id: UUID
    seat: str | None
    address: str
    second_factor: bool
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class HeldSeat:
    """A seat that somebody holds."""

    id: int
    title: str
    unit: str
    place_code: str | None
    roles: list[str]


def new_secret() -> str:
    """Return a secret: 256 random bits as 43 characters of base64url."""
    return secrets.token_urlsafe(SECRET_BYTES)


def start(
    conn: Connection, *, account: int, address: str, lasts: timedelta, today: date, second_factor: bool = False
) -> tuple[UUID, str]:
    """Begin a session of an account in the seat it was last in, and return its number and its secret, which is new in any case."""
    conn.execute(SQL["forget"])
    held = seats(conn, account, today=today)
    session, secret = uuid4(), new_secret()
    told = {
        "id": session,
        "account": account,
        "seat": held[0].id if held else None,
        "secret": digest(secret),
        "address": address,
    }
    conn.execute(SQL["start"], told | {"second_factor": second_factor, "lasts": lasts})
    return session, secret


def rotate(
    conn: Connection, session: UUID, *, account: int, seat: int | None = None, second_factor: bool = False
) -> str | None:
    """Give a session a new secret, and where they are named another seat or the mark of a second factor; None where it has ended."""
    secret = new_secret()
    told = {"id": session, "account": account, "secret": digest(secret), "seat": seat, "second_factor": second_factor}
    return None if conn.execute(SQL["rotate"], told).fetchone() is None else secret


def end(conn: Connection, session: UUID, *, account: int) -> bool:
    """End a session of an account; False where it has none such."""
    return conn.execute(SQL["end"], {"id": session, "account": account}).fetchone() is not None


def end_all(conn: Connection, *, account: int, but: UUID | None = None) -> int:
    """End all sessions of an account, or all but one; return how many."""
    return len(conn.execute(SQL["end_all"], {"account": account, "but": but}).fetchall())


def of_account(conn: Connection, account: int, *, idle: timedelta) -> list[Session]:
    """Return the sessions of an account that have neither ended nor timed out, the one used last first."""
    with conn.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(SQL["of_account"], {"account": account, "idle": idle}).fetchall()


def seats(conn: Connection, account: int, *, today: date) -> list[HeldSeat]:
    """Return the seats that an account's person holds today, the one they acted in last first."""
    with conn.cursor(row_factory=class_row(HeldSeat)) as cursor:
        return cursor.execute(SQL["seats"], {"account": account, "today": today}).fetchall()
