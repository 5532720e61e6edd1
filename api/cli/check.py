"""`cuntu check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from api.checking import Checker, application_features, epsg_of
from api.cli.output import AsJson, print_json, print_table, progress_bar, say
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.moment import Moment
from api.settings import Settings
from api.snapshots import Snapshots
from layers import database
from layers.application_files import read_applications_file
from layers.check_export import write_reports
from layers.errors import UnsupportedFileError
from spatial.errors import InputError
from spatial.permit import VERDICT_LABELS, VERDICTS, Applications

PRUNE_UP_TO = 2_000
"""Up to so many applications only what lies near them is read; for more the layers are read whole."""

LISTED = 40
Reports = list[dict[str, Any]]


def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="申请：GeoPackage 或 GeoJSON", exists=True, dir_okay=False)],
    output: Annotated[Path | None, typer.Option(help="审查报告：.xlsx 或 .json")] = None,
    crs: Annotated[str | None, typer.Option(help="GeoJSON 的坐标系，例如 EPSG:4547，默认 CRS84 经纬度")] = None,
    valid_on: ValidOn = None,
    known_at: KnownAt = None,
    keep: Annotated[bool, typer.Option("--store/--no-store", help="是否把报告存入数据库，默认不存")] = False,
    as_json: AsJson = False,
) -> None:
    """审查一个文件中的全部建房申请，结论与接口相同。"""
    if output and output.suffix.lower() not in (".xlsx", ".json"):
        raise UnsupportedFileError(f"“{output.name}”应以 .xlsx 或 .json 结尾。")
    reports = _reports(context.obj, file, crs, moment_of(valid_on, known_at), keep=keep)
    if output:
        write_reports(output, reports)
        say(f"已写入 {output}。")
    if as_json:
        print_json({"reports": reports})
    else:
        _print(reports)


def _reports(settings: Settings, file: Path, crs: str | None, moment: Moment, *, keep: bool) -> Reports:
    with database.pool(ready_url(settings), max_size=2) as pool, progress_bar("审查") as report:
        snapshots = Snapshots(pool, epsg=settings.epsg)
        checker = Checker(pool, snapshots, settings)
        seen = snapshots.in_force(moment)
        report(0.02, "读取申请")
        applications = _applications(checker, file, crs, seen.moment)
        if len(applications) > PRUNE_UP_TO:
            report(0.05, "读取图层")
            snapshots.catch_up(seen)
        fixed = seen.moment.fixed()
        if keep:
            stored = checker.check_many(applications, moment=fixed, report=report)
            return [orjson.loads(checked.report) for checked in stored]
        report(0.3, "逐件审查")
        checks = checker.judge(applications, moment=fixed)
        return [checks.report(row) for row in range(len(checks))]


def _applications(checker: Checker, file: Path, crs: str | None, moment: Moment) -> Applications:
    if file.suffix.lower() in (".json", ".geojson"):
        features, epsg_in = application_features(file.read_bytes(), epsg_in=epsg_of(crs), declared=crs is not None)
        return checker.read(features, epsg_in=epsg_in, moment=moment)
    if crs is not None:
        raise InputError("--crs 只用于 GeoJSON，其他文件自带坐标系。")
    return checker.read_frame(read_applications_file(file), moment=moment)


def _print(reports: Reports) -> None:
    verdicts = [report["verdict"] for report in reports]
    counts = [[VERDICT_LABELS[slug], verdicts.count(slug)] for slug in VERDICTS]
    if len(reports) <= LISTED:
        lines = [[report["case_no"], report["verdict_label"], _reasons(report)] for report in reports]
        print_table("逐件结论", ["申请编号", "结论", "理由"], lines)
    print_table(f"审查结论（共 {len(reports)} 件）", ["结论", "件数"], counts)


def _reasons(report: dict[str, Any]) -> str:
    told = [item["message"] for item in report["findings"] if item["outcome"] in ("fail", "no_data", "error")]
    return "\n".join(told)
