"""A run as a file: workbook, GeoPackage or JSON. Texts are texts: nothing in a name is run as a formula."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg

from layers import audit
from layers import check_runs as store
from layers.catalog import catalog
from layers.check_runs import Result, Run
from layers.errors import UnsupportedFileError
from layers.workbook import Page, write_workbook
from spatial import permit, radar
from spatial.report_difference import rule_key

Connection = psycopg.Connection[Any]

KINDS = {"application": "申请", "building": "房屋", "parcel": "宗地", "check": "已存审查"}
VERDICTS = {**permit.VERDICT_LABELS, **radar.VERDICT_LABELS, "unproved": "不能复算"}
OUTCOMES = {"pass": "符合", "fail": "触及", "no_data": "未核查", "not_applicable": "不适用", "error": "出错"}
RESULTS = ["序号", "对象", "编号", "原结论", "结论", "结论代码", "理由"]
FINDINGS = ["序号", "对象", "编号", "规则", "名称", "原结果", "原实测", "结果", "实测", "界限", "单位", "说明"]
MOST_ROWS = 200_000
"""So many rows of findings stand in a workbook; the rest is in the JSON form."""


def write_run(path: Path, conn: Connection, run: Run) -> None:
    """Write a run with its results to `path` (.xlsx, .gpkg or .json); raises UnsupportedFileError for another ending."""
    kind = path.suffix.lower()
    audit.note(conn, "runs.export", f"run/{run.id}", details={"format": kind[1:], "results": run.done})
    if kind == ".xlsx":
        write_workbook(path, _pages(run, list(_told(run, store.every_result(conn, run.id)))))
    elif kind == ".gpkg":
        _frame(run, store.every_result(conn, run.id)).to_file(path, layer="results", driver="GPKG", engine="pyogrio")
    elif kind == ".json":
        _write_json(path, run, store.every_result(conn, run.id))
    else:
        raise UnsupportedFileError(f"“{path.name}”应以 .xlsx、.gpkg 或 .json 结尾。")


def lines(result: Result) -> Iterator[dict[str, Any]]:
    """Yield what a result has to tell, one line a rule: what failed or was not checked, or what changed."""
    report = json.loads(result.report) if result.report else {}
    for item in report.get("rules", []):
        yield {"rule": item["rule"], "title": item["title"], "before": item["before"] or {}, "after": item["after"] or {}}
    for item in report.get("hits", []):
        yield {"rule": item["rule"], "title": item["title"], "before": {}, "after": {**item, "outcome": "fail"}}
    for key in report.get("not_checked", []):
        if isinstance(key, str):
            yield {"rule": key, "title": None, "before": {}, "after": {"outcome": "no_data"}}
    for item in report.get("findings", []):
        if item["outcome"] in ("fail", "no_data", "error"):
            yield {"rule": rule_key(item), "title": item["title"], "before": {}, "after": item}


def reason(result: Result) -> str:
    """Say in one text why a result is what it is."""
    report = json.loads(result.report) if result.report else {}
    told = [_sentence(line) for line in lines(result) if line["before"] or line["after"].get("outcome") != "no_data"]
    missing = sum(1 for line in lines(result) if not line["before"] and line["after"].get("outcome") == "no_data")
    texts = [report["reason"]] if report.get("reason") else []
    return "；".join([*texts, *told, *([f"{missing} 条规则未核查"] if missing else [])])


def _sentence(line: Mapping[str, Any]) -> str:
    after, before = line["after"], line["before"]
    if before:
        return f"{line['rule']} {_outcome(before)} → {_outcome(after)}"
    return f"{line['rule']} {after.get('message') or line['title'] or ''}".strip()


def _outcome(finding: Mapping[str, Any]) -> str:
    return OUTCOMES.get(finding.get("outcome") or "", "无此规则") + (f"（{_value(finding)}）" if _value(finding) else "")


def _value(finding: Mapping[str, Any]) -> str:
    measured = finding.get("measured") or {}
    return str(measured.get("label") or measured.get("value") or "")


def _told(run: Run, results: Iterable[Result]) -> Iterator[Result]:
    """The results worth a line in a sheet: of houses only those with something found or not checked."""
    return (result for result in results if run.kind != "houses" or result.verdict != "clear")


def _pages(run: Run, results: list[Result]) -> list[Page]:
    rows = [[*_named(item), _label(item.before), _label(item.verdict), item.verdict, reason(item)] for item in results]
    findings = [_finding_row(item, line) for item in results for line in lines(item)]
    about = [[name, value] for name, value in _about(run)]
    if len(findings) > MOST_ROWS:
        about.append(["逐条意见", f"共 {len(findings)} 行，表中只有前 {MOST_ROWS} 行；全部内容请导出 JSON"])
    return [
        Page("结果", RESULTS, rows),
        Page("逐条意见", FINDINGS, findings[:MOST_ROWS]),
        Page("汇总", ["项目", "内容", "数量"], list(_summary(run.summary))),
        Page("数据", ["图层", "版本", "比对版本"], [[catalog()[name].title, run.versions.get(name), _draft(run).get(name)] for name in _layers(run)]),
        Page("说明", ["项目", "内容"], about),
    ]


def _named(item: Result) -> list[Any]:
    return [item.position + 1, KINDS[item.kind], item.name]


def _label(verdict: str | None) -> str | None:
    return None if verdict is None else VERDICTS.get(verdict, verdict)


def _finding_row(item: Result, line: Mapping[str, Any]) -> list[Any]:
    before, after = line["before"], line["after"]
    measured, threshold = after.get("measured") or {}, after.get("threshold") or {}
    old = [OUTCOMES.get(before.get("outcome") or ""), _value(before) or None]
    new = [OUTCOMES.get(after.get("outcome") or "", "无此规则"), _value(after) or None, _cell(threshold.get("value")), measured.get("unit")]
    return [*_named(item), line["rule"], line["title"], *old, *new, after.get("message")]


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float, str)) else str(value)


def _summary(summary: Mapping[str, Any]) -> Iterator[list[Any]]:
    for name, value in summary.items():
        if name == "unchecked":
            for kind, rules in value.items():
                for rule, entry in rules.items():
                    yield [f"未核查（{KINDS.get(kind, kind)}）", f"{rule} {entry['title']}：{entry['reason']}", entry["count"]]
        elif isinstance(value, Mapping):
            for key, number in value.items():
                yield [SUMMARY.get(name, name), " → ".join(_word(word) for word in key.split(" ")), _cell(number)]
        else:
            yield [SUMMARY.get(name, name), None, _cell(value)]


SUMMARY = {
    "verdicts": "结论", "rules": "规则", "moves": "结论变化", "changed": "有变化", "verdict_changed": "结论有变化", "unchanged": "没有变化",
    "other_buildings": "未列入的城镇或公共建筑", "not_loaded": "未入库的图层", "unreadable": "不能读取的申请", "same_bytes": "复算结果逐字节相同",
    "not_same_bytes": "复算结果与存档不一致", "other_pack": "另一版本规则包所作，不能复算", "unreadable_first": "不能读取的申请（前几件）",
}  # fmt: skip
"""The words of a run's summary."""


def _word(word: str) -> str:
    return KINDS.get(word) or VERDICTS.get(word) or OUTCOMES.get(word) or word


def _draft(run: Run) -> Mapping[str, int]:
    found: Mapping[str, int] = run.parameters.get("draft", {})
    return found


def _layers(run: Run) -> list[str]:
    return [name for name in catalog() if name in run.versions or name in _draft(run)]


def _about(run: Run) -> Iterator[tuple[str, Any]]:
    yield "内容", run.title
    yield "编号", str(run.id)
    yield "规则包", f"house-building {run.pack_version}"
    yield "数据有效日", run.valid_on.isoformat()
    yield "数据所知时刻", run.known_at.isoformat()
    yield "进度", f"{run.done} / {run.total}" + ("" if run.finished_at else "（未完成）")
    yield "说明", "系统结论仅供参考，由具名席位决定；未核查不等于通过。"


def _frame(run: Run, results: Iterable[Result]) -> gpd.GeoDataFrame:
    found = list(results)
    columns = {
        "position": [item.position + 1 for item in found],
        "kind": [KINDS[item.kind] for item in found],
        "name": [item.name for item in found],
        "before": [item.before for item in found],
        "verdict": [item.verdict for item in found],
        "verdict_label": [_label(item.verdict) for item in found],
        "reason": [reason(item) for item in found],
        "check_id": [str(item.check_id) if item.check_id else None for item in found],
    }
    epsg = found[0].epsg if found else 4490
    return gpd.GeoDataFrame(columns, geometry=[item.geometry for item in found], crs=f"EPSG:{epsg}")


def _write_json(path: Path, run: Run, results: Iterable[Result]) -> None:
    head = {name: value for name, value in asdict(run).items() if name != "parameters"} | {"draft": dict(_draft(run))}
    with path.open("w", encoding="utf-8") as file:
        file.write('{"run": ' + json.dumps(head, ensure_ascii=False, default=str) + ', "results": [')
        for number, item in enumerate(results):
            line = {"position": item.position, "kind": item.kind, "name": item.name, "before": item.before, "verdict": item.verdict}
            more = {"check_id": item.check_id, "report": json.loads(item.report) if item.report else None}
            file.write(("," if number else "") + "\n" + json.dumps(line | more, ensure_ascii=False, default=str))
        file.write("\n]}\n")
