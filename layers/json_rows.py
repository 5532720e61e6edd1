"""Columns of values as one JSON object for each row, put together by Arrow: no row is an object of Python."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from layers.columns import Column

BYTES = pa.large_binary()


class JsonRows:
    """The objects that `orjson.dumps` would write for n rows, written when they are asked for; missing values are left out.

    All values of a column are of one type. What comes again, such as a class, is written once.
    """

    def __init__(self, columns: Mapping[str, Column], count: int) -> None:
        self._members = [(_members(name, column.read.tolist()), column.of) for name, column in columns.items()]
        self._count = count

    def __len__(self) -> int:
        return self._count

    def of(self, rows: NDArray[np.int64]) -> pa.LargeBinaryArray:
        """Write the objects of some rows."""
        if not self._members:
            return pa.array([b"{}"] * len(rows), BYTES)
        first, *others = [pc.take(known, pa.array(of[rows])) for known, of in self._members]
        # Arrow leaves out rows in which nothing is left to join: there the first member is an empty one.
        nothing = reduce(pc.and_, (member.is_null() for member in (first, *others)))
        first = pc.if_else(nothing, pa.scalar(b"", BYTES), first)
        return joined(b"{", pc.binary_join_element_wise(first, *others, pa.scalar(b",", BYTES), null_handling="skip"), b"}")


def joined(*parts: pa.LargeBinaryArray | bytes) -> pa.LargeBinaryArray:
    """Put arrays of bytes together row by row; bytes given alone stand in every row."""
    return pc.binary_join_element_wise(*(pa.scalar(part, BYTES) if isinstance(part, bytes) else part for part in parts), pa.scalar(b"", BYTES))


def _members(name: str, values: list[Any]) -> pa.LargeBinaryArray:
    """`"name":value` for each value; null where it is missing."""
    head = orjson.dumps(name) + b":"
    if values and all(type(value) is float for value in values):
        return joined(head, pa.array(orjson.dumps(values)[1:-1].split(b","), BYTES))
    # What orjson returns holds a kilobyte and more, however short: it is not kept.
    return pa.array([None if value is None else head + orjson.dumps(value) for value in values], BYTES)
