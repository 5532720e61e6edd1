"""Withdrawing a version so that what it had replaced counts again.

History stays as it was: knowledge that ended is not reopened. What was replaced is published anew, as a copy with a number of its own
that says which version it restores; its content, and so its checksum, is the same.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

import psycopg

from layers import audit, partitions, versions
from layers.acting import current
from layers.errors import VersionStateError
from layers.sql import queries
from layers.version_acts import BY_PROGRAM, Signature

SQL = queries("restoring")

Connection = psycopg.Connection[Any]


def withdraw(conn: Connection, version_id: int, *, at: datetime | None = None, by: Signature = BY_PROGRAM) -> list[int]:
    """Withdraw a published version and publish copies of those its publication had closed; return the copies' ids.

    Raises what `versions.withdraw` raises, and VersionStateError where it had closed none, or where a version published since
    overlaps with it: a copy would then take precedence over later knowledge.
    """
    found = versions.locked(conn, version_id, wanted="published")
    moment = versions.moment_of_change(conn, found["layer"], at)
    closed = _ids(conn, "closed_by", version_id)
    if not closed:
        raise VersionStateError(f"版本 {version_id} 发布时没有替换其他版本，没有可恢复的内容：可直接撤回。")
    later = _ids(conn, "later", version_id)
    if later:
        named = "、".join(str(number) for number in later)
        raise VersionStateError(f"版本 {version_id} 之后又发布了有效期重叠的版本 {named}，不能自动恢复：请先处理这些版本，或直接撤回。")
    versions.withdraw(conn, version_id, at=moment, by=by)
    return [_published_again(conn, number, moment, by) for number in closed]


def _published_again(conn: Connection, version_id: int, moment: datetime, by: Signature) -> int:
    copy = int(cast(tuple[Any, ...], conn.execute(SQL["copy_version"], {"id": version_id}).fetchone())[0])
    partitions.copy(conn, copy, version_id)
    audit.note(conn, "layers.restore", f"version/{copy}", details={"copy_of": version_id})
    versions.publish(conn, copy, at=moment, by=by)
    conn.execute(SQL["copy_declarations"], {"new": copy, "old": version_id} | asdict(by) | current().signed)
    return copy


def _ids(conn: Connection, query: str, version_id: int) -> list[int]:
    return [int(row[0]) for row in conn.execute(SQL[query], {"id": version_id}).fetchall()]
