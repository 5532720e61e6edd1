"""How many requests of the costly kind one worker does at a time, so that the others are still answered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import OverloadedError, document_of, problem

WAIT_S = 10.0
MOST_WAITING = 16
RETRY_AFTER_S = 5

COSTLY: Mapping[str, re.Pattern[str]] = {
    "POST": re.compile(r"/api/v1/(sites(/.*)?|proposals|checks/[^/]+/proposals)"),
    "GET": re.compile(
        r"(/api/v1)?/layers/[^/]+/((versions/[^/]+/)?compare/.+|versions/[^/]+/export)|/api/v1/deliveries/[^/]+/findings\.(gpkg|xlsx)"
        r"|/api/v1/(runs|checks)/[^/]+(\.pdf|\.xlsx|/proposals)"
    ),
}  # fmt: skip
"""Addresses whose answer takes a processor for long: siting, proposals, exports, papers, comparisons."""


class Places:
    """A few places at which costly requests are done; those for which there is none wait a little, then are answered 503."""

    def __init__(self, app: ASGIApp, *, places: int, wait_s: float = WAIT_S, most_waiting: int = MOST_WAITING) -> None:
        self.app = app
        self.places = places
        self.wait_s = wait_s
        self.most_waiting = most_waiting
        self.taken = 0
        self._waiting: list[asyncio.Future[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        pattern = COSTLY.get(scope["method"]) if scope["type"] == "http" else None
        # Whoever is not known has none of these addresses: the route refuses them, and they keep nobody else waiting.
        if pattern is None or not pattern.fullmatch(scope["path"]) or not scope["state"]["caller"].is_known:
            await self.app(scope, receive, send)
        elif await self._take():
            try:
                await self.app(scope, receive, send)
            finally:
                self._leave()
        else:
            error = OverloadedError()
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            await problem(document_of(error, instance=scope["path"]), headers=headers)(scope, receive, send)

    async def _take(self) -> bool:
        """Take a place, or wait for one; the first to come is the first to be let in."""
        if self.taken < self.places:
            self.taken += 1
            return True
        if len(self._waiting) >= self.most_waiting:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self.wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._leave()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if not isinstance(error, TimeoutError):
                raise
            return False
        return True

    def _leave(self) -> None:
        """Hand the place on to who has waited longest."""
        while self._waiting:
            turn = self._waiting.pop(0)
            if not turn.done():
                turn.set_result(None)
                return
        self.taken -= 1
