"""Which facts a rule rests on, directly and through other facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spatial.rules.model import FactSpec, RuleSpec


def facts_read(rule: RuleSpec, facts: Mapping[str, FactSpec]) -> frozenset[str]:
    """Return the names of all facts that a rule's conditions and its measured value rest on."""
    leaves = [*(rule.applies_when.comparisons() if rule.applies_when else []), *rule.fails_when.comparisons()]
    return with_sources({name for leaf in leaves for name in (leaf.fact, leaf.than) if name} | {rule.measured or ""} - {""}, facts)


def with_sources(names: Iterable[str], facts: Mapping[str, FactSpec]) -> frozenset[str]:
    """Return facts with those they are derived from."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in facts:
            found.add(name)
            waiting += facts[name].of
    return frozenset(found)


def facts_needed(rules: Iterable[RuleSpec], facts: Mapping[str, FactSpec], *, chain: Iterable[str]) -> frozenset[str]:
    """Return the facts a county needs: all but those that only rules of other places read."""
    here = set(chain)
    needed: set[str] = set()
    elsewhere: set[str] = set()
    for rule in rules:
        own = not rule.jurisdictions or bool(set(rule.jurisdictions) & here)
        (needed if own else elsewhere).update(facts_read(rule, facts))
    return frozenset(name for name in facts if name in needed or name not in elsewhere)
