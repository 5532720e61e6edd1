"""What `cuntu layers import` tells: open questions with the options that answer them, what was recognised and found, reports as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.cli.output import print_table, say
from layers import quality
from layers.acceptance import Examined
from layers.errors import OpenQuestionsError, UnclearLayerError
from layers.quality.findings import LEVEL_LABELS

FORMATS = (".xlsx", ".gpkg")
OPTIONS = {
    "dataset": "--source-layer", "layer": "--layer", "code_system": "--code-system", "fields": "--field", "encoding": "--encoding",
    "crs": "--crs", "axes": "--axes", "datum": "--display-only 或 --not-shifted",
}  # fmt: skip
MOST_SHOWN = 12


def in_options(error: OpenQuestionsError) -> UnclearLayerError:
    """Say open questions with the names of the options that answer them."""
    return UnclearLayerError("有几处无法自动判断，请用选项说明：", problems=[_question(item) for item in error.questions])


def _question(item: Any) -> str:
    option = OPTIONS[item.about]
    values = [f"{_value(item.about, choice.value)}（{choice.label}）" for choice in item.options[:MOST_SHOWN]]
    more = "、".join(values) + ("等" if len(item.options) > MOST_SHOWN else "")
    return f"{option}：{item.text}" + (f"可选 {more}" if more else "")


def _value(about: str, value: str) -> str:
    return f"EPSG:{value}" if about == "crs" and value.isdigit() else value


def write_reports(examined: Examined, paths: list[Path], epsg: int) -> None:
    """Write the report of the check to files, by their endings."""
    for path in paths:
        if path.suffix.lower() == ".xlsx":
            quality.write_xlsx(examined.report, path)
        else:
            quality.write_gpkg(examined.report, path, epsg)


def tell(done: Mapping[str, Any]) -> None:
    """Say what was recognised, found and stored."""
    found, report = done["recognition"], done["report"]
    crs = found["crs"]
    swapped = "，先北后东" if crs["swap"] else ""
    say(f"{found['dataset']}（{found['driver']}，{found['feature_count']:,} 个要素）：{found['layer']['title']}（{found['layer']['id']}）")
    say(f"  坐标系 {crs['name']}{swapped}，依据：{crs['found_by_label']}{'；只供显示' if crs['display_only'] else ''}")
    say(f"  文字编码 {found['encoding']['codec']}，编码体系 {found['code_system'] or '无'}")
    say("  字段 " + "、".join(f"{item['name']}={item['source']}" for item in found["fields"] if item["source"]))
    for note in found["notes"]:
        say(f"  {note}")
    if report["codes"]:
        rows = [[item["level_label"], item["code"], item["title"], item["count"], "、".join(item["repairs"]) or None] for item in report["codes"]]
        print_table("质检", ["级别", "编码", "检查", "数量", "可选修复"], rows)
    say("质检：" + "，".join(f"{label} {report['counts'][level]}" for level, label in LEVEL_LABELS.items()))
    for item in done["repaired"]:
        say(f"  已修复 {item['id']} {item['count']} 处")
    if "version" in done:
        state = "已发布" if done["status"] == "published" else f"待发布：cuntu layers publish {done['version']} --officer 姓名 --unit 单位 --reason 理由"
        say(f"{done['title']} 已入库为版本 {done['version']}（{done['features']} 个要素，{state}）。")
