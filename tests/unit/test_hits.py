from __future__ import annotations

import shapely
from planning import COUNTY, EAST, NORTH, PROPERTIES, VALID_ON, county_layers, here, layer

from spatial.hits import features_behind
from spatial.rules.pack import load_pack

PACK = load_pack("house-building", county=COUNTY)


def behind(key, **changes):
    rule = next(item for item in PACK.main.rules if item.key == key)
    return features_behind(rule, here(), PROPERTIES, county_layers(**changes), pack=PACK, valid_on=VALID_ON)


def test_every_feature_that_shares_ground_with_the_site_is_behind_an_overlap():
    fields = layer("basic_farmland", [here(8, 0, 30, 30), here(-20, 0, 21, 5), here(100, 0, 10, 10), here(10, 0, 5, 14)])
    assert behind("HB-001a", basic_farmland=fields) == ("basic_farmland-0", "basic_farmland-1")


def test_features_of_another_class_are_not_behind_it():
    zones = layer("water_source", [here(8, 0, 30, 30), here(8, 0, 40, 40)], {"zone": ["primary", "secondary"]})
    assert behind("HB-048a", water_source=zones) == ("water_source-0",)
    assert behind("HB-048b", water_source=zones) == ("water_source-1",)


def test_behind_a_part_outside_the_right_use_lies_the_wrong_use():
    uses = layer("planned_use", [here(-500, -500, 506, 1000), here(6, -500, 500, 1000)], {"GHDLBM": ["0703", "1401"]}, code_system="ydyh2023")
    assert behind("HB-007a", planned_use=uses) == ("planned_use-1",)


def test_every_road_that_is_too_near_is_behind_a_clearance():
    roads = layer("road", [here(-200, 20, 400, 6), here(-200, -12, 400, 6), here(-200, 40, 400, 6)], {"class": ["county", "county", "county"]})
    assert behind("HB-040", road=roads) == ("road-0", "road-1")


def test_a_line_is_behind_it_too():
    line = shapely.LineString([(EAST - 100, NORTH - 3), (EAST + 100, NORTH - 3)])
    assert behind("HB-043a", power_line=layer("power_line", [line], {"kv": [10.0]})) == ("power_line-0",)


def test_a_declared_value_has_no_feature_behind_it():
    assert behind("HB-035b") == ()
    assert behind("HB-001a", basic_farmland=None) == ()
