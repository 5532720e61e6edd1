"""`cuntu map`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import typer

from api.cli.output import AsJson, print_json, say
from api.database import ready_url
from api.errors import NotFoundError
from api.moment import Moment
from api.pages import Pages
from api.settings import Settings
from api.snapshots import InForce, Snapshots
from layers import database
from layers.maps.base import MapDocument
from layers.maps.check import check_map
from layers.maps.village_types import village_types_map
from spatial.errors import InputError

ASSETS = Path(__file__).resolve().parent.parent / "static"


def map_(
    context: typer.Context,
    output: Annotated[Path, typer.Argument(help="要写的 .html 文件")],
    check: Annotated[str | None, typer.Option(help="审查编号：画这一件审查；不写时画村庄分类图")] = None,
    as_json: AsJson = False,
) -> None:
    """把村庄分类图（或一件审查的图）存成一个网页文件，不用服务器也能打开。"""
    if output.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"“{output.name}”应以 .html 结尾。")
    drawn, title = _draw(context.obj, check)
    output.write_text(drawn.standalone(title=title, assets=ASSETS, notice=context.obj.map_notice), encoding="utf-8")
    size = output.stat().st_size
    print_json({"file": str(output), "bytes": size, "title": title}) if as_json else say(f"已写入 {output}（{size / 1e3:.0f} kB）。")


def _draw(settings: Settings, check: str | None) -> tuple[MapDocument, str]:
    with database.pool(ready_url(settings), max_size=2) as pool:
        snapshots = Snapshots(pool, epsg=settings.epsg)
        pages = Pages(pool, snapshots, settings)
        if check is not None:
            return _check(pages, check), f"建房审查 {check}"
        return _types(pages, snapshots.in_force(Moment.now())), f"{settings.county_name}村庄分类图"


def _check(pages: Pages, check: str) -> MapDocument:
    try:
        stored = pages.check(UUID(check))
    except ValueError:
        raise InputError(f"审查编号“{check[:60]}”不是合法的编号。") from None
    report = orjson.loads(stored.report)
    synthetic = any(dataset.get("synthetic") for dataset in report["datasets"])
    return check_map(report, stored.geometry, epsg=stored.epsg, synthetic=synthetic)


def _types(pages: Pages, seen: InForce) -> MapDocument:
    outline = pages.outline(seen)
    if outline is None:
        raise NotFoundError("图层“村级调查区”未入库，无图可画。")
    synthetic = any(dataset.synthetic for dataset in seen.versions.values())
    return village_types_map(outline, pages.typing(seen).types, synthetic=synthetic)
