"""Which layer a delivery is: for each way of going wrong a file that is asked about, and beside it a right one that passes."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from delivered_files import HERE, asked, bare, offered, patches, raw_dataset, shapefile
from frames import EPSG, buildings, red_lines, square

from layers.catalog import catalog
from layers.reading.reader import contents, read
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers
from spatial.errors import UnknownLayerError


def recognised(frame, name, **options):
    return recognise(raw_dataset(frame, name, **options), HERE)


def test_right_file_a_red_line_by_code_and_fields(tmp_path):
    found = recognise(read(shapefile(tmp_path, "STBHHX", red_lines())), HERE)
    assert (found.layer.id, found.is_clear) == ("ecological_redline", True)
    assert found.candidates[0].score >= found.candidates[1].score + 0.25
    assert any("STBHHX" in reason for reason in found.candidates[0].reasons)


def test_wrong_file_the_ambiguous_code_alone_is_asked_about(tmp_path):
    found = recognise(read(shapefile(tmp_path, "CZKFBJ", bare())), HERE)
    assert found.layer is None
    assert asked(found) == ["layer.ambiguous_code"]
    assert offered(found, "layer.ambiguous_code") == ["urban_boundary", "village_boundary"]


@pytest.mark.parametrize(
    ("fields", "file_name", "layer"),
    [
        ({"GHFQDM": ["400"]}, "CZKFBJ.zip", "urban_boundary"),
        ({"GHFQMC": ["城镇集中建设区"]}, "CZKFBJ.zip", "urban_boundary"),
        ({"DYBH": ["1"], "DYMC": ["城关"]}, "CZKFBJ.zip", "village_boundary"),
        ({}, "城镇开发边界.zip", "urban_boundary"),
        ({}, "CZKFBJ村庄开发边界.zip", "village_boundary"),
    ],
    ids=str,
)
def test_right_file_the_ambiguous_code_with_telling_evidence(fields, file_name, layer):
    found = recognised(bare(**fields), "CZKFBJ", file_name=file_name)
    assert (found.layer.id, asked(found)) == (layer, [])


def test_wrong_file_evidence_for_both_meanings_of_the_code():
    found = recognised(bare(GHFQMC=["x"], DYBH=["1"], DYMC=["x"], PFWH=["x"]), "CZKFBJ", file_name="城镇开发边界.zip")
    assert found.layer is None
    assert {"urban_boundary", "village_boundary"} <= set(offered(found, asked(found)[0]))


@pytest.mark.parametrize("name", ["data", "STBHHX", "新建图层1"])
def test_wrong_file_nothing_tells_the_layer(name):
    found = recognised(bare(), name)
    assert (found.layer, asked(found)) == (None, ["layer.unclear"])


def test_wrong_file_two_layers_with_the_same_fields():
    frame = gpd.GeoDataFrame({"area_no": ["1"], "name": ["x"]}, geometry=[square()], crs=EPSG)
    found = recognised(frame, "data")
    assert (found.layer, asked(found)) == (None, ["layer.unclear"])
    assert {"flood_storage", "new_village_area", "flood_risk"} <= set(offered(found, "layer.unclear"))
    assert recognised(frame, "蓄滞洪区").layer.id == "flood_storage"


SHAPES = {"polygon": square(), "line": shapely.LineString([(520_000, 3_270_000), (520_100, 3_270_000)]), "point": square().centroid}


@pytest.mark.parametrize("layer", catalog().values(), ids=list(catalog()))
@pytest.mark.parametrize("by", ["code", "title"])
def test_every_layer_of_the_catalogue_is_known_by_its_fields_and_name(layer, by):
    values = {name: next(iter(item.codes)) if item.codes else "1" * (item.length or 4) for name, item in layer.fields.items()}
    for kind in layer.geometry:
        frame = gpd.GeoDataFrame({name: [value] for name, value in values.items()}, geometry=[SHAPES[kind]], crs=EPSG)
        found = recognised(frame, layer.code or layer.id if by == "code" else layer.title)
        assert (found.layer.id if found.layer else asked(found)) == layer.id
        assert set(found.columns) == set(layer.fields)


@pytest.mark.parametrize("name", ["YJJBNT", "YJJBNTTB", "YJJBNTBHTB", "JBNTTB", "yjjbnt_2023"])
@pytest.mark.parametrize("field", ["YJJBNTTBBH", "JBNTTBBH"])
def test_one_layer_by_each_of_its_names_and_forms(name, field):
    found = recognised(bare(**{field: ["1"]}), name)
    assert (found.layer.id, found.columns["YJJBNTTBBH"]) == ("basic_farmland", field)


@pytest.mark.parametrize(("name", "fields", "layer"), [
    ("CSKFBJ", {"GHFQDM": ["400"]}, "urban_boundary"), ("CJKFBJ", {"DYBH": ["1"]}, "village_boundary"), ("CZJSBJ", {"PFWH": ["1"]}, "village_boundary"),
    ("TDGHDL", {"GHDLDM": ["0703"]}, "planned_use"), ("JSYDGZQ", {"zone": ["restricted"]}, "control_zone"), ("STBHHX", {"GKCS": ["x"], "LXDM": ["1"]}, "ecological_redline"),
    ("HLFXKZX", {}, None), ("HLFXKZX", {"MC": ["x"], "YSDM": ["2090020229"]}, "flood_risk"), ("洪涝风险控制线", {"MC": ["x"]}, "flood_risk"), ("WFDK", {"WFDKXH": ["1"], "WFXWZJ": ["x"]}, "enforcement"),
    ("变更调查2023", {"DLBM": ["0101"], "TBBH": ["1"], "QSDWDM": ["x"], "TBDLMJ": [1.0]}, "land_use"),
])  # fmt: skip
def test_layers_of_the_published_standards(name, fields, layer):
    found = recognised(bare(**fields), name)
    assert (found.layer.id if found.layer else None) == layer


@pytest.mark.parametrize(("code", "layer"), [("421223", "county"), ("421223100", "town")])
def test_the_length_of_codes_tells_a_county_from_a_town(code, layer):
    frame = gpd.GeoDataFrame({"XZQDM": [code], "XZQMC": ["x"]}, geometry=[square()], crs=EPSG)
    assert recognised(frame, "XZQ").layer.id == layer


def test_codes_of_both_lengths_are_asked_about():
    frame = gpd.GeoDataFrame({"XZQDM": ["421223", "421223100"], "XZQMC": ["x", "y"]}, geometry=[square(), square(200)], crs=EPSG)
    found = recognised(frame, "XZQ")
    assert found.layer is None
    assert {"county", "town"} <= set(offered(found, "layer.unclear"))


def test_the_values_tell_two_layers_with_one_field_apart():
    def zones(value):
        return bare(zone=[value], hazard_no=["1"]).drop(columns="BSM")

    assert recognised(zones("danger"), "分区").layer.id == "hazard"
    assert recognised(zones("primary"), "分区").layer is None


def test_the_kind_of_geometry_rules_layers_out():
    lines = red_lines([shapely.LineString(square().exterior.coords)])
    found = recognised(lines, "生态保护红线")
    assert (found.layer, asked(found), offered(found, "layer.geometry_kind")) == (None, ["layer.geometry_kind"], ["ecological_redline"])
    assert "图形是线" in found.questions[0].text
    assert recognised(red_lines(), "生态保护红线").layer.id == "ecological_redline"


def test_of_two_titles_the_one_inside_the_other_says_nothing():
    frame = gpd.GeoDataFrame({"village_no": ["1"], "name": ["x"]}, geometry=[square()], crs=EPSG)
    assert recognised(frame, "历史文化名村保护范围").layer.id == "historic_village"
    assert recognised(frame, "传统村落保护范围").layer.id == "traditional_village"


def test_what_a_person_says_is_taken():
    raw = raw_dataset(bare(), "CZKFBJ")
    assert recognise(raw, HERE, Answers(layer="village_boundary")).layer.id == "village_boundary"
    with pytest.raises(UnknownLayerError):
        recognise(raw, HERE, Answers(layer="atlantis"))


def test_a_table_is_no_layer(tmp_path):
    path = tmp_path / "ZRZ.csv"
    path.write_text("ZRZH,ZCS\n1,2\n", encoding="utf-8")
    [table] = contents(path)
    found = recognise(table, HERE, Answers(layer="building"))
    assert (found.layer, asked(found), found.crs) == (None, ["layer.table"], None)


def test_layers_with_much_in_common_are_told_apart():
    assert recognised(buildings(), "房屋").layer.id == "building"
    assert recognised(patches(["0101"], ["水田"]), "DLTB").layer.id == "land_use"
    assert recognised(patches(["0703"], plan=True), "DLTB").layer is None
