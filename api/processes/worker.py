"""One worker of several: a process that takes connections from the listening socket all workers share."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.processes.loads import LONGEST_WAIT_S, Load
from api.shell.connection import CarefulConnection

log = logging.getLogger("cuntu.worker")

KEEP_ALIVE_S = 5
LEAVE_S = 60.0
"""A worker that leaves waits at most so long for its connections to end by themselves."""

LEAVE = signal.SIGUSR1
"""Tells a worker to take no new connections, and to end when those it has are at an end."""


class Farewell:
    """Once `leaving` is set, tells each client with its next answer that this connection ends, so that none is cut off."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.leaving = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        async def last(message: Message) -> None:
            if message["type"] == "http.response.start" and self.leaving:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self.app(scope, receive, last)


class Worker(uvicorn.Server):
    """Serves an application on a shared listening socket until told to leave or to stop."""

    def __init__(
        self, app: ASGIApp, listening: socket.socket, load: Load, *, on_ready: Callable[[], None], each_second: Callable[[], None] = lambda: None
    ) -> None:
        self.farewell = Farewell(app)
        # Who is behind a proxy is found out by the application (`ClientAddress`), and nobody is told which program serves.
        config = uvicorn.Config(
            self.farewell, log_config=None, access_log=False, timeout_graceful_shutdown=5, timeout_keep_alive=KEEP_ALIVE_S,
            http=CarefulConnection, ws="none", proxy_headers=False, server_header=False,
        )  # fmt: skip
        super().__init__(config)
        self.server_state.connections = _Counted(self._note)
        self.listening = listening
        self.load = load
        self.on_ready = on_ready
        self.each_second = each_second
        self._left_at: float | None = None
        self._taking: asyncio.Task[None] | None = None
        self._arriving: asyncio.Future[Any] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then take connections."""
        await super().startup(sockets=[])
        self.listening.setblocking(False)
        asyncio.get_running_loop().add_signal_handler(LEAVE, self._leave)
        self._taking = asyncio.create_task(self._take())
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, end those there are, then stop the application."""
        self._stop_taking()
        if self._arriving is not None:
            await asyncio.wait({self._arriving})
        await super().shutdown(sockets=[])

    async def on_tick(self, counter: int) -> bool:
        """Look ten times a second whether to end."""
        self.load.alive()
        if counter % 10 == 0:
            self.each_second()
        if self._left_at is not None:
            gone = not (self.server_state.connections or self._is_arriving)
            self.should_exit = self.should_exit or gone or time.monotonic() - self._left_at > LEAVE_S
        return await super().on_tick(counter)

    @property
    def _is_arriving(self) -> bool:
        """Whether a connection has been taken that is not among the others yet."""
        return self._arriving is not None and not self._arriving.done()

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await _readable(self.listening)
            await asyncio.sleep(self.load.patience_s())
            try:
                connection, _ = self.listening.accept()
                connection.setblocking(False)
                # Told to leave at this very moment, it still answers whom it has let in.
                arriving = self._arriving = asyncio.ensure_future(loop.connect_accepted_socket(self._protocol, connection))
                await asyncio.shield(arriving)
            except BlockingIOError:
                continue  # another worker was quicker
            except OSError as error:
                log.warning("a connection could not be taken: %s", error)
                await asyncio.sleep(LONGEST_WAIT_S)

    def _note(self, connections: int) -> None:
        """Tell the other workers at once how many connections there are, as long as this one takes new ones."""
        if self._left_at is None:
            self.load.note(connections)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    def _leave(self) -> None:
        self._stop_taking()
        self.load.leave()
        self.farewell.leaving = True
        self._left_at = time.monotonic()

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()


class _Counted(set[Any]):
    """The open connections; tells how many there are with each that comes or goes."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        super().__init__()
        self.tell = tell

    def add(self, connection: Any) -> None:
        super().add(connection)
        self.tell(len(self))

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self.tell(len(self))


async def _readable(listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    waiting = loop.create_future()

    def woken() -> None:
        if not waiting.done():
            waiting.set_result(None)

    loop.add_reader(listening, woken)
    try:
        await waiting
    finally:
        loop.remove_reader(listening)
