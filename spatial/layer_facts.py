"""Facts measured on one layer that is loaded: areas, distances, counts, lengths, attributes, each with what to show for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial import clearances
from spatial.choosing import Choice
from spatial.clearance import clearance
from spatial.facts import Fact, exact
from spatial.measures import Bools, Overlay, to_resolution
from spatial.rules.model import FactSpec

if TYPE_CHECKING:
    from spatial.measuring import Facts


def _mask(choice: Choice, mask: Bools) -> Bools | None:
    return None if choice.everything else mask


def gap_reason(over: Overlay, choice: Choice, *, spec: FactSpec) -> Callable[[int], str | None]:
    """Say why an overlap is not known exactly: outside the coverage, or features without the attribute."""

    def reason(row: int) -> str | None:
        title = over.layer.dataset.title
        if over.areas[row] == 0:
            return "没有可量测的图形（聚落范围不明）"
        if over.uncovered[row] > 0:
            return f"有 {over.uncovered[row]:.2f} ㎡ 超出图层“{title}”的数据覆盖范围"
        doubtful = [key for key in over.overlap_by_feature(row) if choice.doubtful[key]]
        if doubtful:
            return f"图层“{title}”的要素 {over.layer.ids[doubtful[0]]} 缺少属性 {'、'.join(clause.field for clause in spec.where)}，或其值不在规定之列"
        return None

    return reason


def _overlap_area(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    low, high = facts.bounds(name)

    def geometry(row: int) -> Any:
        inside = over.overlap_geometry(row, choice.certain)
        if spec.measure != "outside_area":
            return inside
        return over.subjects[row] if inside is None else shapely.difference(over.subjects[row], inside)

    def detail(row: int) -> str | None:
        found = [str(over.layer.ids[key]) for key in over.overlap_by_feature(row) if choice.certain[key]]
        return "、".join(found[:5]) + (f" 等 {len(found)} 个" if len(found) > 5 else "") if found else None

    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec),
                geometry=geometry, detail=detail)  # fmt: skip


def _without_dominant(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    low = over.overlap_without_dominant(share=0.5)
    sure = (over.dominant()[1] > 0.5 * over.areas) | (over.uncovered == 0)
    known = low if sure.all() else np.where(sure, low, over.overlap())
    high = np.minimum(to_resolution(known + over.uncovered), to_resolution(over.areas))

    def geometry(row: int) -> Any:
        best, area = over.dominant()
        others = np.ones(len(over.layer.features), dtype=bool)
        if area[row] > 0.5 * over.areas[row]:
            others[best[row]] = False
        return over.overlap_geometry(row, others)

    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec), geometry=geometry)


def _radius(facts: Facts, spec: FactSpec) -> float:
    number = facts.parameter(spec.radius_m or "").number()
    return float("inf") if number is None else number


def _distance(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    radius = _radius(facts, spec)
    high = over.distance(radius, _mask(choice, choice.certain))
    low = np.minimum(high, over.distance(radius, choice.possible)) if choice.in_doubt else high
    low = np.minimum(np.minimum(low, over.edge_distance(radius)), radius)

    def reason(row: int) -> str | None:
        if low[row] == high[row] or (np.isinf(high[row]) and low[row] == radius):
            return None
        if over.edge_distance(radius)[row] < min(radius, high[row]):
            return f"图层“{over.layer.dataset.title}”的数据覆盖范围只到 {over.edge_distance(radius)[row]:.2f} 米外"
        return f"图层“{over.layer.dataset.title}”附近的要素缺少属性 {'、'.join(clause.field for clause in spec.where)}，或其值不在规定之列"

    def geometry(row: int) -> Any:
        return nearest_line(over, row, radius, choice.certain)

    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=reason, geometry=geometry)


def nearest_line(over: Overlay, row: int, radius_m: float, chosen: Bools) -> Any:
    """Return the shortest line from one subject to the nearest chosen feature within the radius, or None."""
    subject, feature, apart = over.near(radius_m)
    keep = (subject == row) & chosen[feature]
    if not keep.any():
        return None
    best = feature[keep][np.argmin(apart[keep])]
    return shapely.shortest_line(over.subjects[row], over.layer.features[best])


def _count_within(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    radius = _radius(facts, spec)
    low = over.count_within(radius, choice.certain)
    high = np.where(over.edge_distance(radius) < radius, np.inf, over.count_within(radius, choice.possible))
    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec))


def _length_inside(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    low = over.length_inside(choice.certain)
    high = np.where(over.uncovered > 0, np.inf, over.length_inside(choice.possible))
    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec))


def _dominant(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    """The attribute of the feature with the largest overlap; unknown where the part outside the coverage could outweigh it."""
    best, _ = over.dominant()
    column = over.layer.attributes.get(spec.field or "")
    values = np.full(len(facts), None, dtype=object)
    for row in np.flatnonzero(over.surely_dominant):
        value = column[best[row]] if column is not None else None
        values[row] = None if value is None or value != value else value

    def reason(row: int) -> str | None:
        return gap_reason(over, choice, spec=spec)(row) or (f"不在图层“{over.layer.dataset.title}”任何要素内" if best[row] < 0 else None)

    if spec.unit == "bool":
        numbers = np.array([np.nan if value is None else float(value) for value in values], dtype=float)
        return exact(name, spec, numbers, dataset=over.layer.dataset, reason=reason)
    return Fact(name, spec, values=values, dataset=over.layer.dataset, reason=reason)


def _nearest(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    """The attribute of the nearest feature within the radius; unknown where the coverage ends before it."""
    radius = _radius(facts, spec)
    subject, feature, apart = over.near(radius)
    edge = over.edge_distance(radius)
    column = over.layer.attributes.get(spec.field or "")
    values = np.full(len(facts), None, dtype=object)
    order = np.lexsort((feature, apart, subject))
    first = order[np.flatnonzero(np.r_[True, np.diff(subject[order]) != 0])] if len(subject) else order
    for pair in first:
        row = subject[pair]
        if column is not None and apart[pair] <= edge[row]:
            values[row] = column[feature[pair]]
    return Fact(name, spec, values=values, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec))


def _clearance(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    half = facts.parameter(spec.half_width) if spec.half_width else None
    return clearance(name, spec, over, choice, required=facts.parameter(spec.parameter or ""), half_width=half)


Measure = Callable[[Any, str, FactSpec, Overlay, Choice], Fact]
LAYER_MEASURES: Mapping[str, Measure] = {
    "overlap_area": _overlap_area,
    "overlap_share": _overlap_area,
    "outside_area": _overlap_area,
    "overlap_without_dominant": _without_dominant,
    "distance": _distance,
    "clearance": _clearance,
    "clearance_beyond": clearances.clearance_beyond,
    "placed_clearance": clearances.placed_clearance,
    "sway_clearance": clearances.sway_clearance,
    "strip_clearance": clearances.strip_clearance,
    "count_within": _count_within,
    "length_inside": _length_inside,
    "dominant": _dominant,
    "nearest": _nearest,
}
