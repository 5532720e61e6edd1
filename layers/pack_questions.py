"""The spatial questions of a rule pack as set-based SQL: what the engine's check of many sites is compared with.

One statement asks a layer for all overlaps at once (the m² that count for each fact), one for all distances, one for the feature with
the largest share. Features that overlap each other are counted twice, which is less work than their union; what only the engine finds
out (land in the whole village, the four sides, what is not known, outcomes and verdicts) is not asked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from layers.database import connect
from layers.sql import queries
from spatial.layer import DatasetVersion
from spatial.rules.model import FactSpec, Where
from spatial.rules.pack import Pack
from spatial.rules.parameters import Resolved, Row

SQL = queries("pack_questions")

_OVERLAP = ("overlap_area", "overlap_share", "outside_area")
_CLEARANCE = ("clearance", "clearance_beyond", "placed_clearance", "sway_clearance", "strip_clearance")
_SHARES: Mapping[str, tuple[str, str]] = {"plain": ("meets", "shared"), "covered_first": ("meets", "shared_or_whole"), "boxes_only": ("boxes_meet", "shared")}
_NEAR: Mapping[str, str] = {"within": "within", "boxes_within": "boxes_within"}
LARGEST = ("largest_m2", "m2", "fid")
"""What is asked about the features that share a site: the largest share, all shares together, and whose the largest is."""



Parts = Mapping[str, sql.Composable]
Rows = list[tuple[Row, float | None]]


@dataclass(frozen=True)
class Question:
    """One statement about one layer: `facts` are its columns after the site's number, `variants` the parts of it by way of writing it."""

    layer: str
    facts: tuple[str, ...]
    template: sql.SQL
    variants: Mapping[str, Parts]

    def statement(self, variant: str, *, first: int, last: int) -> sql.Composed:
        """Return the statement for the sites from `first` to before `last`."""
        return self.of(variant, SQL["sites_between"].format(first=sql.Literal(first), last=sql.Literal(last)))

    def of(self, variant: str, sites: sql.Composable) -> sql.Composed:
        """Return the statement for the sites that a condition on `s` names."""
        return self.template.format(**self.variants[variant], of_sites=sites)


def questions(pack: Pack, versions: Mapping[str, DatasetVersion], *, on: date) -> list[Question]:
    """Return the questions about the layers of a pack that are loaded, as the parameters of a day ask them."""
    writer = _Writer(pack, versions, on)
    found = []
    for layer in pack.layers:
        if layer in versions:
            mine = {name: spec for name, spec in pack.main.facts.items() if spec.layer == layer}
            found += [question for ask in (writer.overlaps, writer.near, writer.largest, writer.gap) if (question := ask(layer, mine)) is not None]
    return found


@dataclass(frozen=True)
class _Writer:
    pack: Pack
    versions: Mapping[str, DatasetVersion]
    on: date

    def overlaps(self, layer: str, facts: Mapping[str, FactSpec]) -> Question | None:
        """Ask for the m² of all facts that are sums of overlaps."""
        mine = {name: spec for name, spec in facts.items() if spec.measure in _OVERLAP}
        if not mine:
            return None
        columns = [SQL["chosen_overlap"].format(chosen=self._chosen(spec)) if spec.where else SQL["every_overlap"] for spec in mine.values()]
        template = SQL["overlaps_by_attribute" if any(spec.where for spec in mine.values()) else "overlaps"]
        return Question(layer, tuple(mine), template, self._shares(layer, columns))

    def largest(self, layer: str, facts: Mapping[str, FactSpec]) -> Question | None:
        """Ask for the feature with the largest share of every site."""
        if not any(spec.measure in ("dominant", "overlap_without_dominant") for spec in facts.values()):
            return None
        return Question(layer, LARGEST, SQL["overlaps_by_feature"], self._shares(layer, ()))

    def _shares(self, layer: str, columns: Sequence[sql.Composable]) -> Mapping[str, Parts]:
        return {
            variant: {"version": self._version(layer), "columns": sql.SQL(", ").join(columns), "meets": SQL[meets], "shared": SQL[shared]}
            for variant, (meets, shared) in _SHARES.items()
        }

    def near(self, layer: str, facts: Mapping[str, FactSpec]) -> Question | None:
        """Ask for the smallest distances and clearances."""
        columns: dict[str, sql.Composable] = {}
        reach = 0.0
        for name, spec in facts.items():
            for label, column, metres in self._distances(name, spec):
                columns[label], reach = column, max(reach, metres)
        if not columns:
            return None
        parts = {"version": self._version(layer), "columns": sql.SQL(", ").join(columns.values())}
        return Question(layer, tuple(columns), SQL["near"], {
            variant: {**parts, "meets": SQL[meets].format(reach=sql.Literal(reach))} for variant, meets in _NEAR.items()
        })  # fmt: skip

    def gap(self, layer: str, facts: Mapping[str, FactSpec]) -> Question | None:
        """Ask for the distance to the next building that is not the site's own."""
        for name, spec in facts.items():
            radius = self.pack.parameter(spec.radius_m, self.on).number() if spec.measure == "building_gap" and spec.radius_m else None
            if radius is not None:
                return Question(layer, (name,), SQL["gap"], {"features": {"version": self._version(layer), "reach": sql.Literal(radius)}})
        return None

    def _version(self, layer: str) -> sql.Literal:
        return sql.Literal(self.versions[layer].version)

    def _distances(self, name: str, spec: FactSpec) -> list[tuple[str, sql.Composable, float]]:
        """The columns of one fact with the metres up to which they must be looked for; none where nothing is set on that day."""
        if spec.measure == "distance":
            radius = self.pack.parameter(spec.radius_m or "", self.on).number()
            return [] if radius is None else [(name, SQL["chosen_distance"].format(chosen=self._chosen(spec), radius=sql.Literal(radius)), radius)]
        if spec.measure not in _CLEARANCE:
            return []
        half = _rows(self.pack.parameter(spec.half_width, self.on)) if spec.half_width else []
        widest = max((metres for _, metres in half if metres is not None), default=0.0)
        found: list[tuple[str, sql.Composable, float]] = []
        for label, rows in self._tables(name, spec):
            farthest = max((metres for _, metres in rows if metres is not None), default=0.0)
            if farthest > 0:
                parts = {"half": _by_class(spec.field or "", half, widest), "required": _by_class(spec.field or "", rows, None)}
                found.append((label, SQL["smallest_clearance"].format(**parts), farthest + widest))
        return found

    def _tables(self, name: str, spec: FactSpec) -> list[tuple[str, Rows]]:
        """What a clearance requires by class: several tables where it depends on the place, or on what only others know."""
        table = _rows(self.pack.parameter(spec.parameter or "", self.on))
        if spec.measure == "clearance_beyond":
            zone = {row.key: metres for row, metres in _rows(self.pack.parameter(spec.zone or "", self.on))}
            return [(name, [(row, _sum(metres, zone.get(row.key))) for row, metres in table])]
        if spec.measure == "sway_clearance":
            return [(name, table), (f"{name}.general", _rows(self.pack.parameter(spec.zone or "", self.on)))]
        if spec.measure == "placed_clearance":
            kinds = dict.fromkeys((row.key or "").partition(".")[0] for row, _ in table)
            return [(f"{name}.{kind}", [pair for pair in table if (pair[0].key or "").startswith(f"{kind}.")]) for kind in kinds]
        return [(name, table)]

    def _chosen(self, spec: FactSpec) -> sql.Composable:
        clauses = [self._clause(clause, spec) for clause in spec.where]
        return sql.SQL(" AND ").join(clauses) if clauses else SQL["anything"]

    def _clause(self, clause: Where, spec: FactSpec) -> sql.Composed:
        field, values = sql.Literal(clause.field), list(clause.values)
        if clause.op == "before_version_of":
            return SQL["before"].format(field=field, day=sql.Literal(self.versions[values[0]].valid_from))
        if clause.op == "group_is":
            named, *groups = values
            return SQL["one_of"].format(field=field, values=sql.Literal([code for code, row in self.pack.codes[named].codes.items() if row.group in groups]))
        if clause.op in ("prefix", "not_prefix"):
            name = "starting_with" if clause.op == "prefix" else "not_starting_with"
            return SQL[name].format(field=field, values=sql.Literal([f"{value}%" for value in values]))
        return SQL["one_of" if clause.op == "in" else "none_of"].format(field=field, values=sql.Literal(values))


def _rows(table: Resolved) -> Rows:
    """The rows of a table with their metres (None: not set); the last of several that fit a class counts, so it comes first."""
    return [(value.row, None if value.value is None else float(value.value)) for value in reversed(table.values)]  # type: ignore[arg-type]


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _by_class(field: str, rows: Rows, otherwise: float | None) -> sql.Composable:
    """The metres of a feature's class as an expression."""
    cases = [_case(sql.Literal(field), row, sql.Literal(metres)) for row, metres in rows]
    return SQL["by_class"].format(rows=sql.SQL(" ").join(cases), otherwise=sql.Literal(otherwise)) if cases else sql.Literal(otherwise)


def _case(field: sql.Literal, row: Row, metres: sql.Literal) -> sql.Composed:
    if row.low is not None:
        return SQL["of_range"].format(field=field, low=sql.Literal(row.low), high=sql.Literal(row.high), metres=metres)
    return SQL["of_class"].format(field=field, key=sql.Literal((row.key or "").rpartition(".")[2]), metres=metres)


def fastest(url: str, asked: Sequence[Question], *, sample: tuple[int, int]) -> list[str]:
    """Return for each question which way of writing it is the fastest for the sites of a sample (first, last)."""
    with connect(url, autocommit=True) as conn:
        return [min(question.variants, key=lambda variant: _seconds(conn, question, variant, sample)) for question in asked]


def _seconds(conn: psycopg.Connection[Any], question: Question, variant: str, sample: tuple[int, int]) -> float:
    began = time.perf_counter()
    conn.execute(question.statement(variant, first=sample[0], last=sample[1]))
    return time.perf_counter() - began


def about_one_site(asked: Sequence[Question], variants: Sequence[str]) -> str:
    """Write all questions about one site as one statement for pgbench (`:site`): a column for each question, its answers together."""
    each = [question.of(variant, SQL["site_of_pgbench"]) for question, variant in zip(asked, variants, strict=True)]
    answers = sql.SQL(", ").join(SQL["answer"].format(question=question) for question in each)
    return SQL["one_site"].format(answers=answers).as_string()


Answers = Mapping[tuple[str, str], NDArray[np.float64]]
"""The number of every site by layer and fact; NaN where no row came."""

PARTS = 4


def answer(url: str, asked: Sequence[Question], variants: Sequence[str], *, sites: int, connections: int = 2) -> tuple[float, Answers]:
    """Ask all questions about sites 0 to `sites` - 1; return seconds and what was answered.

    Connections take the next statement as soon as they are free. What Python needs to read the rows is not counted.
    """
    edges = np.linspace(0, sites, PARTS + 1).astype(int)
    work = [(place, first, last) for place in range(len(asked)) for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
    conns = [connect(url, autocommit=True) for _ in range(connections)]
    waiting = iter(work)
    cursors: list[tuple[int, psycopg.Cursor[Any]]] = []

    def ask(conn: psycopg.Connection[Any]) -> None:
        for place, first, last in waiting:
            cursor = conn.cursor(binary=True)
            cursors.append((place, cursor.execute(asked[place].statement(variants[place], first=first, last=last))))

    try:
        began = time.perf_counter()
        with ThreadPoolExecutor(connections) as workers:
            list(workers.map(ask, conns))
        seconds = time.perf_counter() - began
        return seconds, _read(asked, cursors, sites)
    finally:
        for conn in conns:
            conn.close()


def _read(asked: Sequence[Question], cursors: Sequence[tuple[int, psycopg.Cursor[Any]]], sites: int) -> Answers:
    found = {(question.layer, fact): np.full(sites, np.nan) for question in asked for fact in question.facts}
    for place, cursor in cursors:
        rows = cursor.fetchall()
        if rows:
            ids, *columns = zip(*rows, strict=True)
            for fact, column in zip(asked[place].facts, columns, strict=True):
                found[asked[place].layer, fact][list(ids)] = np.array(column, dtype=np.float64)
    return found
