"""Proposals written out: JSON-ready, with a sentence for the clerk and one for the applicant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any

import numpy as np
import shapely

from spatial.application_form import PROPERTIES
from spatial.canonical import geojson
from spatial.findings import number_text
from spatial.levers import sentence, stated_text
from spatial.permit import VERDICT_LABELS
from spatial.proposals import Proposal, Proposals
from spatial.proposals_change import State, Step
from spatial.proposals_trial import DECIMALS

FULL_DECIMALS = 11
"""A site that is not changed is published to a millionth of a metre, as it was read."""
NOT_MET = ("fail", "no_data", "error")
WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


def proposals_report(proposals: Proposals, *, check_id: str | None = None) -> dict[str, Any]:
    """Return what leads to a lawful application, JSON-ready."""
    checks, setting = proposals.checks, proposals.setting
    report = checks.report(0)
    aside = set(proposals.aside)
    now = not_met(report)
    offered = [(item, not_met(checks.report(item.row))) for item in (*proposals.best, *proposals.lesser)]
    written = [_proposal(proposals, item, left, rank) for rank, (item, left) in enumerate(offered, start=1)]
    best = offered[0][1] if proposals.best else now
    return {
        "case_no": proposals.start.properties.get("case_no"),
        "check_id": check_id,
        "verdict": proposals.verdict,
        "verdict_label": VERDICT_LABELS[proposals.verdict],
        "reachable": proposals.reachable,
        "reachable_label": VERDICT_LABELS[proposals.reachable],
        **_summary(proposals, best),
        "proposals": written[: len(proposals.best)],
        "lesser": written[len(proposals.best) :],
        "needed": [left_rule(item) for item in now if rule_key(item) in aside],
        "obstacles": [] if proposals.reachable == "passed" else [left_rule(item) for item in best if rule_key(item) not in aside],
        "pack": setting.pack.as_dict(),
        "datasets": report["datasets"],
        "valid_on": setting.valid_on.isoformat(),
        "known_at": setting.known_at.astimezone(UTC).isoformat(),
    }


def rule_key(item: Mapping[str, Any]) -> str:
    """The identifier of a finding's rule with its branch."""
    return str(item["rule_id"]) + (item["branch"] or "")


def not_met(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The findings of a report that are not passed, the gravest first."""
    order = ("reject", "approval", "correct", "warn")
    found = [item for item in report["findings"] if item["outcome"] in NOT_MET]
    return sorted(found, key=lambda item: (order.index(item["severity"]), NOT_MET.index(item["outcome"])))


def left_rule(item: Mapping[str, Any]) -> dict[str, Any]:
    """A finding that is left, as it stands among proposals."""
    names = ("rule_id", "branch", "title", "severity", "outcome", "message", "plain", "advice", "office", "documents")
    return {name: item[name] for name in names}


def _proposal(proposals: Proposals, item: Proposal, left: Sequence[Mapping[str, Any]], rank: int) -> dict[str, Any]:
    after, open_rules = item.way.state, {rule_key(found) for found in left}
    before = [rule_key(found) for found in not_met(proposals.checks.report(0))]
    changes = [change for place, step in enumerate(item.way.steps) for change in _changes(step, item.way.states[place], item.way.states[place + 1])]
    resolves = [key for key in before if key not in open_rules]
    told = [change for change in changes if change["text"]]
    label = VERDICT_LABELS[item.verdict]
    return {
        "id": f"P{rank}",
        "rank": rank,
        "effort": item.effort,
        "title": "；".join(change["text"] for change in told),
        "clerk": f"{'；'.join(change['text'] for change in told)}。改动后重新核查全部规则，结论为“{label}”{_resolved(resolves)}。",
        "applicant": _applicant(item, label, [_words(step, item.way.states[place], item.way.states[place + 1])[1] for place, step in enumerate(item.way.steps)], left),
        "verdict": item.verdict,
        "verdict_label": label,
        "passes": item.verdict == "passed",
        "minimal": item.minimal,
        "changes": changes,
        "resolves": resolves,
        "left": [left_rule(found) for found in left],
        "properties": stated(after.properties),
        "geometry": geojson(after.site, epsg=after.epsg, decimals=DECIMALS if after.site is not proposals.start.site else FULL_DECIMALS),
    }


def stated(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The stated properties, JSON-ready; what is not stated is left out."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in properties.items() if value is not None}


def _resolved(resolves: Sequence[str]) -> str:
    return f"，不再触及 {'、'.join(resolves)}" if resolves else ""


def _applicant(item: Proposal, label: str, words: Sequence[str], left: Sequence[Mapping[str, Any]]) -> str:
    told = "，并且".join(words)
    if item.verdict == "passed":
        return f"只要{told}，就能通过。"
    rest = "、".join(dict.fromkeys(f"“{found['title']}”" for found in left[:3])) + ("等" if len(left) > 3 else "")
    return f"可以{told}。改了以后，还要解决{rest}，结论是“{label}”。" if left else f"可以{told}，结论是“{label}”。"


def _summary(proposals: Proposals, best: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """One sentence for the clerk and one for the applicant: how far changes lead, and what stands in the way."""
    label, count = VERDICT_LABELS[proposals.reachable], len(proposals.best)
    if proposals.verdict == "passed":
        return {"summary": "原申请符合全部规则，不须改动。", "applicant": "申请没有问题，不用改。"}
    if count and proposals.reachable == "passed":
        return {"summary": f"有 {count} 种改动可使申请符合全部规则。", "applicant": "稍作改动就能通过，请看下面的办法。"}
    blocking = "、".join(f"{rule_key(item)} {item['title']}" for item in best[:5]) + ("等" if len(best) > 5 else "")
    plain = "、".join(dict.fromkeys(f"“{item['title']}”" for item in best[:3])) + ("等" if len(best) > 3 else "")
    if all(rule_key(item) in proposals.aside for item in best):
        done = f"有 {count} 种改动；改动以后只剩" if count else "图形和数字没有须改的；只剩"
        return {"summary": f"{done}不能靠改动解决的：{blocking}。", "applicant": f"{'按下面的办法改了以后' if count else '图和数字不用改'}，还要先办妥或补齐{plain}。"}
    if count:
        return {"summary": f"没有能使申请完全符合的改动；最好能到“{label}”，挡在前面的是 {blocking}。",
                "applicant": f"改了以后还不能直接通过，最好的结论是“{label}”，还要解决{plain}。"}  # fmt: skip
    return {"summary": f"在可改的范围内没有改动能使结论好于“{label}”，挡在前面的是 {blocking}。",
            "applicant": f"这份申请光改图改数解决不了，先要解决{plain}；必要时另选地方。"}  # fmt: skip


def _changes(step: Step, before: State, after: State) -> list[dict[str, Any]]:
    """What one step changes: the lever's own change first, with its sentence, then what changes along with it."""
    names = [name for name in PROPERTIES if before.properties.get(name) != after.properties.get(name)]
    text = _words(step, before, after)[0]
    own = step.lever.property if step.lever.kind in ("number", "choice", "act", "restate") else None
    listed: list[dict[str, Any]] = [] if own else [_drawn(step, before, after, text)]
    for name in sorted(names, key=lambda name: name != own):
        listed.append(_change(step.lever.kind if name == own else "number", name, before, after, text if name == own else ""))
    if step.lever.outline and after.site is not before.site:
        listed.append(_drawn(step, before, after, ""))
    return listed


def _change(kind: str, name: str, before: State, after: State, text: str) -> dict[str, Any]:
    old, new = (stated({name: state.properties.get(name)}).get(name) for state in (before, after))
    if kind == "number" and isinstance(new, bool | str) and PROPERTIES[name].kind is not date:
        kind = "choice"
    return {"kind": kind, "property": name, "title": PROPERTIES[name].title, "unit": PROPERTIES[name].unit, "before": old, "after": new,
            "text": text, **dict.fromkeys(("distance_m", "bearing_deg", "direction", "east_m", "north_m"))}  # fmt: skip


def _drawn(step: Step, before: State, after: State, text: str) -> dict[str, Any]:
    """A change of the drawn site: its area, and how far it or its side was moved."""
    kind = step.lever.kind if step.lever.kind in ("move", "trim") else "outline"
    east, north = np.round(shapely.get_coordinates(after.site.centroid)[0] - shapely.get_coordinates(before.site.centroid)[0], 2) + 0.0
    metres = round(step.count * (step.lever.step or 0.0), 2) if kind != "outline" else None
    return {"kind": kind, "property": None, "title": "图形", "unit": "m2", "before": round(float(before.site.area), 2),
            "after": round(float(after.site.area), 2), "text": text, "distance_m": metres, "bearing_deg": step.bearing,
            "direction": wind(step.bearing) if step.bearing is not None else None,
            "east_m": float(east) if kind == "move" else None, "north_m": float(north) if kind == "move" else None}  # fmt: skip


def wind(bearing: float) -> str:
    """The nearest of the eight winds: 北, 东北, …"""
    return WINDS[round(bearing / 45) % 8]


def _words(step: Step, before: State, after: State) -> tuple[str, str]:
    """The lever's two sentences, filled."""
    lever = step.lever
    name = lever.property or ""
    old, new, by = stated_text(name, before.properties.get(name)) if name else "", stated_text(name, after.properties.get(name)) if name else "", ""
    if lever.kind in ("move", "trim"):
        by = number_text(step.count * (lever.step or 0.0), "m")
    elif lever.up:
        by = number_text(step.count * (lever.step or 0.0), "days")
    elif lever.kind == "number":
        by = number_text(float(before.properties[name]) - float(after.properties[name]), PROPERTIES[name].unit or "count")
    if lever.kind in ("outline", "trim"):
        old, new = number_text(float(before.site.area), "m2"), number_text(float(after.site.area), "m2")
        by = by or number_text(float(before.site.area) - float(after.site.area), "m2")
    bearing = f"{step.bearing:g}°" if step.bearing is not None else ""
    words = {"before": old, "after": new, "by": by, "bearing": bearing, "direction": wind(step.bearing) if step.bearing is not None else ""}
    return sentence(lever.clerk, words), sentence(lever.plain, words)
