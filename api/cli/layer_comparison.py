"""`cuntu layers compare`: what changed from one version of a layer to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import AsJson, print_json, print_table, say
from api.database import ready_url
from api.versions.comparing import comparison_entry
from layers import comparison, comparison_export, database, versions
from layers.comparison_export import COUNTED, HEADINGS

SHOWN = 50


def compare(
    context: typer.Context,
    before: Annotated[int, typer.Argument(help="原版本号")],
    after: Annotated[int, typer.Argument(help="新版本号")],
    output: Annotated[Path | None, typer.Option(help="写成文件：.xlsx 或 .geojson")] = None,
    limit: Annotated[int, typer.Option(min=0, help="列出多少处变化")] = SHOWN,
    as_json: AsJson = False,
) -> None:
    """比较一个图层的两个版本：新增、删除、变更、更换编号；图形相差不到 0.1 毫米视为未变。"""
    with database.connect(ready_url(context.obj)) as conn:
        found = comparison.compare(conn, versions.get(conn, before), versions.get(conn, after))
        if output is not None:
            comparison_export.write(output, conn, found)
        entry = comparison_entry(conn, found, kind=None, offset=0, limit=limit, geometry=False)
    if as_json:
        print_json(entry)
        return
    print_table(f"{found.layer.title}：版本 {before} → {after}", list(COUNTED.values()), [[found.counts[name] for name in COUNTED]])
    rows = [
        [comparison.KIND_LABELS[item["kind"]], item["identifier_before"], item["identifier_after"], "变" if item["geometry_changed"] else "",
         item["shift_m"] and round(item["shift_m"], 4), item["area_before_m2"] and round(item["area_before_m2"], 2),
         item["area_after_m2"] and round(item["area_after_m2"], 2), comparison_export.field_text(item["fields"])]
        for item in entry["changes"]
    ]  # fmt: skip
    print_table("变化", list(HEADINGS), rows)
    if len(found.changes) > limit:
        say(f"另有 {len(found.changes) - limit} 处未列出；--output 变化.xlsx 写出全部。")
    if output is not None:
        say(f"已写入 {output}。")
