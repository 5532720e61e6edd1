"""Checked applications as a file: workbook or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from layers.errors import UnsupportedFileError
from layers.maps.report import citation_text, dataset_text, groups
from layers.workbook import Page, datasets_page, write_workbook
from spatial.report_groups import rule_key

Reports = Sequence[Mapping[str, Any]]

OUTCOMES = {"pass": "符合", "fail": "不符合", "no_data": "未核查", "not_applicable": "不适用", "error": "出错"}
SEVERITIES = {"reject": "不予批准", "approval": "须先办审批", "correct": "须补正", "warn": "须人工复核"}
SUMMARY = ["申请编号", "结论", "结论代码", "村代码", "村名", "村庄类别", "图形面积（㎡）", "不符合", "未核查", "图形校验码", "核查号", "核查时间"]
FINDINGS = [
    "申请编号", "分组", "图号", "规则", "名称", "结论", "级别", "实测", "界限", "余量", "单位", "说明", "对申请人说", "建议", "依据", "数据", "按中心线估算",
]  # fmt: skip
SERVING = ["申请编号", "类别", "名称", "用于规则"]
LAND = ["申请编号", "地类编码", "地类", "三大类", "面积（㎡）", "面积（公顷）", "农用地转用"]
BORDERS = ["申请编号", "情形", "图层", "版本", "要素或分区", "面积（㎡）", "误差界限（㎡）"]
CONVERSION = {True: "须办", False: "不须", None: "不明"}


def write_reports(path: Path, reports: Reports) -> None:
    """Write reports to `path` (.xlsx or .json); an existing file is replaced. Raises UnsupportedFileError for another ending."""
    kind = path.suffix.lower()
    if kind == ".json":
        path.write_text(json.dumps({"reports": list(reports)}, ensure_ascii=False, indent=1), encoding="utf-8")
    elif kind == ".xlsx":
        write_workbook(path, _pages(reports))
    else:
        raise UnsupportedFileError(f"“{path.name}”应以 .xlsx 或 .json 结尾。")


def workbook_bytes(report: Mapping[str, Any]) -> bytes:
    """Return the workbook of one report."""
    sink = BytesIO()
    write_workbook(sink, _pages([report]))
    return sink.getvalue()


def _pages(reports: Reports) -> list[Page]:
    about = [["规则包", f"{report['pack']['id']} {report['pack']['version']}"] for report in reports[:1]]
    about += [["数据有效日", report["valid_on"]] for report in reports[:1]] + [["数据所知时刻", report["known_at"]] for report in reports[:1]]
    return [
        Page("审查结论", SUMMARY, [_summary(report) for report in reports]),
        Page("逐条意见", FINDINGS, [row for report in reports for row in _findings(report)]),
        Page("材料与部门", SERVING, [row for report in reports for row in _serving(report)]),
        Page("占用地类", LAND, [row for report in reports for row in _land(report)]),
        Page("分区与边界", BORDERS, [row for report in reports for row in _borders(report)]),
        datasets_page(entry for report in reports for entry in report["datasets"]),
        Page("说明", ["项目", "内容"], about),
    ]


def _summary(report: Mapping[str, Any]) -> list[Any]:
    subject = report["subject"]
    outcomes = [finding["outcome"] for finding in report["findings"]]
    named = [report.get("case_no"), report["verdict_label"], report["verdict"], subject["village_code"], subject.get("village_name")]
    counts = [outcomes.count("fail"), outcomes.count("no_data")]
    return [*named, subject.get("village_type_label"), subject["area_m2"], *counts, subject["sha256"], report.get("id"), report.get("checked_at")]


def _findings(report: Mapping[str, Any]) -> list[list[Any]]:
    """Every rule in the order of what to do about it, also those no one checks by machine."""
    rows = []
    for group in groups(report):
        rows += [[report.get("case_no"), group.title, entry.number, *_finding(entry.finding)] for entry in group.entries]
        rows += [[report.get("case_no"), group.title, None, *_not_built(rule)] for rule in group.not_built]
    return rows


def _finding(finding: Mapping[str, Any]) -> list[Any]:
    measured, threshold = finding["measured"] or {}, finding["threshold"] or {}
    judged = [OUTCOMES.get(finding["outcome"], finding["outcome"]), SEVERITIES.get(finding["severity"], finding["severity"])]
    numbers = [measured.get("value"), threshold.get("value"), finding["margin"], measured.get("unit")]
    said = [finding["message"], finding.get("plain"), finding.get("advice"), "；".join(map(citation_text, finding["citations"]))]
    estimated = "是" if finding.get("estimated") else None
    return [rule_key(finding), finding["title"], *judged, *map(_cell, numbers), *said, dataset_text(finding["dataset"]), estimated]


def _not_built(rule: Mapping[str, Any]) -> list[Any]:
    severity = SEVERITIES.get(rule["severity"], rule["severity"])
    basis = "；".join(map(citation_text, rule["citations"]))
    return [rule_key(rule), rule["title"], "人工核对", severity, None, None, None, None, rule["reason"], None, None, basis, None, None]


def _serving(report: Mapping[str, Any]) -> list[list[Any]]:
    named = [("材料", entry) for entry in report.get("documents") or ()] + [("部门", entry) for entry in report.get("offices") or ()]
    return [[report.get("case_no"), kind, entry["title"], "、".join(entry["rules"])] for kind, entry in named]


def _land(report: Mapping[str, Any]) -> list[list[Any]]:
    taken = (report.get("site") or {}).get("land_taken") or {}
    return [
        [report.get("case_no"), *(entry[name] for name in ("code", "name", "group", "area_m2", "area_ha")), CONVERSION[entry["conversion"]]]
        for entry in taken.get("classes", ())
    ]


def _borders(report: Mapping[str, Any]) -> list[list[Any]]:
    """Zones the site is split over, overlaps left out as noise, and what it only touches."""
    site, case = report.get("site") or {}, report.get("case_no")
    rows = [[case, "跨分区", part["title"], part["version"], entry["name"] or entry["code"], entry["area_m2"], None]
            for part in site.get("split", ()) for entry in part["parts"]]  # fmt: skip
    rows += [[case, "未计入的细碎重叠", item["title"], item["version"], item["feature"], item["area_m2"], item["limit_m2"]] for item in site.get("slivers", ())]
    rows += [[case, "只相接、不重叠", item["title"], item["version"], item["feature"], 0.0, None] for item in site.get("touching", ())]
    return rows


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float, str)) else str(value)
