"""Every request is timed, counted and written down once, by the template of its route: never by its query string or body."""

from __future__ import annotations

import logging
import time
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import ACCESS, FIELDS
from api.metrics.counts import MOST_ROUTES, Tally

GIVEN_UP, FAILED = 499, 500
"""The client went away before it had an answer (as nginx writes it); the application broke off."""
NO_ROUTE, STATIC, TILES = "(none)", "/static/{path}", "/tiles/"


class Routes:
    """The templates of an application's routes by number: the same in every process, for all make the same routes."""

    def __init__(self) -> None:
        self.names: list[str] = [NO_ROUTE]
        self._number: dict[str, int] = {NO_ROUTE: 0}
        self._template: dict[int, str] = {}
        self._tiles = NO_ROUTE

    def learn(self, app: FastAPI) -> None:
        """Number the routes; to be called once all are there."""
        methods: dict[str, set[str]] = {STATIC: {"GET", "HEAD"}}
        for context in iter_route_contexts(app.routes):
            template = str(getattr(context, "path_format", "") or getattr(context, "path", ""))
            given = getattr(context, "methods", None)
            if template and given:
                methods.setdefault(template, set()).update(given)
                self._template[id(context.original_route)] = template
                if template.startswith(TILES):
                    self._tiles = template
        for name in sorted(f"{method} {template}" for template, given in methods.items() for method in given)[: MOST_ROUTES - 1]:
            self._number[name] = len(self.names)
            self.names.append(name)

    def of(self, scope: Scope) -> tuple[str, int]:
        """Return the template and the number of the route that answered; of what none answered, nothing of the path is told."""
        route = scope.get("route")
        template = self._template.get(id(route)) if route is not None else None
        if template is None:
            template = self._by_path(scope["path"], scope["method"])
        return template, self._number.get(f"{scope['method']} {template}", 0)

    def _by_path(self, path: str, method: str) -> str:
        """The template of what was answered before any routing."""
        if path.startswith("/static/"):
            return STATIC
        if path.startswith(TILES) and path.endswith(".mvt"):
            return self._tiles
        return path if f"{method} {path}" in self._number else NO_ROUTE


class Observed:
    """The outermost of all that a request passes."""

    def __init__(self, app: ASGIApp, *, tally: Tally, routes: Routes, slow_s: float) -> None:
        self.app = app
        self.tally = tally
        self.routes = routes
        self.slow_s = slow_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        whole = False

        async def noted(message: Message) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            whole = message["type"] == "http.response.body" and not message.get("more_body")

        self.tally.began()
        try:
            await self.app(scope, receive, noted)
        except BaseException:
            status = status or FAILED
            raise
        finally:
            self._note(scope, status if whole or status >= FAILED else GIVEN_UP, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        template, number = self.routes.of(scope)
        self.tally.answered(number, status, seconds)
        slow, failed = seconds > self.slow_s, status >= FAILED
        level = logging.WARNING if slow or failed else logging.INFO
        if ACCESS.isEnabledFor(level):
            ACCESS.log(level, "slow request" if slow else "failed request" if failed else "request", extra={FIELDS: _told(scope, template, status, seconds)})


def _told(scope: Scope, template: str, status: int, seconds: float) -> dict[str, Any]:
    state = scope.get("state", {})
    caller = state.get("caller")
    return {
        "request_id": state.get("request_id"),
        "method": scope["method"],
        "route": template,
        "status": status,
        "duration_ms": round(1000 * seconds, 3),
        "account_id": getattr(caller, "account_id", None),
        "seat_id": getattr(caller, "seat_id", None),
    }
