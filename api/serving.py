"""Running the service: one process that listens, and says where when it is ready."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from spatial.errors import CuntuError


class AddressInUseError(CuntuError):
    """无法监听这个地址。"""


class _Server(uvicorn.Server):
    """Calls back once the application is up and connections are taken."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.on_ready()


def serve(app: FastAPI, *, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted; `on_ready` gets the address. Raises AddressInUseError before anything else is done."""
    listening = listen(host, port)
    address = address_of(host, listening)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    try:
        _Server(config, lambda: on_ready(address)).run(sockets=[listening])
    except KeyboardInterrupt:
        logging.getLogger("cuntu").info("stopped")
    finally:
        listening.close()


def listen(host: str, port: int) -> socket.socket:
    """Bind the address; port 0 takes any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise AddressInUseError(f"无法监听 {host}:{port}（{error.strerror}），可用 --port 换一个端口。") from error
    return listening


def address_of(host: str, listening: socket.socket) -> str:
    """Write the address for a person to open."""
    port = listening.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}/"
