"""Sealing everything anew under the present key, after which the earlier ones may be destroyed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from layers import applicants, households
from layers.personal_cipher import Cipher, Place
from layers.sql import queries

SQL = queries("personal_rekeying")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class _Sealed:
    """A table with sealed columns, how its rows are read and written, and what their envelopes are bound to."""

    table: str
    read: str
    write: str
    columns: tuple[str, ...]
    row: Callable[[Mapping[str, Any]], str]


_TABLES = (
    _Sealed(applicants.TABLE, "sealed_applicants", "reseal_applicant", applicants.SEALED, lambda row: row["case_no"]),
    _Sealed(
        applicants.MEMBERS, "sealed_members", "reseal_member", applicants.SEALED_OF_MEMBERS,
        lambda row: applicants.member_row(row["case_no"], row["position"]),
    ),
    _Sealed(
        households.PERSONS, "sealed_household_persons", "reseal_household_person", households.SEALED,
        lambda row: households.person_row(row["household_no"], row["part"]),
    ),
)  # fmt: skip


def rekey(conn: Connection, cipher: Cipher) -> dict[str, tuple[int, int]]:
    """Seal anew what was sealed under earlier keys, in the caller's transaction; return by table how many rows were, of how many.

    Raises PersonalKeyError where the key of any row is not there: then nothing is changed once the caller's transaction is undone.
    """
    return {sealed.table: _rekey(conn, cipher, sealed) for sealed in _TABLES}


def _rekey(conn: Connection, cipher: Cipher, sealed: _Sealed) -> tuple[int, int]:
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL[sealed.read]).fetchall()
        stale = [row for row in rows if not all(cipher.is_present(row[name]) for name in sealed.columns)]
        cursor.executemany(SQL[sealed.write], [_anew(cipher, sealed, row) for row in stale])
    return len(stale), len(rows)


def _anew(cipher: Cipher, sealed: _Sealed, row: dict[str, Any]) -> dict[str, Any]:
    places = {name: Place(sealed.table, sealed.row(row), name) for name in sealed.columns}
    opened = {name: cipher.open(row[name], place) for name, place in places.items()}
    again = {name: cipher.seal(opened[name], place) for name, place in places.items()}
    return row | again | {"identity_index": cipher.index(opened["identity_number"])}
