"""The engine: rules over facts, for an array of subjects, to outcomes. One subject or a million go through this code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from spatial.conditions import evaluate
from spatial.logic import FALSE, TRUE, UNKNOWN
from spatial.measuring import Facts
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
        return self.name.lower()


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of some rules for n subjects: an array of rules × subjects, with the facts they rest on."""

    rules: tuple[RuleSpec, ...]
    codes: NDArray[np.int8]
    facts: Facts


_ANSWERS = np.full((3, 3), Outcome.NO_DATA, dtype=np.int8)
"""The outcome by whether a rule applies and fails, each FALSE, UNKNOWN, TRUE (+1)."""
_ANSWERS[:, FALSE + 1] = Outcome.PASS
_ANSWERS[TRUE + 1, TRUE + 1] = Outcome.FAIL
_ANSWERS[FALSE + 1, :] = Outcome.NOT_APPLICABLE


def judge(rules: tuple[RuleSpec, ...], facts: Facts, *, valid_on: date) -> Outcomes:
    """Evaluate every rule for every subject; never stops at the first hit."""
    codes = np.empty((len(rules), len(facts)), dtype=np.int8)
    for index, rule in enumerate(rules):
        codes[index] = _outcome(rule, facts, valid_on)
    return Outcomes(rules, codes, facts)


def _outcome(rule: RuleSpec, facts: Facts, valid_on: date) -> NDArray[np.int8]:
    if _out_of_force(rule, valid_on) or out_of_place(rule, facts.pack):
        return np.full(len(facts), Outcome.NOT_APPLICABLE, dtype=np.int8)
    fails = evaluate(rule.fails_when, facts)
    applies = evaluate(rule.applies_when, facts) if rule.applies_when else TRUE
    result: NDArray[np.int8] = _ANSWERS[applies + 1, fails + 1]
    for leaf in rule.comparisons:
        error = facts[leaf.fact or ""].error
        if error is not None:
            result[(fails == UNKNOWN) & error & (applies != FALSE)] = Outcome.ERROR
    return result


def _out_of_force(rule: RuleSpec, valid_on: date) -> bool:
    early = rule.in_force_from is not None and valid_on < rule.in_force_from
    late = rule.in_force_to is not None and valid_on > rule.in_force_to
    return early or late


def out_of_place(rule: RuleSpec, pack: Pack) -> bool:
    """Tell whether a rule of some jurisdictions does not hold in the pack's county."""
    return bool(rule.jurisdictions) and not set(rule.jurisdictions) & set(pack.chain)
