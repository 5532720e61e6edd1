"""Single applications as they come in over HTTP: judged in the event loop where all is in memory, stored in groups."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from anyio.to_thread import run_sync

from api import withheld
from api.checks.checking import Basis, Checker, epsg_of, refuse_other_crs, stored_check
from api.checks.groups import CheckGroups, Judged
from api.checks.writer import CheckWriter
from api.errors import DATABASE_AWAY
from api.json_text import parse_json
from api.moment import Moment, Times
from api.reach import refuse_beyond_reach, refuse_village_beyond_reach
from api.shown import is_shown
from api.snapshots import FRESH_S
from layers.acting import as_service
from layers.checks import StoredCheck
from spatial.errors import InputError
from spatial.outline import prepared_copy
from spatial.permit import Applications

SHORT_BODY = 20_000
"""Bytes. A larger body (a site of some hundred vertices) is worked on in a thread, so that it does not hold up the others."""


@dataclass(frozen=True)
class Asked:
    """The parameters of a check as they were asked for, already validated."""

    crs: str | None
    times: Times


PATIENCE_S = 0.1
STALE_S = 30.0
"""Where reading what counts now takes longer than PATIENCE_S (somebody is writing down many applications), what counted at most so long ago
is used; a check names that moment."""
AHEAD_S = 0.02
"""So long before what was read is too old it is read anew, where a check is being stored just then: about as long as a group of checks takes."""

Written = TypeVar("Written")
Write = Callable[[Judged], Written]
"""Writes out what came of one application."""


class CheckDesk:
    """Takes one application at a time."""

    def __init__(self, checker: Checker, writer: CheckWriter) -> None:
        self.checker = checker
        self.writer = writer
        self.groups = CheckGroups(checker.judge_on)
        self._basis: Basis | None = None
        self._read_at = 0.0
        self._news = 0
        self._reading: asyncio.Task[Basis] | None = None
        self._outline: tuple[Any, Any] = (None, None)

    async def check(self, body: bytes, asked: Asked) -> StoredCheck:
        """Check one GeoJSON Feature and store the report; it is on the disk when this returns.

        Raises InputError, and ForbiddenError for a site where whoever asks handles no cases: nothing is stored then.
        """
        basis = await self._in_memory(body, asked)
        if basis is None:
            stored = refuse_beyond_reach(await run_sync(self._judge, body, asked, _for_store))
            await self.writer.store(stored)
            return stored
        async with self.groups.judged(self._read(body, asked, basis), basis) as judged:
            stored = refuse_beyond_reach(_for_store(judged))
            self._look_ahead()
            await self.writer.store(stored)
            return stored

    async def preview(self, body: bytes, asked: Asked) -> bytes:
        """Check one GeoJSON Feature and store nothing: the report without an id. Raises as `check` does."""
        basis = await self._in_memory(body, asked)
        if basis is None:
            return await self.shown(*await run_sync(self._judge, body, asked, _for_preview))
        async with self.groups.judged(self._read(body, asked, basis), basis) as judged:
            return await self.shown(*_for_preview(judged))

    async def shown(self, report: bytes, datasets: Sequence[Mapping[str, Any]]) -> bytes:
        """Return a report as whoever asks may see it; where all it rests on is known to be open to them, this asks no database."""
        held = self._basis.seen.versions if self._basis else {}
        is_open = {dataset.version for dataset in held.values() if is_shown(dataset)}
        if withheld.numbers(datasets) <= is_open:
            return report
        return await run_sync(self._shown, report, datasets)

    def _shown(self, report: bytes, datasets: Sequence[Mapping[str, Any]]) -> bytes:
        with self.checker.pool.connection() as conn:
            return withheld.report_bytes(conn, report, datasets)

    async def warm_up(self) -> None:
        """Judge one site, so that what is worked out once is there before the first request."""
        try:
            with as_service():
                basis = await self._next()
        except DATABASE_AWAY:
            return
        rehearse(self.checker, basis)

    async def _in_memory(self, body: bytes, asked: Asked) -> Basis | None:
        """What counts now, for an application that can be judged in the loop: it is short, and all layers are in memory."""
        if not asked.times.is_now or len(body) > SHORT_BODY:
            return None
        basis = await self._now()
        return basis if self.checker.in_memory(basis) else None

    def _read(self, body: bytes, asked: Asked, basis: Basis) -> Applications:
        feature, epsg_in = application_document(body, asked.crs)
        return self.checker.read_on([feature], epsg_in=epsg_in, basis=basis)

    def _judge(self, body: bytes, asked: Asked, write: Write[Written]) -> Written:
        """Judge one application in a thread, through the database where need be."""
        basis = self.checker.basis(asked.times.moment())
        applications = self._read(body, asked, basis)
        return write(Judged(self.checker.judge_on(applications, basis), applications, 0))

    async def _now(self) -> Basis:
        """What counts now. While it is read anew, for as long as that takes, the last basis is still one of a moment and is used."""
        while True:
            basis, age_s = self._basis, time.monotonic() - self._read_at
            usable = basis is not None and self._news == self.checker.snapshots.news and age_s <= STALE_S
            if basis is not None and usable and age_s <= FRESH_S:
                return basis
            reading = self._next()
            if basis is not None and usable:
                if age_s > 2 * FRESH_S:
                    await asyncio.wait({reading}, timeout=PATIENCE_S)
                if not reading.done():
                    return basis
            await asyncio.wait({reading})
            reading.result()

    def _look_ahead(self) -> None:
        """Read what counts anew now, when the loop is about to wait for the database, rather than while the next group is judged."""
        if self._basis is not None and time.monotonic() - self._read_at > FRESH_S - AHEAD_S:
            self._next()

    def _next(self) -> asyncio.Task[Basis]:
        """Begin to read the next basis, or join in waiting for it."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._look())
            self._reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._reading

    async def _look(self) -> Basis:
        began, news = time.monotonic(), self.checker.snapshots.news
        # Anew: what somebody else has seen before would be taken for what counts as of now.
        basis = await run_sync(lambda: self.checker.basis(Moment.now(), anew=True))
        self._basis, self._read_at, self._news = self._prepared(basis), began, news
        return self._basis

    def _prepared(self, basis: Basis) -> Basis:
        """The basis with the loop's own outline of the county, prepared for questions."""
        if basis.county is None:
            return basis
        if self._outline[0] is not basis.county:
            self._outline = (basis.county, prepared_copy(basis.county))
        return replace(basis, county=self._outline[1])


def _for_store(judged: Judged) -> StoredCheck:
    return stored_check(judged.checks, judged.applications, judged.row, at=datetime.now(UTC))


def _for_preview(judged: Judged) -> tuple[bytes, list[dict[str, Any]]]:
    refuse_village_beyond_reach(judged.checks.village_code(judged.row))
    return judged.checks.report_bytes(judged.row, checked_at=datetime.now(UTC).isoformat()), judged.checks.dataset_versions


def application_document(body: bytes, crs: str | None) -> tuple[dict[str, Any], int | None]:
    """Read a GeoJSON document and the EPSG code of its coordinates (None: CRS84); raises InputError."""
    epsg_in = epsg_of(crs)
    document = parse_json(body)
    if not isinstance(document, dict):
        raise InputError(problems=["/：应为 GeoJSON 对象"])
    refuse_other_crs(document, epsg_in=epsg_in)
    return document, epsg_in


def rehearse(checker: Checker, basis: Basis) -> None:
    """Judge one site in the middle of the county, so that what is worked out once for all checks is in memory; nothing where layers are not."""
    if basis.county is None or not checker.in_memory(basis):
        return
    site = basis.county.representative_point().buffer(5.0).__geo_interface__
    feature = {"type": "Feature", "geometry": site, "properties": {}}
    applications = checker.read_on([feature], epsg_in=checker.settings.epsg, basis=basis)
    checker.judge_on(applications, basis).report_bytes(0)
