"""`cuntu demo`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from api.cli import serve
from api.cli.output import AsJson, notes, print_json, progress_bar, say, table_of
from api.cli.serve import Host, Port, Workers
from api.database import running_url
from api.demo import county as demo_county
from api.demo import people as demo_people
from api.demo.county import Loaded
from api.demo.people import DemoAccount
from api.settings import Settings
from layers import database


def demo(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="只载入，不启动服务")] = False,
    reload_data: Annotated[bool, typer.Option("--reload-data", help="重新生成并载入示例县（作为新版本）")] = False,
    as_json: AsJson = False,
) -> None:
    """启动示例县：准备数据库，载入示例数据，启动服务并显示地址。"""
    settings: Settings = context.obj
    began = time.monotonic()
    with progress_bar("示例县", lines=True) as report:
        report(0.0, "启动数据库")
        url = running_url(settings)
        database.upgrade(url)
        with database.pool(url, max_size=4) as pool:
            with pool.connection() as conn:
                demo_people.refuse_own(conn)
            done = demo_county.load(pool, url, settings, report=report, again=reload_data)
            with pool.connection() as conn:
                people = demo_people.prepare(conn, settings)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        accounts = [{"role": person.role, "login": person.login, "password": person.password} for person in people]
        print_json({"layers_loaded": done.layers, "typed": done.typed, "checked": done.checked, "seconds": seconds, "accounts": accounts})
    else:
        say(_told(done, seconds))
        tell(people)
    if not no_serve:
        serve.run(settings.model_copy(update={"allow_owner": True, "anonymous": True}), host=host, port=port, workers=workers)


def tell(people: list[DemoAccount]) -> None:
    """Write what to sign in with, a line for each role, to stderr."""
    rows = [[demo_people.role_title(person), person.login, person.password, person.name, person.title] for person in people]
    notes().print(table_of("示例账户（只在示例县中有；密码为本机随机生成）", ["角色", "账户名", "密码", "姓名", "席位"], rows))


def _told(done: Loaded, seconds: float) -> str:
    if not (done.layers or done.typed or done.checked):
        return f"示例县已在库中（{seconds} 秒）。"
    return f"示例县已载入：图层、村庄分类和 {done.checked} 件审查（{seconds} 秒）。全部为示例数据。"
