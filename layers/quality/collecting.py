"""Findings as they are made: counted in full, listed up to the limit, with the repairs they offer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shapely.geometry.base import BaseGeometry

from layers.catalog import CatalogLayer
from layers.quality.findings import LEVEL_LABELS, Level, QualityFinding, QualityReport, RepairOffer
from layers.quality.rulebook import Check, checks, number, thresholds

NO_REFERENCE = "没有现行的“{}”图层可以对照"

REPAIRS = {
    "drop_z": "去掉 Z 值和 M 值，只留平面坐标",
    "drop_empty_rings": "去掉没有节点的空环",
    "drop_repeated_points": "去掉重复节点",
    "orient_rings": "统一环方向（外环逆时针，洞顺时针）",
    "make_valid": "修复无效图形（图形类型不变，面积变化在限值内）",
    "split_parts": "多部件拆成单部件（最大的一块保留标识码，其余加后缀，排在末尾）",
    "trim_text": "去掉文字首尾的空白",
    "cut_code": "19 位代码截取前 12 位",
    "restore_zero": "补回地类编码开头的零",
    "label_to_code": "名称改为代码",
    "drop_repeated_rows": "删除与前面完全相同的行",
}
"""What each repair does, by its id, in the order they are made."""
GEOMETRY_REPAIRS = frozenset(
    {"drop_z", "drop_empty_rings", "drop_repeated_points", "orient_rings", "make_valid", "split_parts"}
)


class Collector:
    """Takes the findings of one data set. `identifiers` name its rows; at most so many findings of a check and level are listed.

    Where the geometries are not `in_place` (in the county's CRS) no repair of them is offered.
    """

    def __init__(self, layer: CatalogLayer, identifiers: Sequence[Any], *, in_place: bool) -> None:
        self.layer = layer
        self.identifiers = identifiers
        self._in_place = in_place
        self._limit = int(number("listed_findings", layer))
        self._findings: list[QualityFinding] = []
        self._found: dict[str, Counter[Level]] = {}
        self._reasons: dict[str, str] = {}
        self._offers: dict[tuple[str, str], list[int]] = {}

    def applies(self, code: str) -> bool:
        """Whether a check says anything about the layer."""
        return checks()[code].applies_to(self.layer)

    def made(self, *codes: str) -> None:
        """Say that checks were made, whether or not they found anything."""
        for code in codes:
            self._found.setdefault(code, Counter())

    def not_made(self, code: str, reason: str) -> None:
        """Say why a check could not be made."""
        self._reasons[code] = reason

    def level(self, code: str) -> Level:
        """How much a finding of a check matters in this layer."""
        return checks()[code].level_for(self.layer)

    def add(
        self,
        code: str,
        message: str | Callable[[], str],
        *,
        row: int | None = None,
        level: Level | None = None,
        geometry: BaseGeometry | Callable[[], BaseGeometry | None] | None = None,
        other: str | None = None,
        measured: float | Callable[[], float] | None = None,
        unit: str | None = None,
        repair: str | None = None,
    ) -> None:
        """Count a finding, and list it while there is room; what is costly to say or draw is given as a function."""
        weight = level or self.level(code)
        counted = self._found.setdefault(code, Counter())
        counted[weight] += 1
        if repair in GEOMETRY_REPAIRS and not self._in_place:
            repair = None
        if repair is not None and row is not None:
            self._offers.setdefault((repair, code), []).append(row)
        if counted[weight] > self._limit:
            return
        amount = measured() if callable(measured) else measured
        identifier = self.identifiers[row] if row is not None and row < len(self.identifiers) else None
        self._findings.append(
            QualityFinding(
                code=code,
                level=weight,
                message=message() if callable(message) else message,
                row=row,
                identifier=None if identifier is None else str(identifier),
                geometry=geometry() if callable(geometry) else geometry,
                other=other,
                measured=None if amount is None else float(amount),
                unit=unit,
                repair=repair,
            )
        )

    def is_identified(self, row: int) -> bool:
        """Tell whether the row has an identifier."""
        return row < len(self.identifiers) and self.identifiers[row] is not None

    def rows(self, code: str, rows: Iterable[int], **details: Any) -> None:
        """Add one finding for each row; every detail may be a function of the row."""
        self.made(code)
        repair = details.pop("repair", None)
        for row in map(int, rows):
            offered = repair(row) if callable(repair) else repair
            self.add(code, row=row, repair=offered, **{name: _of_row(value, row) for name, value in details.items()})

    def report(self, figures: dict[str, Any]) -> QualityReport:
        """Return the report; raise AssertionError if a check that applies was neither made nor said not to be."""
        order = list(LEVEL_LABELS)
        listed = Counter(finding.code for finding in self._findings)
        findings = sorted(
            self._findings, key=lambda item: (order.index(item.level), item.code, -1 if item.row is None else item.row)
        )
        used = {name: None for code in self._found for name in checks()[code].thresholds}
        return QualityReport(
            layer=self.layer.id,
            findings=tuple(findings),
            checks=tuple(self._entry(check, listed[check.code]) for check in checks().values()),
            thresholds=tuple(self._threshold(name) for name in ("listed_findings", *used)),
            figures=figures,
            repairs=tuple(
                RepairOffer(id=name, code=code, title=REPAIRS[name], rows=tuple(sorted(set(self._offers[name, code]))))
                for name, code in sorted(self._offers, key=lambda offer: (list(REPAIRS).index(offer[0]), offer[1]))
            ),
        )

    def _entry(self, check: Check, listed: int) -> dict[str, Any]:
        entry = {"code": check.code, "title": check.title, "group": check.group, "level": check.level_for(self.layer)}
        entry |= {"source": check.source, "confidence": check.confidence}
        reason = self._reasons.get(check.code)
        if reason is not None:
            status = "not_made"
        elif check.code in self._found:
            status = "made"
        else:
            assert not check.applies_to(self.layer), f"{check.code} was neither made nor said not to be"
            status, reason = "not_applicable", "本图层不适用"
        found = self._found.get(check.code, Counter())
        return entry | {
            "status": status,
            "reason": reason,
            "found": {level: found[level] for level in LEVEL_LABELS},
            "listed": listed,
        }

    def _threshold(self, name: str) -> dict[str, Any]:
        item = thresholds()[name]
        return {
            "id": name, "title": item.title, "value": item.of(self.layer), "unit": item.unit, "source": item.source,
            "confidence": item.confidence,
        }  # fmt: skip


def _of_row(value: Any, row: int) -> Any:
    """A detail of a row: a function of the row is asked only if the finding is listed."""
    return (lambda: value(row)) if callable(value) else value
