"""Conditions of a pack evaluated over facts: true, false or unknown for every subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatial.facts import Fact
from spatial.logic import FALSE, TRUE, UNKNOWN, Truth, all_of, any_of, negate, truth
from spatial.measures import Floats
from spatial.rules.model import Condition

if TYPE_CHECKING:
    from spatial.measuring import Facts


def evaluate(condition: Condition, facts: Facts) -> Truth:
    """Evaluate a condition for every subject."""
    if condition.all:
        return all_of([evaluate(part, facts) for part in condition.all])
    if condition.any:
        return any_of([evaluate(part, facts) for part in condition.any])
    if condition.negate is not None:
        return negate(evaluate(condition.negate, facts))
    assert condition.fact is not None
    fact = facts[condition.fact]
    return _category(condition, fact) if fact.values is not None else _number(condition, fact, facts)


def _category(condition: Condition, fact: Fact) -> Truth:
    if condition.op == "not_empty":
        return np.array([UNKNOWN if v is None else TRUE if str(v).strip() else FALSE for v in fact.values], dtype=np.int8)
    wanted = condition.value if isinstance(condition.value, tuple) else (str(condition.value),)
    found = np.array([UNKNOWN if v is None else TRUE if str(v) in wanted else FALSE for v in fact.values], dtype=np.int8)
    return found if condition.op in ("eq", "in") else negate(found)


def _number(condition: Condition, fact: Fact, facts: Facts) -> Truth:
    assert fact.low is not None and fact.high is not None
    right = _right(condition, facts)
    if right is None:
        return np.full(len(facts), UNKNOWN)
    low, high = right
    if condition.op == "between":
        upper = facts.parameter(condition.upper or "").number()
        if upper is None:
            return np.full(len(facts), UNKNOWN)
        return all_of([_compare("ge", fact.low, fact.high, low, high), _compare("le", fact.low, fact.high, upper, upper)])
    return _compare(condition.op or "", fact.low, fact.high, low, high)


def _right(condition: Condition, facts: Facts) -> tuple[Floats | float, Floats | float] | None:
    """The interval on the right of a comparison; None where no number is set in this jurisdiction."""
    if condition.than is not None:
        other = facts[condition.than]
        assert other.low is not None and other.high is not None
        return other.low, other.high
    number = float(condition.value) if isinstance(condition.value, bool) else facts.parameter(condition.param or "").number()
    return None if number is None else (number, number)


def _compare(op: str, low: Floats, high: Floats, other_low: Floats | float, other_high: Floats | float) -> Truth:
    """Compare two intervals; unknown where the answer depends on where in them the values lie."""
    if op == "gt":
        return truth(low > other_high, high <= other_low)
    if op == "ge":
        return truth(low >= other_high, high < other_low)
    if op in ("lt", "le"):
        return negate(_compare("ge" if op == "lt" else "gt", low, high, other_low, other_high))
    exact = np.logical_and(low == high, np.equal(other_low, other_high))
    equal = truth(exact & (low == other_low), (high < other_low) | (low > other_high))
    return equal if op == "eq" else negate(equal)
