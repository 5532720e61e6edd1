"""Seats (席位): posts in a unit, for the county or for one town or village, and the people who hold them from a day to a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import psycopg

from layers.sql import queries

SQL = queries("seats")

Connection = psycopg.Connection[Any]


def new_seat(
    conn: Connection, *, title: str, unit: str, roles: Iterable[str], place_code: str | None = None, secrecy: str = "internal"
) -> int:
    """Make a seat with its roles and return its number. `place_code` is that of a town (nine digits) or village (twelve), None the county."""
    row = conn.execute(SQL["new_seat"], {"title": title, "unit": unit, "place_code": place_code, "secrecy": secrecy}).fetchone()
    assert row is not None
    for role in roles:
        conn.execute(SQL["give_role"], {"seat": row[0], "role": role})
    return int(row[0])


def new_person(conn: Connection, name: str) -> int:
    """Note a person and return their number."""
    row = conn.execute(SQL["new_person"], {"name": name}).fetchone()
    assert row is not None
    return int(row[0])


def appoint(conn: Connection, *, seat: int, person: int, held_from: date, held_to: date | None = None) -> None:
    """Have a person hold a seat from a day, and to (before) another day; the database refuses two holders at a time."""
    conn.execute(SQL["appoint"], {"seat": seat, "person": person, "held_from": held_from, "held_to": held_to})
