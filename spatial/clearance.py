"""Clearance: how far beyond the distance the law requires a subject lies from the nearest feature of each class.

Negative means too close. The required distance depends on the feature's class (a road's grade, a line's voltage). From a polygon
(the road's land) the distance is measured as it stands; from a line or point with a known half width it is estimated and marked so
(公路安全保护条例 §11 measures from the outer edge of the road's land).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from spatial.choosing import Choice
from spatial.facts import Fact, unknown
from spatial.layer import MOST_KEPT, Layer
from spatial.measures import Floats, Overlay, to_resolution
from spatial.remembered import remember
from spatial.rules.model import FactSpec
from spatial.rules.parameters import Resolved, Value


class _Required:
    """The required distance and half width of every feature of a layer."""

    def __init__(self, layer: Layer, field: str, required: Resolved, half_width: Resolved | None) -> None:
        self.tables = (required, half_width)
        column = layer.attributes.get(field)
        values = np.full(len(layer.features), None, dtype=object) if column is None else np.asarray(column, dtype=object)
        self.rows, uniques = pd.factorize(values, use_na_sentinel=True)
        self.found: list[Value | None] = [_find(required, value) for value in uniques] + [None]
        numbers = [_number(value) for value in self.found]
        self.farthest = max((_number(value) for value in required.values if _number(value) == _number(value)), default=0.0)
        self.metres = np.array(numbers)[self.rows]
        self.unclear = np.array([value is None for value in self.found])[self.rows]
        self.free = self.unclear | np.isnan(self.metres)
        self.least = np.nan_to_num(self.metres)
        self.strictest = np.where(self.unclear, self.farthest, self.least)
        self.any_unclear = bool(self.unclear.any())
        halves = [_number(_find(half_width, value)) for value in uniques] if half_width else []
        self.widest = max((_number(value) for value in half_width.values), default=0.0) if half_width else 0.0
        half = np.array([*[self.widest if h != h else h for h in halves], self.widest])[self.rows] if half_width else np.zeros(len(values))
        thin = shapely.get_dimensions(layer.features) < 2
        self.half = np.where(thin, half, 0.0)
        self.estimated = thin & (half_width is not None)

    def value(self, feature: int) -> Value | None:
        """The row of law that fixes a feature's required distance."""
        return self.found[int(self.rows[feature])]


def _number(value: Value | None) -> float:
    return float("nan") if value is None or value.value is None else float(value.value)  # type: ignore[arg-type]


def _find(table: Resolved | None, key: Any) -> Value | None:
    """Find a class's row, the nearest jurisdiction's first; a class the table does not know, or a voltage between ranges, has none."""
    for value in reversed(table.values if table else ()):
        row = value.row
        if table and table.keyed_by == "range":
            if isinstance(key, (int, float)) and row.low is not None and row.high is not None and row.low <= key <= row.high:
                return value
        elif row.key == str(key):
            return value
    return None


def clearance(
    name: str, spec: FactSpec, over: Overlay, choice: Choice, *, required: Resolved, half_width: Resolved | None
) -> Fact:
    """Measure the smallest clearance of every subject, in metres, as a fact that carries its own distance and threshold."""
    if not any(_number(value) > 0 for value in required.values):
        text = f"本辖区这一天没有设定“{required.title}”"
        return unknown(name, spec, over.count, reason=lambda _: text, dataset=over.layer.dataset)
    wanted = _wanted(over.layer, spec.field or "", required, half_width)
    reach = wanted.farthest + wanted.widest
    subject, feature, apart = over.near(reach)
    measured = to_resolution(np.maximum(apart - wanted.half[feature], 0.0))
    low, doubtful = np.full(over.count, np.inf), np.full(over.count, -1, dtype=np.int64)
    high, worst = low, doubtful
    if len(subject):
        sure = choice.certain[feature] & ~wanted.free[feature]
        high, worst = _least(over.count, subject[sure], to_resolution(measured - wanted.least[feature])[sure], np.flatnonzero(sure))
    if len(subject) and (wanted.any_unclear or choice.in_doubt):
        maybe = choice.possible[feature] & (wanted.unclear[feature] | (choice.doubtful[feature] & ~wanted.free[feature]))
        low, doubtful = _least(over.count, subject[maybe], to_resolution(measured - wanted.strictest[feature])[maybe], np.flatnonzero(maybe))
    edge = to_resolution(over.edge_distance(reach) - reach)
    low = np.minimum(np.minimum(low, high), np.where(edge < 0, edge, np.inf))

    def reason(row: int) -> str | None:
        title = over.layer.dataset.title
        if doubtful[row] >= 0 and low[row] < 0:
            return f"图层“{title}”的要素 {over.layer.ids[feature[doubtful[row]]]} 的 {spec.field} 缺失或不在规定之列"
        return f"图层“{title}”的数据覆盖范围只到 {over.edge_distance(reach)[row]:.2f} 米外" if edge[row] < 0 else None

    def threshold(row: int) -> tuple[float, Value] | None:
        value = wanted.value(int(feature[worst[row]])) if worst[row] >= 0 else None
        return (_number(value), value) if value else None

    def detail(row: int) -> str | None:
        if worst[row] < 0:
            return None
        key = int(feature[worst[row]])
        label = spec.labels.get(str(_attribute(over.layer, spec.field, key)), str(_attribute(over.layer, spec.field, key)))
        return f"{label} {over.layer.ids[key]}"

    def geometry(row: int) -> Any:
        if worst[row] < 0:
            return None
        return shapely.shortest_line(over.subjects[row], over.layer.features[feature[worst[row]]])

    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=reason, geometry=geometry, threshold=threshold,
                shown=lambda row: float(measured[worst[row]]) if worst[row] >= 0 else None, detail=detail,
                estimated=lambda row: bool(worst[row] >= 0 and wanted.estimated[feature[worst[row]]]))  # fmt: skip


def _wanted(layer: Layer, field: str, required: Resolved, half_width: Resolved | None) -> _Required:
    """Return the requirements of a layer, kept with it; tables are told apart by identity, for hashing them is slow."""
    key = ("clearance", field, id(required), id(half_width))
    kept: _Required | None = layer._chosen.get(key)
    if kept is None or kept.tables != (required, half_width):
        kept = remember(layer._chosen, key, _Required(layer, field, required, half_width), most=MOST_KEPT)
    return kept


def _attribute(layer: Layer, field: str | None, feature: int) -> Any:
    column = layer.attributes.get(field or "")
    value = column[feature] if column is not None else None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _least(count: int, subject: Any, values: Floats, pairs: Any) -> tuple[Floats, Any]:
    """For each subject the smallest value and the pair that has it (-1: none)."""
    least, which = np.full(count, np.inf), np.full(count, -1, dtype=np.int64)
    if not len(subject):
        return least, which
    order = np.lexsort((pairs, values, subject))
    first = order[np.flatnonzero(np.r_[True, np.diff(subject[order]) != 0])]
    least[subject[first]], which[subject[first]] = values[first], pairs[first]
    return least, which
