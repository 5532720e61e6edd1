"""Typed villages as a file: workbook, GeoPackage or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd

from layers.errors import UnsupportedFileError
from layers.workbook import Page, datasets_page, write_workbook
from spatial.layer import Layer

COLUMNS = {
    "town_code": "乡镇代码",
    "town": "乡镇",
    "village_code": "村代码",
    "name": "村名",
    "village_type_label": "类别",
    "village_type": "类别代码",
    "score": "得分",
    "conflict": "有冲突",
    "reason": "理由",
    "missing": "缺少的数据",
}
EVIDENCE = {"rule_id": "规则", "branch": "分支", "title": "名称", "outcome": "结论", "message": "说明"}
OUTCOMES = {"match": "符合", "no_match": "不符合", "no_data": "未核查"}

Rows = Sequence[Mapping[str, Any]]


def write_villages(path: Path, rows: Rows, *, villages: Layer, about: Mapping[str, Any]) -> None:
    """Write what a run says of every village to `path` (.xlsx, .gpkg or .json); an existing file is replaced.

    `rows` are the village reports; `about` says how the run was made (pack, dates, `datasets`: the version of each layer, or that it is not loaded) and is written beside
    them. Raises UnsupportedFileError for another ending.
    """
    writers: dict[str, Callable[[], None]] = {
        ".xlsx": lambda: _workbook(path, rows, about),
        ".gpkg": lambda: _geopackage(path, rows, villages, about),
        ".json": lambda: _json(path, rows, about),
    }
    if path.suffix.lower() not in writers:
        raise UnsupportedFileError(f"“{path.name}”应以 {'、'.join(writers)} 结尾。")
    writers[path.suffix.lower()]()


def _workbook(path: Path, rows: Rows, about: Mapping[str, Any]) -> None:
    table = [[_cell(row.get(name)) for name in COLUMNS] for row in rows]
    evidence = [[row["village_code"], row["name"], *(_evidence(item, name) for name in EVIDENCE)] for row in rows for item in row["evidence"]]
    told = [[name, _cell(value)] for name, value in about.items() if name != "datasets"]
    pages = [
        Page("村庄分类", list(COLUMNS.values()), table),
        Page("证据", ["村代码", "村名", *EVIDENCE.values()], evidence),
        datasets_page(about["datasets"]),
        Page("说明", ["项目", "内容"], told),
    ]
    write_workbook(path, pages)


def _evidence(item: Mapping[str, Any], name: str) -> Any:
    value = item.get(name)
    return OUTCOMES.get(str(value), value) if name == "outcome" else _cell(value)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (list, tuple)):
        return "；".join(str(item) for item in value)
    if isinstance(value, dict):
        return str(value["low"]) if value["low"] == value["high"] else f"{value['low']}–{value['high']}"
    return value if isinstance(value, (int, float)) or value is None else str(value)


def _geopackage(path: Path, rows: Rows, villages: Layer, about: Mapping[str, Any]) -> None:
    shapes = dict(zip(villages.ids.tolist(), villages.features, strict=True))
    columns = {name: [_cell(row.get(name)) for row in rows] for name in COLUMNS}
    frame = gpd.GeoDataFrame(columns, geometry=[shapes.get(row["village_code"]) for row in rows], crs=f"EPSG:{villages.epsg}")
    path.unlink(missing_ok=True)
    mark = "示例数据，仅供演示。" if any(entry.get("synthetic") for entry in about["datasets"]) else ""
    description = f"{mark}村庄分类，规则包 {about['pack']}，数据有效日 {about['valid_on']}"
    frame.to_file(path, layer="village_types", driver="GPKG", engine="pyogrio", DESCRIPTION=description)


def _json(path: Path, rows: Rows, about: Mapping[str, Any]) -> None:
    document = {**about, "villages": list(rows)}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
