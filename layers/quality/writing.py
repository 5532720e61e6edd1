"""The report of an acceptance check as a workbook and as a GeoPackage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from layers.catalog import catalog
from layers.quality.findings import LEVEL_LABELS, QualityFinding, QualityReport, Repair
from layers.quality.rulebook import checks
from layers.workbook import Page, write_workbook

STATUS = {"made": "已检查", "not_made": "未能检查", "not_applicable": "不适用"}
UNITS = {"m2": "㎡", "m": "米", "share": "比例", "degree": "度", "1/m": "1/米", "1": ""}
KINDS = {0: "问题_点", 1: "问题_线", 2: "问题_面"}
"""Layers of the GeoPackage by dimension."""
_HEADINGS = ("级别", "检查项编号", "检查项", "行号", "标识码", "说明", "涉及对象", "实测值", "单位", "可选修复")


def write_xlsx(report: QualityReport, path: Path, *, repairs: Sequence[Repair] = ()) -> None:
    """Write a workbook of the report; an existing file is replaced. Texts from the data stay texts, whatever they look like."""
    places = [[*_row(item), *_middle(item)] for item in report.findings]
    pages = [
        Page("概况", ("项目", "内容"), _overview(report)),
        Page("问题", (*_HEADINGS, "X（北）", "Y（东）"), places),
        Page(
            "检查项",
            ("编号", "检查项", "级别", "状态", "说明", "错误", "警告", "提示", "列出", "依据", "可信度"),
            _checks(report),
        ),
        Page("阈值", ("阈值", "数值", "单位", "依据", "可信度"), [_threshold(item) for item in report.thresholds]),
        Page(
            "可选修复",
            ("修复", "做法", "检查项编号", "行数"),
            [[item.id, item.title, item.code, len(item.rows)] for item in report.repairs],
        ),
    ]
    if repairs:
        rows = [[item.id, item.code, item.row + 1, item.identifier, item.message] for item in repairs]
        pages.append(Page("已做修复", ("修复", "检查项编号", "行号", "标识码", "说明"), rows))
    write_workbook(path, pages)


def write_gpkg(report: QualityReport, path: Path, epsg: int) -> None:
    """Write the findings as layers of points, lines and polygons in EPSG:`epsg`, those without a place and the checks as tables.

    An existing file is replaced. A finding whose place has parts of several kinds is in each of their layers.
    """
    path.unlink(missing_ok=True)
    table = pd.DataFrame([_row(item) for item in report.findings], columns=list(_HEADINGS))
    table = table.astype({"行号": "Int64", "实测值": "float64"})
    shapes = np.array([item.geometry for item in report.findings], dtype=object)
    for dimension, name in KINDS.items():
        rows, parts = _of_dimension(shapes, dimension)
        if len(rows):
            frame = gpd.GeoDataFrame(table.iloc[rows].reset_index(drop=True), geometry=parts, crs=epsg)
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", promote_to_multi=True)
    placeless = table[shapely.is_missing(shapes) | shapely.is_empty(shapes)] if len(table) else table
    if len(placeless):
        pyogrio.write_dataframe(placeless.reset_index(drop=True), path, layer="问题_无图形", driver="GPKG")
    names = ["编号", "检查项", "级别", "状态", "说明", "错误", "警告", "提示", "列出", "依据", "可信度"]
    pyogrio.write_dataframe(pd.DataFrame(_checks(report), columns=names), path, layer="检查项", driver="GPKG")


def _of_dimension(shapes: Any, dimension: int) -> tuple[Any, Any]:
    """The rows whose place has parts of a dimension, and those parts in one geometry."""
    if not len(shapes):
        return np.zeros(0, dtype=np.int64), shapes
    parts, rows = shapely.get_parts(shapely.force_2d(shapes), return_index=True)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts, of = shapely.get_parts(parts, return_index=True)
        rows = rows[of]
    mine = (shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)
    make = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[dimension]
    found = np.unique(rows[mine])
    return found, make(parts[mine], indices=np.searchsorted(found, rows[mine])) if len(found) else parts[mine]


def _row(item: QualityFinding) -> list[Any]:
    unit = UNITS.get(item.unit or "", item.unit)
    return [
        LEVEL_LABELS[item.level], item.code, checks()[item.code].title, None if item.row is None else item.row + 1, item.identifier,
        item.message, item.other, item.measured, unit, item.repair,
    ]  # fmt: skip


def _middle(item: QualityFinding) -> tuple[float | None, float | None]:
    """North and east of a point of the place, as surveyors order them."""
    if item.geometry is None or item.geometry.is_empty:
        return None, None
    point = shapely.point_on_surface(item.geometry)
    return (None, None) if point.is_empty else (round(point.y, 3), round(point.x, 3))


def _overview(report: QualityReport) -> list[list[Any]]:
    counts = report.counts
    figures = report.figures
    rows: list[list[Any]] = [
        ["图层", catalog()[report.layer].title],
        ["结论", "没有错误，可以入库" if report.is_acceptable else "有错误，不能入库"],
        *[[label, counts[level]] for level, label in LEVEL_LABELS.items()],
        ["要素数", figures.get("features")],
        ["节点数", figures.get("vertices")],
        ["图形面积（㎡，平面）", figures.get("area_m2")],
        ["坐标系", f"EPSG:{figures.get('epsg')}"],
        ["编码体系", figures.get("code_system")],
    ]
    rows += [
        ["对照的现行数据", f"{catalog()[name].title}：{title}"] for name, title in figures.get("references", {}).items()
    ]
    rows += [
        ["未能检查", f"{item['code']} {item['title']}：{item['reason']}"]
        for item in report.checks
        if item["status"] == "not_made"
    ]
    return rows


def _checks(report: QualityReport) -> list[list[Any]]:
    return [
        [
            item["code"], item["title"], LEVEL_LABELS[item["level"]], STATUS[item["status"]], item["reason"], *item["found"].values(),
            item["listed"], item["source"], item["confidence"],
        ]
        for item in report.checks
    ]  # fmt: skip


def _threshold(item: dict[str, Any]) -> list[Any]:
    return [item["title"], item["value"], UNITS.get(item["unit"], item["unit"]), item["source"], item["confidence"]]
