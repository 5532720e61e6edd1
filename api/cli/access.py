"""`cuntu access table`: what each address needs, and which roles may use it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.access import table as access
from api.access.permissions import roles
from api.cli.output import print_json, print_table

app = typer.Typer(help="权限：每个地址需要什么，哪些角色可用", no_args_is_help=True)


@app.command("table")
def table(
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="以 Markdown 表格输出")] = False,
    into: Annotated[Path | None, typer.Option(help="写进这份文档的标记以后，例如 docs/access.md", exists=True, dir_okay=False, writable=True)] = None,
) -> None:
    """列出每个地址所需的权限和可用的角色（由应用本身得出）。"""
    from api.app import routed

    found = access.rows(routed())
    if into is not None:
        into.write_text(access.written_into(into.read_text(encoding="utf-8"), found), encoding="utf-8")
    elif as_json:
        print_json(access.as_json(found))
    elif as_markdown:
        sys.stdout.write(access.as_markdown(found))
    else:
        names = {access.NOBODY: access.NOBODY_LABEL} | {role.id: role.title for role in roles().values()}
        lines = [[row.method, row.path, row.permission, *("✓" if row.allows(role) else "—" for role in names)] for row in found]
        print_table("权限", ["方法", "地址", "权限", *names.values()], lines)
