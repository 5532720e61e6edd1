"""Judging together what waits at the same time: four sites in one go cost little more than two, and answers are the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.checks.checking import Basis
from spatial.permit import Applications, Checks, join_applications

LARGEST_GROUP = 16
GATHER_S = 0.005
"""So long at most a request waits for others."""


@dataclass(frozen=True)
class Judged:
    """One application's place among those judged with it."""

    checks: Checks
    applications: Applications
    row: int


@dataclass(eq=False)
class _Waiting:
    applications: Applications
    basis: Basis
    done: asyncio.Future[Judged]
    group: _Group | None = None


@dataclass(eq=False)
class _Group:
    """Those judged together, and how many of them have not been answered yet."""

    checks: Checks
    unanswered: int

    def end(self) -> None:
        """Take note that one has been answered; after the last one what was measured for them is let go."""
        self.unanswered -= 1
        if not self.unanswered:
            self.checks.forget()


def _with_one_outline(waiting: list[_Waiting]) -> list[list[_Waiting]]:
    """Put those together that were read within the same outline of the county."""
    groups: dict[int, list[_Waiting]] = {}
    for item in waiting:
        groups.setdefault(id(item.basis.county), []).append(item)
    return list(groups.values())


class CheckGroups:
    """Gathers the applications that come in at about the same time and judges them together.

    Clients that are answered together ask again together, but not at the very same moment. So what comes in while a group is
    being judged, stored and answered waits for those clients to ask again, at most GATHER_S; one client alone never waits.
    """

    def __init__(self, judge: Callable[[Applications, Basis], Checks]) -> None:
        self.judge = judge
        self._waiting: list[_Waiting] = []
        self._unanswered: set[_Waiting] = set()
        self._answered = 0
        self._expected = 1
        self._due: asyncio.Handle | None = None

    @asynccontextmanager
    async def judged(self, applications: Applications, basis: Basis) -> AsyncIterator[Judged]:
        """Judge one application, with whatever else waits; the block ends when it has been answered. Raises what judging raises."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(applications, basis, loop.create_future())
        self._waiting.append(waiting)
        if self._due is None:
            self._due = loop.call_later(GATHER_S, self._judge_waiting)
        self._judge_if_all_are_here()
        try:
            yield await waiting.done
        finally:
            self._end(waiting)

    def _end(self, waiting: _Waiting) -> None:
        """Take note that one of those judged has been answered, or its client gone."""
        if waiting.group is not None:
            waiting.group.end()
        if waiting in self._unanswered:
            self._unanswered.remove(waiting)
            self._answered += 1
            if not self._unanswered:
                self._expected = self._answered + len(self._waiting)
                self._answered = 0
                self._judge_if_all_are_here()

    def _judge_if_all_are_here(self) -> None:
        if self._due is not None and not self._unanswered and len(self._waiting) >= self._expected:
            self._due.cancel()
            # One turn later, so that requests that arrived together come together.
            self._due = asyncio.get_running_loop().call_soon(self._judge_waiting)

    def _judge_waiting(self) -> None:
        waiting, self._waiting, self._due = [item for item in self._waiting if not item.done.done()], [], None
        self._unanswered.update(waiting)
        for group in _with_one_outline(waiting):
            # By the newest: who waited for what was just published must not be answered by what somebody else had read before.
            basis = max((item.basis for item in group), key=lambda basis: basis.seen.moment.known_at)
            for start in range(0, len(group), LARGEST_GROUP):
                self._judge_group(group[start : start + LARGEST_GROUP], basis)

    def _judge_group(self, group: list[_Waiting], basis: Basis) -> None:
        try:
            applications = join_applications([item.applications for item in group])
            checks = self.judge(applications, basis)
        except Exception as error:
            # What one site does to the engine must not befall those judged with it.
            if len(group) > 1:
                for item in group:
                    self._judge_group([item], basis)
            else:
                group[0].done.set_exception(error)
            return
        together = _Group(checks, len(group))
        for row, item in enumerate(group):
            item.group = together
            item.done.set_result(Judged(checks, applications, row))

