"""`cuntu layers`: the catalogue, versions, imports, exports."""

from __future__ import annotations

from typing import Any

import typer

from api.cli import layer_acts, layer_comparison, succession
from api.cli.layers_export import export_
from api.cli.layers_import import import_
from api.cli.output import AsJson, print_json, print_table
from api.cli.province import export_set
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.routes.layers import layer_entry
from layers import catalog, database, versions

app = typer.Typer(help="图层：目录、导入、版本、发布、导出。", no_args_is_help=True)
app.command("import")(import_)
app.command("export")(export_)
app.command("export-set")(export_set)
app.command("versions")(layer_acts.versions_)
app.command("acts")(layer_acts.acts)
app.command("publish")(layer_acts.publish)
app.command("withdraw")(layer_acts.withdraw)
app.command("law-status")(layer_acts.law_status_)
app.command("discard")(layer_acts.discard)
app.add_typer(succession.app, name="succession")
app.command("compare")(layer_comparison.compare)


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
