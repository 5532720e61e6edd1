from __future__ import annotations

from planning import application, checked, county_layers, finding, here, layer

from spatial.report_difference import answer, differences


def report_of(*, layers=None, **stated):
    return checked([application(**stated)], layers).report(0)


def test_two_reports_of_the_same_application_do_not_differ():
    assert differences(report_of(), report_of()) == []
    assert answer(report_of()) == answer(report_of() | {"id": "x", "checked_at": "2026-01-01"})


def test_a_rule_that_answers_otherwise_is_told_with_both_values():
    moved = differences(report_of(), report_of(layers=county_layers(basic_farmland=layer("basic_farmland", [here(8, 0, 30, 30)]))))
    found = next(item for item in moved if item["rule"] == "HB-001a")
    assert (found["before"]["outcome"], found["after"]["outcome"]) == ("pass", "fail")
    assert (found["before"]["measured"]["value"], found["after"]["measured"]["value"]) == (0.0, 28.0)
    assert "28.00" in found["after"]["message"]


def test_another_version_with_the_same_values_is_no_difference():
    farmland = county_layers()["basic_farmland"]
    from dataclasses import replace

    newer = replace(farmland, dataset=replace(farmland.dataset, version=99))
    before, after = report_of(), report_of(layers=county_layers(basic_farmland=newer))
    assert finding(after, "HB-001a")["dataset"]["version"] == 99
    assert differences(before, after) == []
    assert answer(before) != answer(after)


def test_a_rule_that_only_one_pack_has_is_none_in_the_other():
    before, after = report_of(), report_of()
    after["findings"] = [item for item in after["findings"] if item["rule_id"] != "HB-060"]
    [gone] = differences(before, after)
    assert (gone["rule"], gone["after"]) == ("HB-060", None)
    [come] = differences(after, before)
    assert come["before"] is None
