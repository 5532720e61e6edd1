"""`cuntu layers import`: a file recognised, checked, repaired, staged and published, or told in one line what has to be said of it."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.checks.checking import epsg_of
from api.cli.import_output import FORMATS, in_options, tell, write_reports
from api.cli.output import AsJson, print_json, progress_bar
from api.cli.signing import SeatNumber, signed
from api.cli.times import day_of
from api.database import ready_url
from api.deliveries.work import version_outcome
from api.json_text import parse_json
from api.settings import Settings
from layers import acceptance, ahead, database, delivery_steps, versions
from layers.acceptance import Examined
from layers.delivery_choice import Choice
from layers.delivery_record import examined_record, plain, repaired_record, report_record
from layers.descriptions import Coverage, Description, polygon
from layers.errors import FindingsLeftError, OpenQuestionsError
from layers.recognising.recognition import Answers
from layers.version_acts import Signature
from layers.work_progress import part
from spatial.crs import CRS84
from spatial.errors import InputError

Day = Annotated[str | None, typer.Option(help="日期，例如 2026-01-01")]
AXES = ("east_north", "north_east")
LAW_STATUSES = ("in_force", "draft", "superseded")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Shapefile（可压缩）、FileGDB、GeoPackage、GeoJSON、GeoParquet、CSV、XLSX、国土坐标 TXT", exists=True)],
    layer: Annotated[str | None, typer.Option(help="图层编号；不写时按名称和字段识别")] = None,
    source_layer: Annotated[str | None, typer.Option(help="文件中的数据名称")] = None,
    code_system: Annotated[str | None, typer.Option(help="编码体系：survey、ydyh2020、ydyh2023")] = None,
    crs: Annotated[str | None, typer.Option(help="坐标所在的坐标系，例如 EPSG:4547；不写时自动判断")] = None,
    axes: Annotated[str | None, typer.Option(help="坐标顺序：east_north（先东后北）或 north_east（先北后东）")] = None,
    field: Annotated[list[str] | None, typer.Option(help="字段对应，可多次：标准字段=文件字段；等号后为空表示不用")] = None,
    encoding: Annotated[str | None, typer.Option(help="文字编码，例如 GBK；不写时自动判断")] = None,
    display_only: Annotated[bool | None, typer.Option("--display-only/--not-shifted", help="疑为网络地图偏移坐标的数据：只供显示，不参与核查；或坐标没有偏移")] = None,
    check_only: Annotated[bool, typer.Option("--check-only", help="只识别和质检，不入库")] = False,
    report: Annotated[list[Path] | None, typer.Option(help="质检报告要写的文件，可多次：.xlsx 或 .gpkg")] = None,
    repair: Annotated[list[str] | None, typer.Option(help="要做的修复，可多次：修复编号，或 all")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="入库后立即发布")] = False,
    officer: Annotated[str | None, typer.Option(help="发布的经办人；不写时为本机用户名")] = None,
    unit: Annotated[str | None, typer.Option(help="发布的单位；不写时为数据来源单位")] = None,
    seat: SeatNumber = None,
    reason: Annotated[str, typer.Option(help="发布的理由")] = "命令行导入并发布",
    title: Annotated[str | None, typer.Option(help="数据名称")] = None,
    authority: Annotated[str, typer.Option(help="数据来源单位")] = "未注明",
    valid_from: Day = None,
    valid_to: Day = None,
    survey_date: Day = None,
    law_status: Annotated[str, typer.Option(help="规划的法律状态：in_force、draft、superseded")] = "in_force",
    coverage: Annotated[str, typer.Option(help="完整范围：features（仅要素本身）、county（全县）、乡镇代码（逗号分开），或 .geojson 文件")] = "features",
    secrecy: Annotated[str | None, typer.Option(help="密级：public、internal、secret")] = None,
    as_json: AsJson = False,
) -> None:
    """识别、质检并把一个文件入库为新版本；不清楚的一次问明，有任何错误时什么也不写入。"""
    settings: Settings = context.obj
    _check_words(axes=axes, law_status=law_status, reports=report or [])
    days = {"valid_from": valid_from, "valid_to": valid_to, "survey_date": survey_date}
    dates: dict[str, Any] = {name: day_of(text, f"--{name.replace('_', '-')}") if text else None for name, text in days.items()}
    told: dict[str, Any] = {"title": title, "authority": authority, "secrecy": secrecy, "law_status": law_status, "code_system": code_system}
    description = Description(**told, **dates, coverage=_coverage(coverage))
    said = Answers(
        layer=layer,
        code_system=code_system,
        epsg=(epsg_of(crs) or CRS84) if crs else None,
        axes=axes,  # type: ignore[arg-type]
        fields=_fields(field or []),
        display_only=display_only,
    )
    choice = Choice(dataset=source_layer, encoding=encoding, answers=said)
    with database.connect(ready_url(settings)) as conn, progress_bar("入库") as bar:
        try:
            examined, written = ahead.examine(
                conn, file, choice, covers=description.coverage, epsg=settings.epsg, write=not (check_only or repair), progress=part(bar, 0.0, 0.6)
            )
        except OpenQuestionsError as error:
            raise in_options(error) from None
        mended = acceptance.mend(conn, examined, repair or [], progress=part(bar, 0.6, 0.8))
        write_reports(mended, report or [], settings.epsg)
        done = _told(mended)
        if not check_only:
            _require_acceptable(mended, report or [])
            version = delivery_steps.stage_examined(conn, mended, description, max_secrecy=settings.max_secrecy, written=written)
            if publish:
                nobody = (getpass.getuser(), authority[:100])
                with signed(conn, officer=officer, unit=unit, seat=seat, otherwise=nobody) as (name, of_unit):
                    by = Signature(officer=name, unit=of_unit, reason=reason)
                    versions.publish(conn, version, by=by, max_secrecy=settings.max_secrecy)
            done |= version_outcome(versions.get(conn, version))
    print_json(done) if as_json else tell(done)
    if check_only and not mended.report.is_acceptable:
        raise typer.Exit(1)


def _told(mended: Examined) -> dict[str, Any]:
    record = examined_record(mended)
    summary = report_record(mended.report)
    offers = [{**item, "rows": len(item["rows"])} for item in summary["repairs"]]
    repaired = [{name: item[name] for name in ("id", "code", "count")} for item in repaired_record(mended.repaired)]
    known: dict[str, Any] = plain({"recognition": record, "report": summary | {"repairs": offers}, "repaired": repaired})
    return known


def _require_acceptable(mended: Examined, reports: list[Path]) -> None:
    try:
        mended.require_acceptable()
    except FindingsLeftError as error:
        offered = "、".join(item.id for item in mended.report.repairs)
        hints = [f"可选修复：--repair {offered}（或 all）"] if offered else []
        hints += [] if reports else ["全部问题可用 --check-only --report 质检.xlsx 写出"]
        raise FindingsLeftError("数据质检还有错误，没有入库。" + "；".join(hints) + "。", problems=error.problems) from None


def _check_words(*, axes: str | None, law_status: str, reports: list[Path]) -> None:
    if axes is not None and axes not in AXES:
        raise typer.BadParameter(f"--axes 只能是 {' 或 '.join(AXES)}")
    if law_status not in LAW_STATUSES:
        raise typer.BadParameter(f"--law-status 只能是 {'、'.join(LAW_STATUSES)}")
    for path in reports:
        if path.suffix.lower() not in FORMATS:
            raise typer.BadParameter(f"--report 只能写 {' 或 '.join(FORMATS)} 文件，实为 {path.name}")


def _fields(given: list[str]) -> Mapping[str, str | None]:
    """Read `标准字段=文件字段`; nothing behind the sign leaves the field out."""
    bad = [text for text in given if "=" not in text or not text.partition("=")[0].strip()]
    if bad:
        raise typer.BadParameter(f"--field 应为 标准字段=文件字段，实为 {'、'.join(bad)}")
    parts = [text.partition("=") for text in given]
    return {name.strip(): source.strip() or None for name, _, source in parts}


def _coverage(text: str) -> Coverage:
    if text in ("features", "county"):
        return text
    codes = [part.strip() for part in text.split(",")]
    if all(part.isdigit() and len(part) == 9 for part in codes):
        return tuple(codes)
    path = Path(text)
    if path.suffix.lower() not in (".geojson", ".json"):
        raise typer.BadParameter("--coverage 只能是 features、county、九位的乡镇代码（逗号分开），或 .geojson 文件")
    document = parse_json(path.read_bytes())
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        features = document.get("features") or [None]
        document = features[0] if len(features) == 1 else None
    if not isinstance(document, dict):
        raise InputError(f"{path.name} 中应只有一个面。")
    return polygon(document)
