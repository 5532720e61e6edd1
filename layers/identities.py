"""Whom a session or a token stands for, as of now: the account, the person, and the seat they hold today."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from layers.sql import queries

SQL = queries("identities")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Somebody who has shown a secret that holds. Without a seat they hold today, `seat_id` is None and `roles` is empty.

    `permissions` are those a token is limited to, None for a session.
    """

    grant_id: UUID
    account_id: int
    login: str
    must_change: bool
    person_id: int
    person: str
    seat_id: int | None
    seat: str | None
    unit: str | None
    place_code: str | None
    secrecy: str | None
    permissions: list[str] | None
    roles: list[str]
    second_factor: bool
    """Whether a second factor was shown with this secret; a token stands for the session it was made in."""
    enrolled: bool
    """Whether the account has a second factor."""


def digest(secret: str) -> bytes:
    """Return what is kept of a secret: secrets are 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).digest()


def of_session(conn: Connection, secret: str, *, today: date, idle: timedelta) -> Identity | None:
    """Return whom a session stands for, None where it has ended, timed out or never was; notes that it was used."""
    return _one(conn, "of_session", {"secret": digest(secret), "today": today, "idle": idle})


def of_token(conn: Connection, secret: str, *, today: date) -> Identity | None:
    """Return whom a token stands for, None where it has expired, was revoked or never was; notes that it was used."""
    return _one(conn, "of_token", {"secret": digest(secret), "today": today})


def _one(conn: Connection, name: str, told: dict[str, Any]) -> Identity | None:
    with conn.cursor(row_factory=class_row(Identity)) as cursor:
        return cursor.execute(SQL[name], told).fetchone()
