"""Places proposed on buildable land: existing plots first, ranked, and a reason for each that is not."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from planning import EPSG, KNOWN_AT, VALID_ON, county_layers, here, layer
from siting_ground import AREA, PACK, TWO_VILLAGES, sites, small, villages

from spatial.layer import Layer
from spatial.permit import check, read_applications
from spatial.siting_report import siting_report


def test_idle_homesteads_come_first_then_land_by_the_road() -> None:
    parcels = layer("parcel", [here(300, 0, 10, 14), here(300, 20, 10, 14), here(300, 60, 20, 20)], {"state": ["used", "idle", "idle"]})
    answer = siting_report(sites(county_layers(parcel=parcels)))
    assert answer["reachable"] == "passed"
    assert [item["kind"] for item in answer["sites"]][:2] == ["idle_plot", "idle_plot"]
    assert {item["parcel"] for item in answer["sites"][:2]} == {"parcel-1", "parcel-2"}
    assert {item["kind"] for item in answer["sites"][2:]} <= {"along_road", "beside_house", "open_land"}
    assert all(item["passes"] for item in answer["sites"])
    assert answer["sites"][0]["properties"]["build_kind"] == "rebuild_in_place"
    assert answer["sites"][2]["properties"]["build_kind"] == "new_site"
    assert answer["sites"][0]["clerk"].startswith("利用闲置宅基地")


def test_the_households_own_plot_comes_before_an_idle_one() -> None:
    parcels = layer("parcel", [here(300, 0, 12, 16), here(300, 40, 12, 16)], {"state": ["used", "idle"]})
    found = sites(county_layers(parcel=parcels), own=("parcel-0",))
    assert [found.places.kinds[row] for row in found.proposed[:2]] == ["own_plot", "idle_plot"]


def test_an_idle_homestead_that_falls_short_is_rejected_with_the_reason() -> None:
    parcels = layer("parcel", [here(0, 0, 10, 14)], {"state": ["idle"]})
    answer = siting_report(sites(county_layers(parcel=parcels, road=layer("road", [here(-900, 18, 1_800, 6)], {"class": ["county"]}))))
    (plot,) = [item for item in answer["rejected"] if item["kind"] == "idle_plot"]
    assert plot["verdict"] == "refused" and plot["parcel"] == "parcel-0"
    assert plot["reasons"][0]["rule_id"] == "HB-040"
    assert "公路" in plot["clerk"]
    assert answer["rejected_by_rule"]["HB-040"] >= 1


def test_a_part_of_a_large_idle_plot_is_enough() -> None:
    parcels = layer("parcel", [here(0, 0, 40, 40)], {"state": ["idle"]})
    found = sites(county_layers(parcel=parcels), AREA)
    first = found.places.sites[found.proposed[0]]
    assert first.area == pytest.approx(140, abs=0.01) and shapely.covers(here(0, 0, 40, 40), first)


def test_proposed_places_do_not_overlap_each_other() -> None:
    found = sites(area=AREA, limit=30)
    shapes = found.places.sites[list(found.proposed)]
    left, right = np.triu_indices(len(shapes), k=1)
    assert len(shapes) >= 10
    assert shapely.area(shapely.intersection(shapes[left], shapes[right])).max() < 1e-6


def test_places_turn_with_the_road() -> None:
    turn = np.radians(30)
    around = shapely.get_coordinates(here().centroid)[0]
    road = shapely.transform(here(-100, 0, 200, 6), lambda xy: (xy - around) @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) + around)
    answer = siting_report(sites(small(road=layer("road", [road], {"class": ["county"]})), AREA))
    by_road = [item for item in answer["sites"] if item["kind"] == "along_road"]
    assert by_road and {item["bearing_deg"] for item in by_road} <= {120.0, 30.0}
    assert all(item["criteria"][0]["value"] >= 10.0 for item in by_road)


def test_fields_are_spared_where_other_land_is_as_good() -> None:
    fields = layer("land_use", [here(-100, -100, 100, 200), here(0, -100, 100, 200)], {"DLBM": ["0101", "0702"]}, code_system="survey", survey_date=VALID_ON)
    answer = siting_report(sites(small(land_use=fields), AREA))
    assert answer["reachable"] == "passed"
    assert all({mark["id"]: mark["value"] for mark in item["criteria"]}["fields"] == 0.0 for item in answer["sites"])


def test_where_nothing_fits_it_is_said_and_why() -> None:
    answer = siting_report(sites(small(village_boundary=layer("village_boundary", [here(-900, -900, 20, 20)])), AREA))
    assert (answer["sites"], answer["reachable"], answer["buildable"]["area_m2"]) == ([], None, 0.0)
    assert [item["rule_id"] + (item["branch"] or "") for item in answer["taken"]] == ["HB-006a"]
    assert answer["applicant"] == "这个范围里没有放得下这座房子的地方。"


def test_who_cannot_be_given_a_plot_anywhere_is_told_so() -> None:
    answer = siting_report(sites(area=AREA, is_member=False))
    assert answer["reachable"] == "refused"
    assert [item["rule_id"] for item in answer["blocked_by"]] == ["HB-021"]
    assert all(not item["passes"] for item in answer["sites"])


def test_the_answer_is_the_same_every_time() -> None:
    parcels = layer("parcel", [here(300, 20, 10, 14)], {"state": ["idle"]})
    first, second = (siting_report(sites(county_layers(parcel=parcels))) for _ in range(2))
    assert first == second


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(villages())
def test_each_proposed_site_sent_in_passes_the_full_check(layers: dict[str, Layer]) -> None:
    answer = siting_report(sites(layers, AREA, limit=20))
    if not answer["sites"]:
        return
    features = [{"type": "Feature", "geometry": item["geometry"], "properties": item["properties"]} for item in answer["sites"]]
    checks = check(read_applications(features, epsg_in=None, epsg=EPSG), layers, pack=PACK, valid_on=VALID_ON, known_at=KNOWN_AT, village_types=TWO_VILLAGES)
    assert [str(verdict) for verdict in checks.verdicts] == [item["verdict"] for item in answer["sites"]]
    assert {item["verdict"] for item in answer["sites"]} == {answer["reachable"]}
