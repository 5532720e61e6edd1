"""Accounts of people, and the tokens of their programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from layers.identities import digest
from layers.sql import queries

SQL = queries("accounts")

Connection = psycopg.Connection[Any]


def open_account(
    conn: Connection, *, person: int, login: str, password_hash: str | None = None, must_change: bool = True
) -> int:
    """Give a person an account and return its number."""
    told = {"person": person, "login": login, "password_hash": password_hash, "must_change": must_change}
    row = conn.execute(SQL["open_account"], told).fetchone()
    assert row is not None
    return int(row[0])


def issue_token(
    conn: Connection, secret: str, *, account: int, seat: int, title: str, permissions: Iterable[str], expires_at: datetime
) -> UUID:
    """Keep the hash of a token that acts for an account in a seat, with no more than some permissions, until a moment."""
    token = uuid4()
    conn.execute(
        SQL["issue_token"],
        {"id": token, "account": account, "seat": seat, "title": title, "secret": digest(secret), "permissions": sorted(permissions), "expires_at": expires_at},
    )
    return token
