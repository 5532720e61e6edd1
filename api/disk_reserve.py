"""Writes are refused before the disk is full: a server that cannot write its log any more stops altogether, and reading with it."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import StorageFullError, document_of, problem
from api.metrics.prometheus import free_bytes, written_folders
from api.middleware import SAFE_METHODS
from api.settings import Settings

log = logging.getLogger("cuntu.disk")

LOOK_EVERY_S = 0.5
WARN_EVERY_S = 60.0
SMALL = ("/sign-in", "/sign-out", "/account/")
"""Acts so small that the reserve is there for them: somebody has to be able to come in and look."""
READS = ("/api/v1/checks/preview", "/api/v1/sites")
"""What is sent by POST and writes nothing."""


class DiskReserve:
    """Answers 507 to what would write, while less than the reserve is free where the service writes on this machine.

    A database on another machine says so itself (`api.errors`, SQLSTATE 53100).
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.least = settings.disk_reserve_bytes
        self.folders: dict[str, Path] = written_folders(settings) if self.least else {}
        self._looked = self._warned = float("-inf")
        self._short = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and self._is_write(scope["path"]) and self.is_short():
            await problem(document_of(StorageFullError(), instance=scope["path"]))(scope, receive, send)
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _is_write(path: str) -> bool:
        return not path.startswith((*SMALL, *READS))

    def is_short(self) -> bool:
        """Whether there is too little left; looks again after half a second."""
        now = time.monotonic()
        if now - self._looked > LOOK_EVERY_S:
            self._looked = now
            short = [name for name, folder in self.folders.items() if (free := free_bytes(folder)) is not None and free < self.least]
            self._short = bool(short)
            if short and now - self._warned > WARN_EVERY_S:
                self._warned = now
                log.error("less than %d bytes are free (%s): writes are refused", self.least, ", ".join(short))
        return self._short
