"""`cuntu serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from api import logs
from api.cli.accounts import administrator_notice
from api.cli.output import say
from api.database import cluster_of, ready_url
from api.processes import serving
from api.settings import Settings
from api.shell import refusals

Host = Annotated[str | None, typer.Option(help="监听地址，默认 127.0.0.1")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="监听端口，默认 8000")]
Workers = Annotated[int | None, typer.Option(min=1, max=64, help="工作进程数，默认每个处理器核一个，最多 8 个")]


def serve(context: typer.Context, host: Host = None, port: Port = None, workers: Workers = None) -> None:
    """启动服务。"""
    settings: Settings = context.obj
    named = host or settings.host
    refusals.refuse_unsafe(settings, host=named)
    for warning in refusals.warnings(settings, host=named):
        say(f"警告：{warning}")
    run(settings, host=host, port=port, workers=workers)


def run(settings: Settings, *, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve until interrupted and print the address once it answers. Raises AddressInUseError before anything else is done."""
    logs.install_for_service(settings)
    chosen = settings.model_copy(update={"workers": workers or settings.workers})
    named = host or settings.host
    listening = serving.listen(named, settings.port if port is None else port)
    address = serving.address_of(named, listening)

    url = ready_url(settings, serving=True)
    notice = administrator_notice(settings, url, address)

    def ready() -> None:
        say(f"村图已启动：{address}  （按 Ctrl+C 停止）")
        if notice:
            say(notice)

    serving.serve(chosen, url=url, cluster=cluster_of(settings), listening=listening, on_ready=ready)
