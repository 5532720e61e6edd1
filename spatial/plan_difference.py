"""Plan difference: what a draft version of a layer would change for applications and existing houses, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatial.layer import DatasetVersion
from spatial.permit import Checks
from spatial.radar import Sightings
from spatial.report_difference import differences


@dataclass(frozen=True)
class Change:
    """One subject decided otherwise: the row, both verdicts, and the rules that answer differently (JSON-ready)."""

    row: int
    before: str
    after: str
    rules: tuple[dict[str, Any], ...]


def draft(current: Mapping[str, DatasetVersion], replacing: Mapping[str, DatasetVersion]) -> dict[str, DatasetVersion]:
    """Return the versions in force with some replaced by drafts (of any state, also of layers not loaded so far)."""
    return {**current, **replacing}


def changed_checks(before: Checks, after: Checks) -> list[Change]:
    """Compare checks of the same applications: every one whose verdict or any outcome differs."""
    moved = before.verdicts != after.verdicts
    for key in _shared_rules(before, after):
        moved = moved | (before.outcomes(key) != after.outcomes(key))
    found = []
    for row in np.flatnonzero(moved):
        rules = differences(before.report(int(row)), after.report(int(row)))
        found.append(Change(int(row), str(before.verdicts[row]), str(after.verdicts[row]), tuple(rules)))
    return found


def _shared_rules(before: Checks, after: Checks) -> list[str]:
    old = {rule.key for rule in before.parts[0].outcomes.rules} if before.parts else set()
    return [rule.key for rule in after.parts[0].outcomes.rules if rule.key in old] if after.parts else []


def changed_sightings(before: Sightings, after: Sightings) -> list[Change]:
    """Compare what the radar sees of the same houses or plots: every one whose verdict, any outcome or zone differs."""
    moved = (before.verdicts != after.verdicts) | (before.outcomes.codes != after.outcomes.codes).any(axis=0)
    for old, new in zip(before.shares, after.shares, strict=True):
        moved = moved | np.array([left != right for left, right in zip(old.areas, new.areas, strict=True)], dtype=bool)
    found = []
    for row in np.flatnonzero(moved):
        rules = _moved_hits(before.report(int(row)), after.report(int(row)))
        if rules or before.verdicts[row] != after.verdicts[row]:
            found.append(Change(int(row), str(before.verdicts[row]), str(after.verdicts[row]), tuple(rules)))
    return found


def _moved_hits(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    old = {item["rule"]: item for item in before["hits"]}
    new = {item["rule"]: item for item in after["hits"]}
    keys = list(dict.fromkeys([*old, *new, *before["not_checked"], *after["not_checked"]]))
    found = []
    for key in keys:
        left, right = _state(key, old, before), _state(key, new, after)
        if (left["outcome"], left["measured"]) != (right["outcome"], right["measured"]):
            title = (new.get(key) or old.get(key) or {}).get("title")
            found.append({"rule": key, "title": title, "before": left, "after": right})
    return found


def _state(key: str, hits: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    if key in hits:
        told = ("severity", "measured", "threshold", "message", "dataset")
        return {"outcome": "fail"} | {name: hits[key].get(name) for name in told}
    outcome = "no_data" if key in report["not_checked"] else "pass"
    return {"outcome": outcome, "severity": None, "measured": None, "threshold": None, "message": None, "dataset": None}
