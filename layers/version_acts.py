"""Who did what to a version of a layer, when and why: published, withdrawn, discarded, its law status changed. Added to, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers import audit
from layers.acting import current
from layers.county_time import COUNTY_TIME
from layers.sql import queries
from spatial.errors import InputError
from spatial.personal_numbers import refusal

SQL = queries("version_acts")

Connection = psycopg.Connection[Any]

LAW_STATUS_LABELS = {"draft": "草案", "in_force": "现行", "superseded": "已被替代"}
ACT_LABELS = {"publish": "发布", "withdraw": "撤回", "discard": "删除待发布版本", "law_status": "变更法律状态"}

LONGEST = {"officer": 60, "unit": 100, "reason": 2_000}
_TITLES = {"officer": "经办人", "unit": "单位", "reason": "理由"}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who takes an act upon himself, of which unit, and why. Raises InputError for what is blank or too long, each by its name."""

    officer: str
    unit: str
    reason: str

    def __post_init__(self) -> None:
        problems = []
        for name, longest in LONGEST.items():
            value = str(getattr(self, name)).strip()
            object.__setattr__(self, name, value)
            personal = refusal(value)
            if personal:
                problems.append(f"/{name}：{personal}")
            if not value or "\0" in value:
                problems.append(f"/{name}：须写明{_TITLES[name]}")
            elif len(value) > longest:
                problems.append(f"/{name}：{_TITLES[name]}不得超过 {longest} 个字符")
        if problems:
            raise InputError("须由具名人员办理：", problems=problems)


BY_PROGRAM = Signature(officer="cuntu 程序", unit="自动载入", reason="由程序载入，未经人员办理")
"""What stands in the log where no person acted, such as the loading of the demo county."""


@dataclass(frozen=True)
class Expected:
    """The version of the layer that a publisher takes to be in force; None: none is."""

    version: int | None


@dataclass(frozen=True, kw_only=True)
class VersionAct:
    """One act as it stands in the log. `details` of a publication has the versions it `closed`, of a discarded version its file."""

    version: int
    layer: str
    act: str
    officer: str
    unit: str
    reason: str
    made_at: datetime
    law_status: str | None = None
    effective_from: date | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    account_id: int | None = None
    seat_id: int | None = None

    @property
    def told(self) -> str:
        """The act in one sentence."""
        at = self.made_at.astimezone(COUNTY_TIME).strftime("%Y-%m-%d %H:%M:%S")
        status = f"为“{LAW_STATUS_LABELS[self.law_status]}”（自 {self.effective_from} 起）" if self.law_status else ""
        return f"{self.officer}（{self.unit}）于 {at} {ACT_LABELS[self.act]}{status}：版本 {self.version}"


def add(
    conn: Connection,
    version: int,
    layer: str,
    act: str,
    by: Signature,
    *,
    made_at: datetime,
    law_status: str | None = None,
    effective_from: date | None = None,
    details: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an act down in the caller's transaction, that of what was done, here and in the audit: how the version stood `before` and `after`."""
    about = {
        "version": version,
        "layer": layer,
        "act": act,
        "law_status": law_status,
        "effective_from": effective_from,
        "made_at": made_at,
    }
    conn.execute(SQL["add"], about | asdict(by) | current().signed | {"details": Jsonb(dict(details or {}))})
    told = {"layer": layer, "law_status": law_status, "effective_from": effective_from, **asdict(by), **(details or {})}
    states = {name: audit.digest(state) for name, state in (("before", before), ("after", after)) if state is not None}
    audit.note(conn, f"layers.{act}", f"version/{version}", details=told, **states)


def listed(conn: Connection, *, layer: str | None = None, version: int | None = None) -> list[VersionAct]:
    """Return the acts on a layer or on one version, the latest first."""
    with conn.cursor(row_factory=class_row(VersionAct)) as cursor:
        return cursor.execute(SQL["listed"], {"layer": layer, "version": version}).fetchall()
