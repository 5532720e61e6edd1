"""Findings: what one rule answers about one subject, with value, threshold, margin, geometry, version, citation and a sentence."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from spatial.engine import Outcome, Outcomes, left_out, out_of_place
from spatial.facts import Fact
from spatial.layer import DatasetVersion
from spatial.measuring import Facts
from spatial.rules.model import Condition, RuleSpec
from spatial.rules.parameters import UNIT_LABELS, Value

FAIL, NOT_APPLICABLE, ERROR = int(Outcome.FAIL), int(Outcome.NOT_APPLICABLE), int(Outcome.ERROR)
"""As plain numbers: looking up a member of an enumeration takes longer than comparing two numbers."""
UNCLEAR = (int(Outcome.NO_DATA), ERROR)
SLUGS = [Outcome(code).slug for code in range(len(Outcome))]
_PLACE = re.compile(r"\{(\w+)\}")


def number_text(value: float | None, unit: str) -> str:
    """Write a number the way a report shows it: 12.00 ㎡, 9.99 米, 8.57%, 3 层."""
    if value is None:
        return "—"
    if unit == "share":
        return f"{value * 100:.2f}%"
    if unit in ("m2", "m"):
        return f"{value:.2f} {UNIT_LABELS[unit]}"
    if unit == "date":
        return date.fromordinal(int(value)).isoformat()
    if unit == "ha":
        return f"{value:.4f} 公顷"
    digits = f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"
    label = UNIT_LABELS.get(unit, unit)
    return f"{digits} {label}".rstrip()


def value_text(fact: Fact, row: int) -> str:
    """Write a fact's value for people, categories by their label."""
    if fact.values is not None:
        value = fact.category(row)
        return "未知" if value is None else fact.spec.labels.get(str(value), str(value))
    number = fact.number(row)
    if fact.spec.unit == "bool":
        return "未知" if number is None else "是" if number else "否"
    return number_text(number, fact.spec.unit)


def threshold_of(condition: Condition, facts: Facts, row: int) -> tuple[float, Value | None] | None:
    """Return the number a comparison compares with, and the row of law behind it."""
    fact = facts[condition.fact or ""]
    own = fact.threshold(row)
    if own is not None or fact.shown is not None:
        return own  # a clearance has no limit where nothing that sets one is near
    if condition.than is not None:
        other = facts[condition.than]
        return other.threshold(row) or _exact(other, row)
    resolved = facts.parameter(condition.param) if condition.param else None
    if resolved is None or resolved.single is None or resolved.number() is None:
        return None
    return resolved.number() or 0.0, resolved.single


def _exact(fact: Fact, row: int) -> tuple[float, Value | None] | None:
    number = fact.number(row)
    return None if number is None else (number, None)


def margin_of(condition: Condition, fact: Fact, threshold: float | None, row: int) -> float | None:
    """How far the value is from failing, in its unit: negative where it fails."""
    if fact.values is not None or threshold is None or fact.spec.unit == "bool":
        return None
    number = fact.number(row)
    if number is None:
        return None
    room = threshold - number if condition.op in ("gt", "ge") else number - threshold
    return round(room, 6) + 0.0


def place(outcomes: Outcomes, index: int, row: int) -> Any:
    """Return where one rule failed for one subject, in the storage CRS; None where it did not, or at no place."""
    if outcomes.codes[index, row] != FAIL:
        return None
    rule = outcomes.rules[index]
    return outcomes.facts[rule.measured or rule.leading.fact or ""].geometry(row)


def finding(outcomes: Outcomes, index: int, row: int, *, geometry: dict[str, Any] | None) -> dict[str, Any]:
    """Return one rule's finding about one subject, JSON-ready; `geometry` is its place as GeoJSON."""
    rule, facts = outcomes.rules[index], outcomes.facts
    outcome = int(outcomes.codes[index, row])
    leaf = rule.leading
    fact = facts[rule.measured or leaf.fact or ""]
    quiet = outcome == NOT_APPLICABLE
    limit = None if quiet else threshold_of(leaf, facts, row)
    margin = None if quiet else margin_of(leaf, fact, limit[0] if limit else None, row)
    return {
        "rule_id": rule.id,
        "branch": rule.branch,
        "title": rule.title,
        "outcome": SLUGS[outcome],
        "severity": rule.severity,
        "measured": None if quiet else _measured(fact, row),
        "threshold": _threshold(limit, fact),
        "margin": margin,
        "estimated": bool(not quiet and fact.estimated(row)),
        "geometry": geometry,
        "dataset": dataset_dict(fact.dataset),
        "citations": [citation.report for citation in rule.citations] + _parameter_citation(limit),
        "message": _message(rule, facts, fact, outcome, limit[0] if limit else None, row),
        "advice": rule.advice if outcome == FAIL or outcome in UNCLEAR else None,
        "plain": _plain(rule, facts, fact, outcome, limit[0] if limit else None, row),
        "office": rule.office,
        "documents": list(rule.documents) if outcome == FAIL else [],
    }


def _measured(fact: Fact, row: int) -> dict[str, Any] | None:
    if fact.values is not None:
        value = fact.category(row)
        return None if value is None else {"value": value, "unit": "code", "label": value_text(fact, row)}
    number = fact.number(row)
    if number is None:
        return None
    value = bool(number) if fact.spec.unit == "bool" else round(number, 6)
    return {"value": value, "unit": fact.spec.unit, "label": value_text(fact, row)}


def _threshold(limit: tuple[float, Value | None] | None, fact: Fact) -> dict[str, Any] | None:
    if limit is None:
        return None
    number, value = limit
    return {"value": round(number, 6), "unit": value.unit if value else fact.spec.unit, "in_force": value.in_force if value else None}


def _parameter_citation(limit: tuple[float, Value | None] | None) -> list[dict[str, Any]]:
    value = limit[1] if limit else None
    return [value.row.citation.report] if value else []


def dataset_dict(dataset: DatasetVersion | None) -> dict[str, Any] | None:
    """Return the layer version behind a value, as it stands in a finding."""
    if dataset is None:
        return None
    return {"layer": dataset.layer, "title": dataset.title, "version": dataset.version, "date": dataset.valid_from.isoformat(),
            "synthetic": dataset.synthetic}  # fmt: skip


def reasons(rule: RuleSpec, facts: Facts, row: int) -> list[str]:
    """Say what is missing for a rule: every reason once, in the order of its conditions."""
    leaves = [*(rule.applies_when.comparisons() if rule.applies_when else []), *rule.fails_when.comparisons()]
    found: list[str] = []
    for leaf in leaves:
        for name in (leaf.fact, leaf.than):
            text = facts[name].reason(row) if name else None
            if text:
                found.append(text)
        if leaf.param and facts.parameter(leaf.param).number() is None:
            found.append(f"本辖区未设定参数“{facts.parameter(leaf.param).title}”")
    return list(dict.fromkeys(found))


def _plain(rule: RuleSpec, facts: Facts, fact: Fact, outcome: int, threshold: float | None, row: int) -> str | None:
    """The same for the applicant, without the law's words; only what needs something done is told."""
    if outcome == FAIL and rule.plain is not None:
        return _fill(rule.plain, facts, fact, threshold, row)
    if outcome in UNCLEAR:
        return f"“{rule.title}”现在还查不清，要先补齐资料或数据。"
    return None


def _fill(text: str, facts: Facts, fact: Fact, threshold: float | None, row: int) -> str:
    sentence: str = _PLACE.sub(lambda match: _word(match.group(1), facts, fact, threshold, row), text)
    return sentence


def _message(rule: RuleSpec, facts: Facts, fact: Fact, outcome: int, threshold: float | None, row: int) -> str:
    if outcome == NOT_APPLICABLE:
        return _not_applicable(rule, facts)
    if outcome in UNCLEAR:
        head = "数据错误，不作判断" if outcome == ERROR else "未核查"
        return f"{head}：{'；'.join(reasons(rule, facts, row)) or '所需数据不全'}。"
    text = rule.message if outcome == FAIL else rule.passed
    return _fill(text, facts, fact, threshold, row) + (f"（{fact.spec.estimate}）" if fact.estimated(row) else "")


def _not_applicable(rule: RuleSpec, facts: Facts) -> str:
    if out_of_place(rule, facts.pack):
        return f"外地规定，本县不适用：{rule.title}。"
    if left_out(rule, facts):
        return f"不适用：{rule.title}。本县没有这项规定（“{facts.parameter(rule.where_set or '').title}”未设定）。"
    return f"不适用：{rule.title}。"


def _word(name: str, facts: Facts, fact: Fact, threshold: float | None, row: int) -> str:
    """What stands in a sentence for a placeholder; a dash where the number is not known."""
    if name == "measured":
        return value_text(fact, row)
    if name == "threshold":
        return number_text(threshold, fact.spec.unit)
    if name == "detail":
        return fact.detail(row) or ""
    number = None if fact.values is not None else fact.number(row)
    area = float(facts.areas[row])
    if number is None:
        return "—"
    if name == "share":
        return number_text(number / area, "share") if area > 0 else "—"
    if name == "hectares":
        return number_text(number / 10_000, "ha")
    return number_text(abs(number - threshold), fact.spec.unit) if threshold is not None else "—"
