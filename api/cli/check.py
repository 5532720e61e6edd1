"""`cuntu check`: a file, all open applications, all existing houses, a draft plan, a changed rule pack; a run taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from api.checks.changed_packs import files_of_folder
from api.checks.checking import Checker, application_features, epsg_of
from api.cli import check_acts
from api.cli.check_output import print_reports, print_run, refuse_other_endings
from api.cli.default_group import DEFAULT, DefaultGroup
from api.cli.output import AsJson, Report, print_json, progress_bar, say
from api.cli.papers import issue_papers, write_papers
from api.cli.proposals import print_proposals, proposals_for
from api.cli.province import check_counties
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.moment import Moment
from api.runs.entries import run_entry
from api.runs.running import CheckRuns
from api.settings import Settings
from api.snapshots import Snapshots
from layers import check_runs as store
from layers import database
from layers.application_files import read_applications_file
from layers.check_export import write_reports
from layers.check_runs import Run
from layers.run_export import write_run
from spatial.errors import InputError
from spatial.permit import Applications

PRUNE_UP_TO = 2_000
"""Up to so many applications only what lies near them is read; for more the layers are read whole."""

Reports = list[dict[str, Any]]

app = typer.Typer(
    cls=DefaultGroup,
    help="审查建房申请：一个文件、全部在办申请、现有房屋；比对规划草案，回溯改动的规则；更正和重审。",
    no_args_is_help=True,
)
app.command("override")(check_acts.override)
app.command("withdraw")(check_acts.withdraw)
app.command("overrides")(check_acts.overrides)
app.command("recheck")(check_acts.recheck)


@app.command(DEFAULT)
def check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="申请：GeoPackage 或 GeoJSON", exists=True, dir_okay=False)] = None,
    open_: Annotated[bool, typer.Option("--open", help="审查登记的全部在办申请")] = False,
    houses: Annotated[bool, typer.Option("--houses", help="排查全部现有房屋和宗地")] = False,
    against: Annotated[list[int] | None, typer.Option(help="规划比对：换用这个数据版本（可以是未发布的草案，可多次写）后哪些结论会变")] = None,
    backtest: Annotated[Path | None, typer.Option(help="规则回溯：用这个目录中改过的规则包，哪些已存审查会变", exists=True, file_okay=False)] = None,
    province: Annotated[Path | None, typer.Option(help="全省审查：其下每县一个 GeoParquet 数据集的目录", exists=True, file_okay=False)] = None,
    results: Annotated[Path | None, typer.Option(help="全省审查的结果目录；中断后用同一目录再做一次，只做没做完的", file_okay=False)] = None,
    scheduler: Annotated[str | None, typer.Option(help="全省审查所用 Dask 集群的地址，例如 tcp://10.0.0.1:8786；不写时用本机的进程")] = None,
    workers: Annotated[int, typer.Option(help="不写 --scheduler 时本机的进程数", min=1, max=256)] = 2,
    resume: Annotated[str | None, typer.Option(help="接着做一次中断的批量审查，写它的编号")] = None,
    output: Annotated[Path | None, typer.Option(help="结果文件：.xlsx、.gpkg 或 .json")] = None,
    pdf: Annotated[Path | None, typer.Option(help="把每件申请的意见书（PDF）写入这个目录", file_okay=False)] = None,
    proposals: Annotated[bool, typer.Option("--proposals", help="审查文件时给出每件申请怎样改才能通过（不存入数据库）")] = False,
    crs: Annotated[str | None, typer.Option(help="GeoJSON 的坐标系，例如 EPSG:4547，默认 CRS84 经纬度")] = None,
    valid_on: ValidOn = None,
    known_at: KnownAt = None,
    keep: Annotated[bool, typer.Option("--store/--no-store", help="审查文件时是否把报告存入数据库，默认不存；其他审查总是存入")] = False,
    as_json: AsJson = False,
) -> None:
    """审查一个文件、全部在办申请或现有房屋，结论与接口相同。"""
    chosen = [file is not None, open_, houses, bool(against), backtest is not None, resume is not None, province is not None]
    if sum(chosen) != 1:
        raise InputError("请写一个申请文件，或 --open、--houses、--against、--backtest、--resume、--province 之一。")
    if province is not None:
        check_counties(province, results, moment_of(valid_on, known_at), scheduler=scheduler, workers=workers, as_json=as_json)
        return
    if proposals and (file is None or keep):
        raise InputError("--proposals 只用于审查一个文件，且不与 --store 同用。")
    refuse_other_endings(output)
    with _tools(context.obj) as (runs, checker):
        if file is not None and not keep:
            _file_only(checker, file, output, pdf, crs, moment_of(valid_on, known_at), proposals=proposals, as_json=as_json)
            return
        with progress_bar("审查") as report:
            run_id = _begun(runs, checker, file, open_, houses, against, backtest, resume, crs, moment_of(valid_on, known_at))
            run = runs.go_on(run_id, report=report)
        _told(runs, run, output, as_json=as_json)
        if pdf:
            with runs.pool.connection() as conn:
                checks = [(result.name, result.check_id) for result in store.every_result(conn, run.id) if result.check_id]
            issue_papers(pdf, runs.pool, context.obj, checks)


def _begun(
    runs: CheckRuns,
    checker: Checker,
    file: Path | None,
    open_: bool,
    houses: bool,
    against: list[int] | None,
    backtest: Path | None,
    resume: str | None,
    crs: str | None,
    moment: Moment,
) -> UUID:
    """Write a run down and say its number, for it can be taken up by that; or find the one named."""
    if resume is not None:
        return check_acts.identifier(resume, "--resume")
    if file is not None:
        run = runs.begin_file(_applications(checker, file, crs, moment), title=file.name, moment=moment)
    elif open_:
        run = runs.begin_open(moment=moment)
    elif houses:
        run = runs.begin_houses(moment=moment)
    elif against:
        run = runs.begin_plan_difference(against, moment=moment)
    else:
        assert backtest is not None
        run = runs.begin_backtest(files_of_folder(backtest), moment=moment)
    say(f"批量审查 {run.id}：{run.title}，共 {run.total:,} 项。中断后用 cuntu check --resume {run.id} 接着做。")
    return run.id


@contextmanager
def _tools(settings: Settings) -> Iterator[tuple[CheckRuns, Checker]]:
    with database.pool(ready_url(settings), max_size=4) as pool:
        snapshots = Snapshots(pool, epsg=settings.epsg)
        yield CheckRuns(pool, snapshots, settings), Checker(pool, snapshots, settings)


def _told(runs: CheckRuns, run: Run, output: Path | None, *, as_json: bool) -> None:
    with runs.pool.connection() as conn:
        if output and output.suffix.lower() == ".xlsx" and run.kind == "file":
            write_reports(output, list(check_acts.stored_reports(conn, run)))
        elif output:
            write_run(output, conn, run)
        if output:
            say(f"已写入 {output}。")
        if as_json:
            print_json({"run": run_entry(run)})
        else:
            print_run(run, store.result_counts(conn, run.id), store.results(conn, run.id, limit=40))


def _file_only(
    checker: Checker, file: Path, output: Path | None, pdf: Path | None, crs: str | None, moment: Moment, *, proposals: bool, as_json: bool
) -> None:
    """Check a file without storing anything."""
    with progress_bar("审查") as report:
        reports, applications = _reports(checker, file, crs, moment, report)
        ways = proposals_for(checker, applications, checker.basis(moment), report) if proposals else []
    if output:
        write_reports(output, reports)
        say(f"已写入 {output}。")
    if pdf:
        write_papers(pdf, checker.pool, checker.settings, reports, applications)
    if as_json:
        print_json({"reports": reports} | ({"proposals": ways} if proposals else {}))
    else:
        print_reports(reports)
        print_proposals(ways)


def _reports(checker: Checker, file: Path, crs: str | None, moment: Moment, report: Report) -> tuple[Reports, Applications]:
    seen = checker.snapshots.in_force(moment)
    report(0.02, "读取申请")
    applications = _applications(checker, file, crs, seen.moment)
    if len(applications) > PRUNE_UP_TO:
        report(0.05, "读取图层")
        checker.snapshots.catch_up(seen)
    report(0.3, "逐件审查")
    checks = checker.judge(applications, moment=seen.moment.fixed())
    return [checks.report(row) for row in range(len(checks))], applications


def _applications(checker: Checker, file: Path, crs: str | None, moment: Moment) -> Applications:
    if file.suffix.lower() in (".json", ".geojson"):
        features, epsg_in = application_features(file.read_bytes(), epsg_in=epsg_of(crs), declared=crs is not None)
        return checker.read(features, epsg_in=epsg_in, moment=moment)
    if crs is not None:
        raise InputError("--crs 只用于 GeoJSON，其他文件自带坐标系。")
    return checker.read_frame(read_applications_file(file), moment=moment)
