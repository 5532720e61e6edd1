from __future__ import annotations

import pytest

from layers.maps.report import GROUPS, group_of, groups, measure

POINT = {"type": "Point", "coordinates": [114.0, 29.5]}


def finding(outcome: str = "fail", severity: str = "reject", **changes):
    return {"rule_id": "HB-001", "outcome": outcome, "severity": severity, "geometry": None, **changes}


@pytest.mark.parametrize(
    ("outcome", "severity", "group"),
    [
        ("fail", "reject", "refused"),
        ("fail", "approval", "approval"),
        ("fail", "correct", "correct"),
        ("fail", "warn", "look"),
        ("no_data", "reject", "missing"),
        ("no_data", "warn", "missing"),
        ("error", "warn", "missing"),
        ("pass", "reject", "passed"),
        ("not_applicable", "reject", "not_applicable"),
    ],
)
def test_a_finding_stands_where_what_has_to_be_done_about_it_stands(outcome, severity, group):
    assert group_of(finding(outcome, severity)) == group


@pytest.mark.parametrize("changes", [{"severity": None}, {"severity": "unheard of"}])
def test_a_failure_of_unknown_weight_is_never_shown_as_a_light_one(changes):
    assert group_of(finding(**changes)) == "refused"


def test_an_unknown_outcome_is_missing_data_and_never_passed():
    assert group_of(finding("unheard of")) == "missing"


def test_groups_come_worst_first_and_hold_every_finding_once():
    findings = [finding("pass"), finding("fail", "warn"), finding("no_data"), finding("fail")]
    arranged = groups({"findings": findings})
    assert [group.key for group in arranged] == [key for key, _, _ in GROUPS]
    assert [group.key for group in arranged if group.entries] == ["refused", "missing", "look", "passed"]
    assert sum(len(group.entries) for group in arranged) == len(findings)


def test_only_findings_with_a_place_are_numbered_in_the_order_of_reading():
    findings = [finding("fail", "warn", geometry=POINT), finding("fail", "reject"), finding("fail", "reject", geometry=POINT)]
    numbers = [entry.number for group in groups({"findings": findings}) for entry in group.entries]
    assert numbers == [None, 1, 2]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "m2", "无数据"),
        (0, "m2", "0 ㎡"),
        (12.5, "m2", "12.5 ㎡"),
        (1234567.0, "m2", "1,234,567 ㎡"),
        (0.235, "share", "23.5 %"),
        (3, "storey", "3 层"),
        (True, "bool", "是"),
        (False, None, "否"),
        ("rebuild", "code", "rebuild"),
        ([1, 2], "storey", "1 层、2 层"),
    ],
)
def test_values_are_written_as_people_write_them(value, unit, text):
    assert measure(value, unit) == text
