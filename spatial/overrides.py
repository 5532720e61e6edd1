"""The verdict that is left when an officer has marked hits as wrong. The findings stay as they are; only what follows from them changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from spatial.errors import CuntuError
from spatial.permit import VERDICTS
from spatial.report_difference import rule_key

_FAILED = {"reject": "refused", "approval": "needs_approval", "correct": "needs_correction", "warn": "needs_review"}
_UNKNOWN = {**_FAILED, "reject": "incomplete"}


class NotAHitError(CuntuError):
    """这条规则在这份审查中没有命中，不能更正。"""


class NoDataStaysError(CuntuError):
    """缺少数据的规则不能改为通过：请补齐数据后重新审查。"""


class WrongFeatureError(CuntuError):
    """所指要素不是这条规则命中的要素。"""


def hit(report: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the finding of a rule that failed; raise NoDataStaysError where it has no data, NotAHitError where it is anything else."""
    found = next((item for item in report["findings"] if rule_key(item) == key), None)
    if found is None:
        raise NotAHitError(f"这份审查中没有规则 {key[:20]}。")
    if found["outcome"] in ("no_data", "error"):
        raise NoDataStaysError(f"规则 {key} 缺少数据，不是命中；请补齐数据后重新审查。")
    if found["outcome"] != "fail":
        raise NotAHitError(f"规则 {key} 在这份审查中没有命中，不能更正。")
    return dict(found)


def set_aside(features: Mapping[str, Collection[str]], marked: Mapping[str, Collection[str | None]]) -> frozenset[str]:
    """Return the rules whose hit no longer counts: every feature behind it is marked as wrong, or it has none and is marked itself.

    `features` are the identifiers behind each marked rule, `marked` what officers named (None: the hit as a whole).
    """
    return frozenset(key for key, named in marked.items() if named and set(features.get(key, ())) <= set(named))


def verdict_without(report: Mapping[str, Any], rules: Collection[str], *, on_missing: Mapping[str, str] | None = None) -> str:
    """Return the verdict that follows from a report's findings when the hits of some rules do not count.

    `on_missing` says of rules what their missing data come to besides their severity. Never better than the report's own verdict
    where that does not follow from its findings as they are weighed today.
    """
    missing = on_missing or {}
    left = _worst(report["findings"], rules, missing)
    if _worst(report["findings"], (), missing) != report["verdict"]:
        return min(left, str(report["verdict"]), key=VERDICTS.index)
    return left


def _worst(findings: Sequence[Mapping[str, Any]], rules: Collection[str], missing: Mapping[str, str]) -> str:
    worst = "passed"
    for finding in findings:
        key, outcome, severity = rule_key(finding), str(finding["outcome"]), str(finding["severity"])
        if outcome != "fail" or key not in rules:
            worst = min(worst, _contribution(outcome, severity, missing.get(key, severity)), key=VERDICTS.index)
    return worst


def _contribution(outcome: str, severity: str, on_missing: str) -> str:
    """What one finding alone leads to; a severity that is not known refuses."""
    if outcome == "fail":
        return _FAILED.get(severity, "refused")
    if outcome not in ("no_data", "error"):
        return "passed"
    found = min(_UNKNOWN.get(severity, "incomplete"), _UNKNOWN.get(on_missing, "incomplete"), key=VERDICTS.index)
    return min(found, "incomplete", key=VERDICTS.index) if outcome == "error" else found
