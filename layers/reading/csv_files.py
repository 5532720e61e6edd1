"""CSV: every value as text. Runs in the child process."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from layers import encodings
from layers.errors import UnsupportedFileError
from layers.formulas import unguarded
from layers.reading.limits import Limits
from layers.reading.sheet import SheetSource
from layers.reading.source import Source

_SEPARATORS = ",\t;"
_LONGEST_HEAD = 1 << 20
_LONGEST_ROW = 32 << 20
_SHOWN = 20


def sources(place: Path, *, encoding: str | None, limits: Limits) -> list[Source]:
    """Open a CSV with titles in its first row; raise UnsupportedFileError, EncodingError."""
    found = encodings.of_text(place, given=encoding)
    titles, separator = _head(place, found.codec)
    _require_paired_quotes(place, found.codec)

    def rows() -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
        return _rows(place, found.codec, len(titles), separator)

    return [SheetSource(place.stem, "CSV", titles, rows, encoding=found, row_word="条记录", limits=limits)]


def _head(place: Path, codec: str) -> tuple[list[str], str]:
    """The titles, and what separates them: what stands most often in the first line."""
    with place.open(encoding=codec, newline="") as stream:
        start = stream.read(_LONGEST_HEAD)
    line = start.partition("\n")[0]
    separator = max(_SEPARATORS, key=line.count)
    try:
        titles = next(csv.reader(start.splitlines(keepends=True), delimiter=separator), [])
    except csv.Error as error:
        raise UnsupportedFileError(f"{place.name} 的标题行无法读取。") from error
    if not any(title.strip() for title in titles):
        raise UnsupportedFileError(f"{place.name} 的第一行没有列标题。")
    return [title.strip() or f"列{number}" for number, title in enumerate(titles, start=1)], separator


def _require_paired_quotes(place: Path, codec: str) -> None:
    """A quote that nobody closes makes one value of all that follows, without an error."""
    count = 0
    with place.open(encoding=codec, newline="") as stream:
        while block := stream.read(_LONGEST_HEAD):
            count += block.count('"')
    if count % 2:
        raise UnsupportedFileError(f"{place.name} 中的引号没有成对（共 {count} 个）：请改正后再交。")


def _rows(place: Path, codec: str, count: int, separator: str) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    names = [str(number) for number in range(count)]
    uneven: list[int] = []

    def skip(row: arrow_csv.InvalidRow) -> str:
        if row.text.strip(separator + "\r\n "):
            # The titles are the first row here; records are counted without them.
            uneven.append(int(row.number or 0) - 1)
        return "skip"

    reading = arrow_csv.ReadOptions(use_threads=False, block_size=_LONGEST_ROW, column_names=names, skip_rows_after_names=1, encoding="utf8" if codec == "utf-8-sig" else codec)
    parsing = arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=skip)
    types = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), null_values=[""], strings_can_be_null=True)
    first = 1
    try:
        with arrow_csv.open_csv(place, reading, parsing, types) as reader:
            for batch in reader:
                yield np.arange(first, first + batch.num_rows), [_unguarded(column) for column in batch.columns]
                first += batch.num_rows
    except pa.ArrowInvalid as error:
        raise UnsupportedFileError(f"{place.name} 无法读取：一行太长，或文件已损坏。") from error
    if uneven:
        shown = "、".join(str(number) for number in uneven[:_SHOWN])
        raise UnsupportedFileError(f"{place.name}：第 {shown} 条记录{'等' if len(uneven) > _SHOWN else ''}共 {len(uneven)} 条的列数与标题行不同（应为 {count} 列）。")


def _unguarded(column: pa.Array) -> pa.Array:
    """Take away the apostrophes that kept texts from being run as formulas (`layers/formulas.py`)."""
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pa.array([None if text is None else unguarded(text) for text in column.to_pylist()], pa.large_string())
