"""Rows in the binary form of PostgreSQL's COPY, put together column by column: text would be twice as long and parsed twice as slowly.

The form is that of the manual, chapter COPY, "Binary Format": every value has its length before it, numbers are big-endian.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from layers.json_rows import BYTES, joined

Column = tuple[pa.LargeBinaryArray, ...]
"""What stands in every row for one column, one after the other."""

_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_EWKB_SRID = 0x20000000
_WKB_HEAD = 5
_LONGEST = 1 << 30
"""No value of PostgreSQL is longer."""


def stream(chunks: Iterable[Sequence[Column]]) -> Iterator[bytes | memoryview]:
    """Yield the rows, one part for each chunk of columns."""
    yield _BEGIN
    for columns in chunks:
        rows = joined(len(columns).to_bytes(2, "big"), *(part for column in columns for part in column))
        yield memoryview(rows.buffers()[2])
    yield _END


def integers(values: NDArray[np.int64]) -> Column:
    """A column of type integer."""
    return (_numbers(values, ">i4", 4),)


def doubles(values: NDArray[np.float64]) -> Column:
    """A column of type double precision."""
    return (_numbers(values, ">f8", 8),)


def texts(values: Sequence[str]) -> Column:
    """A column of type text."""
    written = pa.array(values, pa.large_string()).cast(BYTES)
    return _lengths(written), written


def json(values: pa.LargeBinaryArray) -> Column:
    """A column of type jsonb: its form has the version number 1 before the text."""
    heads = np.zeros(len(values), dtype=[("length", ">i4"), ("version", "u1")])
    heads["length"], heads["version"] = pc.binary_length(values).to_numpy() + 1, 1
    return _fixed(heads, 5), values


def geometries(wkb: pa.LargeBinaryArray, srid: int) -> Column:
    """A column of type geometry from little-endian WKB without Z or M, given its SRID (PostGIS's EWKB)."""
    starts = pc.binary_slice(wkb, 0, _WKB_HEAD).dictionary_encode()
    heads = [_ewkb_head(start, srid) for start in starts.dictionary.to_pylist()]
    return _lengths(wkb, more=4), pa.array(heads, BYTES).take(starts.indices), pc.binary_slice(wkb, _WKB_HEAD, _LONGEST)


def _ewkb_head(start: bytes, srid: int) -> bytes:
    kind = int.from_bytes(start[1:], "little")
    return start[:1] + (kind | _EWKB_SRID).to_bytes(4, "little") + srid.to_bytes(4, "little")


def _lengths(values: pa.LargeBinaryArray, more: int = 0) -> pa.LargeBinaryArray:
    return _fixed((pc.binary_length(values).to_numpy() + more).astype(">i4"), 4)


def _numbers(values: NDArray[Any], kind: str, size: int) -> pa.LargeBinaryArray:
    cells = np.zeros(len(values), dtype=[("length", ">i4"), ("value", kind)])
    cells["length"], cells["value"] = size, values
    return _fixed(cells, size + 4)


def _fixed(values: NDArray[Any], size: int) -> pa.LargeBinaryArray:
    """The bytes of an array's values, of the same size each."""
    return pa.Array.from_buffers(pa.binary(size), len(values), [None, pa.py_buffer(np.ascontiguousarray(values))]).cast(BYTES)
