from __future__ import annotations

import pytest
import shapely
from planning import VILLAGE, VILLAGE_CODE, application, checked, county_layers, here, layer, village_row

WEST, EAST_SIDE = here(-500, -500, 505, 1500), here(5, -500, 500, 1500)
"""Two halves of the country that meet in the middle of the default site (10 × 14 m)."""


def site_of(**layers):
    return checked([application()], county_layers(**layers)).report(0)["site"]


def land(*codes: str | None, code_system: str = "survey"):
    return layer("land_use", [WEST, EAST_SIDE], {"DLBM": list(codes)}, code_system=code_system)


def test_land_taken_is_listed_by_class_in_square_metres_and_hectares():
    taken = site_of(land_use=land("0101", "0702"))["land_taken"]
    assert taken["classes"] == [
        {"code": "0101", "name": "水田", "group": "农用地", "area_m2": 70.0, "area_ha": 0.007, "conversion": True},
        {"code": "0702", "name": "农村宅基地", "group": "建设用地", "area_m2": 70.0, "area_ha": 0.007, "conversion": False},
    ]
    assert (taken["conversion_m2"], taken["conversion_ha"], taken["unknown_m2"]) == (70.0, 0.007, 0.0)


def test_a_class_without_a_known_code_is_land_of_which_nothing_is_known():
    taken = site_of(land_use=land(None, "0101"))["land_taken"]
    assert {entry["code"]: entry["conversion"] for entry in taken["classes"]} == {None: None, "0101": True}
    assert taken["unknown_m2"] == 70.0


def test_codes_of_another_system_are_not_read_as_survey_classes():
    taken = site_of(land_use=land("0101", "0702", code_system="ydyh2023"))["land_taken"]
    assert {entry["conversion"] for entry in taken["classes"]} == {None}
    assert taken["unknown_m2"] == 140.0
    assert taken["conversion_m2"] == 0.0


def test_what_lies_outside_the_coverage_is_not_known():
    cut = layer("land_use", [WEST], {"DLBM": ["0101"]}, code_system="survey", coverage=WEST)
    taken = site_of(land_use=cut)["land_taken"]
    assert (taken["state"], taken["unknown_m2"], taken["conversion_m2"]) == ("partly_covered", 70.0, 70.0)


def test_without_the_layer_no_conversion_area_is_stated():
    taken = site_of(land_use=None)["land_taken"]
    assert (taken["state"], taken["unknown_m2"], taken["conversion_m2"]) == ("not_loaded", 140.0, None)


def test_a_site_over_two_zones_names_both_with_their_areas():
    zones = layer("control_zone", [WEST, EAST_SIDE], {"zone": ["concentrated", "restricted"]})
    (split,) = site_of(control_zone=zones)["split"]
    assert [(part["name"], part["area_m2"]) for part in split["parts"]] == [("集中建设区", 70.0), ("限制建设区", 70.0)]


def test_a_site_over_two_villages_names_both():
    rows = {key: values * 2 for key, values in village_row().items()} | {"ZLDWDM": [VILLAGE_CODE, "421223100002"], "ZLDWMC": ["甲村", "乙村"]}
    halves = [shapely.intersection(VILLAGE, half) for half in (WEST, EAST_SIDE)]
    assert [part["name"] for part in site_of(village=layer("village", halves, rows))["split"][0]["parts"]] == ["甲村", "乙村"]


def test_two_patches_of_one_zone_are_no_split():
    zones = layer("control_zone", [WEST, EAST_SIDE], {"zone": ["concentrated", "concentrated"]})
    assert site_of(control_zone=zones)["split"] == []


@pytest.mark.parametrize(("width", "listed"), [(0.5 / 14, True), (0.52 / 14, False)])
def test_an_overlap_within_the_noise_limit_is_listed_as_a_sliver_and_a_larger_one_is_not(width, listed):
    slivers = site_of(basic_farmland=layer("basic_farmland", [here(-5, -1, 5 + width, 16)]))["slivers"]
    assert [(entry["layer"], entry["feature"], entry["limit_m2"]) for entry in slivers] == ([("basic_farmland", "basic_farmland-0", 0.5)] if listed else [])


def test_two_small_overlaps_that_together_exceed_the_limit_are_not_dropped():
    both = [here(-5, -1, 5 + 0.4 / 14, 16), here(10 - 0.4 / 14, -1, 5, 16)]
    assert site_of(basic_farmland=layer("basic_farmland", both))["slivers"] == []


def test_what_sticks_out_of_the_village_boundary_by_less_than_the_noise_is_listed():
    inside = here(-100, -100, 110 - 0.3 / 14, 300)
    (sliver,) = site_of(village_boundary=layer("village_boundary", [inside]))["slivers"]
    assert (sliver["kind"], round(sliver["area_m2"], 2)) == ("outside", 0.3)


@pytest.mark.parametrize(("west", "touching"), [(10.0, ["parcel-0"]), (9.0, []), (10.01, [])])
def test_a_neighbour_that_shares_a_border_is_touching_and_one_that_lies_on_or_apart_is_not(west, touching):
    found = site_of(parcel=layer("parcel", [here(west, 0, 10, 14)]))["touching"]
    assert [entry["feature"] for entry in found if entry["layer"] == "parcel"] == touching


def test_a_feature_cut_into_pieces_that_lies_on_the_site_is_not_also_touching():
    field = shapely.segmentize(here(0, 4, 600, 600), 20)
    found = site_of(basic_farmland=layer("basic_farmland", [field], pieces_of=16))
    assert found["touching"] == []


def test_the_limits_that_rules_apply_are_visible_with_their_ground():
    tolerances = {entry["parameter"]: entry for entry in site_of()["tolerances"]}
    assert tolerances["basic_farmland_noise_m2"]["value"] == 0.5
    assert all(entry["citation"]["confidence"] for entry in tolerances.values())
