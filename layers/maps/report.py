"""A check's report arranged for reading: what to do first, and values as people write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial.rules.parameters import UNIT_LABELS

GROUPS = (
    ("refused", "不予通过的理由", "以下各条不满足，申请应不予通过。"),
    ("missing", "缺少数据，未能核查", "缺少数据不等于通过；补齐后须重新核查。"),
    ("approval", "须先取得批准", "取得相应批准或同意后方可办理。"),
    ("correct", "须更正", "由申请人更正或补正。"),
    ("look", "请留意", "由经办人查看确认。"),
    ("passed", "已通过", ""),
    ("not_applicable", "不适用", ""),
)
_FAILED = {"reject": "refused", "approval": "approval", "correct": "correct", "warn": "look"}
_OUTCOMES = {"no_data": "missing", "error": "missing", "pass": "passed", "not_applicable": "not_applicable"}


@dataclass(frozen=True)
class Entry:
    """One finding with its number on the map; None where it has no place."""

    number: int | None
    finding: Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Findings that ask for the same thing."""

    key: str
    title: str
    note: str
    entries: tuple[Entry, ...]


def groups(report: Mapping[str, Any]) -> tuple[Group, ...]:
    """Arrange a report's findings by what has to be done, worst first; findings with a geometry get map numbers in that order.

    A failed rule of unknown severity counts as refused: never more favourable than it may be.
    """
    numbers = iter(range(1, len(report["findings"]) + 1))
    arranged = []
    for key, title, note in GROUPS:
        findings = [finding for finding in report["findings"] if group_of(finding) == key]
        entries = tuple(Entry(next(numbers) if finding.get("geometry") else None, finding) for finding in findings)
        arranged.append(Group(key, title, note, entries))
    return tuple(arranged)


def group_of(finding: Mapping[str, Any]) -> str:
    """The key of the group a finding belongs to."""
    if finding["outcome"] == "fail":
        return _FAILED.get(str(finding.get("severity")), "refused")
    return _OUTCOMES.get(finding["outcome"], "missing")


def measure(value: Any, unit: str | None = None) -> str:
    """Write a value with its unit in Chinese; shares as percent, missing as 无数据, never as zero."""
    if value is None:
        return "无数据"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        return value or "（空）"
    if isinstance(value, Sequence):
        return "、".join(measure(item, unit) for item in value) or "（空）"
    if isinstance(value, int | float):
        return _number(float(value), unit)
    return str(value)


def _number(value: float, unit: str | None) -> str:
    if unit == "share":
        return f"{_plain(value * 100, 1)} %"
    name = UNIT_LABELS.get(unit or "", unit or "")
    return f"{_plain(value, 3)} {name}".strip()


def _plain(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
