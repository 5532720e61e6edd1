"""What `cuntu check` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from api.cli.output import print_table
from api.runs.entries import KIND_LABELS, ORDER, VERDICT_LABELS
from layers.check_runs import Result, Run
from layers.errors import UnsupportedFileError
from layers.run_export import SUMMARY, reason
from spatial.permit import VERDICT_LABELS as CHECK_LABELS
from spatial.permit import VERDICTS

LISTED = 40
ENDINGS = (".xlsx", ".gpkg", ".json")


def refuse_other_endings(output: Path | None) -> None:
    """Refuse a file that could not be written, before any work; raises UnsupportedFileError."""
    if output and output.suffix.lower() not in ENDINGS:
        raise UnsupportedFileError(f"“{output.name}”应以 {'、'.join(ENDINGS)} 结尾。")


def print_reports(reports: Sequence[Mapping[str, Any]]) -> None:
    """Print the verdict of each application (of not too many), and how often each came up."""
    verdicts = [report["verdict"] for report in reports]
    counts = [[CHECK_LABELS[slug], verdicts.count(slug)] for slug in VERDICTS]
    if len(reports) <= LISTED:
        lines = [[report["case_no"], report["verdict_label"], _reasons(report)] for report in reports]
        print_table("逐件结论", ["申请编号", "结论", "理由"], lines)
    print_table(f"审查结论（共 {len(reports)} 件）", ["结论", "件数"], counts)


def print_run(run: Run, counts: Mapping[str, int], first: Sequence[Result]) -> None:
    """Print a run's results (of not too many), and its summary."""
    if sum(counts.values()) <= LISTED:
        rows = [[item.position + 1, KIND_LABELS[item.kind], item.name, _verdicts(item), reason(item)] for item in first]
        print_table("逐项结果", ["序号", "对象", "编号", "结论", "理由"], rows)
    told = [[VERDICT_LABELS[slug], counts[slug]] for slug in ORDER if counts.get(slug)]
    told += [[SUMMARY.get(name, name), value] for name, value in run.summary.items() if isinstance(value, int)]
    state = "" if run.finished_at else "，未完成"
    print_table(f"{run.title}（{run.done:,} / {run.total:,}{state}）", ["内容", "数量"], told)
    for kind, rules in run.summary.get("unchecked", {}).items():
        rows = [[rule, entry["title"], entry["count"], entry["reason"]] for rule, entry in rules.items()]
        print_table(f"未核查（{KIND_LABELS[kind]}）", ["规则", "名称", "数量", "原因"], rows)


def _verdicts(item: Result) -> str:
    label = VERDICT_LABELS[item.verdict]
    return f"{VERDICT_LABELS[item.before]} → {label}" if item.before else label


def _reasons(report: Mapping[str, Any]) -> str:
    return "\n".join(item["message"] for item in report["findings"] if item["outcome"] in ("fail", "no_data", "error"))
