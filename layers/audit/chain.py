"""Whether the audit is as it was written: every hash worked out anew here, not by the database that is to be examined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
import psycopg
from psycopg.rows import class_row

from layers.audit import SQL

Connection = psycopg.Connection[Any]

BEGINNING = bytes(32)
MOST_FAULTS = 1_000
"""So many faults are named one by one."""
MOST_STRAYS = 200
"""Of so many entries that do not fit where they stand it is found out where they belong."""
BLOCK = 2_000
COLUMNS = ("at", "account_id", "person", "seat_id", "action", "object", "result")

KINDS: Mapping[str, str] = {
    "changed": "内容已被改动",
    "hash": "记录的哈希已被改动",
    "previous": "所记的上一条哈希已被改动",
    "missing": "缺失",
    "reordered": "次序被调换",
    "doubled": "重复",
    "inserted": "不在链中，是插入的",
    "column": "检索栏与内容不一致",
    "cut_off": "末尾被截去",
    "anchor": "与外部留存的哈希不一致：这一条或之前的记录被整体改写",
    "archive": "归档登记与链中的归档记录不一致",
    "unchained": "有记录未入链",
}


@dataclass(frozen=True)
class Row:
    """An entry as it stands in the table or in an archive, where `at` (in UTC, to the microsecond) and the other searched columns are None."""

    id: int
    payload: str
    previous: bytes
    hash: bytes
    at: str | None = None
    account_id: int | None = None
    person: str | None = None
    seat_id: int | None = None
    action: str | None = None
    object: str | None = None
    result: str | None = None

    def hashed(self, *, number: int | None = None, previous: bytes | None = None, payload: str | None = None) -> bytes:
        """What its hash has to be, or would be under another number, after another entry, with another content."""
        said = self.payload if payload is None else payload
        place = self.id if number is None else number
        return sha256(
            (self.previous if previous is None else previous) + place.to_bytes(8, "big", signed=True) + said.encode()
        ).digest()


@dataclass(frozen=True)
class Fault:
    """What is wrong with which entry: `kind` of KINDS; `last` the last of several that are missing."""

    id: int
    kind: str
    message: str
    last: int | None = None


@dataclass
class Verified:
    """What came of it: how many entries were read, from which to which, the hash of the last, and every fault (at most MOST_FAULTS)."""

    entries: int = 0
    first_id: int | None = None
    last_id: int | None = None
    last_hash: bytes = BEGINNING
    faults: list[Fault] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def add(self, number: int, kind: str, *, last: int | None = None, more: str = "") -> None:
        """Name a fault."""
        if len(self.faults) < MOST_FAULTS:
            named = f"第 {number} 条" if last in (None, number) else f"第 {number}—{last} 条"
            self.faults.append(Fault(number, kind, f"{named}：{KINDS[kind]}{more}", last))


def verify(
    conn: Connection, *, anchors: Mapping[int, bytes] | None = None, first: int | None = None, last: int | None = None
) -> Verified:
    """Read the chain, or a part of it, in a transaction of its own (nothing may be under way on `conn`) and name every fault. `anchors` are heads kept outside, by number.

    Some thousand entries are in memory at a time. That the tail was cut off together with the head, or all of it written anew, only an
    anchor shows.
    """
    with conn.transaction():
        conn.execute(SQL["begin_reading"])
        before, start = footing(conn, first)
        head_id, head_hash = _head(conn)
        with conn.cursor("audit_rows", row_factory=class_row(Row)) as cursor:
            cursor.itersize = BLOCK
            cursor.execute(SQL["rows"], {"first": first, "last": last})
            found = examine(cursor, start=start, before=before, anchors=anchors or {}, head=head_hash)
        if last is None:
            _examine_end(conn, found, before, head_id, head_hash)
        if first is None:
            _examine_archive(conn, found)
    for number, _ in sorted((anchors or {}).items()):
        if last is None and number > (found.last_id or before) and not _is_missing(found, number):
            found.add((found.last_id or before) + 1, "cut_off", last=number, more="（据外部留存的哈希）")
    return found


def examine(
    rows: Iterable[Row], *, start: bytes | None, before: int, anchors: Mapping[int, bytes], head: bytes | None = None
) -> Verified:
    """Go through entries in the order of their numbers, the first to follow entry `before` with the hash `start` (None: not known)."""
    found, strays = Verified(last_hash=start or BEGINNING), _Strays()
    place, fitting, own = before, ({start} if start is not None else set()), b""
    for row in rows:
        found.entries += 1
        if row.id <= before or row.id == found.last_id:
            found.add(row.id, "inserted" if row.id <= before else "doubled")
            continue
        if row.id > place + 1:
            strays.gaps.append((place + 1, row.id - 1))
            fitting = set()
        elif found.last_hash != own == row.previous and strays.rows:
            strays.rows[-1].hash_changed = True
        own = row.hashed()
        _examine_row(row, own, fitting, found, strays)
        if anchors.get(row.id, row.hash) != row.hash:
            found.add(row.id, "anchor")
        fitting, place = {row.hash, own}, row.id
        found.first_id = row.id if found.first_id is None else found.first_id
        found.last_id, found.last_hash = row.id, row.hash
    if found.last_hash != own == head and strays.rows:
        strays.rows[-1].hash_changed = True
    strays.settle(found)
    found.faults.sort(key=lambda fault: fault.id)
    return found


def _examine_row(row: Row, own: bytes, fitting: set[bytes], found: Verified, strays: _Strays) -> None:
    if own != row.hash:
        strays.add(_Stray(row, any(row.hashed(previous=hash_) == row.hash for hash_ in fitting)))
    elif fitting and row.previous not in fitting:
        found.add(row.id, "previous", more="（与上一条的哈希不符）")
    if own == row.hash and row.at is not None and not _columns_agree(row):
        found.add(row.id, "column")


def _columns_agree(row: Row) -> bool:
    told = content(row.payload)
    return all(name in told and told[name] == getattr(row, name) for name in COLUMNS)


def content(payload: str) -> dict[str, Any]:
    """Return what an entry says; nothing where its text has become something else."""
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


@dataclass
class _Stray:
    """An entry whose hash is not that of what it holds: whether it would be right after the entry before it, and whether the one after it
    names the hash it ought to have."""

    row: Row
    previous_changed: bool
    hash_changed: bool = False


class _Strays:
    """Entries whose hash is not that of what they hold, and numbers without an entry: who was changed, and who only stands elsewhere."""

    def __init__(self) -> None:
        self.rows: list[_Stray] = []
        self.more: list[int] = []
        self.gaps: list[tuple[int, int]] = []

    def add(self, stray: _Stray) -> None:
        """Keep an entry, as long as there are not too many."""
        if len(self.rows) < MOST_STRAYS:
            self.rows.append(stray)
        elif len(self.more) < MOST_FAULTS:
            self.more.append(stray.row.id)

    def settle(self, found: Verified) -> None:
        """Name the fault of each."""
        del self.gaps[MOST_FAULTS:]
        elsewhere: set[int] = set()
        for stray in self.rows:
            home = self._home(stray.row)
            given = next(
                (other.row.id for other in self.rows if stray.row.hashed(payload=other.row.payload) == stray.row.hash),
                None,
            )
            if home is not None:
                elsewhere.add(home)
                found.add(stray.row.id, "reordered", more=f"（这里的记录原是第 {home} 条）")
            elif given is not None:
                found.add(stray.row.id, "reordered", more=f"（原来的内容现在第 {given} 条）")
            else:
                found.add(
                    stray.row.id, "previous" if stray.previous_changed else "hash" if stray.hash_changed else "changed"
                )
        for number in self.more:
            found.add(number, "changed")
        for first, last in self.gaps:
            if first == last and first in elsewhere:
                found.add(first, "reordered", more="（记录不在原处）")
            else:
                found.add(first, "missing", last=last)

    def _home(self, row: Row) -> int | None:
        """Where an entry would be right: in the place of another that is not, or where none is."""
        places = [stray.row.id for stray in self.rows]
        for first, last in self.gaps:
            places += range(first, min(last, first + MOST_STRAYS) + 1)
        return next(
            (place for place in places[: 2 * MOST_STRAYS] if place != row.id and row.hashed(number=place) == row.hash),
            None,
        )


def footing(conn: Connection, first: int | None) -> tuple[int, bytes | None]:
    """The number before the first entry to be read, and the hash the first has to name."""
    if first is not None and first > 1:
        row = conn.execute(SQL["hash_of"], {"id": first - 1}).fetchone()
        if row is not None:
            return first - 1, row[0]
    archived = conn.execute(SQL["archived"]).fetchone()
    if archived is not None and (first is None or first == archived[0] + 1):
        return int(archived[0]), archived[1]
    return (0, BEGINNING) if first in (None, 1) else (int(first or 1) - 1, None)


def _head(conn: Connection) -> tuple[int, bytes]:
    row = conn.execute(SQL["head"]).fetchone()
    return (int(row[0]), bytes(row[1])) if row else (0, BEGINNING)


def _examine_end(conn: Connection, found: Verified, before: int, head_id: int, head_hash: bytes) -> None:
    last = before if found.last_id is None else found.last_id
    if head_id > last:
        found.add(last + 1, "missing", last=head_id, more="（末尾）")
    elif head_id < last:
        found.add(head_id + 1, "inserted", last=last)
    elif found.last_id is not None and head_hash != found.last_hash and all(fault.id != last for fault in found.faults):
        found.add(last, "hash", more="（与链头不一致）")
    allowed = conn.execute(SQL["may_see_unchained"]).fetchone()
    waiting = conn.execute(SQL["unchained"]).fetchone() if allowed and allowed[0] else None
    if waiting and waiting[0]:
        found.add(last + 1, "unchained")


def _examine_archive(conn: Connection, found: Verified) -> None:
    """Each archive that an entry tells of has to stand in the register as it was, and the last one there in an entry."""
    registered = {row[1]: (int(row[0]), *row[2:]) for row in conn.execute(SQL["archives"]).fetchall()}
    told = {}
    for number, thing, payload in conn.execute(SQL["acts_of_archiving"]).fetchall():
        details = content(payload).get("details")
        said = [details.get(name) for name in ("last_hash", "file_name", "file_sha256")] if isinstance(details, dict) else []
        told[thing] = said
        if said != list(registered.get(thing, ())[1:]):
            found.add(int(number), "archive")
    last = max(registered, key=lambda thing: registered[thing][0], default=None)
    if last is not None and told.get(last) != list(registered[last][1:]):
        found.add(registered[last][0], "archive")


def _is_missing(found: Verified, number: int) -> bool:
    return any(
        fault.kind in ("missing", "cut_off") and fault.id <= number <= (fault.last or fault.id)
        for fault in found.faults
    )
