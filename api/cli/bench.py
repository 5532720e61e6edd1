"""`cuntu bench`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from api.bench import access, batch, counties, county, layers, load, map_page, one_check, side_by_side, siting
from api.bench.figure import Figure, Figures, Report
from api.bench.place import Place, scratch
from api.cli.output import AsJson, print_json, print_table, progress_bar, say
from layers.peers import PeersMissingError
from spatial.errors import InputError

SECTIONS: dict[str, tuple[str, Callable[[Place, Report], Figures]]] = {
    "load": ("全新载入", county.load),
    "typing": ("全县分类", county.typing),
    "batch": ("批量量算", batch.run),
    "check": ("单件审查", one_check.run),
    "site": ("选址和改法", siting.run),
    "page": ("地图页面", map_page.run),
    "layers": ("图层导入、导出和瓦片", layers.run),
    "peers": ("其他引擎", side_by_side.run),
    "province": ("多县", counties.run),
    "access": ("身份、权限和审计", access.run),
    "hour": ("一小时负载", load.run),
}
ON_THEIR_OWN = {"layers"}
"""What makes its own data, and needs none that are there."""
NOT_INSTALLED = (map_page.BrowserMissingError, PeersMissingError, counties.DaskMissingError)


def bench(
    context: typer.Context,
    sections: Annotated[list[str] | None, typer.Argument(help=f"只测这些：{' '.join(SECTIONS)}；不写时全测")] = None,
    peers: Annotated[bool, typer.Option("--peers", help="再与 SedonaDB、DuckDB spatial 并列比较（需要附加部分 peers）")] = False,
    seconds: Annotated[float, typer.Option("--seconds", min=5, max=86_400, help="hour 一项的时长")] = load.SECONDS,
    as_json: AsJson = False,
) -> None:
    """测速：与 PostGIS 对照，在单独的数据库中进行，结束后删除。"""
    chosen = [name for name in SECTIONS if not sections or name in sections or (peers and name == "peers")]
    unknown = sorted(set(sections or []) - set(SECTIONS))
    if unknown:
        raise InputError(f"没有这一项：{'、'.join(unknown)}。可选：{'、'.join(SECTIONS)}。")
    on_its_own = set(chosen) <= ON_THEIR_OWN
    with scratch(context.obj, empty="load" in chosen or on_its_own) as place:
        if "load" not in chosen and not on_its_own:
            place.require_layers()
        figures = [figure for name in chosen for figure in _run(name, place, seconds)]
    if as_json:
        print_json({"figures": [asdict(figure) for figure in figures]})
    else:
        _print(figures)


def _run(name: str, place: Place, seconds: float) -> Sequence[Figure]:
    title, section = SECTIONS[name]
    if name == "hour":
        section = partial(load.run, seconds=seconds)
    try:
        with progress_bar(title) as report:
            return section(place, report).found
    except NOT_INSTALLED as error:
        say(str(error))
        return []


def _print(figures: Sequence[Figure]) -> None:
    marks = {True: "达到", False: "未达到", None: ""}
    rows = [[SECTIONS[item.section][0], item.name, f"{item.value:,g}", item.unit, item.aim, marks[item.met]] for item in figures]
    print_table("测速", ["部分", "内容", "结果", "单位", "目标", ""], rows)
