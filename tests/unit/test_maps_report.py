from __future__ import annotations

from datetime import date

from layers.maps.report import citation_text, dataset_text, groups, measure, stated
from spatial.report_groups import GROUPS

POINT = {"type": "Point", "coordinates": [114.0, 29.5]}


def finding(outcome: str = "fail", severity: str = "reject", **changes):
    return {"rule_id": "HB-001", "outcome": outcome, "severity": severity, "geometry": None, **changes}


def test_groups_come_in_the_order_of_what_to_do_and_hold_every_finding_once():
    findings = [finding("pass"), finding("fail", "warn"), finding("no_data"), finding("fail")]
    arranged = groups({"findings": findings})
    assert [group.key for group in arranged] == [key for key, _, _ in GROUPS]
    assert [group.key for group in arranged if group.entries] == ["refused_by", "look_at", "not_checked", "passed"]
    assert sum(len(group.entries) for group in arranged) == len(findings)


def test_rules_no_one_checks_by_machine_stand_with_what_is_not_checked():
    unbuilt = {"rule_id": "HB-099", "branch": None, "title": "某条", "reason": "无数据", "citations": []}
    counts = {group.key: group.count for group in groups({"findings": [finding("no_data")], "not_checked": [unbuilt]})}
    assert counts["not_checked"] == 2


def test_only_findings_with_a_place_are_numbered_and_in_the_order_of_the_groups():
    findings = [finding("fail", "warn", geometry=POINT), finding("fail", geometry=POINT), finding("fail")]
    numbers = [entry.number for group in groups({"findings": findings}) for entry in group.entries]
    assert numbers == [1, None, 2]


def test_missing_is_written_as_missing_and_never_as_zero():
    assert measure(None, "m2") == "无数据"
    assert measure(0.0, "m2") == "0 ㎡"


def test_shares_are_per_cent_and_booleans_words():
    assert measure(0.0857, "share") == "8.6 %"
    assert (measure(True), measure(False)) == ("是", "否")


def test_a_citation_says_how_sure_it_is():
    assert citation_text({"text": "《土地管理法》第62条", "confidence": "A"}) == "《土地管理法》第62条（法律原文）"
    assert citation_text({"text": "某文", "confidence": "?"}) == "某文（来源未注明）"


def test_a_finding_names_the_version_and_date_of_its_data_and_what_rests_on_no_layer_says_so():
    assert dataset_text({"title": "永久基本农田", "version": 3, "date": "2025-01-01"}) == "永久基本农田 第 3 版（2025-01-01）"
    assert dataset_text(None) == "未用图层数据"


def test_what_was_applied_for_is_written_in_the_words_of_the_form():
    assert stated("build_kind", "new_site") == "异址新建"
    assert stated("plot_area_m2", 140.0) == "140 ㎡"
    assert stated("storeys", 2) == "2 层"
    assert stated("applied_on", date(2026, 5, 1)) == "2026-05-01"
    assert stated("terrain", None) == "未填"
    assert stated("unheard_of", "{{ 7*7 }}") == "{{ 7*7 }}"
