"""What differs between two reports about one subject: which rules answer otherwise, and with which values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spatial.canonical import canonical_json

Report = Mapping[str, Any]

PASSING = ("id", "checked_at")
"""What a report carries beyond its answer: which copy it is, and when it was made."""
_TOLD = ("outcome", "severity", "measured", "threshold", "margin", "message", "dataset")
_DECIDING = ("outcome", "severity", "measured", "threshold")


def rule_key(finding: Mapping[str, Any]) -> str:
    """Return a finding's rule with its branch, such as HB-001a."""
    return str(finding["rule_id"]) + (finding.get("branch") or "")


def answer(report: Report) -> bytes:
    """Return the canonical bytes of what a report answers: without its id and the time of checking."""
    return canonical_json({name: value for name, value in report.items() if name not in PASSING})


def differences(before: Report, after: Report) -> list[dict[str, Any]]:
    """Return the rules whose outcome, severity, value or limit differs, in the order of `after`, JSON-ready.

    Each has `rule`, `title`, `before` and `after`; a rule that one of the packs does not have is None there.
    """
    old = {rule_key(item): item for item in before["findings"]}
    new = {rule_key(item): item for item in after["findings"]}
    keys = [*new, *(key for key in old if key not in new)]
    return [_entry(key, old.get(key), new.get(key)) for key in keys if _decisive(old.get(key)) != _decisive(new.get(key))]


def _decisive(finding: Mapping[str, Any] | None) -> Any:
    if finding is None:
        return None
    threshold = finding.get("threshold") or {}
    return [finding.get(name) for name in _DECIDING[:-1]] + [threshold.get("value"), threshold.get("unit")]


def _entry(key: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    known = after or before or {}
    return {"rule": key, "title": known.get("title"), "before": _told(before), "after": _told(after)}


def _told(finding: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if finding is None else {name: finding.get(name) for name in _TOLD}
