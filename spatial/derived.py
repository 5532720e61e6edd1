"""Facts that come from other facts, from the application form, or from the state of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.building_gap import building_gap
from spatial.clearances import settlement_kind
from spatial.facts import Fact, exact, unknown
from spatial.form_facts import count_not, counted_storeys, days_between, survey_age, working_days_between
from spatial.four_sides import four_sides
from spatial.housing_matrix import matrix_fact
from spatial.layer_titles import layer_title
from spatial.measures import DECIMALS, Floats, to_resolution, union
from spatial.open_applications import other_application_area, other_application_count
from spatial.overlap_table import FORM_NUMBERS
from spatial.plot_limits import limit_fact
from spatial.remembered import remember
from spatial.rules.model import FactSpec
from spatial.village_land import village_overlap

if TYPE_CHECKING:
    from spatial.measuring import Facts


def _declared(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """What the application form states; an empty field is not known."""
    if spec.unit in FORM_NUMBERS:
        low, high = facts.stated(spec.property or "")
        return Fact(name, spec, low=low, high=high, reason=lambda row: f"申请表未填“{spec.title}”" if low[row] == -np.inf else None)
    given = facts.properties.get(spec.property or "")
    values = np.full(len(facts), None, dtype=object) if given is None else np.asarray(given, dtype=object)

    def reason(row: int) -> str | None:
        return f"申请表未填“{spec.title}”" if values[row] is None else None

    if spec.unit == "code":
        return Fact(name, spec, values=values, reason=reason)
    if spec.unit == "date":
        values = np.array([*[None if value is None else value.toordinal() for value in values], None], dtype=object)[:-1]
    numbers = np.array([np.nan if value is None else float(value) for value in values], dtype=float)
    return exact(name, spec, numbers, reason=reason)


def _attribute(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """A stated attribute of the subject itself (a village's population)."""
    given = facts.properties.get(spec.field or "")
    values = np.full(len(facts), None, dtype=object) if given is None else np.asarray(given, dtype=object)
    values = np.array([None if value is None or value != value else value for value in values] + [None], dtype=object)[:-1]

    def reason(row: int) -> str | None:
        return f"缺少“{spec.title}”" if values[row] is None else None

    if spec.unit == "code":
        if spec.labels:
            values[:] = [value if str(value) in spec.labels else None for value in values]
        return Fact(name, spec, values=values, reason=reason)
    numbers = np.array([np.nan if value is None else float(value) for value in values], dtype=float)
    return exact(name, spec, numbers, reason=reason)


def _subject_area(facts: Facts, name: str, spec: FactSpec) -> Fact:
    area = to_resolution(facts.areas)
    return Fact(name, spec, low=area, high=area, geometry=lambda row: facts.subjects[row])


def _bounds(facts: Facts, spec: FactSpec) -> tuple[list[Floats], list[Floats], Callable[[int], str | None]]:
    parts = [facts[other] for other in spec.of]
    lows = [part.low for part in parts if part.low is not None]
    highs = [part.high for part in parts if part.high is not None]

    def reason(row: int) -> str | None:
        return next((text for part in parts if (text := part.reason(row))), None)

    return lows, highs, reason


def _difference(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """|a − b|, or |a − b| ÷ b: both must be known, else nothing is."""
    lows, highs, reason = _bounds(facts, spec)
    sure = (lows[0] == highs[0]) & (lows[1] == highs[1])
    left, right = np.where(sure, lows[0], np.nan), np.where(sure, lows[1], np.nan)
    apart = np.abs(left - right)
    if spec.measure == "relative_difference":
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.where(right > 0, apart / right, np.nan)
    return exact(name, spec, np.round(apart, 6 if spec.unit == "share" else DECIMALS), reason=reason)


def _quotient(facts: Facts, name: str, spec: FactSpec) -> Fact:
    lows, highs, reason = _bounds(facts, spec)
    sure = (lows[0] == highs[0]) & (lows[1] == highs[1]) & (lows[1] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(sure, lows[0] / lows[1], np.nan)
    return exact(name, spec, np.round(values, 6), reason=reason)


def _complement(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """1 − a ÷ b (a share lost), as population loss = 1 − resident ÷ registered."""
    lows, highs, reason = _bounds(facts, spec)
    sure = (lows[0] == highs[0]) & (lows[1] == highs[1]) & (lows[1] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(sure, 1.0 - lows[0] / lows[1], np.nan)
    return exact(name, spec, np.round(values, 6), reason=reason)


def _largest_of(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """The largest of several amounts that may overlap each other: there is at least so much together."""
    parts = [facts[other] for other in spec.of]
    lows, highs, reason = _bounds(facts, spec)

    def detail(row: int) -> str | None:
        return "；".join(text for part in parts if (text := part.detail(row))) or None

    def geometry(row: int) -> Any:
        return _together([shape for part in parts if (shape := part.geometry(row)) is not None], facts.table.unions)

    return Fact(name, spec, low=np.max(lows, axis=0), high=np.max(highs, axis=0), reason=reason, geometry=geometry, detail=detail)


def _together(shapes: list[Any], kept: dict[tuple[int, ...], tuple[list[Any], Any]]) -> Any:
    """The union of some shapes. Neighbours are shown the same land, so that it is kept, with the shapes by whose identity it is known."""
    key = tuple(id(shape) for shape in shapes)
    found = kept.get(key) or remember(kept, key, (shapes, union(shapes)), most=_MOST_UNIONS)
    return found[1]


_MOST_UNIONS = 5_000


def _layers_loaded(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """1 where every layer of the pack is loaded and covers the subject; not known otherwise: never a pass."""
    absent = [layer for layer in facts.pack.layers if layer not in facts.layers]
    numbers = np.full(len(facts), np.nan) if absent else np.where(facts.partly_outside, np.nan, 1.0)

    def reason(row: int) -> str | None:
        if absent:
            return "未入库的图层：" + "、".join(layer_title(layer) for layer in absent)
        partly = [facts.title(key) for key in facts.pack.layers if key in facts.layers and facts.uncovered(key)[row] > 0]
        return "数据覆盖不全的图层：" + "、".join(partly) if partly else None

    return exact(name, spec, numbers, reason=reason)


def _context(facts: Facts, name: str, spec: FactSpec) -> Fact:
    if name not in facts.context:
        return unknown(name, spec, len(facts), reason=lambda _: f"没有可用的“{spec.title}”")
    values, version = facts.context[name](facts)
    return Fact(name, spec, values=values, version=version,
                reason=lambda row: f"没有可用的“{spec.title}”" if values[row] is None else None)  # fmt: skip


def _missing_count(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """How many of the named facts are not known."""
    parts = [facts[other] for other in spec.of]
    missing = np.array([[not part.known(row) for part in parts] for row in range(len(facts))], dtype=float).reshape(len(facts), -1)
    total = missing.sum(axis=1)
    names = [part.spec.title for part in parts]

    def detail(row: int) -> str | None:
        return "、".join(title for title, gone in zip(names, missing[row], strict=True) if gone) or None

    return Fact(name, spec, low=total, high=total, detail=detail)


def _points(facts: Facts, name: str, spec: FactSpec) -> Fact:
    from spatial.scoring import score_fact

    return score_fact(facts, name, spec)


Derive = Callable[[Any, str, FactSpec], Fact]
DERIVED: Mapping[str, Derive] = {
    "declared": _declared,
    "attribute": _attribute,
    "subject_area": _subject_area,
    "relative_difference": _difference,
    "absolute_difference": _difference,
    "quotient": _quotient,
    "complement": _complement,
    "largest_of": _largest_of,
    "layers_loaded": _layers_loaded,
    "context": _context,
    "missing_count": _missing_count,
    "housing_matrix": matrix_fact,
    "plot_limit": limit_fact,
    "points": _points,
    "village_overlap": village_overlap,
    "building_gap": building_gap,
    "survey_age": survey_age,
    "days_between": days_between,
    "working_days_between": working_days_between,
    "count_not": count_not,
    "counted_storeys": counted_storeys,
    "four_sides": four_sides,
    "other_application_area": other_application_area,
    "other_application_count": other_application_count,
    "settlement_kind": settlement_kind,
}
