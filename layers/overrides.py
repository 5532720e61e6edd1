"""Acts of officers on stored checks (更正): a hit marked as wrong, and such marks withdrawn. Acts are added, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers import audit
from layers.acting import current
from layers.errors import UnknownRecordError
from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("overrides")

Connection = psycopg.Connection[Any]


class AlreadyMarkedError(CuntuError):
    """这处命中已经更正过。"""


class NotStandingError(CuntuError):
    """这项更正不存在或已经撤回。"""


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act: `mark` says that a rule's hit (on one feature, or as a whole) is wrong; `withdraw` takes an earlier mark back.

    `evidence` is a text or the name of a file whose SHA-256 is `evidence_sha256`; `hit_features` are the features that stood behind the
    hit when it was marked. `made_at` is set by the store.
    """

    check_id: UUID
    act: str
    rule_key: str
    reason: str
    officer: str
    unit: str
    feature_id: str | None = None
    withdraws: UUID | None = None
    evidence: str | None = None
    evidence_sha256: str | None = None
    hit_features: Sequence[str] = ()
    id: UUID | None = None
    made_at: datetime | None = None
    account_id: int | None = None
    seat_id: int | None = None


def mark(conn: Connection, act: Act) -> Act:
    """Add a mark in the caller's transaction; of two officers marking the same hit at once the second is refused.

    Raises UnknownRecordError for an unknown check, AlreadyMarkedError where the same mark stands.
    """
    _lock(conn, act.check_id)
    same = next((item for item in standing(of_check(conn, act.check_id)) if _place(item) == _place(act)), None)
    if same is not None:
        raise AlreadyMarkedError(f"这处命中已由 {same.unit} {same.officer} 更正；如有不同意见，请先撤回再另行更正。")
    return _add(conn, act)


def withdraw(conn: Connection, check_id: UUID, mark_id: UUID, *, reason: str, officer: str, unit: str) -> Act:
    """Take a standing mark back by a new act, in the caller's transaction; raise NotStandingError where there is none."""
    _lock(conn, check_id)
    found = next((item for item in standing(of_check(conn, check_id)) if item.id == mark_id), None)
    if found is None:
        raise NotStandingError(f"没有编号为 {mark_id} 的更正，或已经撤回。")
    act = Act(check_id=check_id, act="withdraw", rule_key=found.rule_key, feature_id=found.feature_id, withdraws=mark_id, hit_features=found.hit_features,
              reason=reason, officer=officer, unit=unit)  # fmt: skip
    return _add(conn, act)


def of_check(conn: Connection, check_id: UUID) -> list[Act]:
    """Return every act on one check, the oldest first."""
    with conn.cursor(row_factory=class_row(Act)) as cursor:
        return cursor.execute(SQL["of_check"], {"check_id": check_id}).fetchall()


def standing(acts: Sequence[Act]) -> list[Act]:
    """Return the marks that no later act has withdrawn."""
    gone = {item.withdraws for item in acts if item.withdraws is not None}
    return [item for item in acts if item.act == "mark" and item.id not in gone]


def _place(act: Act) -> tuple[str, str | None]:
    return act.rule_key, act.feature_id


def _lock(conn: Connection, check_id: UUID) -> None:
    if conn.execute(SQL["lock_check"], {"check_id": check_id}).fetchone() is None:
        raise UnknownRecordError(f"没有编号为 {check_id} 的检查报告。")


def _add(conn: Connection, act: Act) -> Act:
    by = current()
    named = replace(act, id=uuid4(), account_id=by.account_id, seat_id=by.seat_id)
    row = conn.execute(SQL["add"], vars(named) | {"hit_features": Jsonb(list(named.hit_features))}).fetchone()
    assert row is not None
    made = replace(named, made_at=row[0])
    action = "checks.override" if act.act == "mark" else "checks.withdraw_override"
    told = {"override": made.id, "rule": made.rule_key, "feature_id": made.feature_id, "withdraws": made.withdraws, "officer": made.officer, "unit": made.unit}
    audit.note(conn, action, f"check/{made.check_id}", after=audit.digest(vars(made)), details=told)
    return made
