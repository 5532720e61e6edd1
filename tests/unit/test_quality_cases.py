"""Every check finds what is wrong and passes what is right: the table of cases, and that no check is missing in it."""

from __future__ import annotations

import pytest
from quality_cases import cases, checked

from layers.quality.findings import QualityReport
from layers.quality.rulebook import checks

CASES = cases()["cases"]


def entry(report: QualityReport, code: str) -> dict:
    return next(item for item in report.checks if item["code"] == code)


def test_every_check_has_a_case_and_every_case_a_check():
    assert sorted(CASES) == sorted(checks())


@pytest.mark.parametrize("code", sorted(CASES))
def test_what_is_wrong_is_found(code):
    case = CASES[code]
    report = checked(case)
    found = [finding for finding in report.findings if finding.code == code]
    assert found, [finding.message for finding in report.findings]
    assert {finding.level for finding in found} == {case["level"]}
    if "rows" in case:
        assert [finding.row for finding in found] == case["rows"]
    assert any(case.get("says", "") in finding.message for finding in found), [finding.message for finding in found]
    assert entry(report, code)["found"][case["level"]] == len(found)


@pytest.mark.parametrize("code", sorted(CASES))
def test_what_is_right_passes(code):
    case = CASES[code]
    right = {"layer": case.get("layer", "land_use"), **case.get("right", {})}
    report = checked(right)
    assert entry(report, code)["status"] == "made", entry(report, code)["reason"]
    assert [finding.message for finding in report.findings if finding.code == code] == []


def test_a_sound_survey_has_nothing_but_that_its_coordinates_are_round():
    report = checked({})
    assert {finding.code for finding in report.findings} == {"QC-G18"}
    assert report.is_acceptable
    assert [item["code"] for item in report.checks if item["status"] == "not_made"] == []


@pytest.mark.parametrize("code", sorted(code for code, check in checks().items() if check.reference))
def test_a_check_without_what_it_compares_with_says_so(code):
    case = {**CASES[code], "context": "none"}
    report = checked(case)
    assert entry(report, code)["status"] == "not_made"
    assert "没有现行的" in entry(report, code)["reason"]
    assert [finding for finding in report.findings if finding.code == code] == []
