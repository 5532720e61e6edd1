"""Invented applicants of the demo county. Nobody is meant: their identity numbers belong to no region, their telephone numbers to no network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from layers.applicants import Applicant, Member
from layers.households import Person
from spatial.identity_numbers import INVENTED_REGION, check_digit, sex

SURNAMES = "王 李 张 刘 陈 杨 黄 吴 周 徐 孙 马 朱 胡 林 郭 何 高 罗 郑 欧阳 上官 司马 诸葛".split(" ")  # noqa: SIM905
FIRST, SECOND = "若以知景怀承望言", "澈衡禾岚舟序棠晏"
PLACE = "崇阳县示例乡示例村"
MOST_OTHERS = 6


def applicant(case_no: str, properties: Mapping[str, Any]) -> Applicant:
    """Return who applies in a planted case: the same person in every case of the same household, as many people as the form states."""
    draw = _draws(str(properties.get("household_id") or case_no))
    surname = SURNAMES[next(draw) % len(SURNAMES)]
    number = _number(draw, youngest=25, range_years=35)
    group = 1 + next(draw) % 12
    size = properties.get("household_size")
    others = min(int(size) - 1, MOST_OTHERS) if size else 0
    return Applicant(
        case_no=case_no,
        name=_name(surname, draw),
        sex=sex(number),
        birth=_born(number),
        phone=f"120{next(draw) % 100_000_000:08d}",
        identity_number=number,
        registered_address=f"{PLACE}{group}组",
        address=f"{PLACE}{group}组 {1 + next(draw) % 90} 号",
        bounds="以申请表所附图纸为准",
        members=tuple(_member(place, surname, group, draw) for place in range(others)),
    )


def head(household_no: str, person: Applicant) -> Person:
    """Return an applicant as the head of a household."""
    return Person(
        household_no=household_no,
        part="head",
        name=person.name,
        phone=person.phone,
        identity_number=person.identity_number,
        address=person.address,
    )


def _member(place: int, surname: str, group: int, draw: Iterator[int]) -> Member:
    """The second is the spouse, under another surname; then children, some of them below fourteen."""
    spouse = place == 0
    own = SURNAMES[next(draw) % len(SURNAMES)] if spouse else surname
    number = _number(draw, youngest=25, range_years=35) if spouse else _number(draw, youngest=3, range_years=20)
    relation = "配偶" if spouse else "子" if sex(number) == "男" else "女"
    return Member(
        name=_name(own, draw),
        relation=relation,
        birth=_born(number),
        identity_number=number,
        registered_address=f"{PLACE}{group}组",
    )


def _name(surname: str, draw: Iterator[int]) -> str:
    return surname + FIRST[next(draw) % len(FIRST)] + SECOND[next(draw) % len(SECOND)]


def _number(draw: Iterator[int], *, youngest: int, range_years: int) -> str:
    born = date(2025 - youngest, 12, 31) - timedelta(days=next(draw) % (365 * range_years))
    body = f"{INVENTED_REGION}{born:%Y%m%d}{next(draw) % 1000:03d}"
    return body + check_digit(body)


def _born(number: str) -> date:
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def _draws(seed: str) -> Iterator[int]:
    """Numbers that a text leads to, the same ones in every process."""
    count = 0
    while True:
        yield int.from_bytes(hashlib.sha256(f"{seed} {count}".encode()).digest()[:8], "big")
        count += 1
