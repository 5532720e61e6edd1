"""What becomes law between two days: the parameters, rules and area limits of one pack that change without the pack changing."""

from __future__ import annotations

from datetime import date

from spatial.rules.model import RuleSpec
from spatial.rules.pack import Pack


def changes_in_force(pack: Pack, before: date, after: date) -> tuple[str, ...]:
    """Return the titles of what is in force on only one of two days, or with another value; empty where the law is the same."""
    names = {name for file in pack.files.values() for name in file.parameters}
    parameters = [pack.parameter(name, before) for name in sorted(names)]
    changed = [old.title for old in parameters if old.values != pack.parameter(old.name, after).values]
    rules = [rule.title for rule in pack.main.rules if isinstance(rule, RuleSpec) and _holds(rule, before) != _holds(rule, after)]
    limits = [row.id for row in pack.limits if row.valid_from is not None and (row.valid_from <= before) != (row.valid_from <= after)]
    return tuple(dict.fromkeys([*changed, *rules, *limits]))


def _holds(rule: RuleSpec, on: date) -> bool:
    return (rule.in_force_from is None or rule.in_force_from <= on) and (rule.in_force_to is None or on <= rule.in_force_to)
