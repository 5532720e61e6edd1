"""Attribute values brought to the types of the catalogue; a value that does not fit is a problem with its row and field."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from layers.catalog import CatalogField

Values = list[Any]
"""One value per row, of type str, float, int, bool or date; None where it is missing."""

_YES = frozenset({"1", "true", "t", "yes", "y", "是", "有"})
_NO = frozenset({"0", "false", "f", "no", "n", "否", "无"})
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?")


def convert(item: CatalogField, values: Sequence[Any]) -> tuple[Values, list[str]]:
    """Return the values in the field's type, with the problems found (each naming row and field); never raises."""
    read: dict[Any, _Reading] = {}
    result: Values = []
    problems: list[str] = []
    for row, value in enumerate(values, start=1):
        try:
            reading = read.get((type(value), value))
            if reading is None:
                reading = read[type(value), value] = _read(item, value)
        except TypeError:  # only lists and the like cannot be looked up
            reading = None, f" {item.name}（{item.title}）的值不是单个的值"
        result.append(reading[0])
        if reading[1]:
            problems.append(f"第 {row} 行{reading[1]}")
    return result, problems


_Reading = tuple[Any, str | None]
"""A value in the field's type, and what is wrong with it."""


def _read(item: CatalogField, value: Any) -> _Reading:
    read = None
    if not _is_missing(value):
        try:
            read = _READERS[item.type](value)
            if item.type == "text":
                read = _text_of_field(item, read)
        except ValueError as error:
            return None, f" {item.name}（{item.title}）的值 {str(value)[:40]!r} {error}"
    if item.required and (read is None or read == ""):
        return None, f"缺少必填字段 {item.name}（{item.title}）"
    return read, None


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value != value


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _text_of_field(item: CatalogField, value: str) -> str:
    if item.codes and value and value not in item.codes:
        return _code_of_label(item, value)
    if item.length and value and len(value) != item.length:
        return _village_code(item, value)
    return value


def _code_of_label(item: CatalogField, value: str) -> str:
    for code, label in (item.codes or {}).items():
        if value == label:
            return code
    raise ValueError("不在该字段的取值范围内")


def _village_code(item: CatalogField, value: str) -> str:
    """Survey layers give village codes with 19 digits: 12 and seven zeros for the group."""
    if item.length == 12 and len(value) == 19 and value.isdigit() and value.endswith("0000000"):
        return value[:12]
    raise ValueError(f"应为 {item.length} 位，实为 {len(value)} 位")


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError("不是数字") from None
    if not math.isfinite(number):
        raise ValueError("不是有限的数")
    return number


def _integer(value: Any) -> int:
    number = _number(value)
    if not number.is_integer():
        raise ValueError("不是整数")
    return int(number)


def _boolean(value: Any) -> bool:
    text = value.strip().lower() if isinstance(value, str) else _text(_integer(value))
    if text in _YES or text in _NO:
        return text in _YES
    raise ValueError("不是“是”或“否”")


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = _DATE.fullmatch(_text(value))
    if not found:
        raise ValueError("不是日期")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError("不是历法上存在的日期") from None


_READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
}
