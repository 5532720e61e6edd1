from __future__ import annotations

import pytest
from planning import application, checked

from spatial.report_groups import CONFIDENCE_LABELS, GROUPS, group_of, grouped, rule_key


def finding(outcome: str = "fail", severity: str | None = "reject", rule: str = "HB-001", **changes):
    return {"rule_id": rule, "branch": None, "outcome": outcome, "severity": severity, "office": None, "documents": [], **changes}


@pytest.mark.parametrize(
    ("outcome", "severity", "group"),
    [
        ("fail", "reject", "refused_by"),
        ("fail", "approval", "first_needs"),
        ("fail", "correct", "correct"),
        ("fail", "warn", "look_at"),
        ("no_data", "reject", "not_checked"),
        ("error", "warn", "not_checked"),
        ("pass", "reject", "passed"),
        ("not_applicable", "reject", "not_applicable"),
    ],
)
def test_a_finding_stands_where_what_has_to_be_done_about_it_stands(outcome, severity, group):
    assert group_of(finding(outcome, severity)) == group


@pytest.mark.parametrize("severity", [None, "unheard of"])
def test_a_failure_of_unknown_weight_is_never_a_light_one(severity):
    assert group_of(finding(severity=severity)) == "refused_by"


def test_an_unknown_outcome_is_not_checked_and_never_passed():
    assert group_of(finding("unheard of")) == "not_checked"


def test_groups_come_in_the_order_of_what_to_do_and_hold_every_rule_once():
    findings = [finding("pass", rule="HB-002"), finding("fail", "warn", "HB-003", branch="a"), finding("no_data", rule="HB-004"), finding()]
    sections = grouped(findings, [{"rule_id": "HB-099", "branch": "b"}])
    assert [group["key"] for group in sections["groups"]] == [key for key, _, _ in GROUPS]
    rules = {group["key"]: group["rules"] for group in sections["groups"] if group["rules"]}
    assert rules == {"refused_by": ["HB-001"], "look_at": ["HB-003a"], "not_checked": ["HB-004", "HB-099b"], "passed": ["HB-002"]}


def test_papers_and_offices_follow_from_what_failed_and_name_the_rules_they_serve():
    light = finding("fail", "warn", "HB-070", office="林业局", documents=["林地证明"])
    grave = finding("fail", "approval", "HB-004", office="自然资源和规划局", documents=["转用批复", "林地证明"])
    passed = finding("pass", rule="HB-005", office="交通局", documents=["不要的"])
    sections = grouped([light, passed, grave])
    assert sections["documents"] == [{"title": "转用批复", "rules": ["HB-004"]}, {"title": "林地证明", "rules": ["HB-004", "HB-070"]}]
    assert sections["offices"] == [{"title": "自然资源和规划局", "rules": ["HB-004"]}, {"title": "林业局", "rules": ["HB-070"]}]


def test_every_rule_of_a_report_stands_in_exactly_one_group():
    report = checked([application()]).report(0)
    rules = [rule for group in report["groups"] for rule in group["rules"]]
    assert sorted(rules) == sorted(rule_key(item) for item in [*report["findings"], *report["not_checked"]])


def test_every_confidence_mark_of_a_report_has_words():
    report = checked([application()]).report(0)
    marks = {citation["confidence"] for item in report["findings"] for citation in item["citations"]}
    assert marks
    assert marks <= set(CONFIDENCE_LABELS)
