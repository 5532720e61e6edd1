from __future__ import annotations

import re

import numpy as np
import pytest
import shapely
from papers import troubled_layers, troubled_report
from planning import EPSG, application, checked, county_layers, here, layer

from layers.paper.drawing import drawing
from layers.paper.surroundings import HEIGHT_MM, WIDTH_MM, reach_m, surroundings


def plan_of(site=None, layers=None):
    site = here() if site is None else site
    layers = county_layers() if layers is None else layers
    return surroundings(checked([application(site)], layers).report(0), site, epsg=EPSG, layers=layers)


def shown(plan):
    return {entry["layer"]: entry["shapes"] for entry in plan["layers"]}


@pytest.mark.parametrize(("width", "height", "scale"), [(10, 14, 500), (40, 60, 1_000), (300, 300, 5_000), (3_000, 100, 20_000)])
def test_the_scale_is_the_largest_customary_one_at_which_site_and_margin_fit(width, height, scale):
    plan = plan_of(here(0, 0, width, height))
    west, south, east, north = plan["view"]
    assert plan["scale"] == scale
    assert (east - west, north - south) == pytest.approx((WIDTH_MM * scale / 1_000, HEIGHT_MM * scale / 1_000))
    assert shapely.box(*plan["view"]).contains(here(0, 0, width, height))


def test_the_site_is_drawn_to_scale_where_it_lies():
    plan = plan_of()
    path = re.search(r'd="M([^"]+) Z"[^>]*stroke-width="0.75"', drawing(plan)["svg"]).group(1)
    points = np.array([[float(number) for number in pair.split()] for pair in path.split(" L")])
    size = points.max(axis=0) - points.min(axis=0)
    assert size * plan["scale"] / 1_000 == pytest.approx([10.0, 14.0], abs=0.01)
    assert points.mean(axis=0) == pytest.approx([WIDTH_MM / 2, HEIGHT_MM / 2], abs=3)


def test_neighbours_in_view_are_drawn_clipped_and_others_are_not():
    near, far = here(20, 0, 8, 8), here(400, 0, 8, 8)
    plan = plan_of(layers=county_layers(building=layer("building", [near, far]), road=layer("road", [here(-900, 18, 1_800, 6)], {"class": ["county"]})))
    drawn = shown(plan)
    box = shapely.box(*plan["view"])
    assert len(drawn["building"]) == 1
    assert all(box.covers(shapely.LineString(ring)) for shape in drawn["road"] for ring in shape["rings"])


def test_a_feature_cut_into_pieces_is_drawn_without_the_cuts():
    field = shapely.segmentize(here(-200, -200, 600, 600), 5)
    drawn = shown(plan_of(layers=county_layers(village_boundary=layer("village_boundary", [field], pieces_of=32))))
    assert len(drawn["village_boundary"]) == 1


def test_layers_above_the_level_of_a_paper_are_never_drawn():
    secret = layer("building", [here(20, 0, 8, 8)], secrecy="secret")
    assert "building" not in shown(plan_of(layers=county_layers(building=secret)))


def test_numbers_on_the_plan_are_those_of_the_findings_and_a_distance_is_a_line_with_its_metres():
    report = troubled_report()
    plan = surroundings(report, here(), epsg=EPSG, layers=troubled_layers())
    drawn = drawing(plan)
    placed = sum(item["geometry"] is not None for item in report["findings"])
    assert sorted(int(number) for badge in drawn["badges"] for number in badge["text"].split("·")) == list(range(1, placed + 1))
    assert [item["text"] for item in drawn["distances"]] == ["4.00 m"]
    (line,) = [hit["distance"]["line"] for hit in plan["hits"] if "distance" in hit]
    assert np.hypot(*np.subtract(*line)) == pytest.approx(4.0, abs=0.02)


def test_corners_are_listed_north_before_east_to_the_millimetre():
    corners = drawing(plan_of())["corners"]
    assert [corner[0] for corner in corners] == ["J1", "J2", "J3", "J4"]
    assert {corner[1] for corner in corners} == {"3266000.000", "3266014.000"}
    assert {corner[2] for corner in corners} == {"556000.000", "556010.000"}


def test_what_is_read_around_a_site_reaches_beyond_the_plan():
    site = here()
    view = plan_of(site)["view"]
    grown = shapely.buffer(site, reach_m(site), join_style="mitre")
    assert grown.covers(shapely.box(*view))


def test_no_text_of_the_data_is_part_of_the_drawing():
    title = '"/><image href="file:///etc/passwd"/>'
    plan = plan_of(layers=county_layers(building=layer("building", [here(20, 0, 8, 8)], title=title)))
    drawn = drawing(plan)
    assert title in [entry["title"] for entry in drawn["legend"]]
    assert "image" not in drawn["svg"]
    assert "passwd" not in drawn["svg"]
