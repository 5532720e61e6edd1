"""`cuntu db`: the database of this deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import AsJson, print_json, print_table, say
from api.database import cluster_of, give_passwords, running_url
from api.settings import Settings
from layers import backup as backups
from layers import backup_file, database
from layers.cluster import Cluster
from spatial.errors import CuntuError

app = typer.Typer(help="数据库：启动、停止、状态、升级、备份、恢复。", no_args_is_help=True)


class OwnServerError(CuntuError):
    """已用 CUNTU_DATABASE_URL 指定数据库服务器，内嵌数据库的启动和停止不适用。"""


def _cluster(settings: Settings) -> Cluster:
    cluster = cluster_of(settings)
    if cluster is None:
        raise OwnServerError
    return cluster


@app.command()
def start(context: typer.Context, as_json: AsJson = False) -> None:
    """启动内嵌数据库。"""
    url = _cluster(context.obj).start()
    print_json({"running": True, "url": url}) if as_json else say(f"数据库已启动：{url}")


@app.command()
def stop(context: typer.Context, as_json: AsJson = False) -> None:
    """停止内嵌数据库。"""
    _cluster(context.obj).stop()
    print_json({"running": False}) if as_json else say("数据库已停止。")


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """显示数据库状态；未运行时返回值为 3。"""
    state = _state(context.obj)
    print_json(state) if as_json else print_table("数据库", ["项目", "值"], list(state.items()))
    if not state["running"]:
        raise typer.Exit(3)


def _state(settings: Settings) -> dict[str, Any]:
    cluster = cluster_of(settings)
    if cluster is None:
        url = running_url(settings)
        with database.connect(url) as conn:
            return {"embedded": False, "running": True, "server": conn.info.host, "migrated": database.is_migrated(conn)}
    seen = cluster.status()
    state: dict[str, Any] = {"embedded": True, "running": seen.running, "pid": seen.pid, "url": seen.url}
    state |= {"folder": str(seen.folder), "postgresql": seen.major, "log": str(seen.log), "migrated": None}
    if seen.url:
        with database.connect(seen.url) as conn:
            state["migrated"] = database.is_migrated(conn)
    return state


@app.command()
def upgrade(context: typer.Context, as_json: AsJson = False) -> None:
    """把数据库结构升级到当前版本。"""
    database.upgrade(running_url(context.obj))
    give_passwords(context.obj)
    print_json({"migrated": True}) if as_json else say("数据库结构已是当前版本。")


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="备份文件，例如 cuntu.dump")],
    verify: Annotated[bool, typer.Option("--verify", help="不备份，而是演练恢复：放入临时数据库，逐表核对，然后删除")] = False,
    as_json: AsJson = False,
) -> None:
    """把整个数据库备份到一个文件；--verify 核对一个已有的备份文件。"""
    url = running_url(context.obj)
    if verify:
        found = backups.rehearse(url, file)
        content, told = found.content, f"{file} 可以恢复"
    else:
        content, told = backups.backup(url, file), f"已备份到 {file}（{file.stat().st_size / 1e6:.1f} MB）"
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size, "sha256": backup_file.seal(file), "verified": verify, **content.to_json()})
    else:
        say(f"{told}：{len(content.tables)} 个表，{sum(item.rows for item in content.tables.values())} 行，{content.made_at:%Y-%m-%d %H:%M:%S %Z}，摘要 {backup_file.seal(file)}。")


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="备份文件", exists=True, dir_okay=False)],
    yes: Annotated[bool, typer.Option("--yes", help="不再询问，直接替换现有数据")] = False,
    as_json: AsJson = False,
) -> None:
    """用备份文件替换现有数据：先放在旁边，逐表核对后再替换；失败时保留原样。"""
    if not yes:
        typer.confirm("现有数据将被备份中的数据替换，继续吗？", abort=True, err=True)
    found = backups.restore(running_url(context.obj), file)
    tables = found.content.tables
    if as_json:
        print_json({"restored": str(file), "made_at": found.content.made_at, "tables": len(tables), "rows": sum(item.rows for item in tables.values())})
    else:
        say(f"已恢复到 {found.content.made_at:%Y-%m-%d %H:%M:%S %Z} 的内容，{len(tables)} 个表逐一核对无误。正在运行的服务请重启：内存中的图层和瓦片还是恢复以前的。")
