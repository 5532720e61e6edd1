from __future__ import annotations

import numpy as np
import pytest
from planning import COUNTY, VALID_ON, column, county_layers, here, layer

from spatial.radar import Standing, lasting_rules, other_plots, radar
from spatial.rules.pack import load_pack

PACK = load_pack("house-building", county=COUNTY)
COMPLETE = ("basic_farmland", "hazard", "road", "power_line", "control_zone")


def seen(kind, shapes, *, registered=None, names=None, **changes):
    standing = Standing(kind, tuple(names or [f"{kind}-{row}" for row in range(len(shapes))]), column(shapes), 4547,
                        None if registered is None else column(registered))  # fmt: skip
    return radar(standing, county_layers(**changes), pack=PACK, valid_on=VALID_ON)


def rules_hit(sightings, row=0):
    return [hit["rule"] for hit in sightings.report(row)["hits"]]


def test_no_rule_of_the_radar_asks_the_form_or_the_layer_of_its_own_subjects():
    for kind in ("building", "parcel"):
        rules = lasting_rules(PACK, kind)
        facts = [PACK.main.facts[leaf.fact] for rule in rules for leaf in rule.comparisons]
        assert {fact.property for fact in facts} <= {None, "storeys", "other_plots"}
        assert kind not in {fact.layer for fact in facts}
    keys = {rule.key for rule in lasting_rules(PACK, "building")}
    assert {"HB-001a", "HB-003a", "HB-040", "HB-043a", "HB-060"} <= keys
    assert not keys & {"HB-020a", "HB-021", "HB-030", "HB-093", "HB-090"}
    assert {rule.key for rule in lasting_rules(PACK, "parcel")} == {"HB-020a", "HB-020b"}


def test_a_house_on_farmland_is_told_with_its_square_metres():
    found = seen("building", [here(), here(200, 0)], basic_farmland=layer("basic_farmland", [here(8, 0, 30, 30)]))
    assert (rules_hit(found, 0), rules_hit(found, 1)) == (["HB-001a"], [])
    [hit] = found.report(0)["hits"]
    assert hit["measured"]["value"] == 28.0
    assert hit["message"] == "占用永久基本农田：28.00 ㎡，界限 0.5 ㎡。"
    assert hit["geometry"]["type"] == "Polygon"
    assert found.verdicts[0] == "conflict"


@pytest.mark.parametrize(("south", "rule"), [(-15.99, "HB-040"), (-16.0, None)])
def test_a_house_is_too_near_a_county_road_below_ten_metres(south, rule):
    found = seen("building", [here()], road=layer("road", [here(-200, south, 400, 6)], {"class": ["county"]}))
    assert ("HB-040" in rules_hit(found)) == (rule is not None)


def test_what_is_not_loaded_is_not_checked_and_never_clear():
    found = seen("building", [here()], hazard=None)
    assert "HB-060" in found.report(0)["not_checked"]
    assert found.verdicts[0] == "unclear"
    assert found.unchecked()["HB-060"]["count"] == 1
    assert "未入库" in found.unchecked()["HB-060"]["reason"]


@pytest.mark.parametrize("gone", COMPLETE)
def test_taking_a_layer_away_never_makes_a_house_better(gone):
    shapes = [here(), here(8, 0), here(600, -800), here(-890, 490)]
    order = ("conflict", "attention", "unclear", "clear")
    before = seen("building", shapes, basic_farmland=layer("basic_farmland", [here(8, 0, 30, 30)]))
    after = seen("building", shapes, **{"basic_farmland": layer("basic_farmland", [here(8, 0, 30, 30)]), gone: None})
    had_hits = [set(rules_hit(before, row)) - set(rules_hit(after, row)) for row in range(len(shapes))]
    for row, lost in enumerate(had_hits):
        assert lost <= set(after.report(row)["not_checked"])
        if not lost:
            assert order.index(after.verdicts[row]) <= order.index(before.verdicts[row])
        assert after.verdicts[row] != "clear"


def test_a_plot_in_two_zones_is_told_with_the_square_metres_in_each():
    zones = layer("control_zone", [here(-500, -500, 504, 1000), here(4, -500, 500, 1000)], {"zone": ["concentrated", "prohibited"]}, disjoint=True)
    found = seen("parcel", [here(), here(-100, 0)], registered=[0, 0], control_zone=zones)
    assert (rules_hit(found, 0), rules_hit(found, 1)) == (["control_zone"], [])
    assert found.report(0)["hits"][0]["zones"] == {"concentrated": 56.0, "prohibited": 84.0}


@pytest.mark.parametrize(("width", "split"), [(0.035, False), (0.04, True)])
def test_a_sliver_of_another_zone_is_noise_up_to_the_pack_s_limit(width, split):
    zones = layer("control_zone", [here(-500, -500, 500 + width, 1000), here(width, -500, 500, 1000)], {"zone": ["concentrated", "prohibited"]})
    assert ("control_zone" in rules_hit(seen("parcel", [here()], registered=[0], control_zone=zones))) is split


def test_overlapping_features_of_one_zone_count_once():
    zones = layer("control_zone", [here(-500, -500, 1000, 1000), here(-400, -400, 1000, 1000)], {"zone": ["concentrated", "concentrated"]})
    found = seen("parcel", [here()], registered=[0], control_zone=zones)
    assert rules_hit(found) == []
    assert found.shares[0].areas[0] == {"concentrated": 140.0}


def test_a_plot_without_its_zones_or_its_household_is_unclear():
    assert seen("parcel", [here()], registered=[0], control_zone=None).report(0)["not_checked"] == ["control_zone"]
    assert seen("parcel", [here()], registered=[None]).report(0)["not_checked"] == ["HB-020a"]
    unnamed = layer("control_zone", [here(-500, -500, 1000, 1000)], {"zone": [None]})
    assert seen("parcel", [here()], registered=[0], control_zone=unnamed).verdicts[0] == "unclear"
    outside = layer("control_zone", [here(-500, -500, 1000, 1000)], {"zone": ["concentrated"]}, coverage=here(-500, -500, 505, 1000))
    assert seen("parcel", [here()], registered=[0], control_zone=outside).verdicts[0] == "unclear"


def test_several_plots_of_one_household_are_told_by_the_pack_s_own_rule():
    counts, others = other_plots(["A", "B", "C", "D"], [("A", "B"), ("C",)])
    assert counts.tolist() == [1, 1, 0, None]
    assert others == {"A": ("B",), "B": ("A",)}
    found = seen("parcel", [here(), here(50, 0), here(100, 0), here(150, 0)], registered=counts)
    assert [rules_hit(found, row) for row in range(4)] == [["HB-020a"], ["HB-020a"], [], []]
    assert found.verdicts.tolist() == ["conflict", "conflict", "clear", "unclear"]


def test_one_house_or_many_give_the_same_answers():
    shapes = [here(13 * row, 7 * (row % 5)) for row in range(40)]
    farmland = layer("basic_farmland", [here(5, 0, 300, 12)])
    many = seen("building", shapes, basic_farmland=farmland)
    alone = [seen("building", [shape], names=[f"building-{row}"], basic_farmland=farmland).report(0) for row, shape in enumerate(shapes)]
    assert [many.report(row) for row in range(40)] == alone
    assert len(np.unique(many.verdicts)) > 1
