"""Households (户) by village. They are personal matters: no map, tile or public answer shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers.sql import queries
from layers.succession import Succession

SQL = queries("households")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Household:
    """One household with its `properties` (JSON values)."""

    household_no: str
    village_code: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False


def save(conn: Connection, households: Iterable[Household]) -> None:
    """Store households, replacing those of the same number, in the caller's transaction."""
    rows = [
        {
            "household_no": item.household_no,
            "village_code": item.village_code,
            "properties": Jsonb(dict(item.properties)),
            "synthetic": item.synthetic,
        }
        for item in households
    ]
    with conn.cursor() as cursor:
        cursor.executemany(SQL["save"], rows)


def of_village(conn: Connection, village_code: str) -> list[Household]:
    """Return the households of one village by number."""
    with conn.cursor(row_factory=class_row(Household)) as cursor:
        return cursor.execute(SQL["of_village"], {"village_code": village_code}).fetchall()


def counts(conn: Connection, *, history: Succession | None = None, on: date | None = None) -> dict[str, int]:
    """Return the number of households by village code; with a history those of villages merged by a day count for what took them in.

    Households of a village that was split stay under its code: which part they live in is not known.
    """
    held: dict[str, int] = dict(conn.execute(SQL["counts"]).fetchall())
    if history is None or on is None:
        return held
    found: dict[str, int] = {}
    for code, number in held.items():
        targets = history.successors(code, on)
        target = targets[0] if len(targets) == 1 else code
        found[target] = found.get(target, 0) + number
    return found
