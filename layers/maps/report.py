"""A check's report arranged for reading: what to do first, and values as people write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from spatial.application_form import PROPERTIES
from spatial.report_groups import CONFIDENCE_LABELS, GROUPS, group_of
from spatial.rules.parameters import UNIT_LABELS


@dataclass(frozen=True)
class Entry:
    """One finding with its number on the map; None where it has no place."""

    number: int | None
    finding: Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Findings that ask for the same thing, and the rules of that kind that no one checks by machine."""

    key: str
    title: str
    note: str
    entries: tuple[Entry, ...]
    not_built: tuple[Mapping[str, Any], ...] = ()

    @property
    def count(self) -> int:
        """How many rules stand in it."""
        return len(self.entries) + len(self.not_built)


def groups(report: Mapping[str, Any]) -> tuple[Group, ...]:
    """Arrange a report's findings by what has to be done; findings with a geometry get map numbers in that order."""
    numbers = iter(range(1, len(report["findings"]) + 1))
    arranged = []
    for key, title, note in GROUPS:
        findings = [finding for finding in report["findings"] if group_of(finding) == key]
        entries = tuple(Entry(next(numbers) if finding.get("geometry") else None, finding) for finding in findings)
        not_built = tuple(report.get("not_checked") or ()) if key == "not_checked" else ()
        arranged.append(Group(key, title, note, entries, not_built))
    return tuple(arranged)


def citation_text(citation: Mapping[str, Any]) -> str:
    """Write a citation with its source and how sure it is: 《土地管理法》第62条（法律原文）."""
    mark = CONFIDENCE_LABELS.get(str(citation.get("confidence")), "来源未注明")
    text = citation.get("text") or citation.get("source") or ""
    return mark if text == mark else f"{text}（{mark}）"


def dataset_text(dataset: Mapping[str, Any] | None) -> str:
    """Write the layer version a finding rests on: 永久基本农田 第 3 版（2025-01-01）."""
    if not dataset:
        return "未用图层数据"
    return f"{dataset['title']} 第 {dataset['version']} 版（{dataset['date']}）"


def stated(name: str, value: Any) -> str:
    """Write what an application states, in Chinese; what it does not state says so."""
    if value is None:
        return "未填"
    form = PROPERTIES.get(name)
    if form is not None and isinstance(value, str) and value in form.choices:
        return form.choices[value]
    if isinstance(value, date):
        return value.isoformat()
    return measure(value, form.unit if form else None)


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
