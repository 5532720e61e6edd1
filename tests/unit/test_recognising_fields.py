"""Which field is which: for each way of going wrong a file that is asked about, and beside it a right one that passes."""

from __future__ import annotations

import pytest
from delivered_files import HERE, asked, bare, offered, raw_dataset, shapefile

from layers.reading.reader import read
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers


def recognised(layer, answers=None, **columns):
    return recognise(raw_dataset(bare(**columns)), HERE, Answers(layer=layer, fields=answers or {}))


@pytest.mark.parametrize(("layer", "column", "field"), [
    ("basic_farmland", "JBNTTBBH", "YJJBNTTBBH"), ("basic_farmland", "JBNTMJ", "YJJBNTMJ"), ("planned_use", "GHDLDM", "GHDLBM"), ("planned_use", "YDYHFLDM", "GHDLBM"),
    ("planned_use", "YDYHFLMC", "GHDLMC"), ("settlement", "CZCLX", "CZCSXM"), ("land_use", "地类编码", "DLBM"), ("land_use", "dlbm", "DLBM"), ("land_use", " DLBM ", "DLBM"),
    ("land_use", "ＤＬＢＭ", "DLBM"), ("land_use", "图斑面积（㎡）", "TBMJ"), ("village_boundary", "单元编号", "DYBH"), ("enforcement", "ND", "year"), ("heritage", "MC", "name"),
])  # fmt: skip
def test_fields_go_by_standard_name_alias_and_title(layer, column, field):
    found = recognised(layer, **{column: ["1"]})
    assert found.columns[field] == column


@pytest.mark.parametrize(("codec", "cpg"), [("gb18030", None), ("utf-8", "UTF-8")])
def test_right_file_chinese_names_cut_inside_a_character(tmp_path, codec, cpg):
    frame = bare(行政区代码=["421223100"], 行政区名称=["天城镇"])
    raw = read(shapefile(tmp_path, "乡镇级行政区", frame, codec=codec, cpg=cpg))
    assert any(field.text != "行政区代码" and field.raw.startswith("行政区".encode(codec)) for field in raw.fields)
    found = recognise(raw, HERE)
    assert (found.layer.id, asked(found)) == ("town", [])
    assert {name: raw.frame[column].tolist() for name, column in found.columns.items()} == {"XZQDM": ["421223100"], "XZQMC": ["天城镇"]}


def test_a_beginning_that_two_titles_share_is_left_open(tmp_path):
    frame = bare(永久基本农田图斑编号=["7"])
    raw = read(shapefile(tmp_path, "YJJBNT", frame, codec="utf-8", cpg="UTF-8"))
    found = recognise(raw, HERE, Answers(layer="basic_farmland"))
    assert "YJJBNTTBBH" not in found.columns
    assert any("永久基" in note for note in found.notes)


def test_standard_names_longer_than_a_shapefile_allows(tmp_path):
    frame = bare(ZLDWDM=["421223100201"], pop_trend_5y=["0.1"], has_lead_industry=["是"], heritage_lists=["x"])
    raw = read(shapefile(tmp_path, "CJDCQ", frame))
    found = recognise(raw, HERE, Answers(layer="village"))
    assert {"pop_trend_5y", "has_lead_industry", "heritage_lists"} <= set(found.columns)


def test_wrong_file_two_fields_for_one(tmp_path):
    raw = read(shapefile(tmp_path, "YJJBNT", bare(YJJBNTTBBH=["1"], JBNTTBBH=["2"])))
    found = recognise(raw, HERE)
    assert (found.layer.id, asked(found)) == ("basic_farmland", ["fields.two_for_one"])
    assert offered(found, "fields.two_for_one") == ["YJJBNTTBBH=YJJBNTTBBH", "YJJBNTTBBH=JBNTTBBH", "YJJBNTTBBH="]
    assert "YJJBNTTBBH" not in found.columns


def test_right_file_two_fields_for_one_with_the_same_values():
    found = recognised("basic_farmland", YJJBNTTBBH=["1"], JBNTTBBH=["1"])
    assert (found.columns["YJJBNTTBBH"], asked(found)) == ("YJJBNTTBBH", [])
    assert any("JBNTTBBH" in note and "值相同" in note for note in found.notes)


@pytest.mark.parametrize("empty", [None, "", " "])
def test_of_two_fields_for_one_an_empty_one_is_passed_over(empty):
    found = recognised("basic_farmland", YJJBNTTBBH=[empty], JBNTTBBH=["1"])
    assert (found.columns["YJJBNTTBBH"], asked(found)) == ("JBNTTBBH", [])


def test_a_persons_choice_goes_before_all_else():
    columns = {"YJJBNTTBBH": ["1"], "JBNTTBBH": ["2"], "bh": ["3"]}
    assert recognised("basic_farmland", {"YJJBNTTBBH": "JBNTTBBH"}, **columns).columns["YJJBNTTBBH"] == "JBNTTBBH"
    assert recognised("basic_farmland", {"YJJBNTTBBH": "BH"}, **columns).columns["YJJBNTTBBH"] == "bh"
    left_out = recognised("basic_farmland", {"YJJBNTTBBH": None}, **columns)
    assert "YJJBNTTBBH" not in left_out.columns
    assert asked(left_out) == []


def test_a_field_chosen_for_one_thing_is_not_taken_for_another_as_well():
    found = recognised("basic_farmland", {"YJJBNTTBBH": "DLBM"}, DLBM=["0101"])
    assert dict(found.columns) == {"BSM": "BSM", "YJJBNTTBBH": "DLBM"}


@pytest.mark.parametrize("answers", [{"DLBM": "no_such_field"}, {"no_such_target": "BSM"}])
def test_a_choice_that_is_not_there_is_asked_about(answers):
    assert asked(recognised("basic_farmland", answers)) == ["fields.unknown"]


def test_what_is_left_out_and_what_is_missing_is_told():
    found = recognised("land_use", 备注2=["x"])
    assert "目录以外的字段未入库：备注2" in found.notes
    assert any("没有找到必填字段" in note and "DLBM（地类编码）" in note for note in found.notes)
