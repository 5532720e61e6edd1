"""House-building cases as sentences: both sides of every threshold and date, and what missing data does to every rule."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from permit_cases import CODE_SYSTEMS, EVERYWHERE, checked_case, written_cases
from planning import COUNTY, COVERAGE, VILLAGE, application, checked, county_layers, finding, here, layer, village_row

from spatial.rules.pack import PACKS, Pack, load_pack


def report_of(case: dict[str, Any]) -> dict[str, Any]:
    return checked_case(case).report(0)


def holds(report: dict[str, Any], case: dict[str, Any]) -> None:
    for key, expected in case.get("expect", {}).items():
        assert finding(report, key)["outcome"] == expected, (key, finding(report, key)["message"])
    for key, words in case.get("says", {}).items():
        assert words in finding(report, key)["message"]
    for key, value in case.get("measured", {}).items():
        assert finding(report, key)["measured"]["value"] == pytest.approx(value, abs=1e-6)
    for key, value in case.get("margin", {}).items():
        assert finding(report, key)["margin"] == pytest.approx(value, abs=1e-6)
    if "verdict" in case:
        failed = [(item["rule_id"], item["branch"], item["outcome"], item["message"]) for item in report["findings"] if item["outcome"] not in ("pass", "not_applicable")]
        assert report["verdict"] == case["verdict"], failed


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['id']} {case['name']}") for case in written_cases()])
def test_a_house_building_case(case: dict[str, Any]) -> None:
    assert "expect" in case or "verdict" in case
    holds(report_of(case), case)


def test_the_limit_of_zhejiang_holds_from_its_day_and_is_not_guessed_before() -> None:
    for day, expected in ((date(2021, 10, 31), "no_data"), (date(2021, 11, 1), "pass")):
        report = checked([application()], county="330100", valid_on=day).report(0)
        assert finding(report, "HB-030")["outcome"] == expected


PACK = load_pack("house-building", county=COUNTY)
LEAST = {"reject": "incomplete", "approval": "needs_approval", "correct": "needs_correction", "warn": "needs_review"}


def facts_below(name: str) -> set[str]:
    """A fact and all that it is derived from."""
    below = PACK.main.facts[name].of
    return {name}.union(*[facts_below(other) for other in below])


def rules_reading(test: Any) -> list[str]:
    """The keys of rules whose failing depends on a fact for which the test is true."""
    keys = []
    for rule in PACK.main.rules:
        names = {name for leaf in rule.fails_when.comparisons() for name in (leaf.fact, leaf.than) if name}  # type: ignore[union-attr]
        if any(test(PACK.main.facts[fact]) for name in names for fact in facts_below(name)):
            keys.append(rule.key)
    return keys


MISSING = {"reject": "incomplete", "approval": "needs_approval", "correct": "needs_correction", "warn": "needs_review"}


def verdict_of_gaps(report: Any) -> str:
    """The verdict that follows from what is not known alone: that of the gravest rule without data."""
    severities = {item["severity"] for item in report["findings"] if item["outcome"] == "no_data"}
    return next(MISSING[severity] for severity in MISSING if severity in severities)


@pytest.mark.parametrize("name", PACK.layers)
def test_a_missing_layer_leaves_every_rule_that_reads_it_unchecked(name: str) -> None:
    report = checked([application(build_kind="rebuild_in_place")], county_layers(**{name: None}))
    assert report.verdicts[0] == verdict_of_gaps(report.report(0))
    unchecked = [item["rule_id"] + (item["branch"] or "") for item in report.report(0)["findings"] if item["outcome"] == "no_data"]
    wanted = [key for key in rules_reading(lambda spec: spec.layer == name) if finding(report.report(0), key)["outcome"] != "not_applicable"]
    if name == "planned_use":
        wanted.remove("HB-090")  # no house on the site: the plan does not matter
    if name == "settlement":
        wanted.remove("HB-042")  # no railway near: the place does not matter
    if name == "building":
        wanted.remove("HB-090")  # the plan is kept: the house does not matter
    assert "HB-093" in unchecked and set(wanted) <= set(unchecked)


@pytest.mark.parametrize("name", PACK.layers)
def test_coverage_that_does_not_reach_the_whole_site_never_passes(name: str) -> None:
    layers = county_layers()
    cut = replace(layers[name], coverage=COVERAGE.difference(here(5, 5, 20, 2)))
    report = checked([application(build_kind="rebuild_in_place")], layers | {name: cut}).report(0)
    assert report["verdict"] == verdict_of_gaps(report)
    assert finding(report, "HB-093")["outcome"] == "no_data"
    assert [item["state"] for item in report["datasets"] if item["layer"] == name] == ["partly_covered"]


THINGS = {
    ("ecological_redline", "zone"): ("other", ["HB-002", "HB-003b"]),
    ("control_zone", "zone"): ("concentrated", ["HB-008a", "HB-008b", "HB-008c"]),
    ("hazard", "zone"): ("low", ["HB-060", "HB-061a"]),
    ("heritage", "zone"): ("belt", ["HB-050a", "HB-051"]),
    ("heritage", "level"): ("county", ["HB-050a", "HB-050b"]),
    ("water_source", "zone"): ("quasi", ["HB-048a", "HB-048b", "HB-048c"]),
    ("land_use", "DLBM"): ("0702", ["HB-004", "HB-005", "HB-030", "HB-072a"]),
    ("planned_use", "GHDLBM"): ("0703", ["HB-007a", "HB-007b"]),
    ("historic_village", "zone"): ("belt", ["HB-052a", "HB-052c"]),
    ("nature_reserve", "zone"): ("general", ["HB-070a", "HB-070b"]),
    ("scenic_area", "zone"): ("other", ["HB-071a", "HB-071b"]),
    ("wetland", "level"): ("general", ["HB-073"]),
}
OTHERS = {"heritage": {"zone": "protection", "level": "county"}}


@pytest.mark.parametrize("spelling", [None, "", "x9", "一级", "Core"])
@pytest.mark.parametrize(("name", "field"), THINGS)
def test_a_feature_without_a_known_class_may_be_of_any_class(name: str, field: str, spelling: Any) -> None:
    _, keys = THINGS[name, field]
    attributes = {key: [value] for key, value in OTHERS.get(name, {}).items()} | {field: [spelling]}
    given = layer(name, [VILLAGE], attributes, code_system=CODE_SYSTEMS.get(name))
    report = checked([application()], county_layers(**{name: given})).report(0)
    assert {key: finding(report, key)["outcome"] for key in keys} == dict.fromkeys(keys, "no_data")
    assert report["verdict"] == "incomplete"


@pytest.mark.parametrize(("name", "field"), THINGS)
def test_a_layer_without_the_column_of_its_class_is_not_checked(name: str, field: str) -> None:
    _, keys = THINGS[name, field]
    attributes = {key: [other] for key, other in OTHERS.get(name, {}).items() if key != field}
    given = layer(name, [VILLAGE], attributes, code_system=CODE_SYSTEMS.get(name))
    report = checked([application()], county_layers(**{name: given})).report(0)
    assert {finding(report, key)["outcome"] for key in keys} == {"no_data"}


def test_a_village_without_its_plan_or_code_is_not_checked() -> None:
    outside = layer("village_boundary", [here(0, 0, 5, 14)])
    for column, key in (("plan_approved", "HB-006a"), ("ZLDWDM", "HB-010a")):
        gone = {name: [None] if name == column else values for name, values in village_row().items()}
        report = checked([application()], county_layers(village=layer("village", [VILLAGE], gone), village_boundary=outside)).report(0)
        assert finding(report, key)["outcome"] == "no_data"
        assert report["verdict"] in ("refused", "incomplete")


RULES = {rule.key: rule for rule in PACK.main.rules}
DECLARED = sorted({spec.property for spec in PACK.main.facts.values() if spec.property})


@pytest.mark.parametrize("name", DECLARED)
def test_a_property_left_out_leaves_its_rules_unchecked(name: str) -> None:
    report = checked([application(**{name: None})]).report(0)
    keys = [key for key in rules_reading(lambda spec: spec.property == name) if finding(report, key)["outcome"] != "not_applicable"]
    # Hubei's limits depend on neither persons nor terrain, no railway is near, two storeys and a stilt floor are three at most.
    known = {"household_size": {"HB-030"}, "terrain": {"HB-030", "HB-042"}, "stilt_height_m": {"HB-034a"}}.get(name, set())
    unchecked = {key for key in keys if finding(report, key)["outcome"] == "no_data"}
    assert unchecked == set(keys) - known
    worst = min((list(LEAST).index(grave) for key in unchecked for grave in {RULES[key].severity, RULES[key].on_missing} - {None}), default=None)
    assert report["verdict"] == ("passed" if worst is None else list(LEAST.values())[worst])


def test_every_rule_of_the_pack_has_a_case_that_fails_it() -> None:
    """A rule that no case can fail is not tested; one waits for a county to set its date (tested below), one fails only through missing data."""
    failed = {key for case in written_cases() for key, value in case.get("expect", {}).items() if value == "fail"}
    keys = {rule.key for rule in PACK.main.rules}
    assert keys - failed == {"HB-009", "HB-093"}
    assert failed <= keys


@pytest.fixture
def with_a_date(tmp_path: Path) -> Pack:
    """The rules of a county that has new houses go into the new-village area from 1 July 2026 on."""
    packs = shutil.copytree(PACKS, tmp_path / "packs")
    with (packs / "house-building/parameters/421223.yaml").open("a", encoding="utf-8") as file:
        file.write('  new_village_from: {title: 日期, unit: date, rows: [{value: "2026-07-01", citation: {source: 测试, confidence: N}}]}\n')
    return load_pack("house-building", county=COUNTY, folder=packs)


NEW_VILLAGE_AREA = [("2026-06-30", 0.0, "not_applicable"), ("2026-07-01", 13.949, "fail"), ("2026-07-01", 13.95, "pass"), (None, 0.0, "no_data")]


@pytest.mark.parametrize(("applied_on", "inside_m", "expected"), NEW_VILLAGE_AREA)
def test_from_the_day_a_county_sets_new_houses_go_into_the_new_village_area(with_a_date: Pack, applied_on: Any, inside_m: float, expected: str) -> None:
    """0.51 m² outside are too much, 0.5 m² are noise of the drawing."""
    layers = county_layers(new_village_area=layer("new_village_area", [here(0, 0, 10, inside_m)] if inside_m else []))
    found = finding(checked([application(applied_on=applied_on)], layers, pack=with_a_date).report(0), "HB-009")
    assert found["outcome"] == expected, found["message"]
    assert expected != "fail" or (found["measured"]["value"], found["severity"]) == (pytest.approx(0.51), "reject")


def test_a_house_rebuilt_in_place_need_not_go_into_the_new_village_area(with_a_date: Pack) -> None:
    report = checked([application(build_kind="rebuild_in_place", applied_on="2026-08-01")], pack=with_a_date).report(0)
    assert finding(report, "HB-009")["outcome"] == "not_applicable" and report["verdict"] == "passed"


def test_every_rule_says_it_in_plain_words_and_names_an_office() -> None:
    for rule in PACK.main.rules:
        assert rule.plain and rule.office, rule.key
        assert not any(word in rule.plain for word in ("《", "第", "条例", "〔")), rule.key


def test_the_sizes_of_the_default_site_are_as_the_cases_say() -> None:
    assert np.isclose(here().area, 140.0)
    assert set(PACK.layers) > EVERYWHERE
