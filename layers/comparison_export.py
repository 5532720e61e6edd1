"""A comparison of two versions as a file: a workbook, or GeoJSON with the shape of everything that did not stay as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg

from layers import audit, comparison
from layers.comparison import KIND_LABELS, Change, Comparison, Detail
from layers.site_files.written import geometry_json
from layers.workbook import Page, write_workbook
from spatial.errors import InputError

COUNTED = {
    "before": "原版本要素",
    "after": "新版本要素",
    "unchanged": "未变",
    "changed": "变更",
    "attributes_changed": "其中属性变更",
    "geometry_changed": "其中图形变更",
    "recoded": "更换编号",
    "added": "新增",
    "removed": "删除",
}
HEADINGS = ("变化", "原编号", "新编号", "图形", "重心位移（米）", "原面积（㎡）", "新面积（㎡）", "属性变化")
_CHUNK = 5_000


def write(path: Path, conn: psycopg.Connection[Any], found: Comparison) -> None:
    """Write `.xlsx` or `.geojson`; raises InputError for another ending."""
    versions = [found.before.dataset.version, found.after.dataset.version]
    audit.note(conn, "comparisons.export", f"version/{versions[1]}", details={"format": path.suffix[1:], "versions": versions})
    if path.suffix == ".xlsx":
        rows = [_row(change, detail, found) for change, detail in _all(conn, found, shapes=False)]
        counts = [[title, found.counts[name]] for name, title in COUNTED.items()]
        write_workbook(path, [Page("汇总", ["项目", "数量"], [*_about(found), *counts]), Page("变化", HEADINGS, rows)])
    elif path.suffix == ".geojson":
        path.write_bytes(orjson.dumps(_collection(conn, found)))
    else:
        raise InputError(f"只能写 .xlsx 或 .geojson，不能写 {path.name}。")


def field_text(fields: list[dict[str, Any]]) -> str:
    """The attributes that differ in one line."""
    return "；".join(f"{item['title']} {_told(item['before'])} → {_told(item['after'])}" for item in fields)


def _all(conn: psycopg.Connection[Any], found: Comparison, *, shapes: bool) -> Iterator[tuple[Change, Detail]]:
    for start in range(0, len(found.changes), _CHUNK):
        part = found.changes[start : start + _CHUNK]
        yield from zip(part, comparison.details(conn, found, part, shapes=shapes), strict=True)


def _row(change: Change, detail: Detail, found: Comparison) -> list[Any]:
    areas = [None if area is None else round(area, 2) for area in (change.area_before_m2, change.area_after_m2)]
    shift = None if change.shift_m is None else round(change.shift_m, 4)
    shape = "变" if change.geometry_changed else "不变" if change.kind in ("changed", "recoded") else None
    told = field_text(detail.fields(change, found.layer))
    return [KIND_LABELS[change.kind], change.identifier_before, change.identifier_after, shape, shift, *areas, told or None]


def _about(found: Comparison) -> list[list[Any]]:
    return [
        ["图层", found.layer.title],
        ["原版本", f"{found.before.dataset.version} {found.before.dataset.title}（有效自 {found.before.dataset.valid_from}）"],
        ["新版本", f"{found.after.dataset.version} {found.after.dataset.title}（有效自 {found.after.dataset.valid_from}）"],
    ]


def _collection(conn: psycopg.Connection[Any], found: Comparison) -> dict[str, Any]:
    about = {"layer": found.layer.id, "before": found.before.dataset.version, "after": found.after.dataset.version, "counts": dict(found.counts)}
    features = [
        {
            "type": "Feature",
            "geometry": geometry_json(detail.shape, epsg=found.after.epsg),
            "properties": dict(zip(HEADINGS, _row(change, detail, found), strict=True)),
        }
        for change, detail in _all(conn, found, shapes=True)
    ]
    return {"type": "FeatureCollection", **about, "features": features}


def _told(value: Any) -> str:
    return "空" if value is None else str(value)
