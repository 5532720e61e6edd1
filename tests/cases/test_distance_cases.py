"""Distances from roads, railways and power lines: both sides of each, by class, place, day and coverage."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from planning import COUNTY, VALID_ON, VILLAGE_CODE, application, checked, county_layers, finding, here, layer, line

from spatial.layer import Layer

SETBACKS = [
    # class, metres the law asks for (公路安全保护条例 §11)
    ("expressway", 30), ("national", 20), ("provincial", 15), ("county", 10), ("township", 5),
]  # fmt: skip
VOLTAGES = [(1, 5), (10, 5), (35, 10), (110, 10), (154, 15), (220, 15), (330, 15), (500, 20)]
"""Kilovolts and metres (电力设施保护条例 §10)."""


def north_of(distance_m: float) -> Any:
    """Land 6 m wide along the north of the site, so far from it."""
    return here(-500, 14 + distance_m, 1_000, 6)


def outcome(key: str, county: str = COUNTY, valid_on: date = VALID_ON, **layers: Layer | None) -> tuple[str, str, dict[str, Any]]:
    report = checked([application()], county_layers(**layers), county=county, valid_on=valid_on).report(0)
    return finding(report, key)["outcome"], report["verdict"], finding(report, key)


@pytest.mark.parametrize(("grade", "metres"), SETBACKS)
def test_a_house_keeps_the_distance_from_a_road(grade: str, metres: int) -> None:
    near, at = (layer("road", [north_of(metres - gap)], {"class": [grade]}) for gap in (0.01, 0.0))
    assert outcome("HB-040", road=near)[:2] == ("fail", "refused")
    found = outcome("HB-040", road=at)
    assert found[:2] == ("pass", "passed")
    assert (found[2]["measured"]["value"], found[2]["threshold"]["value"], found[2]["margin"]) == (metres, metres, 0)


def test_a_village_road_has_no_national_number_but_one_in_zhejiang_and_shandong() -> None:
    near, at, touching = (layer("road", [north_of(gap)], {"class": ["village"]}) for gap in (2.99, 3.0, 0.0))
    assert outcome("HB-040", road=touching)[:2] == ("pass", "passed")
    for county in ("330100", "370100"):
        assert outcome("HB-040", county=county, road=near)[0] == "fail"
        assert outcome("HB-040", county=county, road=at)[0] == "pass"


@pytest.mark.parametrize(("kilovolts", "metres"), VOLTAGES)
def test_a_house_keeps_the_distance_from_a_power_line(kilovolts: float, metres: int) -> None:
    assert outcome("HB-043a", power_line=power_line(metres - 0.01, float(kilovolts)))[:2] == ("fail", "refused")
    assert outcome("HB-043a", power_line=power_line(metres, float(kilovolts)))[:2] == ("pass", "passed")


def power_line(gap: float, kilovolts: Any) -> Layer:
    """A line so far north of the site."""
    return layer("power_line", [line(-500, 14 + gap, 500, 14 + gap)], {"kv": [kilovolts]})


@pytest.mark.parametrize("kilovolts", [0.4, 20, 66 * 2, 400, 501, 750])
def test_a_voltage_the_law_does_not_name_is_looked_at_within_the_largest_distance(kilovolts: float) -> None:
    near, far = (power_line(gap, kilovolts) for gap in (19.99, 20.0))
    assert outcome("HB-043a", power_line=near)[:2] == ("pass", "needs_review")
    assert outcome("HB-043d", power_line=near)[0] == "fail"
    assert outcome("HB-043d", power_line=far)[:2] == ("pass", "passed")


@pytest.mark.parametrize("kilovolts", ["10", None, -1.0])
def test_a_voltage_that_is_missing_or_no_voltage_is_not_checked_within_the_largest_distance(kilovolts: Any) -> None:
    near, far = (power_line(gap, kilovolts) for gap in (19.99, 20.0))
    assert outcome("HB-043a", power_line=near)[:2] == ("no_data", "incomplete")
    assert outcome("HB-043a", power_line=far)[:2] == ("pass", "passed")


IN_TOWN = {"settlement": layer("settlement", [here(-50, -50, 200, 200)], {"CZCDM": [VILLAGE_CODE], "CZCSXM": ["202"]})}
DENSE = [(0.4, 1.5), (10, 1.5), (35, 3), (66, 4), (110, 4), (154, 5), (220, 5), (330, 6), (500, 8.5)]
"""Kilovolts and metres after sway in dense places (one secondary source)."""


@pytest.mark.parametrize(("kilovolts", "metres"), DENSE)
def test_in_a_dense_place_a_house_nearer_than_the_distance_after_sway_needs_the_utility(kilovolts: float, metres: float) -> None:
    near, at = (power_line(gap, float(kilovolts)) for gap in (metres - 0.01, metres))
    assert outcome("HB-043b", power_line=near, **IN_TOWN)[0] == "fail"
    found = outcome("HB-043b", power_line=at, **IN_TOWN)
    assert found[0] == ("pass" if kilovolts == 0.4 else "no_data")
    assert kilovolts == 0.4 or "风偏" in found[2]["message"]


@pytest.mark.parametrize(("kilovolts", "metres"), VOLTAGES)
def test_in_a_dense_place_the_general_width_is_always_enough(kilovolts: float, metres: int) -> None:
    near, at = (power_line(gap, float(kilovolts)) for gap in (metres - 0.01, metres))
    assert outcome("HB-043b", power_line=near, **IN_TOWN)[:2] == ("no_data", "needs_approval")
    assert outcome("HB-043b", power_line=at, **IN_TOWN)[:2] == ("pass", "passed")
    assert outcome("HB-043a", power_line=near, **IN_TOWN)[0] == "not_applicable"


RAILWAYS = [
    # in the settlement, terrain, class, metres (铁路安全管理条例 §27)
    (True, "suburb", "high_speed", 12), (True, "suburb", "other", 10), (True, "hill", "high_speed", 15), (True, "hill", "other", 12),
    (False, "hill", "high_speed", 20), (False, "hill", "other", 15), (False, "suburb", "high_speed", 20), (False, "suburb", "other", 15),
]  # fmt: skip


def railway_outcome(gap: float, grade: Any, inside: bool, terrain: str | None) -> tuple[str, str, dict[str, Any]]:
    settlement = layer("settlement", [here(-50, -50, 200, 200)] if inside else [], {"CZCDM": [VILLAGE_CODE] * inside, "CZCSXM": ["203"] * inside})
    layers = county_layers(railway=layer("railway", [north_of(gap)], {"class": [grade]}), settlement=settlement)
    report = checked([application(terrain=terrain)], layers).report(0)
    return finding(report, "HB-042")["outcome"], report["verdict"], finding(report, "HB-042")


@pytest.mark.parametrize(("inside", "terrain", "grade", "metres"), RAILWAYS)
def test_a_house_in_the_safety_zone_of_a_railway_needs_its_consent(inside: bool, terrain: str, grade: str, metres: int) -> None:
    near = railway_outcome(metres - 0.01, grade, inside, terrain)
    assert near[:2] == ("fail", "needs_approval")
    assert (near[2]["threshold"]["value"], near[2]["margin"]) == (metres, pytest.approx(-0.01))
    assert railway_outcome(metres, grade, inside, terrain)[:2] == ("pass", "passed")


def test_without_the_terrain_a_railway_zone_may_be_that_of_any_place() -> None:
    """In a settlement the suburb's 10 m hold at least; from the 15 m of open country on it is enough anywhere."""
    for gap, expected in ((9.99, "fail"), (10.0, "no_data"), (14.99, "no_data"), (15.0, "pass")):
        assert railway_outcome(gap, "other", True, None)[0] == expected


def test_a_settlement_counts_from_half_of_the_site_on() -> None:
    railway = layer("railway", [north_of(13)], {"class": ["other"]})
    for north, expected in ((7.0, "pass"), (6.99, "fail")):
        settlement = layer("settlement", [here(0, 0, 10, north)], {"CZCDM": [VILLAGE_CODE], "CZCSXM": ["203"]})
        assert outcome("HB-042", railway=railway, settlement=settlement)[0] == expected


@pytest.mark.parametrize("grade", [None, "县道", "County", "county ", ""])
def test_a_road_class_spelled_differently_is_not_checked_within_the_largest_distance(grade: Any) -> None:
    near, far = (layer("road", [north_of(gap)], {"class": [grade]}) for gap in (29.99, 30.0))
    assert outcome("HB-040", road=near)[:2] == ("no_data", "incomplete")
    assert outcome("HB-040", road=far)[:2] == ("pass", "passed")


def test_a_road_known_by_its_centre_line_is_estimated_by_half_its_land() -> None:
    """Half the land of a 县道 is 6 m here: 15.99 m from the centre line are 9.99 m from the land."""
    near, at = (layer("road", [line(-500, 14 + gap, 500, 14 + gap)], {"class": ["county"]}) for gap in (15.99, 16.0))
    found = outcome("HB-040", road=near)
    assert found[0] == "fail" and found[2]["estimated"] and found[2]["measured"]["value"] == pytest.approx(9.99)
    assert outcome("HB-040", road=at)[0] == "pass"


def test_coverage_that_ends_near_the_site_may_hide_a_road() -> None:
    reach = 30 + 20  # the largest distance and the widest half width
    for gap, expected in ((reach - 0.01, "no_data"), (reach, "pass")):
        road = layer("road", [], {"class": []}, coverage=here(-1_000, -1_000, 2_000, 1_014 + gap))
        assert outcome("HB-040", road=road)[0] == expected


def test_setbacks_hold_from_the_day_the_regulation_came_into_force() -> None:
    road = layer("road", [north_of(9.99)], {"class": ["county"]})
    assert outcome("HB-040", road=road, valid_on=date(2011, 7, 1))[:2] == ("fail", "refused")
    assert outcome("HB-040", road=road, valid_on=date(2011, 6, 30))[:2] == ("no_data", "incomplete")
