"""Points by bands: the sum of the bands a village falls in, as the interval it may take while a field is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.conditions import evaluate
from spatial.facts import Fact
from spatial.logic import FALSE, TRUE
from spatial.rules.model import FactSpec, TypeRuleFile

if TYPE_CHECKING:
    from spatial.measuring import Facts

MOST_POINTS = 100.0


def score_fact(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Add up the points of every group of bands; where a band is undecided the group may give its least or its most."""
    assert isinstance(facts.pack.main, TypeRuleFile)
    groups: dict[str, list[tuple[Any, float]]] = {}
    for band in facts.pack.main.score:
        points = facts.parameter(band.points).number() or 0.0
        groups.setdefault(band.group, []).append((evaluate(band.matches_when, facts), points))
    low, high = np.zeros(len(facts)), np.zeros(len(facts))
    for bands in groups.values():
        sure = np.maximum.reduce([np.where(truth == TRUE, points, -1.0) for truth, points in bands])
        possible = np.maximum.reduce([np.where(truth != FALSE, points, 0.0) for truth, points in bands])
        decided = sure >= 0
        low += np.where(decided, sure, 0.0)
        high += np.where(decided, sure, possible)

    def reason(row: int) -> str | None:
        return f"指标缺失，得分在 {low[row]:.0f} 到 {high[row]:.0f} 之间" if low[row] != high[row] else None

    return Fact(name, spec, low=np.minimum(low, MOST_POINTS), high=np.minimum(high, MOST_POINTS), reason=reason)
