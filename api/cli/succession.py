"""`cuntu layers succession import | show`: villages renamed, merged, split, gone, new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import AsJson, print_json, print_table, say
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.ended_codes import change_entry, ended_entry, name_of
from layers import database, succession, succession_file

app = typer.Typer(help="村代码变更：更名、并入、分设、撤销、新设。", no_args_is_help=True)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV：两个年份的代码表比较，或 code、kind、changed_on、successors", exists=True, dir_okay=False)],
    county: Annotated[str | None, typer.Option(help="县代码（6 位）；不写时为本县")] = None,
    as_json: AsJson = False,
) -> None:
    """登记代码变更；已按同样内容登记过的不重复登记。"""
    wanted = county or context.obj.county_code
    changes, digest = succession_file.read(file)
    own = [change for change in changes if change.code.startswith(wanted)]
    with database.connect(ready_url(context.obj)) as conn:
        added = succession.record(conn, own, source_name=file.name, source_sha256=digest)
    done = {"file": file.name, "sha256": digest, "county": wanted, "read": len(changes), "of_county": len(own), "recorded": added}
    print_json(done) if as_json else say(f"{file.name}：共 {len(changes)} 条，{wanted} 有 {len(own)} 条，新登记 {added} 条。")


@app.command()
def show(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="村或乡镇代码")],
    valid_on: ValidOn = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """说明一个代码的来历和去向。"""
    moment = moment_of(valid_on, known_at)
    with database.connect(ready_url(context.obj)) as conn:
        history = succession.read(conn, known_at=moment.known_at)
    end = history.ended(code, moment.valid_on)
    entry = {
        "code": code,
        "name": name_of(code, history),
        "ended": ended_entry(end, history, moment) if end else None,
        "predecessors": list(history.predecessors(code, moment.valid_on)),
        "changes": [change_entry(change) for change in history.of(code)],
    }
    if as_json:
        print_json(entry)
        return
    headings = ["变更", "自", "原名", "现名", "接替的代码", "来源"]
    rows = [[succession.KIND_LABELS[item.kind], item.changed_on, item.name_before, item.name_after, "、".join(item.successors), item.source_name]
            for item in history.of(code)]  # fmt: skip
    print_table(code, headings, rows)
    standing = history.successors(code, moment.valid_on)
    say("代码在用。" if standing == (code,) else f"代码已停用，现为：{'、'.join(standing) or '未说明'}。")
