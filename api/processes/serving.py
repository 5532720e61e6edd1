"""Running the service on an address."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from api.processes.duties import Plan
from api.processes.master import Master
from api.processes.watchdog import Watchdog
from api.settings import Settings
from layers.cluster import Cluster
from spatial.errors import CuntuError

MOST_WORKERS = 8
BACKLOG = 512


class AddressInUseError(CuntuError):
    """无法监听这个地址。"""


def serve(settings: Settings, *, url: str, cluster: Cluster | None, listening: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve on a bound socket until interrupted; keeps an embedded `cluster` running meanwhile."""
    workers = settings.workers or min(len(os.sched_getaffinity(0)), MOST_WORKERS)
    watchdog = Watchdog(cluster) if cluster else None
    with listening:
        Master(Plan(settings, url, workers, listening, on_ready, watchdog)).run()


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
    listening.listen(BACKLOG)
    return listening


def address_of(host: str, listening: socket.socket) -> str:
    """Write the address for a person to open."""
    port = listening.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}/"
