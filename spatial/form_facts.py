"""Facts reckoned from what the application form states: days of the notice, boxes left open, storeys with the stilt floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from spatial.facts import Fact, exact
from spatial.measures import Floats
from spatial.rules.model import FactSpec
from spatial.working_days import load_calendar, working_days

if TYPE_CHECKING:
    from spatial.measuring import Facts


def _first_reason(parts: list[Fact]) -> Callable[[int], str | None]:
    return lambda row: next((text for part in parts if (text := part.reason(row))), None)


def _bounds(fact: Fact) -> tuple[Floats, Floats]:
    assert fact.low is not None and fact.high is not None
    return fact.low, fact.high


def days_between(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Count the days from the first date to the second; the starting day does not count (民法典 §201)."""
    start, end = (facts[other] for other in spec.of)
    (from_low, from_high), (to_low, to_high) = _bounds(start), _bounds(end)
    known = (from_low == from_high) & (to_low == to_high)
    days = np.where(known, np.where(known, to_low, 0.0) - np.where(known, from_low, 0.0), np.nan)
    return exact(name, spec, days, reason=_first_reason([start, end]))


def working_days_between(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Count the working days after the first date up to the second; a year without its holiday notice on file is not known."""
    start, end = (facts[other] for other in spec.of)
    (from_low, from_high), (to_low, to_high) = _bounds(start), _bounds(end)
    known = (from_low == from_high) & (to_low == to_high)
    days = np.full(len(facts), np.nan)
    days[known] = working_days(load_calendar(), from_low[known].astype(np.int64), to_low[known].astype(np.int64))
    form = _first_reason([start, end])
    return exact(name, spec, days, reason=lambda row: form(row) or ("没有公示那一年的放假安排，不能计算工作日" if np.isnan(days[row]) else None))


def count_not(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Count the named yes-or-no facts that are not so."""
    parts = [facts[other] for other in spec.of]
    certain = np.array([_bounds(part)[1] <= 0 for part in parts])
    possible = np.array([_bounds(part)[0] <= 0 for part in parts])

    def detail(row: int) -> str | None:
        return "、".join(part.spec.title for part, open_ in zip(parts, certain[:, row], strict=True) if open_) or None

    return Fact(name, spec, low=certain.sum(axis=0).astype(float), high=possible.sum(axis=0).astype(float),
                reason=_first_reason(parts), detail=detail)  # fmt: skip


def counted_storeys(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Count a stilt floor higher than the parameter as a storey; where no place has said from which height, storeys are as stated."""
    storeys, stilt = (facts[other] for other in spec.of)
    (low, high), (least, most) = _bounds(storeys), _bounds(stilt)
    limit = facts.parameter(spec.parameter or "").number()
    if limit is None:
        return Fact(name, spec, low=low, high=high, reason=storeys.reason)

    def detail(row: int) -> str | None:
        return "含架空层" if least[row] > limit else None

    return Fact(name, spec, low=low + (least > limit), high=high + (most > limit), reason=_first_reason([storeys, stilt]), detail=detail)


def survey_age(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Tell how many survey years old a layer is on the day of the check: the year of the day less the year of the survey."""
    layer = facts.layers.get(spec.layer or "")
    surveyed = layer.dataset.survey_date if layer is not None else None
    years = np.full(len(facts), np.nan if surveyed is None else float(facts.valid_on.year - surveyed.year))
    text = f"图层“{facts.title(spec.layer or '')}”" + ("未入库" if layer is None else "没有写明调查日期")
    detail = None if surveyed is None else surveyed.isoformat()
    return exact(name, spec, years, reason=lambda _: text if surveyed is None else None, detail=lambda _: detail,
                 dataset=layer.dataset if layer is not None else None)  # fmt: skip
