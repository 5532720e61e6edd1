"""The audit as it is read: found by time, person, seat, action, object and text, the newest entries first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import psycopg

from layers.audit import SQL
from layers.audit.chain import content

Connection = psycopg.Connection[Any]

BLOCK = 500


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is looked for; None: whatever. `object` is the beginning of an object, `text` stands anywhere in an entry, `until` is left out."""

    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    seat_id: int | None = None
    action: str | None = None
    object: str | None = None
    result: str | None = None
    text: str | None = None
    before: int | None = None
    """Only entries with lower numbers: the next page."""


@dataclass(frozen=True)
class Head:
    """The number and the hash of the last entry; number 0 before the first."""

    id: int
    hash: bytes

    @property
    def anchor(self) -> str:
        """As it is kept outside: `ID:HASH`."""
        return f"{self.id}:{self.hash.hex()}"


_TEXT, _NUMBER, _HASH = (str, ""), (int, None), (str, None)
PARTS: Mapping[str, tuple[type, Any]] = {
    "at": _HASH, "channel": _TEXT, "account_id": _NUMBER, "person_id": _NUMBER, "person": _TEXT, "seat_id": _NUMBER, "seat": _TEXT, "unit": _TEXT,
    "address": _TEXT, "request_id": _TEXT, "action": _TEXT, "object": _TEXT, "result": _TEXT, "before": _HASH, "after": _HASH, "details": (dict, {}),
}  # fmt: skip
"""The parts of an entry, of which kind each is, and what stands for one that is not."""


@dataclass(frozen=True)
class Kept:
    """An entry as it is kept: its text, and the hashes of the entry before it and of itself."""

    id: int
    payload: str
    previous: bytes
    hash: bytes

    @property
    def told(self) -> dict[str, Any]:
        """What it says; where its text is not what the service writes, at least every part of the right kind."""
        told = content(self.payload)
        found = {name: told[name] if isinstance(told.get(name), kind) else nothing for name, (kind, nothing) in PARTS.items()}
        return found | {"at": _moment(found["at"])}


def head(conn: Connection) -> Head:
    """Return the head of the chain."""
    row = conn.execute(SQL["head"]).fetchone()
    return Head(int(row[0]), bytes(row[1])) if row else Head(0, bytes(32))


def database_of(conn: Connection) -> str:
    """Return what tells this database from every other, a restored one from the one before."""
    row = conn.execute(SQL["database"]).fetchone()
    assert row is not None
    return str(row[0])


def find(conn: Connection, asked: Asked, *, limit: int) -> list[Kept]:
    """Return at most so many entries, the newest first."""
    values = vars(asked) | {"limit": limit, "object": None if asked.object is None else _escaped(asked.object) + "%"}
    values["text"] = None if asked.text is None else f"%{_escaped(orjson.dumps(asked.text).decode()[1:-1])}%"
    return [
        Kept(int(row[0]), row[1], bytes(row[2]), bytes(row[3]))
        for row in conn.execute(SQL["search"], values).fetchall()
    ]


def every(conn: Connection, asked: Asked, *, most: int) -> Iterator[Kept]:
    """Yield entries, the newest first, at most so many; some hundred are in memory at a time."""
    left = most
    while left > 0 and (found := find(conn, asked, limit=min(BLOCK, left))):
        yield from found
        left -= len(found)
        asked = replace(asked, before=found[-1].id)


def _moment(text: str | None) -> str | None:
    try:
        return None if text is None else datetime.fromisoformat(text).isoformat(timespec="microseconds")
    except ValueError:
        return None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
