"""The engine: rules over facts, for an array of subjects, to outcomes. One subject or a million go through this code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial.conditions import Conditions
from spatial.logic import FALSE, TRUE, UNKNOWN
from spatial.measures import Floats
from spatial.measuring import Facts
from spatial.remembered import remember
from spatial.rules.model import RuleSpec
from spatial.rules.pack import Pack


class Outcome(IntEnum):
    """One rule's answer about one subject."""

    PASS = 0
    FAIL = 1
    NO_DATA = 2
    NOT_APPLICABLE = 3
    ERROR = 4

    @property
    def slug(self) -> str:
        """The name in reports."""
        return _SLUGS[self]


_SLUGS = {outcome: outcome.name.lower() for outcome in Outcome}
_ANSWERS = np.full((3, 3), Outcome.NO_DATA, dtype=np.int8)
"""The outcome by whether a rule applies and fails, each FALSE, UNKNOWN, TRUE (+1)."""
_ANSWERS[:, FALSE + 1] = Outcome.PASS
_ANSWERS[TRUE + 1, TRUE + 1] = Outcome.FAIL
_ANSWERS[FALSE + 1, :] = Outcome.NOT_APPLICABLE


@dataclass(frozen=True, eq=False)
class Program:
    """The rules of a pack on one day, ready for any number of subjects.

    `off` are those that do not hold here or on that day; `ranks` is, as rules × outcomes, the place in VERDICTS that a rule's
    outcome leads to.
    """

    rules: tuple[RuleSpec, ...]
    conditions: Conditions
    off: NDArray[np.bool_]
    ranks: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The outcomes of some rules for n subjects: an array of rules × subjects, with the facts they rest on.

    `low` and `high` are the numeric facts that the rules compare, as facts × subjects, in the order of `names`.
    """

    program: Program
    codes: NDArray[np.int8]
    facts: Facts
    low: Floats
    high: Floats
    written: list[tuple[dict[str, Any] | None, list[bytes]]] = field(default_factory=list)
    """What has been written out of reports; the writer's."""

    @property
    def rules(self) -> tuple[RuleSpec, ...]:
        """The rules, in the order of the codes."""
        return self.program.rules


def program(pack: Pack, rules: tuple[RuleSpec, ...], facts: Facts, *, on: date) -> Program:
    """Return the rules of a pack made ready for a day; the last few days asked for are kept."""
    kept: Program | None = pack.programs.get(on)
    if kept is None or kept.rules is not rules:
        conditions = Conditions([*[rule.applies_when for rule in rules], *[rule.fails_when for rule in rules]], pack.main.facts, facts.parameter)
        off = np.array([_out_of_force(rule, on) or out_of_place(rule, pack) or left_out(rule, facts) for rule in rules], dtype=bool)
        kept = remember(pack.programs, on, Program(rules, conditions, off, _ranks(rules)), most=_MOST_DAYS)
    return kept


_MOST_DAYS = 16
VERDICTS = ("refused", "incomplete", "needs_approval", "needs_correction", "needs_review", "passed")
"""Worst first. A rule without data counts as if it had failed, a reject rule without data as `incomplete`; wrong data always as `incomplete`."""

_FAILED = {"reject": 0, "approval": 2, "correct": 3, "warn": 4}
_MISSING = {"reject": 1, "approval": 2, "correct": 3, "warn": 4}


def _ranks(rules: tuple[RuleSpec, ...]) -> NDArray[np.int64]:
    ranks = np.full((len(rules), len(Outcome)), len(VERDICTS) - 1)
    for row, rule in enumerate(rules):
        ranks[row, Outcome.FAIL] = _FAILED[rule.severity]
        ranks[row, Outcome.NO_DATA] = min(_MISSING[rule.severity], _MISSING[rule.on_missing or rule.severity])
        ranks[row, Outcome.ERROR] = min(ranks[row, Outcome.NO_DATA], VERDICTS.index("incomplete"))
    return ranks


def judge(rules: tuple[RuleSpec, ...], facts: Facts, *, valid_on: date) -> Outcomes:
    """Evaluate every rule for every subject; never stops at the first hit."""
    ready = program(facts.pack, rules, facts, on=valid_on)
    low, high = facts.numbers(ready.conditions.numeric)
    truths = ready.conditions.truths(facts, low, high)
    applies, fails = truths[: len(rules)], truths[len(rules) :]
    codes: NDArray[np.int8] = _ANSWERS[applies + 1, fails + 1]
    if facts.any_error:
        _mark_errors(codes, rules, facts, open_=(fails == UNKNOWN) & (applies != FALSE))
    codes[ready.off] = Outcome.NOT_APPLICABLE
    return Outcomes(ready, codes, facts, low, high)


def _mark_errors(codes: NDArray[np.int8], rules: tuple[RuleSpec, ...], facts: Facts, *, open_: NDArray[np.bool_]) -> None:
    """Where a rule is open because the data are wrong, not missing, say so."""
    for index, rule in enumerate(rules):
        for leaf in rule.comparisons:
            error = facts[leaf.fact or ""].error
            if error is not None:
                codes[index, open_[index] & error] = Outcome.ERROR


def _out_of_force(rule: RuleSpec, valid_on: date) -> bool:
    early = rule.in_force_from is not None and valid_on < rule.in_force_from
    late = rule.in_force_to is not None and valid_on > rule.in_force_to
    return early or late


def out_of_place(rule: RuleSpec, pack: Pack) -> bool:
    """Tell whether a rule of some jurisdictions does not hold in the pack's county."""
    return bool(rule.jurisdictions) and not set(rule.jurisdictions) & set(pack.chain)


def left_out(rule: RuleSpec, facts: Facts) -> bool:
    """Tell whether a rule is left to the places, and this one has not made it."""
    return rule.where_set is not None and facts.parameter(rule.where_set).number() is None


__all__ = ["VERDICTS", "Outcome", "Outcomes", "Program", "judge", "left_out", "out_of_place"]
