"""`cuntu progress`: figures of the rural clean-up in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import AsJson, print_json, print_table, say
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.moment import Moment
from api.settings import Settings
from layers import audit, database, progress
from layers.progress_import import import_sheet
from layers.progress_workbook import write_report
from spatial.errors import InputError
from spatial.periods import month_label, parse_month
from spatial.progress_pack import load_progress_pack
from spatial.progress_report import ProgressReport

app = typer.Typer(help="整治进度：填报数据入库，按月出报表。", no_args_is_help=True)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX，列：村代码、指标、期数、分子、分母")],
    as_json: AsJson = False,
) -> None:
    """把一份填报表入库：任何一行有误，整份不入库。"""
    settings: Settings = context.obj
    pack = load_progress_pack(county=settings.county_code)
    now = Moment.now()
    with database.connect(ready_url(settings)) as conn:
        roster = progress.read_roster(conn, valid_on=now.valid_on, known_at=now.known_at, county=(settings.county_code, settings.county_name))
        done = import_sheet(conn, file, pack=pack, roster=roster, today=now.valid_on)
    if as_json:
        print_json(done.as_dict())
        return
    counts = done.recorded
    say(f"已入库：新增 {counts.new}，更正 {counts.corrected}，未变 {counts.unchanged}，空行（未报）{done.blank}。")
    if done.ignored:
        say(f"没有用到的列：{'、'.join(done.ignored)}")


@app.command()
def report(
    context: typer.Context,
    indicator: Annotated[str, typer.Option(help="指标代码，例如 R01")],
    period: Annotated[str | None, typer.Option(help="月份，例如 2026-11，默认本月")] = None,
    output: Annotated[Path | None, typer.Option(help="另存为 XLSX 文件")] = None,
    valid_on: ValidOn = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """一个指标在一个月的报表：乡镇排名、全县合计、报送齐不齐。"""
    if output and output.suffix.lower() != ".xlsx":
        raise InputError(f"“{output.name}”应以 .xlsx 结尾。")
    found = _report(context.obj, indicator, period, moment_of(valid_on, known_at))
    if output:
        write_report(output, found)
        with database.connect(ready_url(context.obj)) as conn:
            audit.note(conn, "progress.export", f"progress/{indicator}", details={"format": "xlsx", "period": period})
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)
    if output:
        say(f"已写入 {output}。")


def _report(settings: Settings, indicator: str, period: str | None, when: Moment) -> ProgressReport:
    pack = load_progress_pack(county=settings.county_code)
    asked = parse_month(period or month_label(when.valid_on))
    with database.connect(ready_url(settings)) as conn:
        roster = progress.read_roster(conn, valid_on=when.valid_on, known_at=when.known_at, county=(settings.county_code, settings.county_name))
        return progress.read_report(conn, indicator, asked=asked, pack=pack, roster=roster, known_at=when.known_at)


def _print(found: ProgressReport) -> None:
    content = found.as_dict()
    whole: dict[str, Any] = content["county"]
    rows = [[row["rank"], *_line(row)] for row in found.rankings()] + [[None, *_line(whole)]]
    target = f"，目标 {content['target']['label']}" if content["target"] else "，没有可比的目标"
    mark = "（示例数据）" if content["synthetic"] else ""
    title = f"{content['title']} {content['figures_period']}{target}{mark}"
    print_table(title, ["名次", "乡镇", "分子", "分母", "比率", "已报村数", "状态"], rows)
    if found.note:
        say(found.note)


def _line(row: dict[str, Any]) -> list[Any]:
    status = f"{row['status_label']}（按已报：{row['provisional_label']}）" if row["status"] == "incomplete" else row["status_label"]
    return [row["name"], row["numerator"], row["denominator"], row["rate_label"], row["completeness"], status]
