"""Columns of values as one JSON object for each row, written column by column."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from layers.fields import Values


def json_rows(columns: Mapping[str, Values], count: int) -> list[bytes]:
    """Return for each of `count` rows the object that `orjson.dumps` would write; missing values are left out.

    All values of a column are of one type. What comes again, such as a class, is written once.
    """
    members = [_members(name, values) for name, values in columns.items()]
    if not members:
        return [b"{}"] * count
    return [b"{" + b",".join(filter(None, row)) + b"}" for row in zip(*members, strict=True)]


def _members(name: str, values: Values) -> list[bytes]:
    """`"name":value` for each value; nothing where it is missing."""
    head = orjson.dumps(name) + b":"
    if isinstance(
        next((value for value in values if value is not None), None), float
    ):  # 0.0 and -0.0 are equal but not written alike
        numbers = orjson.dumps(values)[1:-1].split(b",")
        return [b"" if value is None else head + text for value, text in zip(values, numbers, strict=True)]
    known = {value: head + orjson.dumps(value) for value in set(values) if value is not None}
    known[None] = b""
    return [known[value] for value in values]
