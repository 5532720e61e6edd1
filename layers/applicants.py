"""Who applies: the applicant of a case and the members of the household, as the form has them. Nothing of it is stored in clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from layers.personal_cipher import Cipher, PersonalKeyError, Place, SealBrokenError
from layers.sql import queries

SQL = queries("applicants")

TABLE, MEMBERS = "applicant", "applicant_member"
MOST_MEMBERS = 30

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member of the applicant's household; None is not stated."""

    name: str
    relation: str | None = None
    birth: date | None = None
    identity_number: str | None = None
    registered_address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """The applicant of a case with the household; None is not stated. `erased_at` says when the person was erased: then nothing is stated."""

    case_no: str
    name: str | None = None
    sex: str | None = None
    birth: date | None = None
    phone: str | None = None
    identity_number: str | None = None
    registered_address: str | None = None
    address: str | None = None
    bounds: str | None = None
    members: tuple[Member, ...] = ()
    recorded_at: datetime | None = field(default=None, compare=False)
    changed_at: datetime | None = field(default=None, compare=False)
    erased_at: datetime | None = field(default=None, compare=False)


SEALED = ("name", "sex", "birth", "phone", "identity_number", "registered_address", "address", "bounds")
SEALED_OF_MEMBERS = tuple(item.name for item in fields(Member))


def save(conn: Connection, cipher: Cipher, applicants: Sequence[Applicant]) -> None:
    """Store applicants, replacing those of the same cases with all their members, in the caller's transaction."""
    members = [(item.case_no, place, member) for item in applicants for place, member in enumerate(item.members, 1)]
    with conn.cursor() as cursor:
        cursor.executemany(SQL["save"], [_row(cipher, item) for item in applicants])
        cursor.execute(SQL["clear_members"], {"case_nos": [item.case_no for item in applicants]})
        cursor.executemany(SQL["add_member"], [_member_row(cipher, *item) for item in members])


def lock(conn: Connection, case_no: str) -> None:
    """Have others who write of the same case wait until the caller's transaction ends."""
    conn.execute(SQL["lock"], {"case_no": case_no})


def of_cases(conn: Connection, cipher: Cipher, case_nos: Sequence[str]) -> dict[str, Applicant]:
    """Return the applicants of some cases, in full, by case number; those without one are left out.

    Raises PersonalKeyError, SealBrokenError.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["of_cases"], {"case_nos": list(case_nos)}).fetchall()
        others = cursor.execute(SQL["members_of_cases"], {"case_nos": list(case_nos)}).fetchall()
    members: dict[str, list[Member]] = {}
    for row in others:
        members.setdefault(row["case_no"], []).append(_member(cipher, row))
    return {row["case_no"]: _applicant(cipher, row, members.get(row["case_no"], [])) for row in rows}


def readable(conn: Connection, cipher: Cipher, case_nos: Sequence[str]) -> tuple[dict[str, Applicant], str | None]:
    """Return those of `of_cases` that can be read, and why another one cannot: for lists, of which one record must not hide the others."""
    try:
        return of_cases(conn, cipher, case_nos), None
    except (PersonalKeyError, SealBrokenError) as error:
        if len(case_nos) == 1:
            return {}, str(error)
    found: dict[str, Applicant] = {}
    why = None
    for case_no in case_nos:
        one, problem = readable(conn, cipher, [case_no])
        found, why = found | one, problem or why
    return found, why


def get(conn: Connection, cipher: Cipher, case_no: str) -> Applicant | None:
    """Return the applicant of a case in full, None where none is recorded."""
    return of_cases(conn, cipher, [case_no]).get(case_no)


def cases_of(conn: Connection, cipher: Cipher, identity_number: str) -> list[str]:
    """Return the cases in which somebody applies or is a member of the household."""
    return [row[0] for row in conn.execute(SQL["by_identity"], {"indexes": cipher.indexes(identity_number)})]


def fingerprint(cipher: Cipher, applicant: Applicant | None) -> str | None:
    """Return what the audit keeps of a record: whether it changed can be told by it, what it says cannot."""
    if applicant is None or applicant.erased_at is not None:
        return None
    texts = [_text(getattr(applicant, name)) for name in SEALED]
    texts += [_text(getattr(member, name)) for member in applicant.members for name in SEALED_OF_MEMBERS]
    return cipher.fingerprint(texts)


def member_row(case_no: str, position: int) -> str:
    """Return the key of a member's row, as envelopes are bound to it."""
    return f"{case_no}\n{position}"


def _row(cipher: Cipher, item: Applicant) -> dict[str, Any]:
    sealed = {name: cipher.seal(_text(getattr(item, name)), Place(TABLE, item.case_no, name)) for name in SEALED}
    return {"case_no": item.case_no, "identity_index": cipher.index(item.identity_number), **sealed}


def _member_row(cipher: Cipher, case_no: str, position: int, member: Member) -> dict[str, Any]:
    row = member_row(case_no, position)
    sealed = {name: cipher.seal(_text(getattr(member, name)), Place(MEMBERS, row, name)) for name in SEALED_OF_MEMBERS}
    return {"case_no": case_no, "position": position, "identity_index": cipher.index(member.identity_number), **sealed}


def _applicant(cipher: Cipher, row: Mapping[str, Any], members: Sequence[Member]) -> Applicant:
    stated = {name: cipher.open(row[name], Place(TABLE, row["case_no"], name)) for name in SEALED}
    rest = {name: row[name] for name in ("case_no", "recorded_at", "changed_at", "erased_at")}
    return Applicant(**_read(stated), **rest, members=tuple(members))


def _member(cipher: Cipher, row: Mapping[str, Any]) -> Member:
    key = member_row(row["case_no"], row["position"])
    return Member(**_read({name: cipher.open(row[name], Place(MEMBERS, key, name)) for name in SEALED_OF_MEMBERS}))


def _text(value: str | date | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _read(stated: dict[str, str | None]) -> dict[str, Any]:
    born = stated["birth"]
    return stated | {"birth": None if born is None else date.fromisoformat(born)}
