"""A short way for requests that come by the thousand: no routing, no dependencies, the same handler and the same errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.guard import refused
from api.checks.desk import Asked, CheckDesk
from api.deps import JSON_TYPES
from api.moment import Times

Answer = Callable[[CheckDesk, bytes, Asked], Awaitable[Response]]

PLAIN_TYPES = frozenset(name.encode() for name in JSON_TYPES)


class ShortWay:
    """Answer POST requests to some paths at once where their query string was validated before; all others go on to the router.

    What a query string means is never decided here: the route's own dependencies did so when they met it first
    (`QueryMemory`), so that there is one definition of what is allowed.
    """

    def __init__(self, app: ASGIApp, *, answers: Mapping[str, Answer]) -> None:
        self.app = app
        self.answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        answer = self.answers.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        asked = scope["app"].state.asked.get(scope["query_string"]) if answer else None
        if answer is None or asked is None or not _is_plain(scope) or refused(scope, "checks.make"):
            await self.app(scope, receive, send)
            return
        try:
            response = await answer(scope["app"].state.desk, await _body(receive), asked)
        except Exception as error:
            response = await _refusal(scope, error)
        await response(scope, receive, send)


class QueryMemory:
    """What query strings meant to the route that validated them; the first few hundred are kept."""

    def __init__(self, *, largest: int = 256) -> None:
        self.largest = largest
        self._known: dict[bytes, Asked] = {b"": Asked(None, Times())}

    def get(self, query: bytes) -> Asked | None:
        """Return what a query string means, None where it was not met before."""
        return self._known.get(query)

    def keep(self, query: bytes, asked: Asked) -> None:
        """Remember a query string that a route has validated."""
        if len(self._known) < self.largest:
            self._known[query] = asked


def _is_plain(scope: Scope) -> bool:
    return any(name == b"content-type" and value in PLAIN_TYPES for name, value in scope["headers"])


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _refusal(scope: Scope, error: Exception) -> Response:
    """Answer an error as the application does; what it has no handler for is raised again and met further out."""
    handlers: Mapping[Any, Any] = scope["app"].exception_handlers
    handler = next((handlers[kind] for kind in type(error).__mro__ if kind in handlers and kind is not Exception), None)
    if handler is None:
        raise error
    response: Response = await handler(Request(scope), error)
    return response
