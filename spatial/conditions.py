"""Conditions of a pack evaluated over facts, all of them at once: true, false or unknown for every condition and subject.

Comparisons are rows of a matrix, so that a hundred rules cost a few array operations whether there is one subject or a million.
Negations are pushed down to the comparisons (De Morgan holds in Kleene's logic).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spatial.logic import FALSE, TRUE, UNKNOWN, Truth
from spatial.rules.model import Condition, FactSpec
from spatial.rules.parameters import Resolved
from spatial.sweep import Floats

if TYPE_CHECKING:
    from spatial.measuring import Facts

Ints = NDArray[np.int64]
Parameter = Callable[[str], Resolved]

_KERNEL = {"gt": ("gt", 1), "le": ("gt", -1), "ge": ("ge", 1), "lt": ("ge", -1), "eq": ("eq", 1), "ne": ("eq", -1)}
"""Each comparison as one of three, or its negation."""

_MOST_REMEMBERED = 10_000
_NO_NUMBER = float("nan")
"""One object, so that comparisons without a number are equal to each other."""


@dataclass(frozen=True)
class _Number:
    """A comparison of a number: of fact `left` with fact `right`, or with `constant` (NaN: no number is set here)."""

    kernel: str
    sign: int
    left: str
    right: str | None
    constant: float


@dataclass(frozen=True)
class _Category:
    """A question about a category: is it one of `wanted` (None: is it not empty)?"""

    sign: int
    fact: str
    wanted: tuple[str, ...] | None

    def answer(self, value: Any) -> int:
        """Answer for one value."""
        if value is None:
            return int(UNKNOWN)
        text = str(value)
        found = bool(text.strip()) if self.wanted is None else text in self.wanted
        return self.sign if found else -self.sign


@dataclass(frozen=True)
class _Joint:
    """Some nodes of one depth joined the same way: node i joins the rows `children[starts[i]:starts[i+1]]`."""

    lowest: bool
    children: Ints
    starts: Ints
    first: int


class Conditions:
    """Some conditions, ready for any number of subjects; None stands for one that always holds."""

    def __init__(self, conditions: Sequence[Condition | None], specs: Mapping[str, FactSpec], parameter: Parameter) -> None:
        plan = _Plan(specs, parameter)
        for condition in conditions:
            if condition is not None:
                plan.collect(condition, sign=1)
        plan.order_leaves()
        always = plan.height - 1
        roots = [plan.node(condition, sign=1)[0] if condition is not None else always for condition in conditions]
        self._joints, place = plan.schedule()
        self._rows = np.array([place[root] for root in roots], dtype=np.int64)
        self._height = plan.height
        self.numeric = tuple(dict.fromkeys(name for leaf in plan.numbers for name in (leaf.left, leaf.right) if name))
        """The names of the numeric facts that are asked for, in the order of the matrices that `truths` takes."""
        self.categories = plan.categories
        position = {name: index for index, name in enumerate(self.numeric)}
        self._left = np.array([position[leaf.left] for leaf in plan.numbers], dtype=np.int64)
        self._constant = np.array([[leaf.constant] for leaf in plan.numbers], dtype=float).reshape(-1, 1)
        self._others = np.array([index for index, leaf in enumerate(plan.numbers) if leaf.right], dtype=np.int64)
        self._right = np.array([position[leaf.right] for leaf in plan.numbers if leaf.right], dtype=np.int64)
        self._signs = np.array([[leaf.sign] for leaf in plan.numbers], dtype=np.int8).reshape(-1, 1)
        kernels = [leaf.kernel for leaf in plan.numbers]
        self._gt, self._ge = kernels.count("gt"), kernels.count("gt") + kernels.count("ge")
        self._memory: dict[str, dict[Any, tuple[int, ...]]] = {name: {} for name in plan.categories}

    def truths(self, facts: Facts, low: Floats, high: Floats) -> Truth:
        """Return the truth of every condition for every subject; `low` and `high` are the numeric facts × subjects."""
        count = low.shape[1]
        nodes = np.empty((self._height, count), dtype=np.int8)
        done = len(self._left)
        self._compare(nodes[:done], low, high)
        for name, leaves in self.categories.items():
            nodes[done : done + len(leaves)] = self._answers(name, leaves, facts[name].values)
            done += len(leaves)
        nodes[done] = TRUE
        for joint in self._joints:
            reduce = np.minimum.reduceat if joint.lowest else np.maximum.reduceat
            nodes[joint.first : joint.first + len(joint.starts)] = reduce(nodes[joint.children], joint.starts, axis=0)
        result: Truth = nodes[self._rows]
        return result

    def _compare(self, out: Truth, low: Floats, high: Floats) -> None:
        """Compare intervals; unknown where the answer depends on where in them the values lie."""
        left_low, left_high = low[self._left], high[self._left]
        right_low: Any = np.broadcast_to(self._constant, left_low.shape)
        right_high = right_low
        if len(self._others):
            right_low, right_high = right_low.copy(), right_low.copy()
            right_low[self._others], right_high[self._others] = low[self._right], high[self._right]
        true, false = np.empty(left_low.shape, dtype=bool), np.empty(left_low.shape, dtype=bool)
        one, two = slice(0, self._gt), slice(self._gt, self._ge)
        np.greater(left_low[one], right_high[one], out=true[one])
        np.less_equal(left_high[one], right_low[one], out=false[one])
        np.greater_equal(left_low[two], right_high[two], out=true[two])
        np.less(left_high[two], right_low[two], out=false[two])
        if self._ge < len(left_low):
            last = slice(self._ge, None)
            exact = (left_low[last] == left_high[last]) & (right_low[last] == right_high[last])
            true[last] = exact & (left_low[last] == right_low[last])
            false[last] = (left_high[last] < right_low[last]) | (left_low[last] > right_high[last])
        np.subtract(true.view(np.int8), false.view(np.int8), out=out)
        out *= self._signs

    def _answers(self, name: str, leaves: Sequence[_Category], values: Any) -> NDArray[np.int8]:
        memory = self._memory[name]
        if len(memory) > _MOST_REMEMBERED:
            memory = self._memory[name] = {}
        # Each different value is looked up once, the subjects take the answers of theirs.
        given = values.tolist()
        place = {value: row for row, value in enumerate(dict.fromkeys(given))}
        rows = []
        for value in place:
            answers = memory.get(value)
            if answers is None:
                answers = memory[value] = tuple(leaf.answer(value) for leaf in leaves)
            rows.append(answers)
        found: NDArray[np.int8] = np.array(rows, dtype=np.int8).reshape(len(rows), len(leaves)).T
        return found[:, [place[value] for value in given]]


class _Plan:
    """Leaves first (numbers by kernel, then categories by fact), then a row that is always true, then joints by depth."""

    def __init__(self, specs: Mapping[str, FactSpec], parameter: Parameter) -> None:
        self.specs, self.parameter = specs, parameter
        self.numbers: list[_Number] = []
        self.categories: dict[str, list[_Category]] = {}
        self.place: dict[Any, int] = {}
        self.joints: dict[tuple[int, bool, tuple[int, ...]], int] = {}
        self.height = 0

    def collect(self, condition: Condition, *, sign: int) -> None:
        """Note the leaves of a condition."""
        for leaf in _leaves(condition, sign, self.specs, self.parameter):
            if isinstance(leaf, _Number):
                if leaf not in self.numbers:
                    self.numbers.append(leaf)
            elif leaf not in self.categories.setdefault(leaf.fact, []):
                self.categories[leaf.fact].append(leaf)

    def order_leaves(self) -> None:
        """Give every leaf its row."""
        self.numbers.sort(key=lambda leaf: ("gt", "ge", "eq").index(leaf.kernel))
        flat: list[Any] = [*self.numbers, *(leaf for leaves in self.categories.values() for leaf in leaves)]
        self.place = {leaf: row for row, leaf in enumerate(flat)}
        self.height = len(flat) + 1

    def node(self, condition: Condition, *, sign: int) -> tuple[int, int]:
        """Return a condition's provisional row (joints count down from -1) and its depth."""
        if condition.negate is not None:
            return self.node(condition.negate, sign=-sign)
        if condition.all or condition.any:
            parts = [self.node(part, sign=sign) for part in (condition.all or condition.any)]
            return self._joint(parts, lowest=bool(condition.all) == (sign > 0))
        leaves = _own_leaves(condition, sign, self.specs, self.parameter)
        rows = [(self.place[leaf], 0) for leaf in leaves]
        return rows[0] if len(rows) == 1 else self._joint(rows, lowest=sign > 0)

    def _joint(self, parts: list[tuple[int, int]], *, lowest: bool) -> tuple[int, int]:
        if len(parts) == 1:
            return parts[0]
        depth = 1 + max(part[1] for part in parts)
        key = (depth, lowest, tuple(part[0] for part in parts))
        return self.joints.setdefault(key, -1 - len(self.joints)), depth

    def schedule(self) -> tuple[list[_Joint], Mapping[int, int]]:
        """Give every joint its row, the shallow ones first; return the work, and the row of every provisional one."""
        rows = {row: row for row in range(self.height)}
        work = []
        for depth, lowest in sorted({key[:2] for key in self.joints}):
            mine = [(key[2], provisional) for key, provisional in self.joints.items() if key[:2] == (depth, lowest)]
            first = self.height
            for _, provisional in mine:
                rows[provisional] = self.height
                self.height += 1
            counts = np.array([len(children) for children, _ in mine], dtype=np.int64)
            flat = np.array([rows[child] for children, _ in mine for child in children], dtype=np.int64)
            work.append(_Joint(lowest, flat, np.cumsum(counts) - counts, first))
        return work, rows


def _leaves(condition: Condition, sign: int, specs: Mapping[str, FactSpec], parameter: Parameter) -> list[_Number | _Category]:
    if condition.negate is not None:
        return _leaves(condition.negate, -sign, specs, parameter)
    if condition.all or condition.any:
        return [leaf for part in (condition.all or condition.any) for leaf in _leaves(part, sign, specs, parameter)]
    return _own_leaves(condition, sign, specs, parameter)


def _own_leaves(condition: Condition, sign: int, specs: Mapping[str, FactSpec], parameter: Parameter) -> list[_Number | _Category]:
    """Return the leaves of one comparison: one, or two for `between`."""
    fact, op = condition.fact or "", condition.op or ""
    if specs[fact].unit == "code":
        if op == "not_empty":
            return [_Category(sign, fact, None)]
        wanted = condition.value if isinstance(condition.value, tuple) else (str(condition.value),)
        return [_Category(sign if op in ("eq", "in") else -sign, fact, wanted)]
    if op == "between":
        bounds = (("ge", condition.param), ("le", condition.upper))
        return [_number(fact, part, sign, None, _constant(parameter, name)) for part, name in bounds]
    constant = float(condition.value) if isinstance(condition.value, bool) else _constant(parameter, condition.param)
    return [_number(fact, op, sign, condition.than, constant)]


def _number(fact: str, op: str, sign: int, than: str | None, constant: float) -> _Number:
    kernel, own = _KERNEL[op]
    return _Number(kernel, sign * own, fact, than, 0.0 if than else constant)


def _constant(parameter: Parameter, name: str | None) -> float:
    number = parameter(name).number() if name else None
    return _NO_NUMBER if number is None else number


def evaluate(condition: Condition, facts: Facts) -> Truth:
    """Evaluate one condition for every subject."""
    one = Conditions([condition], facts.pack.main.facts, facts.parameter)
    low, high = facts.numbers(one.numeric)
    result: Truth = one.truths(facts, low, high)[0]
    return result


__all__ = ["FALSE", "Conditions", "evaluate"]
