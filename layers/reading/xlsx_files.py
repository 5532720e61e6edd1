"""XLSX: every sheet a table, every value as text. Runs in the child process."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from openpyxl import load_workbook

from layers import archives
from layers.encodings import Encoding
from layers.errors import UnsafeArchiveError, UnsupportedFileError
from layers.reading.limits import MIB, Limits
from layers.reading.sheet import SheetSource
from layers.reading.source import Source
from spatial.errors import CuntuError

_BATCH = 4_096
_SEARCHED = 20
"""Titles stand in the first of so many rows that has two texts: above it there may be a heading over the whole width."""
_LAST_ROW = 1_048_576
_SHOWN = 20
_BLOCK = 1 << 20
_MOST_PART = 1024 * MIB
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_FORBIDDEN = tuple(mark.decode().encode(codec) for mark in _DECLARATIONS for codec in ("ascii", "utf-16-le", "utf-16-be"))
_PADDED = re.compile(r"0{2,30}")
_TEXT = Encoding("utf-8", "content")

Row = tuple[int, list[str | None]]


def sources(place: Path, *, encoding: str | None, limits: Limits) -> list[Source]:
    """Open every sheet that holds something; raise UnsupportedFileError, UnsafeArchiveError."""
    _check_parts(place, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(place, read_only=True, data_only=True, keep_links=False)
            found = [_sheet(place, sheet, limits) for sheet in islice(book.worksheets, limits.layers + 1)]
    except (CuntuError, MemoryError):
        raise
    except Exception as error:  # openpyxl has no errors of its own: broken XML shows as nearly every one that Python has
        raise UnsupportedFileError(f"{place.name} 无法读取，文件可能已损坏或不完整。") from error
    if len(found) > limits.layers:
        raise UnsupportedFileError(f"{place.name} 的工作表超过 {limits.layers} 个。")
    sheets: list[Source] = [sheet for sheet in found if sheet is not None]
    if not sheets:
        raise UnsupportedFileError(f"{place.name} 中没有数据。")
    return sheets


def _check_parts(place: Path, limits: Limits) -> None:
    """Refuse what no spreadsheet has: entity declarations, in whichever encoding, and parts out of all proportion."""
    left = min(limits.unpacked_bytes, _MOST_PART)
    try:
        with zipfile.ZipFile(place) as archive:
            members = archives.checked(archive, max_files=limits.files)
            for member in members:
                left -= _check_part(archive, member, place.name, left)
    except archives.BROKEN as error:
        raise UnsupportedFileError(f"{place.name} 无法读取，文件可能已损坏或不完整。") from error


def _check_part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, allowed: int) -> int:
    size, end = 0, b""
    with archive.open(member) as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > allowed:
                raise UnsafeArchiveError(f"{name} 解开后超过允许的大小，疑为压缩炸弹。")
            joined = end + block
            if any(mark in joined for mark in _FORBIDDEN):
                raise UnsafeArchiveError(f"{name} 中有实体声明，电子表格不需要，疑为恶意构造：不予打开。")
            end = block[-64:]
    return size


def _sheet(place: Path, sheet: Any, limits: Limits) -> SheetSource | None:
    head = list(islice(_rows(sheet, place.name), _SEARCHED))
    if not head:
        return None
    start, cells = next(((number, cells) for number, cells in head if sum(bool(cell) for cell in cells) > 1), head[0])
    width = max(place for place, cell in enumerate(cells, start=1) if cell)
    titles = [(cell or "").strip() or f"列{number}" for number, cell in enumerate(cells[:width], start=1)]

    def rows() -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
        return _batches(sheet, place.name, start, width)

    return SheetSource(str(sheet.title), "XLSX", titles, rows, encoding=_TEXT, row_word="行", limits=limits)


def _batches(sheet: Any, name: str, start: int, width: int) -> Iterator[tuple[NDArray[np.int64], list[pa.Array]]]:
    rows = (row for row in _rows(sheet, name) if row[0] > start)
    wide: list[int] = []
    while batch := list(islice(rows, _BATCH)):
        wide.extend(number for number, cells in batch if any(cells[width:]))
        padded = [[*cells[:width], *[None] * (width - len(cells))] for _, cells in batch]
        yield np.array([number for number, _ in batch]), [pa.array(column, pa.large_string()) for column in zip(*padded, strict=True)]
    if wide:
        shown = "、".join(str(number) for number in wide[:_SHOWN])
        raise UnsupportedFileError(f"{name} 工作表“{sheet.title}”：第 {shown} 行{'等' if len(wide) > _SHOWN else ''}在没有标题的列中还有内容。")


def _rows(sheet: Any, name: str) -> Iterator[Row]:
    """The rows that hold something, with their numbers."""
    sheet.reset_dimensions()
    formats: dict[int, int] = {}
    try:
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if number > _LAST_ROW:
                raise UnsupportedFileError(f"{name} 工作表“{sheet.title}”超过 {_LAST_ROW} 行。")
            texts = [_text(cell, formats) for cell in cells]
            if any(texts):
                yield number, texts
    except (CuntuError, MemoryError, GeneratorExit):
        raise
    except Exception as error:
        raise UnsupportedFileError(f"{name} 工作表“{sheet.title}”无法读取，文件可能已损坏。") from error


def _text(cell: Any, formats: dict[int, int]) -> str | None:
    """A value as it is shown: no `.0`, and the zeros before a code that a format such as `0000` shows."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value.strip("\r\n") or None if value else None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, float)):
        return _digits(value).zfill(_least_digits(cell, formats))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, (date, datetime, time)) else str(value)


def _digits(value: float) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return np.format_float_positional(value, trim="-") if isinstance(value, float) and np.isfinite(value) else str(value)


def _least_digits(cell: Any, formats: dict[int, int]) -> int:
    style = cell._style_id
    if style not in formats:
        shown = cell.number_format
        formats[style] = len(shown) if _PADDED.fullmatch(shown) else 0
    return formats[style]
