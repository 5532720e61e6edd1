"""Many counties: writing this county's data set, and checking a directory of them on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import geopandas as gpd
import typer

from api.checks.checking import Checker
from api.cli.output import AsJson, print_json, print_table, progress_bar, say
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.moment import Moment
from api.province import Order, check_province
from api.settings import Settings
from api.snapshots import Snapshots
from layers import applications as register
from layers import database, snapshot
from layers.county_set import write_county_set
from spatial.errors import InputError
from spatial.open_applications import REGISTER
from spatial.permit import VERDICT_LABELS, VERDICTS


def check_counties(root: Path, out: Path | None, moment: Moment, *, scheduler: str | None, workers: int, as_json: bool) -> None:
    """Check every county set below a directory and say what came of each."""
    if out is None:
        raise InputError("审查多个县时要用 --results 写明结果目录。")
    with progress_bar("审查", lines=True) as report:
        order = Order(moment.valid_on, moment.known_at)
        found = check_province(root, out, order, report=report, scheduler=scheduler, workers=workers)
    if as_json:
        print_json({"results": str(out), "counties": [vars(item) for item in found]})
        return
    headings = ["县代码", "县", "申请", *(VERDICT_LABELS[verdict] for verdict in VERDICTS)]
    print_table("全省审查", headings, [[item.county_code, item.name, item.applications, *(item.verdicts.get(v, 0) for v in VERDICTS)] for item in found])
    say(f"报告和汇总在 {out}。")


def export_set(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="要写的目录，其下按县代码成一个目录", file_okay=False)],
    valid_on: ValidOn = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """把本县审查所需的全部图层、村庄分类和登记的申请写成 GeoParquet 数据集，供全省审查。"""
    settings: Settings = context.obj
    with database.pool(ready_url(settings), max_size=4) as pool, progress_bar("导出") as report:
        checker = Checker(pool, Snapshots(pool, epsg=settings.epsg), settings)
        basis = checker.basis(moment_of(valid_on, known_at))
        report(0.1, "读取图层")
        with pool.connection() as conn:
            layers = snapshot.load(conn, basis.seen.versions, epsg=settings.epsg, only=checker.pack.layers)
            received = register.everything(conn)
        report(0.6, "写出")
        frame = gpd.GeoDataFrame(
            [dict(item.properties) | {"case_no": item.case_no} for item in received],
            geometry=[item.geometry for item in received], crs=f"EPSG:{settings.epsg}",
        )  # fmt: skip
        target = folder / settings.county_code
        write_county_set(
            target, county_code=settings.county_code, name=settings.county_name, epsg=settings.epsg,
            layers={**layers, REGISTER: basis.register}, village_types=basis.types, applications=frame,
        )  # fmt: skip
    done = {"folder": str(target), "layers": len(layers), "applications": len(frame)}
    print_json(done) if as_json else say(f"已把 {len(layers)} 个图层和 {len(frame)} 件申请写入 {target}。")
