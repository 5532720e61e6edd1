"""The outermost frame of every request: its number, its time, and an answer in any case."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_answers import on_unexpected
from api.errors import LateAnswerError, SlowBodyError, document_of, problem
from spatial.errors import CuntuError

log = logging.getLogger("cuntu.api")

PATIENCE_S = 20.0
"""So long a body may let itself be waited for, and a second more for every `SLOWEST_BYTES_PER_S` of it that came."""
SLOWEST_BYTES_PER_S = 4_000.0
NEVER = float("inf")
ANYWAY_S = 3_600.0


class Frame:
    """Gives each request a number (`X-Request-ID`, and in the log), and ends those that take too long.

    A request whose body trickles in is answered 408; one that nobody has answered `limit_s` seconds after the last of its body came, 503: what is
    still at work then ends by itself, at the latest when its statement is cancelled. An answer that has begun is never cut. An error
    nobody expected is answered 500 here, inside of what sets the headers.
    """

    def __init__(self, app: ASGIApp, *, limit_s: float, patience_s: float = PATIENCE_S) -> None:
        self.app = app
        self.limit_s = limit_s
        self.patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = number
        exchange = _Exchange(scope, receive, send, number, self.limit_s, self.patience_s)
        exchange.wait(self.limit_s)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except Exception as error:
            await exchange.fail(error)
        finally:
            exchange.timer.cancel()


class _Exchange:
    """One request and its answer."""

    timer: asyncio.TimerHandle

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, number: str, limit_s: float, patience_s: float
    ) -> None:
        self.scope = scope
        self.number = number.encode()
        self.limit_s = limit_s
        self.loop = asyncio.get_running_loop()
        self.until = self.loop.time() + limit_s
        self.patience_s = patience_s
        self.started = self.cut = self.body_is_here = False
        self._receive = receive
        self._send = send
        self._ending: asyncio.Task[None] | None = None

    def wait(self, seconds: float) -> None:
        """Look again after so many seconds."""
        self.timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        if self.started or self.cut:
            return
        left = self.until - self.loop.time()
        if left > 0:
            self.wait(min(left, ANYWAY_S))
        else:
            self.cut = True
            log.warning("no answer within %.0f s at %s", self.limit_s, self.scope["path"])
            self._ending = self.loop.create_task(self._answer(LateAnswerError()))

    async def receive(self) -> Message:
        """Hand on the next part of the body; a client that sends too slowly is as if gone."""
        if self.body_is_here:
            return await self._receive()
        if self.cut:
            return {"type": "http.disconnect"}
        self.until, began = NEVER, self.loop.time()
        try:
            async with asyncio.timeout(self.patience_s):
                message = await self._receive()
        except TimeoutError:
            return await self._too_slow()
        now = self.loop.time()
        self.until = now + self.limit_s
        self.body_is_here = not message.get("more_body")
        self.patience_s += len(message.get("body", b"")) / SLOWEST_BYTES_PER_S - (now - began)
        return message

    async def _too_slow(self) -> Message:
        if not (self.started or self.cut):
            self.cut = True
            await self._answer(SlowBodyError(), (b"connection", b"close"))
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Hand on a part of the answer, which bears the number of the request; nothing of one that comes too late."""
        if self.cut:
            return
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.number)]
        await self._send(message)

    async def fail(self, error: Exception) -> None:
        """Answer an error nobody expected; one in the middle of an answer ends the connection."""
        if self.cut:
            log.warning("after its answer, %s failed: %s", self.scope["path"], type(error).__name__)
        elif self.started:
            raise error
        else:
            response = await on_unexpected(Request(self.scope), error)
            await response(self.scope, self._receive, self.send)
            raise error  # as Starlette does: a test or a debugger sees it, a server ends the connection

    async def _answer(self, error: CuntuError, *headers: tuple[bytes, bytes]) -> None:
        response = problem(document_of(error, instance=self.scope["path"]))

        async def numbered(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers, (b"x-request-id", self.number)]
            await self._send(message)

        await response(self.scope, self._receive, numbered)
