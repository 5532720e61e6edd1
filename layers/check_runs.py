"""Runs over many subjects (批量审查): what a run rests on, its subjects, and its results, which grow chunk by chunk with its progress.

A chunk's results and the progress behind them are written in one transaction: a run that was killed goes on where it stood.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
import shapely
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from layers import audit
from layers.acting import current
from layers.checks import report_of
from layers.errors import UnknownRecordError
from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("check_runs")

Connection = psycopg.Connection[Any]

CHUNK = 2_000


class RunBusyError(CuntuError):
    """这次批量审查正在进行，不能同时再做一次。"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: its kind, everything its results rest on, and how far it is. `versions` are dataset version ids by layer."""

    id: UUID
    kind: str
    title: str
    parameters: Mapping[str, Any]
    valid_on: date
    known_at: datetime
    pack_version: str
    pack_sha256: str
    versions: Mapping[str, int]
    classification_id: UUID | None
    total: int
    created_at: datetime
    done: int = 0
    summary: Mapping[str, Any] = field(default_factory=dict)
    finished_at: datetime | None = None
    account_id: int | None = None
    seat_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is to be checked: kind `application`, `building`, `parcel` or `check`; the geometry in EPSG:`epsg`."""

    position: int
    kind: str
    name: str | None
    properties: Mapping[str, Any]
    geometry: BaseGeometry
    epsg: int
    check_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one subject: `verdict`, for comparisons the verdict `before`, and a report (or the stored check that has it)."""

    position: int
    kind: str
    name: str | None
    verdict: str
    report: str
    geometry: BaseGeometry
    epsg: int
    before: str | None = None
    check_id: UUID | None = None


def create(conn: Connection, run: Run, subjects: Sequence[Subject]) -> None:
    """Write down a run with its subjects, in the caller's transaction. A run without subjects is finished at once."""
    row = vars(run) | {name: Jsonb(dict(getattr(run, name))) for name in ("parameters", "versions", "summary")} | current().signed
    conn.execute(SQL["add"], row)
    _add(conn, "add_subjects", run.id, subjects, ("position", "kind", "name", "check_id"), lambda item: {
        "properties": json.dumps(dict(item.properties), ensure_ascii=False), "geom": _ewkb(item.geometry, item.epsg),
    })  # fmt: skip
    conn.execute(SQL["finish_empty"], {"id": run.id})
    told = {"kind": run.kind, "total": run.total, "versions": dict(run.versions), "pack_sha256": run.pack_sha256, "known_at": run.known_at}
    audit.note(conn, "runs.begin", f"run/{run.id}", after=audit.digest(run.parameters), details=told)


def get(conn: Connection, run_id: UUID) -> Run:
    """Return a run; raise UnknownRecordError where there is none."""
    found = _runs(conn, run_id, limit=1, offset=0)
    if not found:
        raise UnknownRecordError(f"没有编号为 {run_id} 的批量审查。")
    return found[0]


def latest(conn: Connection, *, limit: int = 50, offset: int = 0) -> list[Run]:
    """Return the newest runs first."""
    return _runs(conn, None, limit=limit, offset=offset)


def count(conn: Connection) -> int:
    """Return how many runs there are."""
    row = conn.execute(SQL["count"]).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def alone(conn: Connection, run_id: UUID) -> Iterator[None]:
    """Hold a run for oneself while the block runs; raise RunBusyError where another works on it. The lock ends with its connection."""
    row = conn.execute(SQL["try_lock"], {"id": str(run_id)}).fetchone()
    conn.commit()
    if row is None or not row[0]:
        raise RunBusyError
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(SQL["unlock"], {"id": str(run_id)})
            conn.commit()


def subjects(conn: Connection, run_id: UUID, start: int, stop: int) -> list[Subject]:
    """Return the subjects at positions start to stop (not included)."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["subjects"], {"id": run_id, "start": start, "stop": stop}).fetchall()
    return [Subject(**row | {"geometry": shapely.from_wkb(row["geometry"])}) for row in rows]


def advance(conn: Connection, run: Run, *, stop: int, results: Sequence[Result], summary: Mapping[str, Any]) -> None:
    """Add the results of the subjects from `run.done` to `stop` and move the run there, in the caller's transaction.

    Raises RunBusyError where the run has been moved by someone else meanwhile.
    """
    as_they_are = ("position", "kind", "name", "verdict", "before", "check_id", "report")
    _add(conn, "add_results", run.id, results, as_they_are, lambda item: {"geom": _ewkb(item.geometry, item.epsg)})
    values = {"id": run.id, "start": run.done, "stop": stop, "summary": Jsonb(dict(summary))}
    if conn.execute(SQL["advance"], values).rowcount != 1:
        raise RunBusyError
    written = [[item.position, item.verdict, item.before, item.check_id, item.report] for item in results]
    action = "runs.finish" if stop == run.total else "runs.advance"
    audit.note(conn, action, f"run/{run.id}", after=audit.digest(written), details={"start": run.done, "stop": stop, "results": len(written)})


def results(conn: Connection, run_id: UUID, *, after: int = -1, limit: int = 500, verdict: str | None = None) -> list[Result]:
    """Return results in the order of their subjects, those after a position; for applications with the stored check's report."""
    values = {"id": run_id, "after": after, "limit": limit, "verdict": verdict}
    return _results(conn, "results", values)


def every_result(conn: Connection, run_id: UUID) -> Iterator[Result]:
    """Yield all results in order, some at a time."""
    after = -1
    while found := results(conn, run_id, after=after):
        yield from found
        after = found[-1].position


def worst(conn: Connection, run_id: UUID, verdicts: Sequence[str], *, limit: int) -> list[Result]:
    """Return results without their reports by verdict in the order given: at most so many, the first verdict's first."""
    return _results(conn, "worst", {"id": run_id, "verdicts": list(verdicts), "limit": limit})


def result_counts(conn: Connection, run_id: UUID) -> dict[str, int]:
    """Return how many results are written down, by verdict."""
    return dict(conn.execute(SQL["result_counts"], {"id": run_id}).fetchall())


def plots_of_households(conn: Connection) -> list[tuple[str, ...]]:
    """Return the plots (宗地代码) of every household: `zddm`, one or a list of them, and those in `other_zddm`."""
    found = []
    for row in conn.execute(SQL["plots_of_households"]).fetchall():
        named = [plot for value in row if value for plot in (value if isinstance(value, list) else [value])]
        found.append(tuple(dict.fromkeys(str(plot) for plot in named if plot)))
    return [plots for plots in found if plots]


def check_ids(conn: Connection, *, pack_id: str) -> list[UUID]:
    """Return all stored checks made by a pack, the oldest first."""
    return [row[0] for row in conn.execute(SQL["check_ids"], {"pack_id": pack_id}).fetchall()]


def _runs(conn: Connection, run_id: UUID | None, *, limit: int, offset: int) -> list[Run]:
    with conn.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(SQL["list"], {"id": run_id, "limit": limit, "offset": offset}).fetchall()


def _results(conn: Connection, name: str, values: dict[str, Any]) -> list[Result]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL[name], values).fetchall()
    return [
        Result(**row | {"report": report_of(conn, row["report"], row.pop("packed"), row.pop("dictionary")).decode(),
                        "geometry": shapely.from_wkb(row["geometry"])})
        for row in rows
    ]  # fmt: skip


def _add(conn: Connection, query: str, run_id: UUID, items: Sequence[Any], names: Sequence[str], more: Callable[[Any], dict[str, Any]]) -> None:
    """Insert rows, some at a time: `names` are columns that are attributes, `more` gives the others."""
    for start in range(0, len(items), CHUNK):
        rows = [{name: getattr(item, name) for name in names} | more(item) for item in items[start : start + CHUNK]]
        conn.execute(SQL[query], {"run_id": run_id} | {name: [row[name] for row in rows] for name in rows[0]})


def _ewkb(geometry: BaseGeometry, epsg: int) -> bytes:
    found: bytes = shapely.to_wkb(shapely.set_srid(geometry, epsg), include_srid=True)
    return found
