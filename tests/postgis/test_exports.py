"""What a file written from the store says of itself, leaves out, and cannot carry."""

from __future__ import annotations

import csv
import gc
import json
import re
import sqlite3
import zipfile
from dataclasses import replace

import geopandas as gpd
import openpyxl
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from exporting import HOSTILE, houses, mixed_roads, single_houses, written
from frames import EAST, EPSG, NORTH, meta, published, square

from layers import versions
from layers.catalog import layer as catalog_layer
from layers.errors import ExportRefusedError, SecrecyError, UnsupportedFileError
from layers.exports.content import Content
from layers.exports.coordinates import coordinates
from layers.exports.export import Wish, export
from layers.exports.formats import FORMATS, format_for
from layers.exports.order import Order
from layers.exports.statement import statement
from spatial.errors import CrsError

ALL = tuple(FORMATS)


def told(path, format_id):
    """What a file says of its version, as text, read without the program that wrote it."""
    if format_id == "gpkg":
        with sqlite3.connect(path) as file:
            [[description]] = file.execute("SELECT description FROM gpkg_contents")
            [[metadata]] = file.execute("SELECT metadata FROM gpkg_metadata")
        file.close()
        return description + metadata
    if format_id in ("shp", "gdb"):
        with zipfile.ZipFile(path) as archive:
            return archive.read("说明.txt").decode("utf-8-sig")
    if format_id == "geojson":
        return json.dumps(json.loads(path.read_text(encoding="utf-8"))["dataset"], ensure_ascii=False)
    if format_id == "parquet":
        return pq.read_metadata(path).metadata[b"cuntu:dataset"].decode()
    if format_id == "xlsx":
        return str(list(openpyxl.load_workbook(path)["说明"].iter_rows(values_only=True)))
    if format_id == "txt":
        return path.read_bytes().decode("gb18030").partition("[地块坐标]")[0]
    return rows_of_csv(path)[0]["数据版本"]


def rows_of_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("format_id", ALL)
def test_every_file_names_its_version_in_itself_and_in_its_name(db, tmp_path, format_id):
    version = published(db, single_houses(), meta("building", title="2020 年房屋", source_sha256="ab" * 32))
    done = written(db, version, tmp_path, format_id)
    said = told(done.path, format_id)
    expected = {"version": str(version), "nature": "示例数据"}
    if format_id != "csv":
        expected |= {
            "authority": "崇阳县自然资源和规划局",
            "valid_from": "2020-01-01",
            "sha": "ab" * 32,
            "secrecy": "内部",
            "title": "2020 年房屋",
        }
    assert {key: text for key, text in expected.items() if text not in said} == {}
    crs = {"geojson": "CRS84", "txt": "EPSG4526"}.get(format_id, "EPSG4547")
    assert done.path.name == f"building_v{version}_2020-01-01_{crs}{FORMATS[format_id].endings[0]}"
    assert done.features == 6


@pytest.mark.parametrize("format_id", ALL)
def test_what_tells_of_persons_is_left_out_unless_it_is_asked_for(db, tmp_path, format_id):
    version = published(db, single_houses(), meta("building"))
    layer = catalog_layer("building")
    private = replace(
        layer, fields={name: replace(item, personal=name == "GHYT") for name, item in layer.fields.items()}
    )
    for with_personal in (False, True):
        content = Content(
            db,
            versions.get(db, version),
            private,
            coordinates(FORMATS[format_id].default_epsg(EPSG) if format_id != "geojson" else 4326, stored=EPSG),
            with_personal,
        )
        folder = tmp_path / str(with_personal)
        folder.mkdir()
        place = folder / f"a{FORMATS[format_id].endings[0]}"
        FORMATS[format_id].write(content, place, Order(statement(content)))
        assert (b"cmd|" in everything(place)) is with_personal
        assert any("含个人信息的字段未导出：规划用途" in note for note in statement(content).notes) is not with_personal


def everything(path):
    """All bytes of a file, unpacked as far as they are packed, texts as UTF-8."""
    if path.suffix in (".zip", ".xlsx"):
        with zipfile.ZipFile(path) as archive:
            raw = b"".join(archive.read(name) for name in archive.namelist())
        return raw + raw.replace(b"\0", b"")
    if path.suffix == ".parquet":
        return str(pq.read_table(path).drop_columns(["geometry"]).to_pylist()).encode()
    return path.read_bytes()


def test_a_version_above_the_level_allowed_is_refused_and_nothing_is_written(db, tmp_path):
    version = published(db, single_houses(), meta("building", secrecy="internal"))
    with pytest.raises(SecrecyError):
        export(db, versions.get(db, version), tmp_path / "a.gpkg", max_secrecy="public")
    assert list(tmp_path.iterdir()) == []


def test_what_fails_halfway_leaves_the_old_file(db, tmp_path, monkeypatch):
    version = published(db, single_houses(), meta("building"))
    (tmp_path / "a.gpkg").write_text("old")

    def broken(self, *args):
        raise ConnectionError("the database went away")

    monkeypatch.setattr(Content, "_turned", broken)
    (tmp_path / "passing").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "passing"))
    for name in ("a.gpkg", "a.shp.zip", "a.gdb.zip", "a.parquet", "a.xlsx"):
        with pytest.raises(ConnectionError, match="went away"):
            export(db, versions.get(db, version), tmp_path / name)
    gc.collect()
    assert list((tmp_path / "passing").iterdir()) == []
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir() if item.is_file()] == [("a.gpkg", "old")]
    assert {item.name for item in tmp_path.iterdir()} == {"a.gpkg", "passing"}


def test_files_say_that_a_version_was_withdrawn_or_is_not_published_yet(db, tmp_path):
    version = versions.stage(db, single_houses(), meta("building"), epsg=EPSG)
    assert "待发布" in told(written(db, version, tmp_path, "gpkg").path, "gpkg")
    versions.publish(db, version)
    assert "已发布" in told(written(db, version, tmp_path, "gpkg").path, "gpkg")
    versions.withdraw(db, version)
    withdrawn = told(written(db, version, tmp_path, "gpkg").path, "gpkg")
    assert "已撤回" in withdrawn
    assert "known_to" in withdrawn


@pytest.mark.parametrize("format_id", ["shp", "gdb"])
def test_areas_and_lines_of_one_layer_become_two_data_sets_where_a_format_wants_it(db, tmp_path, format_id):
    version = published(db, mixed_roads(), meta("road"))
    done = written(db, version, tmp_path, format_id)
    layers = {
        str(name): str(kind)
        for name, kind in pyogrio.list_layers(f"/vsizip/{done.path}" if format_id == "shp" else done.path)
    }
    assert layers == {
        "road_polygon": "Polygon" if format_id == "shp" else "MultiPolygon",
        "road_line": "LineString" if format_id == "shp" else "MultiLineString",
    }
    assert any("不同类型" in note for note in done.notes)


def test_areas_and_lines_stay_together_where_a_format_allows_it_and_lines_have_no_place_in_a_coordinate_text(
    db, tmp_path
):
    version = published(db, mixed_roads(), meta("road"))
    for format_id in ("gpkg", "geojson", "parquet"):
        frame = (
            gpd.read_parquet(written(db, version, tmp_path, format_id).path)
            if format_id == "parquet"
            else gpd.read_file(written(db, version, tmp_path, format_id).path)
        )
        assert sorted(frame.geom_type) == ["LineString", "LineString", "Polygon"]
    with pytest.raises(ExportRefusedError, match="只能写面"):
        written(db, version, tmp_path, "txt")


def test_a_wish_that_a_format_cannot_fulfil_is_refused(db, tmp_path):
    version = published(db, single_houses(), meta("building"))
    with pytest.raises(ExportRefusedError, match="RFC 7946"):
        written(db, version, tmp_path, "geojson", epsg=4547)
    with pytest.raises(ExportRefusedError, match="3 度带"):
        written(db, version, tmp_path, "txt", epsg=4326)
    with pytest.raises(ExportRefusedError, match="UTF-8"):
        written(db, version, tmp_path, "gpkg", encoding="GBK")
    with pytest.raises(CrsError, match="旧坐标系"):
        written(db, version, tmp_path, "gpkg", epsg=2383)
    with pytest.raises(UnsupportedFileError):
        export(db, versions.get(db, version), tmp_path / "a.dwg")
    assert list(tmp_path.iterdir()) == []


def test_fields_without_any_value_are_left_out_and_named(db, tmp_path):
    version = published(db, mixed_roads(), meta("road"))
    done = written(db, version, tmp_path, "gpkg")
    assert "class" not in gpd.read_file(done.path).columns
    assert any(note == "没有任何值的字段未写出：class" for note in done.notes)


@pytest.mark.parametrize("format_id", ["xlsx", "csv"])
def test_no_text_of_a_layer_is_run_as_a_formula(db, tmp_path, format_id):
    frame = single_houses().iloc[[0] * len(HOSTILE)].reset_index(drop=True)
    frame["ZRZH"], frame["GHYT"] = [f"F{row}" for row in range(len(HOSTILE))], HOSTILE
    version = published(db, frame, meta("building", title="=1+1", authority="@SUM(A1)"))
    path = written(db, version, tmp_path, format_id).path
    if format_id == "csv":
        assert [row["GHYT"][:1] in "=+-@" for row in rows_of_csv(path)] == [False] * len(HOSTILE)
        return
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {
        cell.number_format
        for sheet in book
        for row in sheet.iter_rows(min_row=2)
        for cell in row
        if isinstance(cell.value, str)
    } == {"@"}
    assert set(HOSTILE) <= {cell.value for cell in cells}


def test_a_shape_too_long_for_a_cell_leaves_its_centroid_and_is_told(db, tmp_path):
    big = shapely.Point(EAST, NORTH).buffer(1_000.123, quad_segs=400)
    frame = gpd.GeoDataFrame({"BSM": ["1", "2"]}, geometry=[big, square(5_000)], crs=EPSG)
    version = published(db, frame, meta("urban_boundary"))
    done = written(db, version, tmp_path, "xlsx")
    [headings, first, second] = openpyxl.load_workbook(done.path).worksheets[0].iter_rows(values_only=True)
    assert headings == ("BSM", "WKT", "重心东坐标", "重心北坐标")
    assert first[1] is None
    assert first[2:] == pytest.approx((EAST, NORTH), abs=1e-3)
    assert second[1].startswith("POLYGON ((")
    assert not any(second[2:])
    assert any("1 个图形的 WKT 超过" in note for note in done.notes)


def test_geojson_is_in_degrees_with_outer_rings_counter_clockwise(db, tmp_path):
    version = published(db, houses(), meta("building"))
    document = json.loads(written(db, version, tmp_path, "geojson").path.read_text(encoding="utf-8"))
    assert "crs" not in document
    assert [feature["id"] for feature in document["features"]] == houses()["ZRZH"].tolist()
    for feature in document["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        for part in shapely.get_parts(shape):
            assert part.exterior.is_ccw
            assert not any(ring.is_ccw for ring in part.interiors)
        west, south, east, north = shape.bounds
        assert 114 < west < east < 115
        assert 29 < south < north < 30
    decimals = re.findall(r"\d+\.(\d+)", json.dumps([feature["geometry"] for feature in document["features"]]))
    assert max(map(len, decimals)) == 9


def test_the_ending_decides_and_a_folder_gets_the_proposed_name(db, tmp_path):
    version = published(db, single_houses(), meta("building"))
    record = versions.get(db, version)
    for ending in (".gpkg", ".zip", ".json", ".csv"):
        done = export(db, record, tmp_path / f"甲{ending}")
        assert done.format == format_for(tmp_path / f"甲{ending}").id
        assert done.path.exists()
    assert export(db, record, tmp_path, Wish(format=FORMATS["csv"])).path.name.startswith(f"building_v{version}_")
