"""Running stored checks again on what they rested on: the same bytes, or the reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import orjson

from api.checks.judging import Footing, Judging
from layers.checks import StoredCheck
from spatial.errors import CuntuError
from spatial.report_difference import answer
from spatial.rules.pack import Pack


@dataclass(frozen=True)
class Rerun:
    """A stored check run again: the old report and the new one; `problem` says why there is none."""

    check: StoredCheck
    stored: dict[str, Any]
    report: dict[str, Any] | None
    problem: str | None = None

    @property
    def same(self) -> bool:
        """Whether the answer has the same bytes as the stored one."""
        return self.report is not None and answer(self.stored) == answer(self.report)


def rerun(judging: Judging, checks: Sequence[StoredCheck], *, pack: Pack | None = None) -> list[Rerun]:
    """Run checks again on their own versions and times by a pack (default: the installed one), in their order.

    Those that rest on the same versions, types, day and register of live applications are judged together.
    """
    done: dict[int, Rerun] = {}
    for footing, rows in _groups(judging, checks):
        group = [checks[row] for row in rows]
        for row, result in zip(rows, _together(judging, group, footing, pack), strict=True):
            done[row] = result
    return [done[row] for row in range(len(checks))]


def _groups(judging: Judging, checks: Sequence[StoredCheck]) -> Iterator[tuple[Footing, list[int]]]:
    groups: dict[Any, list[int]] = {}
    for row, check in enumerate(checks):
        report = orjson.loads(check.report)
        ids = tuple((entry["layer"], entry.get("version")) for entry in report["datasets"])
        register = judging.register(check.known_at)
        key = (ids, report["subject"].get("village_type_version"), check.valid_on, check.epsg, id(register))
        groups.setdefault(key, []).append(row)
    for rows in groups.values():
        yield judging.of_check(checks[rows[0]], orjson.loads(checks[rows[0]].report)), rows


def _together(judging: Judging, group: Sequence[StoredCheck], footing: Footing, pack: Pack | None) -> list[Rerun]:
    """Judge checks on one footing; where the form refuses one of them, each is judged alone."""
    try:
        checks = judging.check(judging.applications(group), footing, pack=pack)
    except CuntuError as error:
        if len(group) == 1:
            return [Rerun(group[0], orjson.loads(group[0].report), None, str(error))]
        return [result for check in group for result in _together(judging, [check], footing, pack)]
    return [
        Rerun(check, orjson.loads(check.report), checks.report(row) | {"known_at": check.known_at.astimezone(UTC).isoformat()})
        for row, check in enumerate(group)
    ]
