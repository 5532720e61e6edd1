"""A report's findings grouped by what to do, with the papers to bring and the departments that must act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

GROUPS = (
    ("refused_by", "不予批准的理由", "以下各条不满足，申请应不予批准。"),
    ("first_needs", "须先办理的审批", "取得相应批准或同意后方可办理。"),
    ("correct", "须补正", "由申请人更正或补正。"),
    ("look_at", "请留意核对", "由经办人查看确认。"),
    ("not_checked", "未能核查", "缺少数据不等于通过；补齐后须重新核查。"),
    ("passed", "已通过", "各条均符合规定。"),
    ("not_applicable", "不适用", "与本件申请无关的规则。"),
)
"""Key, title and note of every group, in the order in which something has to be done about them."""

CONFIDENCE_LABELS: Mapping[str, str] = {
    "A": "法律原文", "B": "多个来源互相印证", "C": "单一公开来源", "D": "待核实", "S": "来源文件原文", "K": "由前述数字计算", "N": "本系统建议",
}  # fmt: skip
"""The confidence mark of a citation in words."""

_FAILED = {"reject": "refused_by", "approval": "first_needs", "correct": "correct", "warn": "look_at"}
_OUTCOMES = {"no_data": "not_checked", "error": "not_checked", "pass": "passed", "not_applicable": "not_applicable"}

Finding = Mapping[str, Any]


def rule_key(finding: Finding) -> str:
    """The rule of a finding with its branch, such as HB-001a."""
    return f"{finding['rule_id']}{finding.get('branch') or ''}"


def group_of(finding: Finding) -> str:
    """The key of a finding's group. What failed with an unknown severity refuses, an unknown outcome is not checked: never more favourable."""
    if finding["outcome"] == "fail":
        return _FAILED.get(str(finding.get("severity")), "refused_by")
    return _OUTCOMES.get(finding["outcome"], "not_checked")


def grouped(findings: Sequence[Finding], not_built: Sequence[Finding] = ()) -> dict[str, list[dict[str, Any]]]:
    """Return the sections `groups`, `documents` and `offices` of a report, JSON-ready.

    Every rule stands in exactly one group, those that no one checks by machine (`not_built`) in `not_checked`; documents and
    offices follow from the rules that failed, worst group first.
    """
    entries = [(rule_key(finding), group_of(finding)) for finding in findings]
    return sections([*entries, *[(rule_key(rule), "not_checked") for rule in not_built]], [hit for hit in findings if hit["outcome"] == "fail"])


def sections(entries: Iterable[tuple[str, str]], hits: Sequence[Finding]) -> dict[str, list[dict[str, Any]]]:
    """Return the sections from the key and group of every rule, and the findings that failed."""
    members: dict[str, list[str]] = {key: [] for key, _, _ in GROUPS}
    for rule, group in entries:
        members[group].append(rule)
    ordered = sorted(hits, key=lambda hit: _ORDER[group_of(hit)])
    return {
        "groups": [{"key": key, "title": title, "note": note, "rules": members[key]} for key, title, note in GROUPS],
        "documents": _serving((title, rule_key(hit)) for hit in ordered for title in hit.get("documents") or ()),
        "offices": _serving((hit["office"], rule_key(hit)) for hit in ordered if hit.get("office")),
    }


_ORDER = {key: place for place, (key, _, _) in enumerate(GROUPS)}


def _serving(pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Each title once, in order of appearance, with the rules it serves."""
    rules: dict[str, list[str]] = {}
    for title, key in pairs:
        rules.setdefault(title, []).append(key)
    return [{"title": title, "rules": list(dict.fromkeys(keys))} for title, keys in rules.items()]
