"""Households (户) by village. They are personal matters: no map, tile or public answer shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from layers import audit
from layers.personal_cipher import Cipher, Place
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
    audit.note(conn, "households.save", "household", details={"households": len(rows), "villages": sorted({row["village_code"] for row in rows})})


@dataclass(frozen=True, kw_only=True)
class Person:
    """The head (户主) or the contact (联系人) of a household, the `part` they have in it; None is not stated."""

    household_no: str
    part: str
    name: str | None = None
    phone: str | None = None
    identity_number: str | None = None
    address: str | None = None


PERSONS = "household_person"
SEALED = ("name", "phone", "identity_number", "address")


def save_persons(conn: Connection, cipher: Cipher, persons: Iterable[Person]) -> None:
    """Store heads and contacts, replacing those of the same part, in the caller's transaction. Nothing of them is stored in clear."""
    rows = [
        {"household_no": item.household_no, "part": item.part, "identity_index": cipher.index(item.identity_number)}
        | {name: cipher.seal(getattr(item, name), Place(PERSONS, person_row(item.household_no, item.part), name)) for name in SEALED}
        for item in persons
    ]
    with conn.cursor() as cursor:
        cursor.executemany(SQL["save_person"], rows)
    audit.note(conn, "households.save_persons", "household", details={"persons": len(rows)})


def persons(conn: Connection, cipher: Cipher, household_no: str) -> list[Person]:
    """Return the head and the contact of a household, in full; raises PersonalKeyError, SealBrokenError."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["persons"], {"household_no": household_no}).fetchall()
    return [_person(cipher, row) for row in rows]


def of_person(conn: Connection, cipher: Cipher, identity_number: str) -> list[tuple[str, str]]:
    """Return the households (number and part) of which somebody is head or contact."""
    return conn.execute(SQL["by_identity"], {"indexes": cipher.indexes(identity_number)}).fetchall()


def person_row(household_no: str, part: str) -> str:
    """Return the key of a person's row, as envelopes are bound to it."""
    return f"{household_no}\n{part}"


def _person(cipher: Cipher, row: Mapping[str, Any]) -> Person:
    key = person_row(row["household_no"], row["part"])
    stated = {name: cipher.open(row[name], Place(PERSONS, key, name)) for name in SEALED}
    return Person(household_no=row["household_no"], part=row["part"], **stated)


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
