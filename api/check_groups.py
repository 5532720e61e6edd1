"""Judging together what waits at the same time: four sites in one go cost little more than one, and answers are the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from api.checking import Basis
from spatial.permit import Applications, Checks, join_applications

LARGEST_GROUP = 16


@dataclass(frozen=True)
class Judged:
    """One application's place among those judged with it."""

    checks: Checks
    applications: Applications
    row: int


@dataclass(frozen=True)
class _Waiting:
    applications: Applications
    basis: Basis
    done: asyncio.Future[Judged]


class CheckGroups:
    """Gathers the applications that come in during one turn of the event loop and judges those with the same basis together."""

    def __init__(self, judge: Callable[[Applications, Basis], Checks]) -> None:
        self.judge = judge
        self._waiting: list[_Waiting] = []

    async def judged(self, applications: Applications, basis: Basis) -> Judged:
        """Judge one application, with whatever else waits. Raises what judging raises."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(applications, basis, loop.create_future())
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            # One turn later, so that requests that arrived together come together.
            loop.call_soon(loop.call_soon, self._judge_waiting)
        return await waiting.done

    def _judge_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        bases = {id(item.basis): item.basis for item in waiting}
        for key, basis in bases.items():
            group = [item for item in waiting if id(item.basis) == key and not item.done.done()]
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
        for row, item in enumerate(group):
            item.done.set_result(Judged(checks, applications, row))
