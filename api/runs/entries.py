"""Runs and their results as answers, pages and sheets show them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from layers.check_runs import Result, Run
from spatial import permit, radar

UNPROVED = "不能复算"
KIND_LABELS = {
    "file": "文件中的申请", "open": "在办申请", "houses": "现有房屋", "plan_difference": "规划比对", "backtest": "规则回溯",
    "application": "申请", "building": "房屋", "parcel": "宗地", "check": "已存审查",
}  # fmt: skip
VERDICT_LABELS = {**permit.VERDICT_LABELS, **radar.VERDICT_LABELS, "unproved": UNPROVED}
ORDER = ("refused", "conflict", "unproved", "incomplete", "needs_approval", "needs_correction", "attention", "needs_review", "unclear", "passed", "clear")
"""All verdicts, worst first."""


def run_entry(run: Run) -> dict[str, Any]:
    """Write one run, JSON-ready."""
    entry = {name: value for name, value in asdict(run).items() if name not in ("parameters", "classification_id")}
    return entry | {
        "id": str(run.id),
        "state": "finished" if run.finished_at else "open",
        "draft": dict(run.parameters.get("draft", {})),
    }


def result_entry(result: Result) -> dict[str, Any]:
    """Write one result, JSON-ready."""
    return {
        "position": result.position,
        "kind": result.kind,
        "name": result.name,
        "verdict": result.verdict,
        "verdict_label": VERDICT_LABELS[result.verdict],
        "before": result.before,
        "before_label": VERDICT_LABELS[result.before] if result.before else None,
        "check_id": str(result.check_id) if result.check_id else None,
        "report": orjson.loads(result.report) if result.report else {},
    }
