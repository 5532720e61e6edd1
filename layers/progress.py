"""Stored progress figures: read as they were known at a moment, and recorded so that a correction keeps what it corrects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import psycopg

from layers import audit, succession
from layers.acting import current
from layers.errors import VersionStateError
from layers.sql import queries
from layers.succession import Succession
from layers.versions import in_force
from spatial.periods import due_period, due_periods
from spatial.progress import EmptyRosterError, Figures, Roster
from spatial.progress_pack import ProgressPack
from spatial.progress_report import ProgressReport, TrendPoint, report, trend

SQL = queries("progress")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One village's figure for one indicator and period (the first of its last month)."""

    village_code: str
    indicator: str
    period: date
    numerator: float
    denominator: float


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What a recording did: figures new, corrected (the old value stays known up to now) and unchanged."""

    new: int
    corrected: int
    unchanged: int
    at: datetime


def read_roster(conn: Connection, *, valid_on: date, known_at: datetime, county: tuple[str, str]) -> Roster:
    """List the villages that have to report: those of the village layer in force, but for removed ones. `county` is code and name.

    Raises EmptyRosterError where no village layer is in force: without the list nobody knows who is missing.
    """
    version = in_force(conn, valid_on=valid_on, known_at=known_at).get("village")
    if version is None:
        raise EmptyRosterError
    rows = conn.execute(SQL["roster"], {"version": version.version}).fetchall()
    codes, names, town_codes, town_names = np.array(rows, dtype=object).reshape(-1, 4).T
    return Roster(codes, names, town_codes, town_names, *county)


def read_figures(
    conn: Connection, indicator: str, *, periods: Sequence[date], known_at: datetime, roster: Roster
) -> dict[date, Figures]:
    """Read an indicator's figures of the periods, as known at a moment, in the roster's order. Each period has an entry.

    What villages reported before they were merged counts for the village that took them in (`Succession.folded`).
    """
    history = succession.read(conn, known_at=known_at)
    rows = conn.execute(SQL["figures"], {"indicator": indicator, "periods": list(periods), "known_at": known_at}).fetchall()
    found: dict[date, list[Sequence[Any]]] = {period: [] for period in periods}
    for period, *figure in rows:
        found[period].append(figure)
    return {period: _align(roster, figures, history, period) for period, figures in found.items()}


def _align(roster: Roster, rows: Sequence[Sequence[Any]], history: Succession, period: date) -> Figures:
    reported = [(str(code), (np.nan if one is None else one, np.nan if other is None else other)) for code, one, other, _ in rows]
    figures = history.folded(reported, roster.village_codes, on=date.max, period=period)
    numerators, denominators = zip(*figures.values(), strict=True) if figures else ((), ())
    synthetic = any(row[3] for row in rows)
    return Figures.align(roster, codes=list(figures), numerators=numerators, denominators=denominators, synthetic=synthetic)


def read_report(
    conn: Connection, indicator: str, *, asked: date, pack: ProgressPack, roster: Roster, known_at: datetime
) -> ProgressReport:
    """Report an indicator for a month, from the last period that was due by then. Raises InputError for an unknown indicator."""
    period = due_period(asked, cadence=pack.indicator(indicator).cadence)
    figures = read_figures(conn, indicator, periods=[period], known_at=known_at, roster=roster)[period]
    return report(indicator, asked=asked, pack=pack, roster=roster, figures=figures)


def read_trend(
    conn: Connection, indicator: str, *, unit: str, span: tuple[date, date], pack: ProgressPack, roster: Roster, known_at: datetime
) -> tuple[TrendPoint, ...]:
    """Follow a village, town or county over the due periods of a span of months. Raises InputError for an unknown unit."""
    periods = due_periods(*span, cadence=pack.indicator(indicator).cadence)
    figures = read_figures(conn, indicator, periods=periods, known_at=known_at, roster=roster)
    return trend(indicator, unit=unit, pack=pack, roster=roster, figures=figures)


def reported_periods(conn: Connection, *, known_at: datetime) -> dict[str, list[date]]:
    """List by indicator the periods for which a figure is held, the earliest first."""
    return dict(conn.execute(SQL["periods"], {"known_at": known_at}).fetchall())


def record(
    conn: Connection, figures: Sequence[Figure], *, source_name: str, synthetic: bool = False, at: datetime | None = None
) -> Recorded:
    """Record figures as known from `at` (default: this moment), each village, indicator and period at most once.

    A figure that differs from the one held ends the knowledge of that one; an equal one changes nothing. Recordings wait
    for each other. Raises VersionStateError if `at` lies before the last change: what was known then is not rewritten.
    """
    conn.execute(SQL["lock"])
    moment = at or _scalar(conn, "clock")
    last = _scalar(conn, "last_change")
    if last is not None and moment < last:
        raise VersionStateError(f"入库时间 {moment.isoformat()} 早于上一次变更 {last.isoformat()}。")
    values = {**_columns(figures), "at": moment, "source_name": source_name, "synthetic": synthetic, **current().signed}
    corrected = conn.execute(SQL["close_corrected"], values).rowcount
    added = conn.execute(SQL["add"], values).rowcount
    recorded = Recorded(new=added - corrected, corrected=corrected, unchanged=len(figures) - added, at=moment)
    audit.note(conn, "progress.record", "progress", after=audit.digest(_columns(figures)), details=vars(recorded) | {"synthetic": synthetic})
    return recorded


def _columns(figures: Sequence[Figure]) -> dict[str, list[Any]]:
    return {
        "village_code": [figure.village_code for figure in figures],
        "indicator": [figure.indicator for figure in figures],
        "period": [figure.period for figure in figures],
        "numerator": [float(figure.numerator) for figure in figures],
        "denominator": [float(figure.denominator) for figure in figures],
    }


def _scalar(conn: Connection, query: str) -> Any:
    row = conn.execute(SQL[query]).fetchone()
    return None if row is None else row[0]
