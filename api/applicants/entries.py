"""Applicants as they are shown: masked, or in full for whoever looked with a reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any

from layers import masking
from layers.applicants import SEALED, Applicant, Member
from layers.applications import Case
from spatial.identity_numbers import is_child

MASKS: Mapping[str, Callable[[Any], str]] = {
    "name": masking.name,
    "sex": lambda text: text,
    "birth": masking.birth,
    "phone": masking.phone,
    "identity_number": masking.identity_number,
    "registered_address": masking.address,
    "address": masking.address,
    "bounds": masking.hidden,
    "relation": lambda text: text,
}
"""How each field is masked; sex and relation say nothing of who somebody is."""

MEMBER_FIELDS = ("name", "relation", "birth", "identity_number", "registered_address")


def masked_entry(found: Applicant, *, today: date) -> dict[str, Any]:
    """Write an applicant masked, JSON-ready."""
    shown = {name: _masked(name, getattr(found, name)) for name in SEALED}
    return _frame(found, masked=True) | shown | {"members": [_masked_member(member, today) for member in found.members]}


def full_entry(found: Applicant, *, today: date, fields: Collection[str]) -> dict[str, Any]:
    """Write the fields of an applicant that were asked for in full, JSON-ready; the others stay None."""
    shown: dict[str, Any] = {name: _plain(getattr(found, name)) for name in SEALED if name in fields}
    if "members" in fields:
        shown["members"] = [
            {name: _plain(getattr(member, name)) for name in MEMBER_FIELDS}
            | {"under_14": is_child(member.birth, today)}
            for member in found.members
        ]
    return _frame(found, masked=False) | dict.fromkeys((*SEALED, "members")) | shown


def case_entry(case: Case, found: Applicant | None) -> dict[str, Any]:
    """Write one line of the list, masked, JSON-ready."""
    stated = found if found is not None and found.erased_at is None else None
    return {
        "case_no": case.case_no,
        "village_code": case.village_code,
        "state": "open" if case.is_open else "closed",
        "closed_at": _instant(case.closed_at),
        "synthetic": case.synthetic,
        "check_id": str(case.check_id) if case.check_id else None,
        "verdict": case.verdict,
        **{
            name: _masked(name, getattr(stated, name)) if stated else None
            for name in ("name", "phone", "identity_number")
        },
        "members": len(stated.members) if stated else None,
        "erased": found is not None and found.erased_at is not None,
    }


def _frame(found: Applicant, *, masked: bool) -> dict[str, Any]:
    times = {name: _instant(getattr(found, name)) for name in ("recorded_at", "changed_at", "erased_at")}
    return {"case_no": found.case_no, "masked": masked, **times}


def _masked_member(member: Member, today: date) -> dict[str, Any]:
    if is_child(member.birth, today):
        return dict.fromkeys(MEMBER_FIELDS, masking.HIDDEN) | {"under_14": True}
    return {name: _masked(name, getattr(member, name)) for name in MEMBER_FIELDS} | {"under_14": False}


def _masked(name: str, value: Any) -> Any:
    return None if value is None else MASKS[name](value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
