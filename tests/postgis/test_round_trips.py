"""Out and in again: what a file carries comes back through the same door as any delivery, measured by PostGIS."""

from __future__ import annotations

import zipfile

import pytest
from exporting import attributes, county, houses, moved_m, names_outside_gbk, taken_in, villages, written
from frames import EPSG, meta, published

TENTH_OF_A_MILLIMETRE = 1e-4
MILLIMETRE = 1e-3
NUMBERED = {"ZRZH": "地块编号"}
"""In a TXT every identifier is a 地块编号; which field that is, is said."""
UNSAID = {"xlsx": EPSG, "csv": EPSG}
"""Tables do not say what coordinates they have in a way that every program reads: whoever takes one in says so."""
FAITHFUL = ("gpkg", "gdb", "parquet", "geojson")
"""Formats that tell an empty text from a missing one."""


@pytest.fixture
def names(shared_dir):
    return names_outside_gbk(shared_dir)


def comparable(rows, digits):
    """Rows without empty texts, numbers to so many significant digits (17 are all there are)."""
    return {key: {name: one(value, digits) for name, value in row.items() if value != ""} for key, row in rows.items()}


def one(value, digits):
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


@pytest.mark.parametrize("format_id", ["gpkg", "gdb", "shp", "geojson", "parquet", "xlsx", "csv"])
def test_villages_come_back_with_every_character_and_within_a_tenth_of_a_millimetre(db, tmp_path, names, format_id):
    county(db)
    version = published(db, villages(names), meta("village"))
    done = written(db, version, tmp_path, format_id)
    again = taken_in(db, done.path, "village", epsg=UNSAID.get(format_id))
    assert moved_m(db, version, again) < TENTH_OF_A_MILLIMETRE
    before, after = attributes(db, version), attributes(db, again)
    assert [row["ZLDWMC"] for row in after.values()] == [row["ZLDWMC"] for row in before.values()] == names
    digits = 15 if format_id == "xlsx" else 17
    assert comparable(after, digits) == comparable(before, digits)
    is_told = any("空文本与没有值不能区分：heritage_lists" in note for note in done.notes)
    assert is_told is (format_id not in FAITHFUL)
    assert (after == before) is (format_id in FAITHFUL)
    assert any("数值保留 16 位有效数字：DCMJ" in note for note in done.notes) is (format_id == "xlsx")


@pytest.mark.parametrize("format_id", ["gpkg", "gdb", "shp", "geojson", "parquet", "xlsx", "csv"])
def test_dates_whole_numbers_yes_and_no_missing_values_and_formulas_come_back(db, tmp_path, format_id):
    county(db)
    version = published(db, houses(), meta("building"))
    done = written(db, version, tmp_path, format_id)
    again = taken_in(db, done.path, "building", epsg=UNSAID.get(format_id))
    assert attributes(db, again) == attributes(db, version)
    assert moved_m(db, version, again) < TENTH_OF_A_MILLIMETRE


@pytest.mark.parametrize("epsg", [4526, 4490, 4326])
@pytest.mark.parametrize("format_id", ["gpkg", "shp", "gdb", "parquet"])
def test_other_coordinates_come_back_within_a_tenth_of_a_millimetre(db, tmp_path, format_id, epsg):
    county(db)
    version = published(db, houses(), meta("building"))
    again = taken_in(db, written(db, version, tmp_path, format_id, epsg=epsg).path, "building")
    assert moved_m(db, version, again) < TENTH_OF_A_MILLIMETRE


def test_geopackage_and_geoparquet_keep_the_coordinates_of_the_store_to_the_last_bit(db, tmp_path):
    county(db)
    version = published(db, houses(), meta("building"))
    for format_id in ("gpkg", "parquet", "shp"):
        again = taken_in(db, written(db, version, tmp_path, format_id).path, "building")
        assert moved_m(db, version, again) == 0.0


@pytest.mark.parametrize("epsg", [None, 4547])
def test_a_coordinate_text_comes_back_within_half_a_millimetre_with_holes_and_zone(db, tmp_path, epsg):
    county(db)
    whole = houses()
    single = whole[whole.geometry.geom_type == "Polygon"].reset_index(drop=True)
    version = published(db, single, meta("building"))
    done = written(db, version, tmp_path, "txt", epsg=epsg)
    text = done.path.read_bytes().decode("gbk")
    assert ("38520000" in text) is (epsg is None)
    again = taken_in(db, done.path, "building", fields=NUMBERED)
    assert moved_m(db, version, again) < MILLIMETRE
    rows = attributes(db, again)
    assert set(rows) == set(single["ZRZH"])
    # Once rounded to what the format says, nothing moves any more.
    third = taken_in(db, written(db, again, tmp_path, "txt", epsg=epsg).path, "building", fields=NUMBERED)
    assert moved_m(db, again, third) < 1e-8


def test_the_village_names_outside_gbk_go_through_a_coordinate_text(db, tmp_path, names):
    county(db)
    frame = villages(names)
    single = frame[frame.geometry.geom_type == "Polygon"].reset_index(drop=True)
    version = published(db, single, meta("village"))
    done = written(db, version, tmp_path, "txt")
    assert any("GBK 没有" in note and "GB18030" in note for note in done.notes)
    text = done.path.read_bytes().decode("gb18030")
    assert all(f",{name},面," in text for name in single["ZLDWMC"])


def test_gbk_asked_for_all_the_same_marks_what_it_lacks_and_says_so(db, tmp_path, names):
    county(db)
    version = published(db, villages(names), meta("village"))
    done = written(db, version, tmp_path, "shp", encoding="GBK")
    with zipfile.ZipFile(done.path) as archive:
        assert archive.read("CJDCQ.cpg") == b"GBK"
        assert archive.read("CJDCQ.dbf")[29] == 0x4D
        told = archive.read("说明.txt").decode("utf-8-sig")
    again = attributes(db, taken_in(db, done.path, "village"))
    outside = {char for name in names for char in name if not can_gbk(char)}
    expected = ["".join(char if can_gbk(char) else "〓" for char in name) for name in names]
    assert [row["ZLDWMC"] for row in again.values()] == expected
    for char in outside:
        assert f"{char} U+{ord(char):04X}" in told


def can_gbk(char):
    try:
        char.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True
