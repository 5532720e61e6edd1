"""Reported progress figures by village, indicator and month; a correction closes what it replaces and both stay readable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import psycopg
from psycopg.rows import dict_row

from layers.sql import queries
from spatial.errors import InputError

SQL = queries("progress_values")

Connection = psycopg.Connection[Any]

COLUMNS = ("village_code", "indicator", "period", "numerator", "denominator")
"""A report's columns: 12-digit code, indicator id, first day of the month, and the two figures (None where not reported)."""


def save(
    conn: Connection, values: pd.DataFrame, *, source_name: str, synthetic: bool = False, known_from: datetime | None = None
) -> int:
    """Store reported figures, closing those of the same village, indicator and month; return how many.

    Raises InputError for missing columns, a period that is not the first of a month, and rows given twice.
    """
    rows = _rows(values)
    moment = known_from or datetime.now(UTC)
    with conn.cursor() as cursor:
        cursor.execute(SQL["receive"])
        with cursor.copy(SQL["copy"]) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(SQL["close_replaced"], {"at": moment})
        cursor.execute(SQL["add"], {"at": moment, "source_name": source_name, "synthetic": synthetic})
        cursor.execute(SQL["forget_received"])
    return len(rows)


def known(
    conn: Connection,
    *,
    known_at: datetime,
    indicators: Sequence[str] | None = None,
    first: date | None = None,
    last: date | None = None,
) -> pd.DataFrame:
    """Return the figures known at a moment, months `first` to `last`; a figure not reported is NaN or not there at all."""
    names = [*COLUMNS, "source_name", "synthetic", "known_from"]
    search = {"known_at": known_at, "indicators": None if indicators is None else list(indicators), "first": first, "last": last}
    with conn.cursor(row_factory=dict_row) as cursor:
        frame = pd.DataFrame(cursor.execute(SQL["known"], search).fetchall(), columns=names)
    return frame.astype({"numerator": "float64", "denominator": "float64"})


def _rows(values: pd.DataFrame) -> list[tuple[Any, ...]]:
    missing = [name for name in COLUMNS if name not in values.columns]
    if missing:
        raise InputError(f"进度数据缺少列：{'、'.join(missing)}。")
    periods = pd.to_datetime(values["period"])
    figures = values[["numerator", "denominator"]].astype("float64").astype(object)
    figures = figures.where(figures.notna(), None)
    problems = [f"第 {row + 1} 行的月份 {day.date()} 不是当月一日" for row, day in enumerate(periods) if day.day != 1]
    keys = list(zip(values["village_code"], values["indicator"], periods.dt.date, strict=True))
    seen: set[tuple[Any, ...]] = set()
    for row, key in enumerate(keys, start=1):
        if key in seen:
            problems.append(f"第 {row} 行重复：{key[0]} {key[1]} {key[2]}")
        seen.add(key)
    if problems:
        raise InputError("进度数据有误。", problems=problems[:100])
    return [(*key, *pair) for key, pair in zip(keys, figures.itertuples(index=False, name=None), strict=True)]
