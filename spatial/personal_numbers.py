"""Finds identity and telephone numbers in texts where they do not belong, and takes them out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from spatial.identity_numbers import birth, check_digit

_ALONE = r"(?<![0-9A-Za-z])(?<![0-9]\.)"
"""Not the end of a longer number or code, nor the fraction of one."""
_ENDS = r"(?![0-9A-Za-z])(?!\.[0-9])"
IDENTITY = re.compile(rf"{_ALONE}[0-9]{{6}}[ -]?[0-9]{{8}}[ -]?[0-9]{{3}}[0-9Xx]{_ENDS}")
PHONE = re.compile(rf"{_ALONE}(?:\+?86[ -]?)?1[2-9][0-9][ -]?[0-9]{{4}}[ -]?[0-9]{{4}}{_ENDS}")
"""Mobile numbers; also 12…, which are not given out to anybody."""

IN_PLACE_OF_IDENTITY = "〔身份证号已隐去〕"
IN_PLACE_OF_PHONE = "〔电话号码已隐去〕"

_DIGITS = re.compile(r"[0-9]{4}")
_LATEST_YEAR = 2999


def named_in(text: str) -> tuple[str, ...]:
    """Return what a text holds: `身份证号`, `手机号码`, both or nothing. Full-width digits count as digits."""
    plain = _plain(text)
    if plain is None:
        return ()
    found = [
        ("身份证号", any(_is_identity(hit[0]) for hit in IDENTITY.finditer(plain))),
        ("手机号码", PHONE.search(plain) is not None),
    ]
    return tuple(name for name, there in found if there)


def refusal(text: str) -> str | None:
    """Say why a free text is not taken, None where it is; the number itself is not repeated."""
    found = named_in(text)
    return f"不能含有{'、'.join(found)}：个人信息只在申请人信息中登记" if found else None


def refusals(value: Any, where: str = "") -> list[str]:
    """Say of every text in a JSON value that is not taken why it is not, each with its place."""
    if isinstance(value, str):
        problem = refusal(value)
        return [f"{where or '/'}：{problem}"] if problem else []
    if isinstance(value, Mapping):
        return [
            problem for name, item in value.items() for problem in refusals(item, f"{where}/{scrub(str(name))[:60]}")
        ]
    if isinstance(value, list):
        return [problem for place, item in enumerate(value) for problem in refusals(item, f"{where}/{place}")]
    return []


def scrub(text: str) -> str:
    """Return a text with every identity and telephone number taken out; any other text stays exactly as it is."""
    plain = _plain(text)
    if plain is None or not named_in(plain):
        return text
    plain = IDENTITY.sub(lambda hit: IN_PLACE_OF_IDENTITY if _is_identity(hit[0]) else hit[0], plain)
    return PHONE.sub(IN_PLACE_OF_PHONE, plain)


def scrubbed(value: Any) -> Any:
    """Return a JSON value with its texts scrubbed, the names of members too."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {scrub(str(name)): scrubbed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    return value


def _plain(text: str) -> str | None:
    """The text with its digits and signs in their plain forms, None where it has too few digits in a row to be looked at."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return plain if _DIGITS.search(plain) else None


def _is_identity(written: str) -> bool:
    number = written.replace(" ", "").replace("-", "").upper()
    born = birth(number)
    return (
        born is not None
        and date(1900, 1, 1) <= born
        and born.year <= _LATEST_YEAR
        and check_digit(number[:17]) == number[17]
    )
