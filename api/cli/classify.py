"""`cuntu classify`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api import classifying
from api.cli.output import AsJson, print_json, print_table, progress_bar, say
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.moment import Moment
from api.settings import Settings
from layers import audit, database, versions
from layers.errors import UnsupportedFileError
from layers.village_export import write_villages
from spatial.layer import LayerSet
from spatial.village_types import LABELS, Classification

ENDINGS = (".xlsx", ".gpkg", ".json")


def classify(
    context: typer.Context,
    output: Annotated[Path | None, typer.Option(help="结果文件：.xlsx、.gpkg 或 .json")] = None,
    valid_on: ValidOn = None,
    known_at: KnownAt = None,
    keep: Annotated[bool, typer.Option("--store/--no-store", help="是否保存为正式结果，默认保存")] = True,
    as_json: AsJson = False,
) -> None:
    """给全县村庄分类，保存结果和证据。"""
    if output and output.suffix.lower() not in ENDINGS:
        raise UnsupportedFileError(f"“{output.name}”应以 {'、'.join(ENDINGS)} 结尾。")
    typed, layers, about = _run(context.obj, moment_of(valid_on, known_at), keep=keep)
    rows = [typed.village(index) for index in range(len(typed))]
    counts = classifying.counts([row["village_type"] for row in rows])
    if output:
        write_villages(output, rows, villages=layers["village"], about=about)
        with database.connect(ready_url(context.obj)) as conn:
            audit.note(conn, "villages.export", f"classification/{about['id']}", details={"format": output.suffix[1:], "rows": len(rows)})
        say(f"已写入 {output}。")
    if as_json:
        print_json({**about, "counts": counts, "villages": rows})
    else:
        print_table(f"村庄分类（共 {len(rows)} 个村）", ["类别", "村数"], [[LABELS[slug], count] for slug, count in counts.items()])


def _run(settings: Settings, moment: Moment, *, keep: bool) -> tuple[Classification, LayerSet, dict[str, Any]]:
    county = settings.county_code
    with database.connect(ready_url(settings)) as conn, progress_bar("村庄分类") as report:
        in_force = versions.in_force(conn, valid_on=moment.valid_on, known_at=moment.known_at)
        report(0.05, "读取图层")
        layers = classifying.read_layers(conn, in_force, county=county, epsg=settings.epsg)
        report(0.4, "逐村判定")
        typed = classifying.classify(layers, county=county, moment=moment)
        report(0.9, "保存")
        run_id = classifying.store(conn, typed, layers, county=county, moment=moment) if keep else None
    pack = classifying.village_pack(county)
    about: dict[str, Any] = {"id": str(run_id) if run_id else None, "pack": f"{pack.id} {pack.version}", "pack_sha256": pack.sha256}
    about |= {"valid_on": str(moment.valid_on), "known_at": datetime.isoformat(moment.known_at)}
    about["datasets"] = classifying.datasets({name: layer.dataset for name, layer in layers.items()}, county=county)
    return typed, layers, about
