"""What the store tells of how the service is doing: a few numbers, none of them about a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from layers.sql import queries

SQL = queries("operations")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class StoreFigures:
    """Numbers as of now; `queue_age_s` is how long the first of the queued jobs has waited, `in_force_since` is in seconds since 1970."""

    checks_stored: int
    jobs: Mapping[str, int]
    queue_age_s: float
    audit_head: int
    failed_sign_ins: int
    in_force_since: float
    connections: int
    most_connections: int


def figures(conn: Connection) -> StoreFigures:
    """Read the numbers (to be asked as the service itself, for policies hide rows from others)."""
    connections, most = _row(conn, "connections")
    return StoreFigures(
        checks_stored=int(_number(conn, SQL["checks_stored"])),
        jobs={str(state): int(count) for state, count in conn.execute(SQL["jobs"]).fetchall()},
        queue_age_s=_number(conn, SQL["queue_age"]),
        audit_head=int(_number(conn, SQL["audit_head"])),
        failed_sign_ins=int(_number(conn, SQL["failed_sign_ins"])),
        in_force_since=_number(conn, SQL["in_force_since"]),
        connections=int(connections),
        most_connections=int(most),
    )


def _row(conn: Connection, query: str) -> tuple[Any, ...]:
    row = conn.execute(SQL[query]).fetchone()
    assert row is not None
    return tuple(row)


def _number(conn: Connection, query: Any) -> float:
    row = conn.execute(query).fetchone()
    return float(row[0] or 0) if row else 0.0
