"""Single applications as they come in over HTTP: judged in the event loop where all is in memory, stored in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import shapely
from anyio.to_thread import run_sync

from api.check_writer import CheckWriter
from api.checking import Basis, Checked, Checker, epsg_of, refuse_other_crs, stored_check
from api.json_text import parse_json
from api.moment import Moment, Times
from layers.checks import StoredCheck
from spatial.errors import InputError
from spatial.permit import Applications, Checks, canonical_json

SHORT_BODY = 20_000
"""Bytes. A larger body (a site of some hundred vertices) is worked on in a thread, so that it does not hold up the others."""


@dataclass(frozen=True)
class Asked:
    """The parameters of a check as they were asked for, already validated."""

    crs: str | None
    times: Times


Written = TypeVar("Written")
Write = Callable[[Checks, Applications], Written]
"""Writes out what came of one check."""


class CheckDesk:
    """Takes one application at a time."""

    def __init__(self, checker: Checker, writer: CheckWriter) -> None:
        self.checker = checker
        self.writer = writer
        self._basis: Basis | None = None
        self._outline: tuple[Any, Any] = (None, None)
        self._looking = asyncio.Lock()

    async def check(self, body: bytes, asked: Asked) -> Checked:
        """Check one GeoJSON Feature and store the report; it is on the disk when this returns. Raises InputError."""
        stored = await self._judged(body, asked, _for_store)
        await self.writer.store(stored)
        return Checked(stored.id, stored.verdict, stored.report)

    async def preview(self, body: bytes, asked: Asked) -> bytes:
        """Check one GeoJSON Feature and store nothing: the report without an id."""
        return await self._judged(body, asked, _for_preview)

    async def _judged(self, body: bytes, asked: Asked, write: Write[Written]) -> Written:
        if asked.times.is_now and len(body) <= SHORT_BODY:
            basis = await self._now()
            if self.checker.in_memory(basis):
                return self._judge(body, asked, basis, write)
        return await run_sync(lambda: self._judge(body, asked, self.checker.basis(asked.times.moment()), write))

    def _judge(self, body: bytes, asked: Asked, basis: Basis, write: Write[Written]) -> Written:
        feature, epsg_in = application_document(body, asked.crs)
        applications = self.checker.read_on([feature], epsg_in=epsg_in, basis=basis)
        return write(self.checker.judge_on(applications, basis), applications)

    async def _now(self) -> Basis:
        """What counts now. Only where that has to be asked of the database again is there a wait, one for all requests."""
        known = self._known()
        if known is None:
            async with self._looking:
                known = self._known()
                if known is None:
                    known = self._basis = self._prepared(await run_sync(lambda: self.checker.basis(Moment.now())))
        return known

    def _known(self) -> Basis | None:
        basis, seen = self._basis, self.checker.snapshots.recent()
        return basis if basis is not None and basis.seen is seen else None

    def _prepared(self, basis: Basis) -> Basis:
        """The basis with an outline that is prepared for questions. Threads must not share a prepared geometry: it is a copy, for the loop alone."""
        if basis.county is None:
            return basis
        if self._outline[0] is not basis.county:
            copy = shapely.from_wkb(shapely.to_wkb(basis.county))
            shapely.prepare(copy)
            self._outline = (basis.county, copy)
        return replace(basis, county=self._outline[1])


def _for_store(checks: Checks, applications: Applications) -> StoredCheck:
    return stored_check(checks, applications, 0, at=datetime.now(UTC))


def _for_preview(checks: Checks, applications: Applications) -> bytes:
    return canonical_json(checks.report(0) | {"checked_at": datetime.now(UTC).isoformat()})


def application_document(body: bytes, crs: str | None) -> tuple[dict[str, Any], int | None]:
    """Read a GeoJSON document and the EPSG code of its coordinates (None: CRS84); raises InputError."""
    epsg_in = epsg_of(crs)
    document = parse_json(body)
    if not isinstance(document, dict):
        raise InputError(problems=["/：应为 GeoJSON 对象"])
    refuse_other_crs(document, epsg_in=epsg_in)
    return document, epsg_in
