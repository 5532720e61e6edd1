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


def verdict_without(findings: Sequence[Mapping[str, Any]], rules: Collection[str] = ()) -> str:
    """Return the verdict that follows from a report's findings when the hits of some rules do not count."""
    worst = len(VERDICTS) - 1
    for finding in findings:
        failed = finding["outcome"] == "fail"
        if failed and rule_key(finding) in rules:
            continue
        worst = min(worst, VERDICTS.index(_contribution(str(finding["outcome"]), str(finding["severity"]))))
    return VERDICTS[worst]


def _contribution(outcome: str, severity: str) -> str:
    if outcome == "fail":
        return _FAILED[severity]
    if outcome == "no_data":
        return _UNKNOWN[severity]
    if outcome == "error":
        return min(_UNKNOWN[severity], "incomplete", key=VERDICTS.index)
    return "passed"
