"""What became of villages: renamed, merged into others, split, gone, new. A code is no permanent identifier.

Changes come from lists of codes of two years, which say that a code is gone but not where to, and from the bureau, which knows. What is
recorded later about the end of a code takes precedence; nothing is overwritten, and `known_at` asks for what was recorded by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from layers import audit
from layers.sql import queries

SQL = queries("succession")

Connection = psycopg.Connection[Any]

KIND_LABELS = {"new": "新设", "rename": "更名", "merge": "并入", "split": "分设", "vanish": "撤销，去向未说明"}
ENDS = ("merge", "split", "vanish")


@dataclass(frozen=True, kw_only=True)
class CodeChange:
    """One change of a place's code or name, from `changed_on` on; up to `last_listed` it was as before (None: not stated)."""

    code: str
    kind: str
    changed_on: date
    name_before: str | None = None
    name_after: str | None = None
    last_listed: date | None = None
    successors: Sequence[str] = ()
    source_name: str = ""
    recorded_at: datetime | None = None


@dataclass(frozen=True)
class Succession:
    """All changes that were recorded by a moment, in the order of recording."""

    changes: Sequence[CodeChange]
    _by_code: Mapping[str, list[CodeChange]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_code: dict[str, list[CodeChange]] = {}
        for change in self.changes:
            by_code.setdefault(change.code, []).append(change)
        object.__setattr__(self, "_by_code", by_code)

    def of(self, code: str) -> list[CodeChange]:
        """The changes of one code, the earliest first."""
        return sorted(self._by_code.get(code, []), key=lambda change: change.changed_on)

    def ended(self, code: str, on: date) -> CodeChange | None:
        """How a code ended by a day, or None where it had not: of several records about its end the one made last counts."""
        ends = [change for change in self._by_code.get(code, []) if change.kind in ENDS]
        if not ends or ends[-1].changed_on > on:
            return None
        again = any(change.kind == "new" and ends[-1].changed_on < change.changed_on <= on for change in self._by_code[code])
        return None if again else ends[-1]

    def successors(self, code: str, on: date) -> tuple[str, ...]:
        """The codes that stand for a code on a day: itself while it stands; of those that ended in turn their successors."""
        found: dict[str, None] = {}
        self._follow(code, on, found, set())
        return tuple(found)

    def _follow(self, code: str, on: date, found: dict[str, None], seen: set[str]) -> None:
        if code in seen:
            return
        seen.add(code)
        end = self.ended(code, on)
        if end is None:
            found[code] = None
            return
        for successor in end.successors:
            self._follow(successor, on, found, seen)

    def predecessors(self, code: str, on: date) -> tuple[str, ...]:
        """The codes that ended by a day and whose only successor then is this one."""
        return tuple(old for old in self._by_code if old != code and self.successors(old, on) == (code,))

    def is_new_after(self, code: str, day: date) -> bool:
        """Whether a code began only after a day."""
        return any(change.kind == "new" and change.changed_on > day for change in self._by_code.get(code, []))

    def folded(self, rows: Iterable[tuple[str, Sequence[float]]], codes: Iterable[str], *, on: date, period: date) -> dict[str, tuple[float, ...]]:
        """Bring numbers of a period, by code, to the `codes` that stand on a day: those of merged villages are added up.

        A village that grew out of several has a number only where all of them have: a part is not the whole. What was split is given
        to none of the parts. Numbers that are not added to others stay under their own code, listed or not.
        """
        given = {code: tuple(float(value) for value in values) for code, values in rows}
        listed = set(codes)
        result = dict(given)
        for code in {target for old in given.keys() - listed for target in self.successors(old, on) if target in listed}:
            parts = [old for old in self.predecessors(code, on) if old not in listed and self.ended(old, period) is None]
            whole = parts if self.is_new_after(code, period) else [code, *parts]
            if parts and all(part in given for part in whole):
                result[code] = tuple(sum(column) for column in zip(*(given[part] for part in whole), strict=True))
                result = {old: values for old, values in result.items() if old not in parts}
            elif parts:
                result.pop(code, None)
        return result


def read(conn: Connection, *, known_at: datetime) -> Succession:
    """Read every change recorded by a moment."""
    with conn.cursor(row_factory=class_row(CodeChange)) as cursor:
        return Succession(tuple(cursor.execute(SQL["changes"], {"known_at": known_at}).fetchall()))


def record(conn: Connection, changes: Sequence[CodeChange], *, source_name: str, source_sha256: str) -> int:
    """Record changes in the caller's transaction; those recorded before in the same words are left out. Return how many were new."""
    conn.execute(SQL["lock"])
    names = ("code", "kind", "name_before", "name_after", "last_listed", "changed_on")
    values: dict[str, Any] = {name: [getattr(change, name) for change in changes] for name in names}
    values |= {"successors": [";".join(change.successors) for change in changes], "source_name": source_name, "source_sha256": source_sha256}
    added = conn.execute(SQL["add"], values).rowcount
    audit.note(conn, "succession.record", "succession", after=audit.digest(values), details={"new": added, "source_sha256": source_sha256})
    return added
