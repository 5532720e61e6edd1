"""In which encoding text is: for each way of going wrong a file that is asked about, and beside it a right one that passes."""

from __future__ import annotations

import pytest
from delivered_files import HERE, asked, bare, offered, raw_dataset, shapefile
from frames import red_lines

from layers.encodings import Encoding
from layers.reading.reader import read
from layers.recognising.recogniser import recognise

DELIVERED = bare(MC=["幕阜山水源涵养"], zone=["其他"])


@pytest.mark.parametrize(("codec", "options", "found_by"), [
    ("gb18030", {"cpg": "GBK"}, "cpg"), ("gb18030", {"cpg": "936"}, "cpg"), ("utf-8", {"cpg": "UTF-8"}, "cpg"), ("gb18030", {"language": 0x4D}, "language_byte"),
    ("gb18030", {}, "content"), ("gb18030", {"language": 0x57}, "content"), ("gb18030", {"cpg": "UTF-8"}, "content"),
])  # fmt: skip
def test_right_file_in_each_encoding(tmp_path, codec, options, found_by):
    raw = read(shapefile(tmp_path, "STBHHX", DELIVERED, codec=codec, **options))
    assert (raw.frame["MC"].tolist(), raw.encoding.found_by) == (["幕阜山水源涵养"], found_by)
    assert asked(recognise(raw, HERE)) == []


@pytest.mark.parametrize(("codec", "cpg"), [("gb18030", "ISO-8859-1"), ("gb18030", "1252"), ("utf-8", "ISO-8859-1"), ("utf-8", "GBK"), ("gb18030", "BIG5")])
def test_wrong_file_the_cpg_states_another_encoding(tmp_path, codec, cpg):
    raw = read(shapefile(tmp_path, "STBHHX", DELIVERED, codec=codec, cpg=cpg))
    assert raw.frame["MC"].tolist() != ["幕阜山水源涵养"]
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
