"""Columns of a data set in the plain types that cross to the service: text, 64-bit integers and numbers, booleans, WKB. Whole columns at once."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from layers.encodings import decode
from layers.errors import EncodingError

_RAW = "ISO-8859-1"
_SHOWN = 5


def plain(column: pa.Array, *, kind: str, codec: str | None, place: str, first: int) -> pa.Array:
    """Return a column in the plain type of its kind.

    `codec` decodes text that was read as Latin 1; None: it is right as it is. `first` is the number of the column's first row (from 1),
    `place` its name, for EncodingError.
    """
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type):
        column = pa.array([None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_pylist()], pa.large_string())
    if kind == "integer":
        return column.cast(pa.int64())
    if kind == "number":
        return column.cast(pa.float64())
    if kind == "boolean":
        return column.cast(pa.bool_())
    text = column.cast(pa.large_string())
    return text if codec is None else decoded(text, codec, place=place, first=first)


def decoded(column: pa.LargeStringArray, codec: str, *, place: str, first: int) -> pa.LargeStringArray:
    """Decode text that was read as Latin 1; each different value once, and plain ASCII not at all."""
    data = column.buffers()[2]
    if data is None or not (np.frombuffer(data, dtype=np.uint8) > 0x7F).any():
        return column
    encoded = column.dictionary_encode()
    values: list[str | None] = []
    wrong = []
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        try:
            values.append(decode(value.encode(_RAW), codec))
        except UnicodeDecodeError:
            values.append(None)
            wrong.append(code)
    if wrong:
        rows = np.flatnonzero(np.isin(encoded.indices.to_numpy(zero_copy_only=False), wrong)) + first
        shown = "、".join(str(row) for row in rows[:_SHOWN])
        raise EncodingError(f"{place}：第 {shown} 行{'等' if len(rows) > _SHOWN else ''}的文字不是 {codec} 编码，文件可能已损坏，或请说明编码。")
    return pc.take(pa.array(values, pa.large_string()), encoded.indices)


def wkb_types(geometries: pa.Array) -> NDArray[np.int64]:
    """Return the type numbers of WKB geometries without their thousands for Z and M; 0 where there is none."""
    column = geometries.cast(pa.large_binary())
    types = np.zeros(len(column), dtype=np.int64)
    data = column.buffers()[2]
    if data is None:
        return types
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    content = np.frombuffer(data, dtype=np.uint8)
    long = np.flatnonzero(np.diff(offsets) >= 5)
    heads = content[offsets[long, None] + np.arange(5)]
    little = heads[:, :1] == 1
    digits = np.where(little, heads[:, 1:], heads[:, :0:-1]).astype(np.int64)
    # The high bits are PostGIS's and old GDAL's way to say Z and M.
    types[long] = ((digits * 256 ** np.arange(4)).sum(axis=1) & 0x0FFFFFFF) % 1000
    return types
