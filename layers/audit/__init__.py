"""The audit: what was done by whom in which seat, in a chain in which each entry carries the hash of the one before.

An entry is written in the transaction of the act itself: neither is there without the other. It is chained when that transaction ends,
after all its other locks are held, so that writers wait for each other only then and never in a circle. An entry can never be taken back:
nothing personal of applicants stands in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from layers import acting
from layers.acting import Acting
from layers.sql import queries
from layers.storable import storable
from spatial.canonical import canonical_json, sha256

SQL = queries("audit")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One act: what was done (`layers.publish`), to what (`version/12`), with what result, and the SHA-256 of the thing before and after."""

    action: str
    object: str
    result: str = "done"
    before: str | None = None
    after: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    by: Acting | None = None
    """Who did it, where that is not whoever acts here and now."""


def append(conn: Connection, entries: Sequence[Entry]) -> None:
    """Add entries in the caller's transaction; where each statement is one (autocommit), in one of their own."""
    payloads = [payload(entry) for entry in entries]
    if payloads:
        conn.execute(SQL["append"].format(append=function(conn)), {"payloads": payloads})


def function(conn: Connection) -> sql.SQL:
    """Name the database's function that adds entries: at the end of the transaction, or at once where the statement is one by itself."""
    alone = conn.autocommit and conn.info.transaction_status == TransactionStatus.IDLE
    return sql.SQL("audit.append_last" if alone else "audit.append")


def note(conn: Connection, action: str, thing: str, **told: Any) -> None:
    """Add one entry for whoever acts here and now."""
    append(conn, [Entry(action=action, object=thing, **told)])


def digest(record: Any) -> str:
    """Return the SHA-256 (hexadecimal) of a record of JSON values, days and moments in their canonical form: its state before or after an act."""
    return sha256(canonical_json(record))


def payload(entry: Entry) -> str:
    """Write an entry as the text that is kept and hashed."""
    by = entry.by or acting.current()
    told = {
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "channel": by.channel,
        "account_id": by.account_id,
        "person_id": by.person_id,
        "person": by.person,
        "seat_id": by.seat_id,
        "seat": by.seat,
        "unit": by.unit,
        "address": by.address,
        "request_id": by.request_id,
        "action": entry.action,
        "object": entry.object,
        "result": entry.result,
        "before": entry.before,
        "after": entry.after,
        "details": dict(entry.details),
    }
    try:
        written = canonical_json(told)
    except TypeError:  # half a surrogate pair
        written = canonical_json(storable(told))
    if b"\\u0000" in written:
        written = canonical_json(storable(orjson.loads(written)))
    return written.decode()
