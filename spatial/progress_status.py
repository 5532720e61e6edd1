"""Whether a figure is ahead of its target, on it, behind it, or not known: missing reports never make a status better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spatial.progress import Floats, Units
from spatial.progress_targets import Goal

STATUS_LABELS: Mapping[str, str] = MappingProxyType({
    "unreported": "未报",
    "incomplete": "未报齐",
    "behind": "滞后",
    "no_target": "无目标",
    "not_applicable": "不涉及",
    "on_track": "达标",
    "ahead": "超前",
})  # fmt: skip
"""The statuses, the least favourable first. `incomplete`: a unit some of whose villages have not reported gets no
judgement, for the missing ones could turn it; what the reported part alone would get is its provisional status."""

NOISE: Final = 1e-9
"""A shortfall below this share is floating-point noise, not a shortfall: real ones are at least one over the denominator."""


@dataclass(frozen=True)
class Judgement:
    """Status of n units. `margin` is what a unit's figure has over the line (below zero: lacks), counted so that more is better."""

    status: NDArray[Any]
    provisional: NDArray[Any]
    margin: Floats


def basis(units: Units, *, rollup: str) -> Floats:
    """The share that is judged and ranked: the mean of the villages where the indicator says so, else Σ ÷ Σ."""
    return units.mean_rate if rollup == "mean_and_sum" else units.rate


def judge(units: Units, *, goal: Goal | None, rollup: str, whole_county: bool = False) -> Judgement:
    """Judge units by a goal. A goal that counts things is set for the county and judges nothing below it."""
    if goal is not None and goal.counts and not whole_county:
        goal = None
    rate = basis(units, rollup=rollup)
    figures = units.numerator if goal is not None and goal.counts else rate
    margin = np.full(len(units), np.nan) if goal is None else _over(figures, goal.line, goal)
    provisional = np.select(
        [units.reported == 0, np.isnan(rate), np.full(len(units), goal is None), _ahead(figures, goal), margin >= -NOISE],
        ["unreported", "not_applicable", "no_target", "ahead", "on_track"],
        default="behind",
    ).astype(object)
    status = np.where(units.complete | (units.reported == 0), provisional, "incomplete")
    return Judgement(status, provisional, margin)


def _over(figures: Floats, line: float, goal: Goal) -> Floats:
    return figures - line if goal.better == "higher" else line - figures


def _ahead(figures: Floats, goal: Goal | None) -> NDArray[np.bool_]:
    if goal is None or goal.ahead_line is None:
        return np.zeros(len(figures), dtype=np.bool_)
    return np.greater(_over(figures, goal.ahead_line, goal), NOISE)
