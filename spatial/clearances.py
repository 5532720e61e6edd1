"""Clearances that depend on more than the class of the nearest feature.

- beyond a zone: the distance counts from the outer edge of a zone that itself depends on the class (公路安全保护条例 §14);
- by place: what is required depends on where the subject lies, too (铁路安全管理条例 §27);
- after sway: the conductor swings towards the house by a distance that only the utility can compute (电力设施保护条例 §10);
- beside a strip: the width of the protected strip is set by provinces, and not by all of them (河道管理条例 §24).

All are made of plain clearances, so that what is not known widens them just as it widens those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from spatial.choosing import Choice
from spatial.clearance import clearance
from spatial.facts import Fact, unknown
from spatial.measures import DECIMALS, Bools, Floats, Ints, Overlay
from spatial.rules.model import FactSpec
from spatial.rules.parameters import Resolved, Value

if TYPE_CHECKING:
    from spatial.measuring import Facts

_LEAST = 10.0**-DECIMALS
"""The smallest distance that is told from none, in metres."""


def _half_width(facts: Facts, spec: FactSpec) -> Resolved | None:
    return facts.parameter(spec.half_width) if spec.half_width else None


def clearance_beyond(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    """The clearance from the outer edge of a zone, whose width by class stands in the parameter `zone`."""
    gap, zone = facts.parameter(spec.parameter or ""), facts.parameter(spec.zone or "")
    found = clearance(name, spec, over, choice, required=_added(gap, zone), half_width=_half_width(facts, spec))
    gaps = {value.row.key: value for value in gap.values}
    widths = {value.row.key: _number(value) for value in zone.values}

    def threshold(row: int) -> tuple[float, Value] | None:
        total = found.threshold(row)
        return None if total is None else (_number(gaps[total[1].row.key]), gaps[total[1].row.key])

    def shown(row: int) -> float | None:
        total, apart = found.threshold(row), found.number(row)
        return None if total is None or apart is None else max(round(apart - widths[total[1].row.key], DECIMALS), 0.0)

    return replace(found, threshold=threshold, shown=shown)


@lru_cache(maxsize=64)
def _added(gap: Resolved, zone: Resolved) -> Resolved:
    """Add two distances class by class; a class without one of them has no number."""
    widths = {value.row.key: _number(value) for value in zone.values}
    sums = [_number(value) + widths.get(value.row.key, np.nan) for value in gap.values]
    values = tuple(replace(value, value=None if total != total else total) for value, total in zip(gap.values, sums, strict=True))
    return replace(gap, values=values)


def _number(value: Value) -> float:
    return float("nan") if value.value is None else float(value.value)  # type: ignore[arg-type]


def placed_clearance(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    """The clearance by class and place: `of` names the fact that says where a subject lies, rows have keys such as `village.other`.

    A place that is not known may be any.
    """
    required, half = facts.parameter(spec.parameter or ""), _half_width(facts, spec)
    place = facts[spec.of[0]]
    kinds = tuple(place.spec.labels)
    each = [clearance(name, spec, over, choice, required=_of_place(required, kind), half_width=half) for kind in kinds]
    which = np.select([place.values == kind for kind in kinds], range(len(kinds)), default=len(kinds))
    lows, highs = _column(each, "low"), _column(each, "high")
    strictest = int(np.argmax([_farthest(required, kind) for kind in kinds]))

    def of_place(row: int) -> Fact:
        return each[which[row] if which[row] < len(kinds) else strictest]

    def reason(row: int) -> str | None:
        found = of_place(row)
        return found.reason(row) or (place.reason(row) if which[row] == len(kinds) and lows.min(axis=0)[row] < 0 else None)

    return replace(
        each[strictest], low=_pick(lows, which, np.minimum), high=_pick(highs, which, np.maximum), reason=reason,
        threshold=lambda row: of_place(row).threshold(row), shown=lambda row: of_place(row).number(row), detail=lambda row: of_place(row).detail(row),
        geometry=lambda row: of_place(row).geometry(row), estimated=lambda row: of_place(row).estimated(row),
    )  # fmt: skip


def _column(facts: Sequence[Fact], side: str) -> Floats:
    return np.array([getattr(fact, side) for fact in facts])


def _pick(values: Floats, which: Any, of_all: Any) -> Floats:
    """Take for each subject the value of its place, or what holds for all places where that is not known (the last row)."""
    table: Floats = np.vstack([values, of_all.reduce(values, axis=0)])
    chosen: Floats = table[which, np.arange(len(which))]
    return chosen


@lru_cache(maxsize=64)
def _of_place(required: Resolved, kind: str) -> Resolved:
    """The rows of one place, under the class alone."""
    own = [value for value in required.values if (value.row.key or "").startswith(f"{kind}.")]
    rows = [value.row.model_copy(update={"key": (value.row.key or "").partition(".")[2]}) for value in own]
    return replace(required, values=tuple(replace(value, row=row) for value, row in zip(own, rows, strict=True)))


def _farthest(required: Resolved, kind: str) -> float:
    return max((_number(value) for value in _of_place(required, kind).values), default=0.0)


def sway_clearance(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    """The clearance after sway: surely too little nearer than `parameter`, surely enough from the width of the general `zone` on.

    In between it depends on the sway: the law lets the zone be narrower in dense places, never wider.
    """
    least = clearance(name, spec, over, choice, required=facts.parameter(spec.parameter or ""), half_width=None)
    general = clearance(name, spec, over, choice, required=facts.parameter(spec.zone or ""), half_width=None)
    assert least.low is not None and general.low is not None
    low = np.minimum(least.low, general.low)

    def reason(row: int) -> str | None:
        return least.reason(row) or general.reason(row) or ("风偏后的水平距离须由供电企业核定" if low[row] < 0 else None)

    return replace(least, low=low, reason=reason)


def strip_clearance(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    """The clearance from a strip along a body (a dyke): negative on the body itself, whatever the width of the strip.

    Where no width is set, it is not known up to `radius_m`, the farthest a strip may reach, and enough beyond.
    """
    required, half = facts.parameter(spec.parameter or ""), _half_width(facts, spec)
    found = clearance(name, spec, over, choice, required=required, half_width=half)
    assert found.low is not None and found.high is not None
    # A polygon that only touches shares a line with the subject: length counts of lines alone.
    inside = (over.overlap(choice.certain) > 0) | (over.length_inside(choice.certain & _lines(over)) > 0)
    high = np.where(inside, np.minimum(found.high, -_LEAST), found.high)
    set_here = [number for number in map(_number, required.values) if number == number]
    farthest = max([facts.parameter(spec.radius_m or "").number() or 0.0, *set_here])
    apart = _apart(over, choice, farthest, max(map(_number, half.values), default=0.0) if half else 0.0)
    low = np.where(apart >= farthest, np.maximum(found.low, 0.0), found.low)

    def shown(row: int) -> float | None:
        stated = found.shown(row) if found.shown is not None else None
        return stated if stated is not None or apart[row] >= farthest else max(float(apart[row]), 0.0)

    def geometry(row: int) -> Any:
        return over.overlap_geometry(row, choice.certain) if inside[row] else found.geometry(row)

    def detail(row: int) -> str | None:
        return found.detail(row) or ("、".join(map(str, over.layer.ids[_under(over, row)])) or None if inside[row] else None)

    return replace(found, low=np.minimum(low, high), high=high, shown=shown, geometry=geometry, detail=detail)


def _under(over: Overlay, row: int) -> Ints:
    """The features of the layer that one subject reaches."""
    subject, feature, apart = over.near(_LEAST)
    rows: Ints = np.unique(feature[(subject == row) & (apart == 0)])
    return rows


def _apart(over: Overlay, choice: Choice, farthest: float, half: float) -> Floats:
    """How far each subject is at least from a body that may be there: lines are taken at their widest."""
    lines = _lines(over)
    apart: Floats = np.minimum(over.distance(farthest, choice.possible & ~lines), over.edge_distance(farthest + half) - half)
    if lines.any():
        apart = np.minimum(apart, over.distance(farthest + half, choice.possible & lines) - half)
    return apart


def _lines(over: Overlay) -> Bools:
    thin: Bools = shapely.get_dimensions(over.layer.features) < 2
    return thin


def settlement_kind(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Where a subject lies in the sense of 铁路安全管理条例 §27: in a settlement of a suburb, of a village, or elsewhere.

    `of` names the share of the subject on settlement land and the terrain; it is in the settlement from the share of `parameter` on.
    """
    share, terrain = facts[spec.of[0]], facts[spec.of[1]]
    least = facts.parameter(spec.parameter or "").number()
    assert share.low is not None and share.high is not None
    if least is None:
        return unknown(name, spec, len(facts), reason=lambda _: f"本辖区未设定参数“{facts.parameter(spec.parameter or '').title}”")
    suburb, stated = terrain.values == "suburb", pd.notna(terrain.values)
    inside, outside = share.low >= least, share.high < least
    values = np.full(len(facts), None, dtype=object)
    values[outside], values[inside & suburb], values[inside & ~suburb & stated] = "elsewhere", "suburb", "village"

    def reason(row: int) -> str | None:
        return None if values[row] is not None else share.reason(row) or terrain.reason(row)

    return Fact(name, spec, values=values, reason=reason)
