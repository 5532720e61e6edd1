"""The report: counted in full, listed up to the limit, and written as workbook, GeoPackage and map without anything coming alive."""

from __future__ import annotations

import json
import re

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from frames import EPSG
from quality_cases import county, frame

from layers import catalog
from layers.maps.quality import MOST_DRAWN, quality_map
from layers.quality import LEVEL_LABELS, check, repair, write_gpkg, write_xlsx
from layers.quality.rulebook import checks, thresholds
from spatial.crs import CGCS2000, reproject
from spatial.ellipsoid import ellipsoid_area_m2

LAND_USE = catalog.layer("land_use")
HOSTILE = '=cmd|"/c calc"!A1{{ 7*7 }}<script>'


@pytest.fixture(scope="module")
def report():
    features = [
        {"BSM": HOSTILE, "wkt": "POLYGON ((0 0, 100 100, 100 0, 0 100, 0 0))", "DLBM": "=0101", "DLMC": HOSTILE},
        {"wkt": "POLYGON ((0 0, 50 0, 50.0009 0, 50 50, 0 50, 0 0))", "ZLDWMC": " 甲村"},
        {"wkt": None},
        {"wkt": "POLYGON ((40 0, 90 0, 90 50, 40 50, 40 0))", "QSXZ": "99"},
    ]
    return check(frame(features=features), LAND_USE, epsg=EPSG, context=county())


def test_findings_come_worst_first_and_are_counted_by_level(report):
    order = [list(LEVEL_LABELS).index(item.level) for item in report.findings]
    assert order == sorted(order)
    for level, count in report.counts.items():
        assert count == sum(item.level == level for item in report.findings)
    assert not report.is_acceptable
    assert all(re.search("[\u4e00-\u9fff]", item.message) for item in report.findings)


def test_more_findings_than_the_limit_are_counted_but_not_listed():
    count = int(thresholds()["listed_findings"].of(LAND_USE) or 0) + 7
    shapes = shapely.box(
        520_000.5 + 11 * np.arange(count), 3_270_000.25, 520_010.5 + 11 * np.arange(count), 3_270_010.25
    )
    data = gpd.GeoDataFrame(
        {"BSM": [f"{row}" for row in range(count)], "DLBM": ["0101 "] * count}, geometry=shapes, crs=EPSG
    )
    told = check(data, LAND_USE, epsg=EPSG, context=county())
    entry = next(item for item in told.checks if item["code"] == "QC-A20")
    assert (entry["found"]["note"], entry["listed"]) == (count, count - 7)
    assert sum(item.code == "QC-A20" for item in told.findings) == count - 7
    assert told.counts["note"] >= count
    after, done = repair(data, LAND_USE, told, {"trim_text"})
    assert len(done) == count and set(after["DLBM"]) == {"0101"}


def test_every_threshold_has_a_unit_a_source_and_a_mark_of_confidence():
    for item in thresholds().values():
        assert item.title and item.unit and item.source and item.confidence in tuple("ABCDN")
        assert item.value is not None or item.by
    used = {name for item in checks().values() for name in item.thresholds} | {
        item.needs for item in checks().values() if item.needs
    }
    assert used | {"listed_findings", "xy_resolution", "repair_area", "repair_share"} == set(thresholds())


def test_the_report_names_the_thresholds_that_it_used(report):
    named = {item["id"]: item for item in report.thresholds}
    assert named["real_area"]["value"] == 0.5 and named["real_area"]["unit"] == "m2"
    assert named["tiny_patch"]["value"] == 50


def test_the_workbook_has_everything_and_no_formula(report, tmp_path):
    path = tmp_path / "质检.xlsx"
    write_xlsx(report, path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["概况", "问题", "检查项", "阈值", "可选修复"]
    assert book["问题"].max_row == len(report.findings) + 1
    assert book["检查项"].max_row == len(checks()) + 1
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert any(str(cell.value).startswith("=cmd") for cell in cells)


def test_the_geopackage_has_places_of_every_kind_and_chinese_columns(report, tmp_path):
    path = tmp_path / "质检.gpkg"
    write_gpkg(report, path, EPSG)
    layers = dict(pyogrio.list_layers(path))
    assert set(layers) == {"问题_点", "问题_面", "问题_无图形", "检查项"}
    total = 0
    for name in ("问题_点", "问题_面"):
        table = gpd.read_file(path, layer=name)
        total += len(table)
        assert table.crs == EPSG
        assert {"级别", "检查项编号", "说明", "实测值", "行号"} <= set(table.columns)
        assert table.geometry.is_valid.all() or name == "问题_面"
    placed = [item for item in report.findings if item.geometry is not None]
    assert total == len(placed)
    crossing = gpd.read_file(path, layer="问题_点").set_index("检查项编号").loc["QC-G05"]
    assert shapely.get_coordinates(crossing.geometry).tolist() == [[520_050.0, 3_270_050.0]]
    assert crossing["标识码"] == HOSTILE
    assert len(pyogrio.read_dataframe(path, layer="检查项")) == len(checks())


def test_a_report_without_findings_is_written_too(tmp_path):
    told = check(frame(), LAND_USE, epsg=EPSG, context=county())
    empty = type(told)(
        layer=told.layer, findings=(), checks=told.checks, thresholds=told.thresholds, figures=told.figures
    )
    write_gpkg(empty, tmp_path / "empty.gpkg", EPSG)
    write_xlsx(empty, tmp_path / "empty.xlsx")
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "empty.gpkg")] == ["检查项"]
    assert pd.read_excel(tmp_path / "empty.xlsx", sheet_name="概况").iloc[1, 1] == "没有错误，可以入库"


def test_the_map_draws_every_place_and_runs_nothing_of_the_data(report):
    drawn = quality_map(report, epsg=EPSG, extent=shapely.box(520_000, 3_270_000, 520_100, 3_270_100), synthetic=True)
    assert HOSTILE not in drawn.script and "{{ 7*7 }}" not in drawn.script and "49" not in re.sub("[0-9a-f]{32}", "", drawn.body)
    line = next(line for line in drawn.script.splitlines() if '"key":"findings"' in line)
    features = json.JSONDecoder().raw_decode(line[line.index("cuntu.shapes(") + 13 :])[0]["features"]
    placed = [place for place, item in enumerate(report.findings) if item.geometry is not None]
    assert sorted(int(item["properties"]["code"]) for item in features) == placed
    assert {entry.key: entry.count for entry in drawn.legend} == {
        level: count for level, count in report.counts.items() if count
    }
    assert len(features) <= MOST_DRAWN


def test_a_delivery_of_a_part_has_to_cover_that_part_only():
    west = frame(features=[{}])
    whole = check(west, LAND_USE, epsg=EPSG, context=county())
    part = check(
        west, LAND_USE, epsg=EPSG, context=county(), coverage=shapely.box(520_000, 3_270_000, 520_500, 3_271_000)
    )
    more = check(
        west, LAND_USE, epsg=EPSG, context=county(), coverage=shapely.box(520_000, 3_270_000, 520_600, 3_272_000)
    )
    assert [item.measured for item in whole.findings if item.code == "QC-T04"] == [500_000.0]
    assert [item.measured for item in part.findings if item.code == "QC-T04"] == []
    assert [item.measured for item in more.findings if item.code == "QC-T04"] == [100_000.0]


def test_a_delivery_that_claims_no_more_than_its_own_features_has_nothing_to_cover_and_says_so():
    own = check(frame(features=[{}]), LAND_USE, epsg=EPSG, context=county(), coverage="own")
    [told] = [item for item in own.checks if item["code"] == "QC-T04"]
    assert told["status"] == "not_made"
    assert "完整范围只限要素本身" in told["reason"]
    assert [item.code for item in own.findings if item.code == "QC-T04"] == []


@pytest.mark.parametrize(
    ("longitude", "width", "height", "expected", "tolerance"),
    [
        pytest.param(114.6, 10, 14, 139.9887, 2e-4, id="GN-027"),
        pytest.param(115.5, 10, 14, 139.9296, 2e-4, id="GN-028"),
        pytest.param(114.0, 10, 14, 140.0, 2e-4, id="GN-029"),
        pytest.param(114.6, 1_000, 1_000, 999_919.51, 0.05, id="GN-030"),
        pytest.param(115.5, 1_000, 1_000, 999_497.03, 0.05, id="GN-031"),
    ],
)
def test_an_area_on_the_ellipsoid(longitude, width, height, expected, tolerance):
    middle = reproject(np.array([shapely.Point(longitude, 31.28)], dtype=object), source=CGCS2000, target=EPSG)[0]
    shape = shapely.box(middle.x - width / 2, middle.y - height / 2, middle.x + width / 2, middle.y + height / 2)
    assert ellipsoid_area_m2(np.array([shape], dtype=object), epsg=EPSG)[0] == pytest.approx(expected, abs=tolerance)
