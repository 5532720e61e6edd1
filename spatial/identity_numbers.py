"""Citizens' identity numbers (公民身份号码, GB 11643-1999): what makes one valid, and what it says of its holder.

No sentence made here repeats a number: it would end in logs and answers.
"""

from __future__ import annotations

import re
from datetime import date

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
"""By the remainder of the weighted sum modulo 11 (GB 11643-1999, annex; ISO 7064, MOD 11-2)."""

_PROVINCES = (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91"
)
PROVINCES = frozenset(_PROVINCES.split())
"""First two digits in use: GB/T 2260, residence permits of 港澳台 (81–83), permanent residence of foreigners (9…)."""

INVENTED_REGION = "999999"
"""No division has this code: numbers with it are nobody's, and only invented cases may have them."""

EARLIEST = date(1900, 1, 1)
GUARDIAN_NEEDED_BELOW = 14
"""Personal data of children below this age are sensitive (个人信息保护法 §28, §31)."""

_FORM = re.compile(r"[0-9]{17}[0-9X]")


def check_digit(body: str) -> str:
    """Return the last sign of the number whose first 17 digits are given."""
    return CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def normal(number: str) -> str:
    """Write a number as it is kept: no spaces around it, a small x as X."""
    return number.strip().upper()


def problem(number: str, *, today: date, invented: bool = False) -> str | None:
    """Say what is wrong with a number, None where nothing is; `invented` lets numbers of no region through."""
    if not _FORM.fullmatch(number):
        return "身份证号应为 18 位：17 位数字加 1 位校验码（数字或 X）"
    if number[:2] not in PROVINCES and not (invented and number[:6] == INVENTED_REGION):
        return "身份证号前 6 位不是行政区划代码"
    if number[2:6] == "0000":
        return "身份证号前 6 位不是行政区划代码"
    born = birth(number)
    if born is None or not EARLIEST <= born <= today:
        return "身份证号中的出生日期（第 7–14 位）有误"
    if check_digit(number[:17]) != number[17]:
        return "身份证号的校验码（第 18 位）不符，请核对是否有误"
    return None


def birth(number: str) -> date | None:
    """Return the day of birth that a number states, None where it is no day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex(number: str) -> str:
    """Return 男 or 女: the 17th digit is odd for men."""
    return "男" if int(number[16]) % 2 else "女"


def age(born: date, on: date) -> int:
    """Return the age in full years on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def is_child(born: date | None, on: date) -> bool:
    """Whether somebody is below fourteen on a day; on the fourteenth birthday nobody is."""
    return born is not None and age(born, on) < GUARDIAN_NEEDED_BELOW
