"""Which check was made again out of which, and on what grounds. Both stay; a check is made again at most once, then its successor is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers import audit
from layers.errors import UnknownRecordError
from layers.sql import queries

SQL = queries("rechecks")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Link:
    """`check_id` was made again out of `previous_id`; each of the `grounds` has a kind and a Chinese text."""

    check_id: UUID
    previous_id: UUID
    grounds: Sequence[Mapping[str, str]]


def lock(conn: Connection, check_id: UUID) -> None:
    """Wait for others that work on this check, until the caller's transaction ends; raise UnknownRecordError where there is none."""
    if conn.execute(SQL["lock_check"], {"check_id": check_id}).fetchone() is None:
        raise UnknownRecordError(f"没有编号为 {check_id} 的检查报告。")


def add(conn: Connection, link: Link) -> None:
    """Note that a check was made again, in the transaction that stores the new one."""
    grounds = Jsonb([dict(item) for item in link.grounds])
    conn.execute(SQL["add"], {"check_id": link.check_id, "previous_id": link.previous_id, "grounds": grounds})
    told = {"previous_id": link.previous_id, "grounds": [item["kind"] for item in link.grounds]}
    audit.note(conn, "checks.recheck", f"check/{link.check_id}", details=told)


def chain(conn: Connection, check_id: UUID) -> list[Link]:
    """Return all links of the line a check belongs to, the oldest first; none for a check that stands alone."""
    with conn.cursor(row_factory=class_row(Link)) as cursor:
        return cursor.execute(SQL["chain"], {"check_id": check_id}).fetchall()
