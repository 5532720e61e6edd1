"""`cuntu layers export`: one version of a layer as a file."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from api.checks.checking import epsg_of
from api.cli.output import AsJson, print_json, progress_bar, say
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.errors import NotFoundError
from api.moment import Moment
from api.settings import Settings
from layers import catalog, database, versions
from layers.exports.export import Wish, export
from layers.exports.formats import FORMATS, format_for, format_of
from layers.versions import VersionRecord
from spatial.crs import CRS84
from spatial.errors import InputError

ENDINGS = "、".join(item.endings[0] for item in FORMATS.values())


def export_(
    context: typer.Context,
    layer: Annotated[str, typer.Argument(help="图层编号，例如 basic_farmland")],
    output: Annotated[Path, typer.Argument(help=f"要写的文件（{ENDINGS}），或文件夹：文件名由系统拟定，写明版本")],
    version: Annotated[int | None, typer.Option(help="版本号；不写时为现行版本")] = None,
    valid_on: ValidOn = None,
    known_at: KnownAt = None,
    format_: Annotated[
        str | None, typer.Option("--format", help=f"格式：{'、'.join(FORMATS)}；不写时看文件名的结尾")
    ] = None,
    crs: Annotated[
        str | None, typer.Option(help="坐标系，例如 EPSG:4526、EPSG:4490、CRS84；不写时按格式的惯例")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="Shapefile 和 TXT 的文字编码：GBK、GB18030、UTF-8；不写时用 GBK，有字不在其中时用 GB18030"),
    ] = None,
    with_personal: Annotated[
        bool, typer.Option("--with-personal", help="连同含个人信息的字段，仅供本单位使用")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """把一个图层的一个版本导出为文件；文件写明版本，格式不能表达的内容逐项列出。"""
    settings: Settings = context.obj
    if output.is_dir() and format_ is None:
        raise InputError("写到文件夹时请用 --format 指明格式。")
    chosen = format_of(format_) if format_ else format_for(output)
    wish = Wish(format=chosen, epsg=_epsg(crs), encoding=encoding, with_personal=with_personal)
    moment = moment_of(valid_on, known_at)
    with database.connect(ready_url(settings)) as conn, progress_bar("导出") as report:
        record = _record(conn, layer, version, moment)
        done = export(conn, record, output, wish, max_secrecy=settings.max_secrecy, progress=report)
    if as_json:
        print_json(asdict(done) | {"file": str(done.path), "dataset": asdict(record.dataset)})
        return
    say(f"已把 {done.features} 个要素（版本 {record.dataset.version}，{done.crs}）写入 {done.path}。")
    for note in done.notes:
        say(f"  {note}")


def _record(conn: Any, layer: str, version: int | None, moment: Moment) -> VersionRecord:
    title = catalog.layer(layer).title
    if version is None:
        found = versions.in_force(conn, valid_on=moment.valid_on, known_at=moment.known_at).get(layer)
        if found is None:
            raise NotFoundError(f"图层“{title}”未入库。")
        return replace(versions.get(conn, found.version), dataset=found)
    record = versions.get(conn, version)
    if record.dataset.layer != layer:
        raise NotFoundError(f"版本 {version} 不是图层 {layer} 的版本。")
    return record


def _epsg(crs: str | None) -> int | None:
    return None if crs is None else epsg_of(crs) or CRS84
