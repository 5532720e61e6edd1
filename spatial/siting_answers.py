"""Whether a comparison of a condition holds for one value, when the value does not depend on where a site lies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from spatial.facts import Fact
from spatial.measuring import Facts
from spatial.rules.model import Condition


class UnmappedError(Exception):
    """A fact that has no area: it can only be judged for a given site."""


def holds(leaf: Condition, fact: Fact, facts: Facts) -> bool | None:
    """Tell whether a comparison of a fact of the only subject holds; None where that is not known."""
    if fact.values is not None:
        value = fact.values[0]
        if value is None:
            return None
        if leaf.op == "not_empty":
            return bool(str(value).strip())
        wanted = leaf.value if isinstance(leaf.value, tuple) else (str(leaf.value),)
        return (str(value) in wanted) == (leaf.op in ("eq", "in"))
    right = _right(leaf, facts)
    assert fact.low is not None and fact.high is not None
    if right is None or right[0] != right[1] or math.isinf(right[0]):
        return None
    ends = {compare(leaf, float(number), right[0], facts) for number in (fact.low[0], fact.high[0])}
    return ends.pop() if len(ends) == 1 and (leaf.op not in ("eq", "ne", "between") or fact.low[0] == fact.high[0]) else None


def _right(leaf: Condition, facts: Facts) -> tuple[float, float] | None:
    if leaf.than is not None:
        other = facts[leaf.than]
        return None if other.low is None or other.high is None else (float(other.low[0]), float(other.high[0]))
    number = float(leaf.value) if isinstance(leaf.value, bool) else facts.parameter(leaf.param or "").number()
    return None if number is None else (number, number)


def compare(leaf: Condition, left: float, right: float, facts: Facts) -> bool | None:
    """Tell whether a number compares as asked with another; None where the other is no number."""
    if leaf.op == "between":
        upper = facts.parameter(leaf.upper or "").number()
        return None if upper is None else right <= left <= upper
    answers: Mapping[str, bool] = {
        "gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right, "eq": left == right, "ne": left != right,
    }  # fmt: skip
    return answers[leaf.op or ""]


def of_value(leaf: Condition, value: Any) -> bool | None:
    """Tell whether an attribute's value is the one asked for; None where there is none. Raises UnmappedError."""
    if value is None or value != value:
        return None
    if isinstance(leaf.value, bool):
        return (bool(value) == leaf.value) == (leaf.op == "eq")
    if leaf.value is None:
        raise UnmappedError(leaf.op or "")
    wanted = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    return (str(value) in wanted) == (leaf.op in ("eq", "in"))
