"""`cuntu layers`: the catalogue, versions, imports, exports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.checking import epsg_of
from api.cli import layer_acts
from api.cli.layers_export import export_
from api.cli.output import AsJson, print_json, print_table, progress_bar, say
from api.cli.province import export_set
from api.cli.times import KnownAt, ValidOn, day_of, moment_of
from api.database import ready_url
from api.layer_imports import import_layer
from api.routes.layers import layer_entry
from layers import catalog, database, versions
from layers.loader import Description

app = typer.Typer(help="图层：目录、导入、版本、发布、导出。", no_args_is_help=True)
app.command("export")(export_)
app.command("export-set")(export_set)
app.command("versions")(layer_acts.versions_)
app.command("acts")(layer_acts.acts)
app.command("publish")(layer_acts.publish)
app.command("withdraw")(layer_acts.withdraw)
app.command("law-status")(layer_acts.law_status_)
app.command("discard")(layer_acts.discard)

LayerId = Annotated[str, typer.Argument(help="图层编号，例如 basic_farmland")]
Day = Annotated[str | None, typer.Option(help="日期，例如 2026-01-01")]


@app.command("list")
def list_(context: typer.Context, valid_on: ValidOn = None, known_at: KnownAt = None, as_json: AsJson = False) -> None:
    """列出全部图层和状态。"""
    moment = moment_of(valid_on, known_at)
    with database.connect(ready_url(context.obj)) as conn:
        in_force = versions.in_force(conn, valid_on=moment.valid_on, known_at=moment.known_at)
    entries = [layer_entry(layer, in_force) for layer in catalog.catalog().values()]
    if as_json:
        print_json({"layers": entries})
    else:
        print_table("图层", ["编号", "名称", "状态", "版本", "要素", "有效自", "来源"], [_line(entry) for entry in entries])


def _line(entry: dict[str, Any]) -> list[Any]:
    dataset = entry["in_force"] or {}
    named = [dataset.get(name) for name in ("version", "feature_count", "valid_from", "authority")]
    return [entry["id"], entry["title"], entry["state_label"], *named]


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="GeoPackage、GeoJSON、压缩的 Shapefile 或 FileGDB", exists=True, dir_okay=False)],
    layer: Annotated[str | None, typer.Option(help="图层编号；不写时按名称和字段识别")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="入库后立即发布")] = False,
    title: Annotated[str | None, typer.Option(help="数据名称")] = None,
    authority: Annotated[str, typer.Option(help="数据来源单位")] = "未注明",
    valid_from: Day = None,
    valid_to: Day = None,
    survey_date: Day = None,
    coverage: Annotated[str, typer.Option(help="完整范围：features（仅要素本身）或 county（全县）")] = "features",
    secrecy: Annotated[str | None, typer.Option(help="密级：public、internal、secret")] = None,
    code_system: Annotated[str | None, typer.Option(help="编码体系，例如 survey、ydyh2023")] = None,
    source_layer: Annotated[str | None, typer.Option(help="文件中的数据名称")] = None,
    crs: Annotated[str | None, typer.Option(help="文件缺少坐标系时用，例如 EPSG:4547")] = None,
    encoding: Annotated[str | None, typer.Option(help="文字编码，例如 GBK；不写时自动判断")] = None,
    as_json: AsJson = False,
) -> None:
    """把一个文件入库为新版本；有任何问题时什么也不写入。"""
    days = {name: day_of(text, f"--{name.replace('_', '-')}") if text else None
            for name, text in (("valid_from", valid_from), ("valid_to", valid_to), ("survey_date", survey_date))}  # fmt: skip
    about = {"title": title, "authority": authority, "secrecy": secrecy, "code_system": code_system, "coverage": coverage}
    with database.connect(ready_url(context.obj)) as conn, progress_bar("入库") as report:
        done = import_layer(
            conn,
            file,
            context.obj,
            description=describe(**about, **days),
            layer=layer,
            source_layer=source_layer,
            source_epsg=epsg_of(crs) if crs else None,
            encoding=encoding,
            publish=publish,
            report=report,
        )
    if as_json:
        print_json(done)
        return
    state = "已发布" if publish else f"待发布：cuntu layers publish {done['version']}"
    say(f"{done['title']} 已入库为版本 {done['version']}（{done['features']} 个要素，{state}）。")
    for note in done["notes"]:
        say(f"  {note}")


def describe(**about: Any) -> Description:
    """Make the description of a file from options; those not given are left to the file and the catalogue."""
    if about["coverage"] not in ("features", "county"):
        raise typer.BadParameter("--coverage 只能是 features 或 county")
    return Description(**about)
