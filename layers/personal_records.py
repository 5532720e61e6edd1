"""What becomes of people's records: kept no longer than the table of retentions says, erased where somebody may ask for it, copied for them.

The case stays, without the person; the audit stays as it is, for it never held what it tells of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import psycopg

from layers import applicants, audit, households
from layers.county_time import day_of
from layers.errors import UnknownRecordError
from layers.personal_cipher import Cipher, PersonalKeyError, SealBrokenError
from layers.personal_fields import fields, retentions
from layers.sql import queries

SQL = queries("personal_records")

VACUUMS = ("vacuum_applicant", "vacuum_member", "vacuum_household_person")
"""What is erased lies in the files of the database until they are vacuumed."""

LOOKS = ("applicants.reveal", "applicants.write", "personal.copy")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Due:
    """What is kept of a closed case longer than it may: the retention that has run out, since when, and the fields."""

    case_no: str
    closed_on: date
    retention: str
    due_on: date
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A record of somebody: as `applicant` or `member` of a case, or in a household as `head` or `contact`. `open` cases are still handled."""

    part: str
    key: str
    position: int = 0
    is_open: bool = False


def due(conn: Connection, *, on: date) -> list[Due]:
    """Return what has to be erased by a day of the county, by case."""
    found = []
    for case_no, closed_at, has_phone, has_rest in conn.execute(SQL["closed"]).fetchall():
        closed_on = day_of(closed_at)
        kept = {"contact": has_phone, "case": has_rest}
        for name, retention in retentions().items():
            if retention.days is not None and kept.get(name) and closed_on + timedelta(days=retention.days) <= on:
                end = closed_on + timedelta(days=retention.days)
                found.append(
                    Due(case_no=case_no, closed_on=closed_on, retention=name, due_on=end, fields=_fields_of(name))
                )
    return found


def apply(conn: Connection, cipher: Cipher, item: Due) -> bool:
    """Erase what is due of one case, in the caller's transaction, and write it down; False where it is handled again by now."""
    applicants.lock(conn, item.case_no)
    if _is_open(conn, item.case_no):
        return False
    before = _before(conn, cipher, item.case_no)
    conn.execute(SQL["erase_phone" if item.retention == "contact" else "erase_applicant"], {"case_no": item.case_no})
    if item.retention == "case":
        conn.execute(SQL["erase_members"], {"case_no": item.case_no})
    details: dict[str, Any] = {
        "ground": "retention",
        "retention": item.retention,
        "closed_on": item.closed_on.isoformat(),
        "fields": list(item.fields),
    }
    audit.note(conn, "personal.erase", f"application/{item.case_no}", before=before.sha256, details=details | before.details)
    return True


def of_case(conn: Connection, case_no: str) -> list[Found]:
    """Return the applicant of a case with all members as one record to erase; raise UnknownRecordError where none is recorded."""
    if not conn.execute(SQL["is_recorded"], {"case_no": case_no}).fetchone():
        raise UnknownRecordError(f"没有编号为 {case_no} 的申请，或没有登记申请人。")
    return [Found(part="case", key=case_no, is_open=_is_open(conn, case_no))]


def of_number(conn: Connection, cipher: Cipher, identity_number: str) -> list[Found]:
    """Return every record of the person with a number."""
    asked = {"indexes": cipher.indexes(identity_number)}
    found = [
        Found(part="applicant", key=row[0], is_open=_is_open(conn, row[0]))
        for row in conn.execute(SQL["found_applicant"], asked).fetchall()
    ]
    rows = conn.execute(SQL["found_member"], asked).fetchall()
    found += [Found(part="member", key=row[0], position=row[1], is_open=_is_open(conn, row[0])) for row in rows]
    return found + [
        Found(part=part, key=number) for number, part in households.of_person(conn, cipher, identity_number)
    ]


def erase(conn: Connection, cipher: Cipher, found: Sequence[Found], *, reason: str) -> None:
    """Erase records, in the caller's transaction, and write down that it was done and why, never whose they were."""
    for item in found:
        before = _before(conn, cipher, item.key) if item.part in ("case", "applicant", "member") else _Before(None)
        _erase(conn, item)
        kind = "household" if item.part in ("head", "contact") else "application"
        audit.note(
            conn,
            "personal.erase",
            f"{kind}/{item.key}",
            before=before.sha256,
            details={"ground": "request", "part": item.part, "reason": reason} | before.details,
        )


def rekeyed(conn: Connection, counts: Mapping[str, int]) -> None:
    """Write down that so many rows of each table were sealed anew, in the caller's transaction."""
    audit.note(conn, "personal.rekey", "personal", details=dict(counts))


def vacuum(conn: Connection) -> bool:
    """Have the database give up the rows erased, on a connection in autocommit; False where that is not for its role to do."""
    row = conn.execute(SQL["may_vacuum"]).fetchone()
    if not row or not row[0]:
        return False
    for name in VACUUMS:
        conn.execute(SQL[name])
    return True


def copy(conn: Connection, cipher: Cipher, case_no: str) -> dict[str, Any]:
    """Return everything kept of the people of a case with purpose, basis and retention, and who looked at it when (个人信息保护法 §45).

    In the caller's transaction, in which it is written down. Raises UnknownRecordError.
    """
    found = applicants.get(conn, cipher, case_no)
    if found is None:
        raise UnknownRecordError(f"没有编号为 {case_no} 的申请，或没有登记申请人。")
    rows = conn.execute(SQL["looks"], {"object": f"application/{case_no}", "actions": list(LOOKS)}).fetchall()
    audit.note(conn, "personal.copy", f"application/{case_no}")
    return {
        "case_no": case_no,
        "applicant": {kept.title: _stated(getattr(found, name)) for name, kept in fields()["applicant"].items()},
        "members": [
            {kept.title: _stated(getattr(member, name)) for name, kept in fields()["member"].items()}
            for member in found.members
        ],
        "notices": [kept.notice() for group in ("applicant", "member") for kept in fields()[group].values()],
        "uses": [_look(orjson.loads(row[0])) for row in rows],
        "recorded_at": _stated(found.recorded_at),
        "erased_at": _stated(found.erased_at),
    }


@dataclass(frozen=True)
class _Before:
    """What the audit keeps of a record that is about to be erased; where it could not be read, that alone."""

    sha256: str | None
    details: dict[str, Any] = field(default_factory=dict)


def _before(conn: Connection, cipher: Cipher, case_no: str) -> _Before:
    try:
        return _Before(applicants.fingerprint(cipher, applicants.get(conn, cipher, case_no)))
    except (PersonalKeyError, SealBrokenError):
        return _Before(None, {"unreadable": True})


def _erase(conn: Connection, item: Found) -> None:
    key = {"case_no": item.key, "position": item.position}
    if item.part in ("case", "applicant"):
        conn.execute(SQL["erase_applicant"], key)
    if item.part == "case":
        conn.execute(SQL["erase_members"], key)
    if item.part == "member":
        conn.execute(SQL["erase_member"], key)
    if item.part in ("head", "contact"):
        conn.execute(SQL["erase_household_person"], {"household_no": item.key, "part": item.part})


def _is_open(conn: Connection, case_no: str) -> bool:
    row = conn.execute(SQL["is_open"], {"case_no": case_no}).fetchone()
    return bool(row and row[0])


def _fields_of(retention: str) -> tuple[str, ...]:
    groups = ("applicant", "member")
    return tuple(
        f"{group}.{name}"
        for group in groups
        for name, kept in fields()[group].items()
        if kept.retention.id == retention
    )


def _look(entry: dict[str, Any]) -> dict[str, Any]:
    details = entry.get("details") or {}
    told = {name: entry.get(name) for name in ("at", "action", "unit", "seat", "person")}
    return told | {name: details.get(name) for name in ("fields", "reason")}


def _stated(value: str | date | datetime | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value
