"""Invented people for tests. What stands here in clear must never be found in a log: `PLANTED` is what the scan at the end looks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spatial.identity_numbers import check_digit

PLANTED: set[str] = set()
REGION = "429999"
"""Looks like a county of a province, and is none."""


def planted(*texts: str) -> str:
    """Note texts that must not be found in any log, and return the first."""
    PLANTED.update(texts)
    return texts[0]


def number(born: str = "19800101", sequence: int = 1, region: str = REGION) -> str:
    """Return an identity number that is right in form and nobody's, and note it."""
    body = f"{region}{born}{sequence:03d}"
    return planted(body + check_digit(body))


def applicant(**stated: Any) -> dict[str, Any]:
    """Return an applicant with a wife and a child as the interface takes them."""
    members = [
        {"name": planted("钱望棠棠"), "relation": "配偶", "identity_number": number("19820202", 22)},
        {"name": planted("欧阳言晏晏"), "relation": "子", "identity_number": number("20200303", 33)},
    ]
    told = {
        "name": planted("欧阳若澈澈"), "phone": planted("12098765432"), "identity_number": number("19800101", 11),
        "registered_address": "崇阳县天城镇东村三组", "address": "崇阳县天城镇东村三组12号", "bounds": "东至空地", "members": members,
    }  # fmt: skip
    return told | stated


def note(people: Iterable[Any]) -> None:
    """Note names and numbers of applicants and their members."""
    for person in people:
        for who in (person, *person.members):
            PLANTED.update(filter(None, (who.name, who.identity_number, getattr(who, "phone", None))))
