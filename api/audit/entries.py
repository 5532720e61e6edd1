"""What is told of the audit, JSON-ready; and that somebody read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from layers import audit
from layers.audit import search as audit_search
from layers.audit.actions import title
from layers.audit.chain import Verified
from layers.audit.search import Asked, Head, Kept


def entry(kept: Kept) -> dict[str, Any]:
    """Write one entry."""
    told = kept.told
    return {"id": kept.id} | told | {
        "action_title": title(told["action"]), "payload": kept.payload, "previous": kept.previous.hex(), "hash": kept.hash.hex(),
    }  # fmt: skip


def head_entry(head: Head) -> dict[str, Any]:
    """Write the head of the chain."""
    return {"id": head.id, "hash": head.hash.hex()}


def verified(found: Verified) -> dict[str, Any]:
    """Write what a verification came to."""
    faults = [{"id": fault.id, "last": fault.last or fault.id, "kind": fault.kind, "message": fault.message} for fault in found.faults]
    return {
        "sound": found.sound, "entries": found.entries, "first_id": found.first_id, "last_id": found.last_id, "last_hash": found.last_hash.hex(),
        "faults": faults,
    }  # fmt: skip


def read(conn: psycopg.Connection[Any], asked: Asked, *, limit: int) -> tuple[list[Kept], Head]:
    """Look entries up, and note in the same transaction who looked for what."""
    found = audit_search.find(conn, asked, limit=limit)
    head = audit_search.head(conn)
    audit.note(conn, "audit.read", "audit", details=said(asked) | {"entries": len(found)})
    return found, head


def said(asked: Asked) -> dict[str, Any]:
    """What was looked for, as it is written down."""
    return {name: value for name, value in vars(asked).items() if value is not None}


def following(found: Sequence[Kept], *, limit: int) -> int | None:
    """The number with which the next page is asked for, None where this is the last."""
    return found[-1].id if len(found) == limit else None
