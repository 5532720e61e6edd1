"""Checked applications as a file: workbook or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from layers.errors import UnsupportedFileError
from layers.workbook import Page, datasets_page, write_workbook

Reports = Sequence[Mapping[str, Any]]

OUTCOMES = {"pass": "符合", "fail": "不符合", "no_data": "未核查", "not_applicable": "不适用", "error": "出错"}
SEVERITIES = {"reject": "不予批准", "approval": "须先办审批", "correct": "须补正", "warn": "须人工复核"}
FINDINGS = ["申请编号", "规则", "名称", "结论", "级别", "实测", "界限", "余量", "单位", "说明", "依据"]
SUMMARY = ["申请编号", "结论", "结论代码", "村代码", "村名", "村庄类别", "图形面积（㎡）", "不符合", "未核查", "图形校验码"]


def write_reports(path: Path, reports: Reports) -> None:
    """Write reports to `path` (.xlsx or .json); an existing file is replaced. Raises UnsupportedFileError for another ending."""
    kind = path.suffix.lower()
    if kind == ".json":
        path.write_text(json.dumps({"reports": list(reports)}, ensure_ascii=False, indent=1), encoding="utf-8")
    elif kind == ".xlsx":
        write_workbook(path, _pages(reports))
    else:
        raise UnsupportedFileError(f"“{path.name}”应以 .xlsx 或 .json 结尾。")


def _pages(reports: Reports) -> list[Page]:
    findings = [_finding(report, finding) for report in reports for finding in report["findings"]]
    unbuilt = {(rule["rule_id"], rule["branch"]): rule["title"] for report in reports for rule in report["not_checked"]}
    about = [["规则包", f"{report['pack']['id']} {report['pack']['version']}"] for report in reports[:1]]
    about += [["数据有效日", report["valid_on"]] for report in reports[:1]] + [["数据所知时刻", report["known_at"]] for report in reports[:1]]
    return [
        Page("审查结论", SUMMARY, [_summary(report) for report in reports]),
        Page("逐条意见", FINDINGS, findings),
        Page("未纳入的规则", ["规则", "分支", "名称"], [[rule, branch, title] for (rule, branch), title in unbuilt.items()]),
        datasets_page(entry for report in reports for entry in report["datasets"]),
        Page("说明", ["项目", "内容"], about),
    ]


def _summary(report: Mapping[str, Any]) -> list[Any]:
    subject = report["subject"]
    outcomes = [finding["outcome"] for finding in report["findings"]]
    named = [report.get("case_no"), report["verdict_label"], report["verdict"], subject["village_code"], subject.get("village_name")]
    counts = [outcomes.count("fail"), outcomes.count("no_data")]
    return [*named, subject.get("village_type_label"), subject["area_m2"], *counts, subject["sha256"]]


def _finding(report: Mapping[str, Any], finding: Mapping[str, Any]) -> list[Any]:
    measured, threshold = finding["measured"] or {}, finding["threshold"] or {}
    cited = "；".join(f"{item.get('law') or ''} {item.get('article') or ''}".strip() for item in finding["citations"])
    rule = f"{finding['rule_id']}{finding.get('branch') or ''}"
    judged = [OUTCOMES.get(finding["outcome"], finding["outcome"]), SEVERITIES.get(finding["severity"], finding["severity"])]
    numbers = [measured.get("value"), threshold.get("value"), finding["margin"], measured.get("unit")]
    return [report.get("case_no"), rule, finding["title"], *judged, *(_cell(number) for number in numbers), finding["message"], cited]


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float, str)) else str(value)
