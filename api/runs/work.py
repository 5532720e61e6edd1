"""What is done with one chunk of a run's subjects, by kind of run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

import orjson
import psycopg

from api.checks.checking import stored_check
from api.checks.judging import Footing, Judging
from api.checks.reproducing import Rerun, rerun
from layers import checks
from layers.check_runs import Result, Run, Subject
from layers.checks import StoredCheck
from spatial.canonical import canonical_json
from spatial.plan_difference import Change, changed_checks, changed_sightings
from spatial.radar import Sightings
from spatial.report_difference import differences, rule_key
from spatial.rules.pack import Pack

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Work:
    """What a chunk gives: results, checks to be stored with them, and what it adds to the run's summary."""

    results: list[Result]
    checks: list[StoredCheck] = field(default_factory=list)
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Means:
    """What the work is done with: the ground it judges on, and what a comparison holds it against."""

    judging: Judging
    footing: Footing
    draft: Footing | None = None
    pack: Pack | None = None


def applications(conn: Connection, run: Run, subjects: Sequence[Subject], means: Means) -> Work:
    """Check applications; every report is stored as a check of its own, its id told by the run and the position."""
    given = means.judging.applications(subjects)
    made = means.judging.check(given, means.footing)
    results: list[Result] = []
    stored: list[StoredCheck] = []
    rules = Counter[str]()
    for row, item in enumerate(subjects):
        check_id = result_id(run.id, item.position)
        check = stored_check(made, given, row, at=run.created_at)
        report = orjson.loads(check.report) | {"id": str(check_id)}
        stored.append(replace(check, id=check_id, report=canonical_json(report)))
        results.append(_result(item, verdict=check.verdict, report="", check_id=check_id))
        failed = [found for found in report["findings"] if found["outcome"] in ("fail", "no_data", "error")]
        rules.update(f"{rule_key(found)} {found['outcome']}" for found in failed)
    return Work(results, stored, {"verdicts": _counts(results), "rules": dict(rules)})


def houses(conn: Connection, run: Run, subjects: Sequence[Subject], means: Means) -> Work:
    """Hold existing houses and plots against the rules that need no form."""
    results: list[Result] = []
    unchecked: dict[str, Any] = {}
    rules = Counter[str]()
    for group in by_kind(subjects):
        seen = means.judging.radar(group, means.footing)
        unchecked = add_up(unchecked, {group[0].kind: seen.unchecked()})
        for row, item in enumerate(group):
            report = radar_report(seen, row, item)
            rules.update(f"{hit['rule']} fail" for hit in report["hits"])
            results.append(_result(item, verdict=report["verdict"], report=_text(report)))
    return Work(results, summary={"verdicts": _counts(results), "rules": dict(rules), "unchecked": unchecked})


def plan_difference(conn: Connection, run: Run, subjects: Sequence[Subject], means: Means) -> Work:
    """Judge every subject under the versions in force and under the draft; only what changes is written down."""
    assert means.draft is not None
    results: list[Result] = []
    for group in by_kind(subjects):
        for change in _changes(group, means, means.draft):
            item = group[change.row]
            report = {"kind": item.kind, "name": item.name, "rules": list(change.rules)}
            results.append(_result(item, verdict=change.after, before=change.before, report=_text(report)))
    results.sort(key=lambda result: result.position)
    return Work(results, summary=_moves(results) | {"unchanged": len(subjects) - len(results)})


def backtest(conn: Connection, run: Run, subjects: Sequence[Subject], means: Means) -> Work:
    """Run stored checks again, first by their own pack to prove they are the same, then by the changed one.

    Written down are those decided otherwise, and those that cannot be proved: of another pack, or not the same bytes.
    """
    results: list[Result] = []
    told: Counter[str] = Counter()
    by_id = {item.check_id: item for item in subjects}
    stored = [checks.get(conn, check_id) for check_id in by_id if check_id is not None]
    own = [check for check in stored if check.pack_sha256 == means.judging.pack.sha256]
    told["other_pack"] += len(stored) - len(own)
    results += [_unproved(by_id[check.id], check, "另一版本的规则包所作，现有规则包不能复算") for check in stored if check not in own]
    proofs = rerun(means.judging, own)
    told["same_bytes"] += sum(proof.same for proof in proofs)
    told["not_same_bytes"] += sum(not proof.same for proof in proofs)
    results += [_unproved(by_id[proof.check.id], proof.check, proof.problem or "复算结果与存档不一致") for proof in proofs if not proof.same]
    proved = [proof.check for proof in proofs if proof.same]
    changed = [_decided(by_id[again.check.id], again) for again in rerun(means.judging, proved, pack=means.pack)]
    results += [result for result in changed if result is not None]
    results.sort(key=lambda result: result.position)
    moved = [result for result in results if result.verdict != "unproved"]
    return Work(results, summary=_moves(moved) | dict(told) | {"unchanged": len(proved) - len(moved)})


KINDS: Mapping[str, Callable[[Connection, Run, Sequence[Subject], Means], Work]] = {
    "file": applications,
    "open": applications,
    "houses": houses,
    "plan_difference": plan_difference,
    "backtest": backtest,
}


def result_id(run_id: UUID, position: int) -> UUID:
    """The id of the check of one subject of a run: the same however often the run was interrupted."""
    return uuid5(run_id, str(position))


def radar_report(seen: Sightings, row: int, item: Subject) -> dict[str, Any]:
    """What the radar found about one house or plot; a household's other plots are named by their codes, never the household."""
    report = seen.report(row)
    together = item.properties.get("with")
    if together:
        for hit in report["hits"]:
            if (hit["measured"] or {}).get("unit") == "count" and "zones" not in hit:
                hit["message"] = f"同一户另有 {len(together)} 宗宅基地：{'、'.join(together[:10])}。"
                hit["plots"] = list(together)
    return report


def by_kind(subjects: Sequence[Subject]) -> list[list[Subject]]:
    """Split subjects by kind, in the order in which the kinds come."""
    groups: dict[str, list[Subject]] = {}
    for item in subjects:
        groups.setdefault(item.kind, []).append(item)
    return list(groups.values())


def add_up(total: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Add the numbers of two nested summaries; texts and lists stay as they were first."""
    summed = dict(total)
    for name, value in more.items():
        if isinstance(value, Mapping):
            summed[name] = add_up(summed.get(name, {}), value)
        elif isinstance(value, int) and not isinstance(value, bool):
            summed[name] = summed.get(name, 0) + value
        else:
            summed.setdefault(name, value)
    return summed


def _changes(group: Sequence[Subject], means: Means, draft: Footing) -> list[Change]:
    judging = means.judging
    if group[0].kind != "application":
        return changed_sightings(judging.radar(group, means.footing), judging.radar(group, draft))
    given = judging.applications(group)
    return changed_checks(judging.check(given, means.footing), judging.check(given, draft))


def _decided(item: Subject, again: Rerun) -> Result | None:
    """The result of a stored check that a changed pack decides otherwise, or by other rules; None where nothing changes."""
    if again.report is None:
        return _unproved(item, again.check, f"改后的规则包不能审查：{again.problem}")
    moved = differences(again.stored, again.report)
    if not moved and again.check.verdict == again.report["verdict"]:
        return None
    report = {"kind": "check", "name": item.name, "rules": moved}
    return _result(item, verdict=again.report["verdict"], before=again.check.verdict, report=_text(report), check_id=again.check.id)


def _unproved(item: Subject, check: StoredCheck, reason: str) -> Result:
    report: dict[str, Any] = {"kind": "check", "name": item.name, "rules": [], "reason": reason}
    return _result(item, verdict="unproved", before=check.verdict, report=_text(report), check_id=check.id)


def _result(item: Subject, *, verdict: str, report: str, before: str | None = None, check_id: UUID | None = None) -> Result:
    return Result(position=item.position, kind=item.kind, name=item.name, verdict=verdict, before=before, report=report,
                  geometry=item.geometry, epsg=item.epsg, check_id=check_id)  # fmt: skip


def _counts(results: Sequence[Result]) -> dict[str, int]:
    return dict(Counter(f"{result.kind} {result.verdict}" for result in results))


def _moves(results: Sequence[Result]) -> dict[str, Any]:
    return {
        "changed": len(results),
        "verdict_changed": sum(result.verdict != result.before for result in results),
        "moves": dict(Counter(f"{result.kind} {result.before} {result.verdict}" for result in results)),
    }


def _text(report: Mapping[str, Any]) -> str:
    return canonical_json(report).decode()
