"""Tokens of programs and notebooks, as their owner sees them; `layers.accounts.issue_token` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from layers.sql import queries

SQL = queries("tokens")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Token:
    """One that has neither expired nor been revoked. Its secret is not kept."""

    id: UUID
    title: str
    seat: str
    unit: str
    permissions: list[str]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


def of_account(conn: Connection, account: int) -> list[Token]:
    """Return the tokens of an account that still hold, the newest first."""
    with conn.cursor(row_factory=class_row(Token)) as cursor:
        return cursor.execute(SQL["of_account"], {"account": account}).fetchall()


def count(conn: Connection, account: int) -> int:
    """Return how many tokens of an account still hold."""
    row = conn.execute(SQL["count"], {"account": account}).fetchone()
    return int(row[0]) if row else 0


def revoke(conn: Connection, token: UUID, *, account: int) -> bool:
    """Revoke a token of an account; False where it has none such that holds."""
    return conn.execute(SQL["revoke"], {"id": token, "account": account}).fetchone() is not None


def revoke_all(conn: Connection, *, account: int) -> int:
    """Revoke every token of an account; return how many."""
    return len(conn.execute(SQL["revoke_all"], {"account": account}).fetchall())
