"""Which field is which: for each way of going wrong a file that is asked about, and beside it a right one that passes."""

from __future__ import annotations

import pytest
from delivered_files import HERE, asked, bare, offered, raw_dataset, shapefile
from frames import red_lines

from layers.encodings import Encoding
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


# Encoding

GBK_AS_LATIN = bare(MC=["幕阜山水源涵养"], zone=["其他"])


@pytest.mark.parametrize(("codec", "options", "found_by"), [
    ("gb18030", {"cpg": "GBK"}, "cpg"), ("gb18030", {"cpg": "936"}, "cpg"), ("utf-8", {"cpg": "UTF-8"}, "cpg"), ("gb18030", {"language": 0x4D}, "language_byte"),
    ("gb18030", {}, "content"), ("gb18030", {"language": 0x57}, "content"), ("gb18030", {"cpg": "UTF-8"}, "content"),
])  # fmt: skip
def test_right_file_in_each_encoding(tmp_path, codec, options, found_by):
    raw = read(shapefile(tmp_path, "STBHHX", GBK_AS_LATIN, codec=codec, **options))
    assert (raw.frame["MC"].tolist(), raw.encoding.found_by) == (["幕阜山水源涵养"], found_by)
    assert asked(recognise(raw, HERE)) == []


@pytest.mark.parametrize(("codec", "cpg"), [("gb18030", "ISO-8859-1"), ("gb18030", "1252"), ("utf-8", "ISO-8859-1")])
def test_wrong_file_the_cpg_states_another_encoding(tmp_path, codec, cpg):
    raw = read(shapefile(tmp_path, "STBHHX", GBK_AS_LATIN, codec=codec, cpg=cpg))
    if raw.frame["MC"].tolist() == ["幕阜山水源涵养"]:
        return  # the reader did not believe the .cpg
    found = recognise(raw, HERE)
    assert asked(found) == ["encoding.mojibake"]
    assert offered(found, "encoding.mojibake")[0] == codec
    again = read(tmp_path / "STBHHX.zip", encoding=codec)
    assert (again.frame["MC"].tolist(), asked(recognise(again, HERE))) == (["幕阜山水源涵养"], [])


MOJIBAKE = [("gb18030", "latin-1"), ("utf-8", "latin-1"), ("utf-8", "gb18030")]


@pytest.mark.parametrize(("written", "read_as"), MOJIBAKE)
def test_wrong_text_that_was_garbled_before_it_was_delivered(written, read_as):
    names = ["生态保护红线", "水源涵养区域", "生物多样性维护"]
    garbled = [name.encode(written).decode(read_as, errors="ignore") for name in names]
    frame = red_lines([red_lines().geometry.iloc[0]] * 3, MC=garbled)
    found = recognise(raw_dataset(frame, "STBHHX"), HERE)
    assert asked(found) == ["encoding.mojibake"]
    assert offered(found, "encoding.mojibake")[0] == written
    right = recognise(raw_dataset(red_lines([red_lines().geometry.iloc[0]] * 3, MC=names), "STBHHX"), HERE)
    assert asked(right) == []


def test_wrong_text_that_cannot_be_restored():
    frame = red_lines(MC=["锟斤拷锟斤拷锟斤拷"])
    assert asked(recognise(raw_dataset(frame, "STBHHX"), HERE)) == ["encoding.damaged"]
    assert asked(recognise(raw_dataset(red_lines(MC=["\ufffd\ufffd\ufffd\ufffd"]), "STBHHX"), HERE)) == ["encoding.damaged"]


def test_an_encoding_that_a_person_gave_is_doubted_in_a_note_only():
    frame = red_lines(MC=["生态保护红线".encode("gb18030").decode("latin-1")])
    found = recognise(raw_dataset(frame, "STBHHX", encoding=Encoding("latin-1", "given")), HERE)
    assert asked(found) == []
    assert any("GBK/GB18030" in note for note in found.notes)


@pytest.mark.parametrize("name", ["白䌷镇㘵城村", "塆里垸", "Größe der Straße", "Żółć, naïve café", "甪直氹仔", "①②③㎡", "x"])
def test_rare_names_and_other_languages_are_no_mojibake(name):
    assert asked(recognise(raw_dataset(red_lines(MC=[name]), "STBHHX"), HERE)) == []


@pytest.mark.shared
def test_real_names_outside_gbk_are_no_mojibake(shared_dir):
    names = (shared_dir / "data" / "robustness" / "village_names_outside_gbk.csv").read_text(encoding="utf-8-sig").split()
    for name in names:
        assert asked(recognise(raw_dataset(red_lines(MC=[name]), "STBHHX"), HERE)) == [], name
