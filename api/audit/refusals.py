"""Requests that were refused, in the audit: one entry for each caller, address and kind of request in a minute, however many there were."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.caller import Caller
from api.errors import DATABASE_AWAY
from layers import acting, audit
from layers.acting import SERVICE
from layers.audit import Entry

log = logging.getLogger("cuntu.audit")

EVERY_S = 60.0
MOST = 1_000
"""So many kinds of refusals are told apart in a minute; the others are counted together."""
REFUSED = (401, 403)


@dataclass(frozen=True)
class Kind:
    """What is counted together: who, from where, which kind of request, with which answer."""

    caller: Caller | None
    address: str
    method: str
    route: str
    status: int


OTHERS = Kind(None, "", "", "", 0)


class Refusals:
    """Counts what was refused, and writes it down once a minute and at the end."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self._counts: dict[Kind, int] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="refusals", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is counted, then end."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=30)

    def count(self, kind: Kind) -> None:
        """Count one."""
        with self._lock:
            known = kind if kind in self._counts or len(self._counts) < MOST else OTHERS
            self._counts[known] = self._counts.get(known, 0) + 1

    def write(self) -> None:
        """Write down what was counted; what cannot be written stays counted."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            with acting.as_service(), self.pool.connection() as conn:
                audit.append(conn, [_entry(kind, number) for kind, number in counts.items()])
        except (*DATABASE_AWAY, psycopg.Error) as error:
            log.warning("refusals could not be written down, trying again: %s", error)
            with self._lock:
                for kind, number in counts.items():
                    self._counts[kind] = self._counts.get(kind, 0) + number

    def _work(self) -> None:
        acting.begin(SERVICE)
        while not self._ended.wait(EVERY_S - time.time() % EVERY_S):
            self.write()
        self.write()


class RefusalsCounted:
    """Counts answers 401 and 403 on their way out."""

    def __init__(self, app: ASGIApp, *, refusals: Refusals) -> None:
        self.app = app
        self.refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def looking(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in REFUSED:
                self.refusals.count(_kind(scope, message["status"]))
            await send(message)

        await self.app(scope, receive, looking)


def _kind(scope: Scope, status: int) -> Kind:
    caller: Caller | None = scope.get("state", {}).get("caller")
    who, address = caller if caller and caller.is_known else None, (scope.get("client") or ("",))[0]
    return Kind(who, address, scope["method"], _address(scope), status)


def _address(scope: Scope) -> str:
    """The address without what stands in it: of a route its pattern, else the beginning (what follows may be anything, a secret too)."""
    asked, pattern = scope["path"].split("/"), getattr(scope.get("route"), "path", None)
    if pattern is None:
        return "/".join(asked[:4])[:60]
    own: list[str] = pattern.split("/")[1:]
    return "/".join([*asked[: max(1, len(asked) - len(own))], *own])


def _entry(kind: Kind, number: int) -> Entry:
    by = kind.caller.acting(address=kind.address) if kind.caller else acting.Acting(channel="http", address=kind.address)
    details = {"requests": number, "status": kind.status, "within_s": EVERY_S}
    return Entry(action="access.refused", object=f"{kind.method} {kind.route}".strip() or "其他", result="refused", details=details, by=by)
