"""The condition a store is in, as `cuntu doctor` looks at it: read only, and nothing of what people are called but seats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from layers.sql import queries

SQL = queries("condition")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Server:
    """The server: `number` is its version as PostgreSQL counts (150004), `now_s` its clock in seconds since 1970, `bytes` the database's size.

    `logs_rows` says whether the server's own log holds values of rows that it refused.
    """

    number: int
    version: str
    postgis: str | None
    encoding: str
    collation: str
    keeps_pages: bool
    keeps_commits: bool
    now_s: float
    most_connections: int
    bytes: int
    logs_rows: bool


@dataclass(frozen=True)
class Holder:
    """A person by number, the roles of the seats they hold today, and whether they have an account that is open."""

    person: int
    roles: Sequence[str]
    has_account: bool


def server(conn: Connection) -> Server:
    """Look at the server."""
    return Server(*_row(conn, "server"))


def open_tables(conn: Connection, roles: Sequence[str]) -> list[str]:
    """Return the tables without row-level security that one of the roles may read."""
    return [str(row[0]) for row in conn.execute(SQL["open_tables"], {"roles": list(roles)}).fetchall()]


def silenced(conn: Connection) -> list[str]:
    """Return the triggers that were switched off, by table and name."""
    return [str(row[0]) for row in conn.execute(SQL["silenced"]).fetchall()]


def cut_off_restorations(conn: Connection) -> list[str]:
    """Return the databases beside this one that restorations put things into and did not take away; one may be under way."""
    return [str(row[0]) for row in conn.execute(SQL["cut_off_restorations"]).fetchall()]


def rights_of(conn: Connection, role: str) -> tuple[bool, bool]:
    """Return whether a role is there, and whether it may change what nobody may change."""
    there, may_change = _row(conn, "app", {"role": role})
    return bool(there), bool(may_change)


def above_policies(conn: Connection, roles: Sequence[str]) -> list[str]:
    """Return those of the roles that row-level security does not bind, or that can make others that are not."""
    return [str(row[0]) for row in conn.execute(SQL["above_policies"], {"roles": list(roles)}).fetchall()]


def rows_seen(conn: Connection) -> int:
    """Return how many of the tables of cases show a row to whoever acts on this connection."""
    return int(_row(conn, "seen_by_nobody")[0])


def holders(conn: Connection, today: date) -> list[Holder]:
    """Return who holds seats today."""
    return [Holder(int(row[0]), list(row[1]), bool(row[2])) for row in conn.execute(SQL["holders"], {"today": today}).fetchall()]


def empty_seats(conn: Connection, today: date) -> list[str]:
    """Return the seats nobody holds today, by unit and title."""
    return [str(row[0]) for row in conn.execute(SQL["empty_seats"], {"today": today}).fetchall()]


def last_backup(conn: Connection) -> datetime | None:
    """Return when the last backup was made that the audit knows of."""
    found: datetime | None = _row(conn, "last_backup")[0]
    return found


def waiting(conn: Connection) -> tuple[int, float]:
    """Return how many jobs are queued, and for how many seconds the first has been."""
    number, seconds = _row(conn, "waiting")
    return int(number), float(seconds)


def sealed_with(conn: Connection) -> dict[str, int]:
    """Return how many records of people were sealed with each key, by what their envelopes call it (hex)."""
    return {str(row[0]): int(row[1]) for row in conn.execute(SQL["sealed_with"]).fetchall()}


def audit_head(conn: Connection) -> int:
    """Return the number of the last entry of the audit."""
    return int(_row(conn, "audit_head")[0])


def _row(conn: Connection, query: str, told: dict[str, Any] | None = None) -> tuple[Any, ...]:
    row = conn.execute(SQL[query], told).fetchone()
    assert row is not None
    return tuple(row)
