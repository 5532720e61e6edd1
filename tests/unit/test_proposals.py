"""The lawful way: the smallest changes that pass, said in both voices, and what no change helps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from planning import COUNTY, EPSG, KNOWN_AT, TYPES, VALID_ON, application, checked, column, county_layers, here, layer

import spatial
from spatial.errors import InputError
from spatial.layer import Layer
from spatial.permit import read_applications
from spatial.proposals import Proposals, propose
from spatial.proposals_change import Way
from spatial.proposals_report import proposals_report
from spatial.rules.pack import load_pack

PACK = load_pack("house-building", county=COUNTY)
FARMLAND = {"DLBM": ["0702", "0101"]}


def found(layers: dict[str, Layer] | None = None, site: Any = None, **properties: Any) -> Proposals:
    applications = read_applications([application(site, **properties)], epsg_in=EPSG, epsg=EPSG)
    return propose(applications, county_layers() if layers is None else layers, pack=PACK, valid_on=VALID_ON, known_at=KNOWN_AT, village_types=TYPES)


def report(layers: dict[str, Layer] | None = None, site: Any = None, **properties: Any) -> dict[str, Any]:
    return proposals_report(found(layers, site, **properties))


def road_at(north: float, kind: str = "county") -> dict[str, Layer]:
    """A road whose land begins so many metres north of the site's north side."""
    return county_layers(road=layer("road", [here(-900, 14 + north, 1_800, 6)], {"class": [kind]}))


def sent_again(proposal: dict[str, Any], layers: dict[str, Layer]) -> str:
    """The verdict on a proposal sent in as an application, its coordinates as published."""
    feature = {"type": "Feature", "geometry": proposal["geometry"], "properties": proposal["properties"]}
    applications = read_applications([feature], epsg_in=None, epsg=EPSG)
    return str(checked_applications(applications, layers))


def checked_applications(applications: Any, layers: dict[str, Layer]) -> str:
    from spatial.permit import check

    return str(check(applications, layers, pack=PACK, valid_on=VALID_ON, known_at=KNOWN_AT, village_types=TYPES).verdicts[0])


def change(proposal: dict[str, Any], name: str | None) -> dict[str, Any]:
    (one,) = [item for item in proposal["changes"] if item["property"] == name]
    return dict(one)


def test_an_application_that_passes_needs_no_change() -> None:
    answer = report()
    assert (answer["verdict"], answer["proposals"], answer["needed"], answer["obstacles"]) == ("passed", [], [], [])
    assert answer["applicant"] == "申请没有问题，不用改。"


def test_a_plot_five_square_metres_too_large_is_made_five_smaller_with_its_drawing() -> None:
    layers = county_layers(land_use=layer("land_use", [here(-1_000, -1_000, 990, 2_000), here(-10, -1_000, 1_010, 2_000)], FARMLAND, code_system="survey",
                                          survey_date=VALID_ON))  # fmt: skip
    site = here(0, 0, 10, 14.5)
    answer = report(layers, site, plot_area_m2=145.0)
    best = next(item for item in (*answer["proposals"], *answer["lesser"]) if change_or_none(item, "plot_area_m2") and len(item["changes"]) == 2)
    one = change(best, "plot_area_m2")
    assert (one["before"], one["after"]) == (145.0, 140.0)
    assert one["text"] == "申请宅基地面积由 145.00 ㎡ 减为 140.00 ㎡（减少 5.00 ㎡），图形相应缩小"
    assert change(best, None)["after"] == pytest.approx(140.0, abs=0.01)
    assert "HB-030" in best["resolves"]


def change_or_none(proposal: dict[str, Any], name: str | None) -> dict[str, Any] | None:
    return next((item for item in proposal["changes"] if item["property"] == name), None)


def test_too_many_storeys_are_reduced_to_the_limit_and_height_and_floors_with_them() -> None:
    answer = report(storeys=4, height_m=12.0, floor_area_m2=400.0, eaves_height_m=10.0)
    best = answer["proposals"][0]
    assert best["passes"] and best["verdict"] == "passed"
    after = best["properties"]
    assert (after["storeys"], after["floor_area_m2"], after["height_m"], after["eaves_height_m"]) == (3, 300.0, 9.0, 7.5)
    assert best["changes"][0]["text"] == "层数由 4 层 减为 3 层"
    assert "改成 3 层" in best["applicant"] and best["applicant"].endswith("就能通过。")


@pytest.mark.parametrize(("name", "wrong", "right"), [("wall_height_m", 5.0, None), ("design_source", "none", "standard"), ("seismic_design", False, True)])
def test_a_change_all_of_whose_rules_another_change_has_to_do_with_is_tried_all_the_same(name: str, wrong: Any, right: Any) -> None:
    """What only this change could put right is then nothing at all, and there is nothing to look for a second time."""
    answer = report(**{name: wrong})
    after = [item["properties"][name] for item in (*answer["proposals"], *answer["lesser"])]
    assert answer["verdict"] != "passed"
    assert any(value == right if right is not None else value < wrong for value in after)


@pytest.mark.parametrize(("height", "after"), [(12.34, 12.0), (15.0, 12.0), (12.01, 12.0)])
def test_a_house_too_high_is_lowered_to_the_limit(height: float, after: float) -> None:
    answer = report(storeys=4 - 1, height_m=height, eaves_height_m=9.0)
    heights = [item["properties"]["height_m"] for item in (*answer["proposals"], *answer["lesser"])]
    assert answer["proposals"][0]["passes"]
    assert max(heights) <= after
    assert any(value == min(after, 9.9) or value == after for value in heights)


@pytest.mark.parametrize(("apart", "metres"), [(8.0, 2.0), (9.99, 0.01), (3.5, 6.5)])
def test_a_site_too_near_a_county_road_is_moved_away_by_what_is_missing_to_ten_metres(apart: float, metres: float) -> None:
    layers = road_at(apart)
    answer = report(layers)
    best = answer["proposals"][0]
    move = change(best, None)
    assert (move["kind"], move["direction"]) == ("move", "南")
    assert move["distance_m"] == pytest.approx(metres, abs=0.011)
    assert move["distance_m"] >= metres - 1e-9
    assert best["minimal"] is True
    assert sent_again(best, layers) == "passed"


def test_the_shortest_way_out_is_square_to_an_oblique_edge() -> None:
    """A field cuts the site's north-east corner along a line from north-west to south-east: the way out is south-west."""
    corner = shapely.Polygon([(7, 14), (10, 11), (60, -39), (60, 64), (-43, 64)])
    layers = county_layers(basic_farmland=layer("basic_farmland", [shapely.transform(corner, lambda xy: xy + shapely.get_coordinates(here().centroid)[0] - (5, 7))]))
    answer = report(layers)
    move = change(answer["proposals"][0], None)
    assert move["direction"] == "西南"
    assert move["bearing_deg"] == pytest.approx(225, abs=2)
    assert move["distance_m"] == pytest.approx(3 / 2**0.5, abs=0.02)
    assert sent_again(answer["proposals"][0], layers) == "passed"


def test_between_two_roads_the_plot_is_made_smaller_or_moved_and_made_smaller() -> None:
    roads = layer("road", [here(-900, 14 + 9, 1_800, 6), here(-900, -6 - 9, 1_800, 6)], {"class": ["county", "county"]})
    layers = county_layers(road=roads)
    answer = report(layers)
    assert answer["reachable"] == "passed"
    best = answer["proposals"][0]
    assert {item["kind"] for item in best["changes"]} & {"trim", "outline", "number"}
    assert sent_again(best, layers) == "passed"
    assert best["properties"]["plot_area_m2"] < 140


def test_an_old_plot_is_returned_first_and_a_promise_leads_less_far() -> None:
    answer = report(other_plots=1)
    assert answer["proposals"][0]["title"].startswith("先办结旧宅基地退回手续")
    assert answer["proposals"][0]["passes"]
    promise = answer["lesser"][0]
    assert promise["verdict"] == "needs_correction"
    assert change(promise, "returns_old_plot")["after"] is True


def test_where_two_things_are_wrong_both_are_changed_and_nothing_else() -> None:
    layers = road_at(8.0)
    answer = report(layers, storeys=4, height_m=12.0, eaves_height_m=9.0)
    best = answer["proposals"][0]
    assert sorted(item["kind"] for item in best["changes"] if item["text"]) == ["move", "number"]
    assert {"HB-034a", "HB-040"} <= set(best["resolves"])
    assert sent_again(best, layers) == "passed"


def test_who_is_no_member_is_told_what_is_needed_instead() -> None:
    answer = report(is_member=False)
    assert (answer["verdict"], answer["reachable"], answer["proposals"]) == ("refused", "refused", [])
    assert [item["rule_id"] for item in answer["needed"]] == ["HB-021"]
    assert "HB-021" in answer["summary"]


def test_missing_data_is_needed_and_never_changed_away() -> None:
    layers = county_layers(heritage=None)
    answer = report(layers, storeys=4, height_m=12.0, eaves_height_m=9.0)
    assert "HB-050" in {item["rule_id"] for item in answer["needed"]}
    assert answer["reachable"] == "incomplete"
    assert all(item["verdict"] == "incomplete" and not item["passes"] for item in answer["proposals"])
    assert "不能靠改动解决" in answer["summary"]


def test_an_empty_field_of_the_form_is_needed() -> None:
    answer = report(is_member=None)
    assert {item["outcome"] for item in answer["needed"]} == {"no_data"}
    assert answer["proposals"] == []


def test_where_no_change_within_reach_passes_the_rules_in_the_way_are_named() -> None:
    layers = county_layers(village_boundary=layer("village_boundary", [here(-900, -900, 20, 20)]))
    answer = report(layers)
    assert (answer["reachable"], answer["proposals"]) == ("refused", [])
    assert [item["rule_id"] for item in answer["obstacles"]] == ["HB-006"]
    assert "HB-006a" in answer["summary"] and "村庄建设边界" in answer["applicant"]


def test_in_a_restricted_zone_the_old_house_may_be_rebuilt_but_only_where_one_stands() -> None:
    restricted = layer("control_zone", [here(-1_000, -1_000, 2_000, 2_000)], {"zone": ["restricted"]})
    parcel = layer("parcel", [here(0, 0, 10, 14)], {"state": ["used"]})
    house = layer("building", [here(0.5, 0.5, 9, 9)], {"JGRQ": [None]})
    with_house = report(county_layers(control_zone=restricted, parcel=parcel, building=house))
    kinds = {change["after"] for item in (*with_house["proposals"], *with_house["lesser"]) for change in item["changes"] if change["property"] == "build_kind"}
    assert "rebuild_in_place" in kinds
    without = report(county_layers(control_zone=restricted))
    assert not any(change["property"] == "build_kind" for item in (*without["proposals"], *without["lesser"]) for change in item["changes"])


def test_a_drawing_that_differs_from_the_stated_area_is_put_right_on_paper_or_on_the_ground() -> None:
    stated_more = report(plot_area_m2=150.0)
    assert change(stated_more["proposals"][0], "plot_area_m2")["after"] == 140.0
    stated_less = report(site=here(0, 0, 10, 15), plot_area_m2=140.0)
    assert stated_less["proposals"] and all(item["passes"] for item in stated_less["proposals"])


def test_no_less_than_needed_is_offered_every_amount_is_minimal() -> None:
    """One per cent less of any amount, at least one rounding step, no longer leads to the verdict."""
    layers = road_at(8.0)
    proposals = found(layers, here(0, 0, 10, 25), plot_area_m2=250.0, storeys=4, height_m=13.0)
    assert proposals.best
    for item in proposals.best:
        for place, step in enumerate(item.way.steps):
            if step.lever.discrete:
                continue
            less = step.count - max(1, round(step.count / 100))
            steps = list(item.way.steps)
            steps[place : place + 1] = [] if less == 0 else [type(step)(step.lever, less, step.bearing)]
            state = Way.of(proposals.start, tuple(steps)).state
            assert str(proposals.setting.check(column([state.site]), state.properties).verdicts[0]) != "passed", step


def test_proposals_are_ranked_by_effort_and_say_everything() -> None:
    answer = report(road_at(5.0), plot_area_m2=250.0, site=here(0, 0, 10, 25))
    efforts = [item["effort"] for item in answer["proposals"]]
    assert efforts == sorted(efforts) and [item["rank"] for item in answer["proposals"]] == list(range(1, len(efforts) + 1))
    for item in answer["proposals"]:
        assert item["clerk"].endswith("。") and "HB-040" in item["clerk"]
        assert "HB-" not in item["applicant"]
        assert json.loads(shapely.to_geojson(shapely.from_geojson(json.dumps(item["geometry"]))))["type"] in ("Polygon", "MultiPolygon")


def test_the_answer_rests_on_the_same_check_as_the_report() -> None:
    layers = road_at(8.0)
    answer = report(layers)
    assert answer["verdict"] == checked([application()], layers).report(0)["verdict"] == "refused"


def test_a_site_of_thousands_of_vertices_is_refused_with_one_sentence_and_one_of_hundreds_is_answered() -> None:
    def star(corners: int) -> Any:
        angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        reach = np.tile([6.0, 7.0], corners // 2)
        return shapely.Polygon(shapely.get_coordinates(here().centroid)[0] + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None])

    with pytest.raises(InputError, match="4001 个顶点"):
        found(road_at(2.0), star(4_000))
    answer = report(road_at(2.0), star(300), plot_area_m2=round(float(star(300).area), 2))
    assert answer["reachable"] == "passed"


def test_no_rule_is_named_in_the_code_of_the_lawful_way_or_of_siting() -> None:
    modules = [path for pattern in ("proposals*.py", "siting*.py", "levers.py") for path in Path(spatial.__file__).parent.glob(pattern)]
    assert len(modules) >= 10
    assert [path.name for path in modules if re.search(r"HB-\d", path.read_text(encoding="utf-8"))] == []
