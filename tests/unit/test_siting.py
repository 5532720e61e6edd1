"""Buildable land by the pack's rules: what is taken, what needs an approval, what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planning import COVERAGE, VALID_ON, VILLAGE_CODE, here, layer
from siting_ground import AREA, STATED, ground, setting, sites, small, taken, villages

from spatial.layer import Layer
from spatial.permit import VERDICTS
from spatial.siting_places import House
from spatial.siting_report import siting_report


def test_on_clean_ground_everything_is_buildable() -> None:
    found = ground(small(), AREA)
    assert found.buildable.area == pytest.approx(40_000)
    assert (found.unknown.area, found.approval.area, found.taken) == (0.0, 0.0, ())
    assert found.clear.equals(found.buildable)


def test_a_reject_rule_about_overlap_takes_what_it_covers() -> None:
    found = ground(small(basic_farmland=layer("basic_farmland", [here(-100, -100, 50, 200), here(-60, -100, 50, 200)])), AREA)
    assert taken(found, "HB-001a") == pytest.approx(90 * 200)
    assert found.buildable.area == pytest.approx(110 * 200)


def test_a_reject_rule_about_being_outside_leaves_only_the_inside() -> None:
    plan = layer("planned_use", [here(-50, -50, 100, 100), here(50, -50, 20, 100)], {"GHDLBM": ["0703", "0701"]}, code_system="ydyh2023")
    found = ground(small(planned_use=plan), AREA)
    assert found.buildable.area == pytest.approx(100 * 100)
    assert taken(found, "HB-007a") == pytest.approx(40_000 - 10_000)


@pytest.mark.parametrize(("kind", "metres"), [("county", 10.0), ("national", 20.0), ("township", 5.0), ("village", 0.0)])
def test_a_setback_takes_its_width_beside_the_land_of_a_road(kind: str, metres: float) -> None:
    found = ground(small(road=layer("road", [here(-200, 0, 400, 6)], {"class": [kind]})), AREA)
    assert 40_000 - found.buildable.area == pytest.approx(200 * (2 * metres + 6 if metres else 0), rel=2e-3)
    near = shapely.distance(found.buildable, here(-200, 0, 400, 6))
    assert near >= metres - 1e-9


def test_a_centre_line_is_widened_by_the_half_width_of_its_class() -> None:
    centre = shapely.LineString([here(-200, 0).centroid.coords[0], here(200, 0).centroid.coords[0]])
    found = ground(small(road=layer("road", [centre], {"class": ["county"]})), AREA)
    assert shapely.distance(found.buildable, centre) == pytest.approx(16.0, rel=1e-3)
    assert shapely.distance(found.buildable, centre) >= 16.0


def test_a_buffer_never_falls_short_of_the_distance_at_a_corner() -> None:
    found = ground(small(road=layer("road", [here(-5, -5, 10, 10)], {"class": ["county"]})), AREA)
    corner = shapely.Point(here(-5, -5, 10, 10).bounds[2:])
    edge = shapely.get_coordinates(found.buildable)
    inner = edge[np.hypot(*(edge - shapely.get_coordinates(corner)[0]).T) < 12]
    assert shapely.distance(shapely.LineString(inner[np.argsort(np.arctan2(*(inner - shapely.get_coordinates(corner)[0]).T))]), here(-5, -5, 10, 10)) >= 10.0 - 1e-9


def test_parcels_of_others_and_houses_are_not_buildable() -> None:
    layers = small(parcel=layer("parcel", [here(0, 0, 20, 20)], {"state": ["used"]}), building=layer("building", [here(40, 0, 9, 9)], {"JGRQ": [date(2010, 5, 1)]}))
    found = ground(layers, AREA)
    assert found.buildable.area == pytest.approx(40_000 - 400 - 81)
    assert shapely.area(found.clear) < found.buildable.area - 4 * 4 * 9, "the fire gap leaves the land buildable, but not clear"


def test_land_that_needs_an_approval_is_buildable_and_counted_apart() -> None:
    fields = layer("land_use", [here(-100, -100, 60, 200), here(-40, -100, 140, 200)], {"DLBM": ["0101", "0702"]}, code_system="survey", survey_date=VALID_ON)
    found = ground(small(land_use=fields), AREA)
    assert found.buildable.area == pytest.approx(40_000)
    assert found.approval.area == pytest.approx(60 * 200)


def test_what_no_data_cover_is_unknown_and_never_buildable() -> None:
    part = replace(small()["heritage"], coverage=COVERAGE.difference(here(-100, -100, 30, 200)))
    found = ground(small(heritage=part), AREA)
    assert found.unknown.area == pytest.approx(30 * 200)
    assert found.buildable.area == pytest.approx(170 * 200)
    reasons = {item.rule.key: item.reason for item in found.taken if item.open_m2}
    assert reasons["HB-050a"]


def test_a_layer_that_is_not_loaded_leaves_nothing_buildable() -> None:
    found = ground(small(heritage=None), AREA)
    assert (found.buildable.area, found.unknown.area) == (0.0, pytest.approx(40_000))


def test_near_the_end_of_a_layers_coverage_a_setback_is_not_known() -> None:
    part = replace(small()["power_line"], coverage=COVERAGE.difference(here(-100, -100, 10, 200)), features=np.empty(0, dtype=object), pieces=np.empty(0, dtype=object),
                   piece_feature=np.empty(0, dtype=np.int64), ids=np.empty(0, dtype=object), attributes={"kv": np.empty(0)})  # fmt: skip
    found = ground(small(power_line=part), AREA)
    assert found.unknown.area >= (10 + 20) * 200 - 1
    assert found.buildable.area <= 40_000 - (10 + 20) * 200 + 1


def test_a_feature_without_the_attribute_a_rule_asks_for_is_unknown_ground() -> None:
    found = ground(small(hazard=layer("hazard", [here(0, 0, 30, 30)], {"zone": [None]})), AREA)
    assert found.unknown.area == pytest.approx(900)
    assert found.buildable.area == pytest.approx(40_000 - 900)


def test_which_rules_hold_depends_on_the_village() -> None:
    """Without an approved plan, ground outside the construction boundary needs an approval; with one it is not buildable."""
    shapes = [here(-100, -100, 100, 200), here(0, -100, 100, 200)]
    columns = {"ZLDWDM": ["421223100001", "421223100002"], "ZLDWMC": ["甲村", "乙村"], "plan_approved": [True, False], "status": ["normal"] * 2}
    layers = small(village=layer("village", shapes, columns), village_boundary=layer("village_boundary", [here(-100, -100, 200, 50)]))
    found = ground(layers, AREA)
    assert found.buildable.area == pytest.approx(100 * 50 + 100 * 200, rel=1e-6)
    assert found.approval.area == pytest.approx(100 * 150, rel=1e-6)


def test_a_village_without_a_type_leaves_open_what_depends_on_it() -> None:
    """Whether a village is to move is not known: a new house in it may be refused for that, so the ground is unknown."""
    shapes = [here(-100, -100, 100, 200), here(0, -100, 100, 200)]
    columns = {"ZLDWDM": [VILLAGE_CODE, "421223100099"], "ZLDWMC": ["甲村", "丙村"], "plan_approved": [True, True], "status": ["normal"] * 2}
    found = ground(small(village=layer("village", shapes, columns)), AREA)
    assert (found.buildable.area, found.unknown.area) == (pytest.approx(20_000), pytest.approx(20_000))


def test_narrow_land_between_two_setbacks_is_found() -> None:
    roads = layer("road", [here(-500, 0, 1_000, 6), here(-500, 40.2, 1_000, 6)], {"class": ["county", "county"]})
    answer = siting_report(sites(small(road=roads), here(-100, 0, 200, 46.2), house=House(10.0, 14.0)))
    assert answer["sites"] and all(item["passes"] for item in answer["sites"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(villages(), st.data())
def test_a_site_anywhere_on_the_buildable_land_breaks_no_mapped_blocking_rule(layers: dict[str, Layer], data: st.DataObject) -> None:
    """Not only the places we choose: any square that lies wholly on the land is free of what the land was cut by."""
    found = ground(layers, AREA)
    parts = [part for part in shapely.get_parts(shapely.buffer(found.buildable, -1.5)) if part.area > 1]
    if not parts:
        return
    part = data.draw(st.sampled_from(parts))
    spot = shapely.buffer(part.point_on_surface(), 1.0, cap_style="square")
    ranks = setting(layers).ranks(np.array([spot], dtype=object), {**STATED, "plot_area_m2": 140.0})[:, 0]
    broken = [rule.key for rule, rank in zip(setting(layers).rules, ranks, strict=True) if rank == VERDICTS.index("refused")]
    assert broken == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(villages(), st.data())
def test_taking_data_away_never_makes_more_land_buildable(layers: dict[str, Layer], data: st.DataObject) -> None:
    before = ground(layers, AREA)
    name = data.draw(st.sampled_from(sorted(layers)))
    if data.draw(st.booleans()):
        fewer = {key: value for key, value in layers.items() if key != name}
    else:
        hole = data.draw(st.builds(here, st.integers(-110, 60), st.integers(-110, 60), st.integers(5, 120), st.integers(5, 120)))
        fewer = layers | {name: replace(layers[name], coverage=layers[name].coverage.difference(hole))}
    after = ground(fewer, AREA)
    assert shapely.area(shapely.difference(after.buildable, before.buildable)) < 1e-3
