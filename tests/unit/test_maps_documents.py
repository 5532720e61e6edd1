from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from frames import EAST, EPSG, NORTH, square

from layers.catalog import catalog
from layers.maps import palette
from layers.maps.base import SYNTHETIC_NOTE
from layers.maps.check import check_map
from layers.maps.outline import feature_of, outline
from layers.maps.overlays import DRAWN_FROM_BELOW, Overlay, specifications
from layers.maps.progress import progress_map
from layers.maps.village_types import legend, village_types_map
from spatial.village_types import LABELS

HOSTILE = "{{ 7*7 }}<script>alert(1)</script>"
STATIC = Path(__file__).resolve().parents[2] / "api" / "static"
SITE = square(0, 0, 12)


@pytest.fixture(scope="module")
def drawn_outline():
    shapes = [shapely.box(EAST + 5_000 * column, NORTH, EAST + 5_000 * column + 5_000, NORTH + 5_000) for column in range(3)]
    columns = {"code": ["421223100201", "421223100202", "421223101201"], "name": ["甲村", HOSTILE, "丙村"]}
    towns = {"town_code": ["421223100", "421223100", "421223101"], "town": ["天城镇", "天城镇", HOSTILE]}
    return outline(gpd.GeoDataFrame({**columns, **towns}, geometry=shapes, crs=EPSG))


def hit(number: float, geometry, *, unit: str = "m2", **changes):
    base = {"rule_id": "HB-001", "outcome": "fail", "severity": "reject", "measured": {"value": number, "unit": unit}}
    return {**base, "geometry": feature_of(geometry, EPSG)["geometry"], **changes}


def report(*findings):
    return {"findings": list(findings)}


def shapes_in(script: str, key: str) -> list[dict]:
    """The features that a script hands to `cuntu.shapes` under a key."""
    for line in script.splitlines():
        if "cuntu.shapes(" in line and f'"key":"{key}"' in line:
            return json.JSONDecoder().raw_decode(line[line.index("cuntu.shapes(") + 13 :])[0]["features"]
    raise AssertionError(f"no shapes {key}")


def every_map(drawn_outline):
    types = {"421223100201": "retain_improve"}
    yield village_types_map(drawn_outline, types, synthetic=True)
    yield progress_map(drawn_outline, synthetic=True)
    yield check_map(report(hit(4.0, SITE)), SITE, epsg=EPSG, synthetic=True)


def test_no_map_names_an_address_outside_this_service(drawn_outline):
    for document in every_map(drawn_outline):
        whole = document.header + document.body + document.script
        assert not re.search(r"https?:|(?<![:\w])//\w", whole)
        assert re.findall(r'(?:src|href)="(?!/static/)', whole) == []


def test_no_map_has_inline_style_handler_or_script_outside_its_script_part(drawn_outline):
    for document in every_map(drawn_outline):
        assert "<style" not in document.header + document.body
        assert not re.search(r"\s(style|on\w+)=", document.body)
        assert re.findall(r"<script(?! src=)", document.header + document.body) == []
        assert "</script" not in document.script


def test_names_that_look_like_code_are_not_executed_and_come_out_whole(drawn_outline):
    document = village_types_map(drawn_outline, {}, synthetic=False)
    assert HOSTILE not in document.script
    assert "49" not in re.findall(r'"name":"([^"]*)"', document.script)
    names = [feature["properties"]["name"] for feature in shapes_in(document.script, "villages")]
    assert names == ["甲村", HOSTILE, "丙村"]


def test_synthetic_data_is_marked_on_the_map_and_real_data_is_not(drawn_outline):
    assert SYNTHETIC_NOTE in progress_map(drawn_outline, synthetic=True).script
    assert SYNTHETIC_NOTE not in progress_map(drawn_outline, synthetic=False).script


def test_every_script_and_style_a_map_loads_is_served(drawn_outline):
    for document in every_map(drawn_outline):
        for address in re.findall(r'(?:src|href)="/static/([^"]+)"', document.header):
            assert (STATIC / address).is_file(), address


def test_a_map_saved_as_one_file_needs_nothing_else(drawn_outline):
    page = village_types_map(drawn_outline, {}, synthetic=True).standalone(title=HOSTILE, assets=STATIC)
    assert not re.search(r"(src|href)=\"/static/", page)
    assert "<title>&#123;&#123; 7*7 &#125;&#125;&lt;script&gt;" in page
    assert page.count("</script>") == page.count("<script>")


def test_villages_carry_their_type_and_villages_without_one_carry_none(drawn_outline):
    script = village_types_map(drawn_outline, {"421223100201": "cluster_upgrade"}, synthetic=True).script
    types = [feature["properties"].get("type") for feature in shapes_in(script, "villages")]
    assert types == ["cluster_upgrade", None, None]


def test_legend_lists_every_type_with_its_count_and_hatches_the_undetermined():
    entries = legend({"a": "cluster_upgrade", "b": "cluster_upgrade", "c": "undetermined"})
    assert {entry.key: entry.count for entry in entries} == {**dict.fromkeys(LABELS, 0), "cluster_upgrade": 2, "undetermined": 1}
    assert {entry.label for entry in entries} == set(LABELS.values())
    assert [entry.key for entry in entries if entry.colour is None] == ["undetermined"]


def test_a_distance_too_small_is_drawn_as_a_line_with_its_value():
    road = square(20, 0, 5)
    script = check_map(report(hit(8.0, road, unit="m")), SITE, epsg=EPSG, synthetic=True).script
    line, text = shapes_in(script, "distances")
    assert line["geometry"]["type"] == "LineString"
    assert text["properties"]["text"] == "8 米"


def test_an_overlap_is_drawn_without_a_distance():
    script = check_map(report(hit(4.0, square(5, 5, 3))), SITE, epsg=EPSG, synthetic=True).script
    assert shapes_in(script, "distances") == []
    assert len(shapes_in(script, "findings")) == 1


def test_numbers_at_the_same_place_share_one_badge():
    findings = [hit(1.0, SITE), hit(2.0, SITE), hit(3.0, square(30, 0, 4))]
    script = check_map(report(*findings), SITE, epsg=EPSG, synthetic=True).script
    assert [badge["properties"]["text"] for badge in shapes_in(script, "badges")] == ["1·2", "3"]


def test_a_layer_that_is_not_loaded_is_never_asked_for():
    loaded = Overlay(layer=catalog()["building"], version_id=7)
    absent = Overlay(layer=catalog()["hazard"], version_id=None)
    (only,) = specifications((loaded, absent))
    assert only["url"] == "/tiles/building/{z}/{x}/{y}.mvt?v=7"
    assert not absent.loaded


def test_every_layer_of_the_catalogue_has_its_place_in_the_drawing_order():
    assert set(DRAWN_FROM_BELOW) == set(catalog())
    assert len(DRAWN_FROM_BELOW) == len(catalog())


@pytest.mark.parametrize("layer", [entry for entry in catalog().values() if entry.style.get("fill") == "by_class"], ids=lambda item: item.id)
def test_a_layer_filled_by_class_has_colours_for_the_values_of_its_field(layer):
    specification = Overlay(layer=layer, version_id=1).specification()
    field = layer.fields[specification["by"]]
    assert field.name in layer.display_fields
    assert set(field.codes or specification["colours"]) <= set(specification["colours"])
    classes = Overlay(layer=layer, version_id=1).classes
    assert {entry.key: entry.colour for entry in classes} == {entry.key: specification["colours"][entry.key] for entry in classes}
    assert len(classes) == len(set(field.codes or specification["colours"]))


def test_types_are_told_apart_even_in_grey():
    def grey(colour: str) -> float:
        red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    rates = [grey(colour) for colour in palette.RATES]
    assert all(light - dark > 20 for light, dark in pairwise(rates))
    assert len(set(palette.VILLAGE_TYPES.values())) == len(palette.VILLAGE_TYPES)
