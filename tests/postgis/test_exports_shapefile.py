"""Shapefiles for GBK software: what is cut, what is told, what is refused."""

from __future__ import annotations

import re
import zipfile

import pyogrio
import pytest
from exporting import houses, single_houses, villages, written
from frames import meta, published

from layers.errors import ExportRefusedError
from layers.exports import shapefile


def sheet(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("说明.txt").decode("utf-8-sig")


def test_long_texts_are_cut_at_a_whole_character_and_listed(db, tmp_path):
    frame = single_houses()
    frame["GHYT"] = ["居" * 127, "居" * 128, "a" + "居" * 127, "x" * 254, "x" * 255, "短"]
    version = published(db, frame, meta("building"))
    done = written(db, version, tmp_path, "shp")
    raw = pyogrio.read_dataframe(f"/vsizip/{done.path}", encoding="GBK", read_geometry=False)
    assert raw["GHYT"].tolist() == ["居" * 127, "居" * 127, "a" + "居" * 126, "x" * 254, "x" * 254, "短"]
    listed = re.findall(r"截短：(\S+) 的 GHYT.*?：(\d+) 字节，只写下 (\d+) 字节", sheet(done.path))
    keys = frame["ZRZH"].tolist()
    assert listed == [(keys[1], "256", "254"), (keys[2], "255", "253"), (keys[4], "255", "254")]
    assert any(note.startswith("3 个文本超过 254 字节") for note in done.notes)


def test_a_shapefile_says_what_its_table_cannot_tell(db, tmp_path):
    frame = villages([f"村{row}" for row in range(5)]).assign(DCMJ=[row / 7 for row in range(5)])
    version = published(db, frame, meta("village"))
    notes = "\n".join(written(db, version, tmp_path, "shp").notes)
    for expected in (
        "pop_trend_5y 写作 pop_trend_",
        "heritage_lists 写作 heritage_l",
        "DBF 没有空值",
        "空文本与没有值不能区分：heritage_lists",
        "四舍五入：DCMJ",
    ):
        assert expected in notes


def test_shapefiles_larger_than_two_gigabytes_are_refused_before_anything_is_written(db, tmp_path, monkeypatch):
    version = published(db, single_houses(), meta("building"))
    monkeypatch.setattr(shapefile, "MOST_BYTES", 300)
    with pytest.raises(ExportRefusedError) as refused:
        written(db, version, tmp_path, "shp")
    assert [problem.split(" ")[0] for problem in refused.value.problems] == [".shp", ".dbf"]
    assert list(tmp_path.iterdir()) == []


def test_the_sizes_foretold_are_those_of_the_files(db, tmp_path, monkeypatch):
    version = published(db, houses(), meta("building"))
    with zipfile.ZipFile(written(db, version, tmp_path, "shp").path) as archive:
        sizes = {info.filename.rpartition(".")[2]: info.file_size for info in archive.infolist()}
    for limit, refused in ((sizes["dbf"] - 1, True), (max(sizes["shp"], sizes["dbf"]) * 2, False)):
        monkeypatch.setattr(shapefile, "MOST_BYTES", limit)
        if refused:
            with pytest.raises(ExportRefusedError, match="\\.dbf"):
                written(db, version, tmp_path, "shp")
        else:
            written(db, version, tmp_path, "shp")
