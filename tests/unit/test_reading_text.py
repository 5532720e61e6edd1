"""Text of shapefiles, whatever the file says of its encoding; nothing that does not fit is read silently."""

from __future__ import annotations

import geopandas as gpd
import hostile_files as made
import pytest
from packages import shapefile_zip

from layers.encodings import decode
from layers.errors import EncodingError
from layers.reading.reader import contents, read


def towns(names=("天城镇", "沙坪镇")):
    frame = made.squares(len(names))[["DLBM", "geometry"]]
    return gpd.GeoDataFrame({"XZQDM": frame["DLBM"], "XZQMC": list(names)}, geometry=frame.geometry, crs=4547)


@pytest.mark.parametrize(
    ("codec", "options", "found_by"),
    [
        ("gb18030", {}, "content"),
        ("gb18030", {"language": 0x4D}, "language_byte"),
        ("gb18030", {"language": 0x57}, "content"),
        ("gb18030", {"cpg": "936"}, "cpg"),
        ("gb18030", {"cpg": "UTF-8"}, "content"),
        ("utf-8", {"cpg": "UTF-8"}, "cpg"),
        ("utf-8", {"language": 0x4D}, "content"),
    ],
    ids=str,
)
def test_chinese_text_is_read_whatever_the_file_says(tmp_path, codec, options, found_by):
    dataset = read(shapefile_zip(tmp_path, "XZQ", towns(), codec=codec, **options))
    assert dataset.frame["XZQMC"].tolist() == ["天城镇", "沙坪镇"]
    assert (dataset.encoding.codec, dataset.encoding.found_by) == (codec, found_by)


def test_names_outside_gbk_and_repeated_names_are_read(tmp_path):
    names = ["白䌷镇", "㘵城镇", "白䌷镇", "𠂤镇"]
    assert read(shapefile_zip(tmp_path, "XZQ", towns(names))).frame["XZQMC"].tolist() == names


@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_field_names_cut_inside_a_character_keep_their_bytes(tmp_path, codec):
    frame = towns().rename(columns={"XZQDM": "行政区代码一", "XZQMC": "行政区名称一"})
    first, second = read(shapefile_zip(tmp_path, "XZQ", frame, codec=codec)).fields
    assert first.raw == "行政区代码一".encode(codec)[:10]
    assert "行政区名称一".startswith(second.text)
    assert first.column != second.column


def test_a_value_cut_inside_a_character_loses_only_that_character(tmp_path):
    text = "ab" + "天城镇" * 20
    frame = gpd.GeoDataFrame({"XZQMC": ["x" * 60, "y" * 60]}, geometry=made.squares(2).geometry, crs=4547)
    path = made.shapefile(tmp_path, "XZQ", frame)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"x" * 60, text.encode()[:60]))
    [value, other] = read(path).frame["XZQMC"]
    assert value == text[:21]
    assert other == "y" * 60


def test_bytes_that_are_no_chinese_text_are_asked_about(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns(["Größe", "Straße"]), codec="ISO-8859-1")
    with pytest.raises(EncodingError):
        contents(path)
    assert read(path, encoding="ISO-8859-1").frame["XZQMC"].tolist() == ["Größe", "Straße"]
    with pytest.raises(EncodingError, match="不是 utf-8 编码"):
        read(path, encoding="utf-8")
    with pytest.raises(EncodingError, match="不认识的文字编码"):
        read(path, encoding="klingon")


def test_a_value_far_below_that_does_not_fit_is_named_by_its_row(tmp_path):
    shapes = made.squares(2_003)
    frame = gpd.GeoDataFrame({"XZQMC": ["天城镇"] * 2_003}, geometry=shapes.geometry, crs=4547)
    path = made.shapefile(tmp_path, "XZQ", frame.assign(XZQMC="x" * 9))
    table = path.with_suffix(".dbf")
    wrong = "天城镇".encode()
    raw = table.read_bytes().replace(b"x" * 9, wrong)
    at = raw.rindex(wrong)
    table.write_bytes(raw[:at] + b"\xff\xfe\xfd\xff\xfe\xfd\xff\xfe\xfd" + raw[at + 9 :])
    path.with_suffix(".cpg").write_text("UTF-8")
    with pytest.raises(EncodingError, match="XZQ/XZQMC：第 2003 行的文字不是 utf-8 编码"):
        read(path)


@pytest.mark.parametrize(("raw", "codec", "text"), [(b"\xcc\xec\xb3", "gb18030", "天"), (b"ab\0  ", "utf-8", "ab"), (b"", "gb18030", "")])
def test_a_value_is_decoded_without_its_padding_and_its_cut_end(raw, codec, text):
    assert decode(raw, codec) == text


def test_a_character_broken_in_the_middle_is_no_cut_end():
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xffab", "gb18030")
