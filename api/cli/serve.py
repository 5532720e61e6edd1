"""`cuntu serve`."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from api import serving
from api.app import create_app
from api.cli.output import say
from api.database import cluster_of, ready_url
from api.settings import Settings

Host = Annotated[str | None, typer.Option(help="监听地址，默认 127.0.0.1")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="监听端口，默认 8000")]


def serve(context: typer.Context, host: Host = None, port: Port = None) -> None:
    """启动服务。"""
    run(context.obj, host=host, port=port)


def run(settings: Settings, *, host: str | None, port: int | None, greeting: str = "") -> None:
    """Serve until interrupted and print the address once it answers."""
    logging.getLogger("cuntu").setLevel(logging.INFO)
    app = create_app(settings, database_url=ready_url(settings), cluster=cluster_of(settings))

    def ready(address: str) -> None:
        say(f"{greeting}村图已启动：{address}  （按 Ctrl+C 停止）")

    serving.serve(app, host=host or settings.host, port=settings.port if port is None else port, on_ready=ready)
