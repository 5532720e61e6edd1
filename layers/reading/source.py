"""A data set while it is read, in the child process: what is known of it before its rows, and its rows in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from layers.encodings import Encoding

GEOMETRY = "geometry"
"""The last column of a batch, WKB (ISO, with Z and M). A table has none."""
RINGS = "rings"
"""Written beside the geometry where a text holds rings without being polygons: WKT, because WKB knows no such type."""


@dataclass(frozen=True, kw_only=True)
class SourceColumn:
    """A field: its column in the batches (no two alike), its name as text and as bytes, and its kind."""

    column: str
    text: str
    raw: bytes
    kind: str


class Source(Protocol):
    """One data set of a file. `kind` is as declared; `crs` an authority code or WKT; `feature_count` None where only reading tells."""

    name: str
    driver: str
    kind: str
    columns: tuple[SourceColumn, ...]
    encoding: Encoding
    crs: str | None
    feature_count: int | None
    notes: tuple[str, ...]

    def batches(self, most: int | None) -> Iterator[pa.RecordBatch]:
        """Give the rows in the file's order, as columns by `SourceColumn.column` and then the geometry.

        The first `most` only where `feature_count` is known, else all.
        """
        ...


def columns_of(names: list[tuple[str, bytes, str]]) -> tuple[SourceColumn, ...]:
    """Name the columns of fields given as (text, bytes, kind): by their text, made different where it is not."""
    taken = {GEOMETRY, RINGS}
    columns = []
    for text, raw, kind in names:
        column, number = text, 1
        while column in taken:
            number += 1
            column = f"{text}_{number}"
        taken.add(column)
        columns.append(SourceColumn(column=column, text=text, raw=raw, kind=kind))
    return tuple(columns)
