"""The progress report of one indicator and month as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from layers.workbook import Page, write_workbook
from spatial.progress_report import ProgressReport

PLACE = {"town_code": "乡镇代码", "town": "乡镇", "village_code": "村代码", "name": "名称"}
FIGURES = {
    "numerator": "分子",
    "denominator": "分母",
    "rate": "比率",
    "mean_rate": "各村平均",
    "target": "目标线",
    "margin": "高于目标线",
    "status_label": "状态",
}
COMPLETENESS = {"provisional_label": "只按已报的村看", "completeness": "已报村数/应报村数"}
SHARES = frozenset({"比率", "各村平均", "目标线", "高于目标线"})


def write_report(path: Path, report: ProgressReport) -> None:
    """Write a report: what is counted and by which target, the towns with the county, and the villages."""
    content = report.as_dict()
    counts = report.goal is not None and report.goal.counts
    shares = SHARES - {"目标线", "高于目标线"} if counts else SHARES
    town_columns = {"rank": "名次", "town_code": "乡镇代码", "name": "乡镇", **FIGURES, **COMPLETENESS}
    pages = [
        Page("说明", ("项目", "内容"), _about(content)),
        _page("乡镇", town_columns, [*report.rankings(), content["county"]], shares),
        _page("村", {**PLACE, **FIGURES}, content["villages"], shares),
    ]
    write_workbook(path, pages)


def _page(title: str, columns: Mapping[str, str], rows: list[dict[str, Any]], shares: frozenset[str]) -> Page:
    used = {key: heading for key, heading in columns.items() if any(key in row for row in rows)}
    return Page(title, list(used.values()), [[row.get(key) for key in used] for row in rows], shares)


def _about(content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    definition, target = content["definition"], content["target"]
    about = [
        ("指标", f"{content['indicator']} {content['title']}"),
        ("分子", definition["numerator"]),
        ("分母", definition["denominator"]),
        ("单位", content["unit"]),
        ("月份", content["period"]),
        ("数据期", content["figures_period"]),
        ("说明", content["note"]),
        ("年度目标", target and target["label"]),
        ("序时进度", f"{target['line'] * 100:.2f}%" if target and target["pace"] == "schedule" and target["unit"] == "%" else None),
        ("目标出处", target and target["source"]),
        ("注意", definition["trap"]),
        ("不在应报名单中的村", "、".join(content["unlisted"]) or None),
        ("数据性质", "示例数据" if content["synthetic"] else None),
        ("规则包", f"{content['pack']['version']}（sha256 {content['pack']['sha256']}）"),
    ]
    return [(name, value) for name, value in about if value is not None]
