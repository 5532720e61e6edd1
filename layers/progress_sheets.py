"""Sheets of progress figures (CSV in UTF-8 or GBK, XLSX): read whole, checked whole, refused whole with the place of every problem."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import openpyxl

from layers.errors import EncodingError, UnsupportedFileError
from spatial.errors import InputError
from spatial.periods import month_label

HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "village_code": ("村代码", "村庄代码", "行政村代码", "坐落单位代码", "village_code"),
    "village": ("村名", "村庄", "行政村", "village"),
    "indicator": ("指标", "指标代码", "indicator"),
    "period": ("期数", "月份", "period"),
    "numerator": ("分子", "完成数", "numerator"),
    "denominator": ("分母", "总数", "denominator"),
    "unit": ("单位", "unit"),
})  # fmt: skip
"""Columns by name, with the headings under which a sheet may have them."""

REQUIRED: Final = ("village_code", "indicator", "period", "numerator", "denominator")

MAX_ROWS: Final = 200_000
MAX_UNZIPPED_BYTES: Final = 500_000_000


@dataclass(frozen=True)
class Cell:
    """One cell as text; `percent` says that it is shown as a percentage, `lost` that its formula has no stored result."""

    text: str
    percent: bool = False
    lost: bool = False


EMPTY: Final = Cell("")


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet by column name, with its place (file and row, counted from 1 with the heading)."""

    place: str
    cells: Mapping[str, Cell]

    def __getitem__(self, column: str) -> Cell:
        return self.cells.get(column, EMPTY)


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet, and the headings it does not know (they are ignored, and named)."""

    name: str
    rows: tuple[SheetRow, ...]
    ignored: tuple[str, ...]


def read_sheet(path: Path) -> Sheet:
    """Read a CSV or XLSX file, the first worksheet of the latter.

    Raises UnsupportedFileError for any other or a broken file, EncodingError for a CSV neither in UTF-8 nor in GBK, InputError
    for missing or repeated columns.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise UnsupportedFileError(f"“{path.name}”不是 CSV 或 XLSX 文件。")
    if not path.is_file():
        raise InputError(problems=[f"没有文件 {path}"])
    rows = list(_csv_rows(path) if suffix == ".csv" else _xlsx_rows(path))
    if not rows:
        raise InputError(problems=[f"{path.name} 是空的"])
    columns, ignored = _columns(path.name, [cell.text for cell in rows[0]])
    body = (SheetRow(f"{path.name} 第 {number} 行", _named(columns, cells)) for number, cells in enumerate(rows[1:], start=2))
    return Sheet(path.name, tuple(row for row in body if any(cell.text or cell.lost for cell in row.cells.values())), ignored)


def _columns(name: str, headings: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    known = {heading: column for column, names in HEADINGS.items() for heading in names}
    columns: dict[str, int] = {}
    problems: list[str] = []
    for index, heading in enumerate(headings):
        column = known.get(heading)
        if column in columns:
            problems.append(f"{name} 第 1 行：列“{heading}”重复")
        elif column is not None:
            columns[column] = index
    problems += [f"{name} 第 1 行：缺少列“{HEADINGS[column][0]}”" for column in REQUIRED if column not in columns]
    if problems:
        raise InputError(problems=problems)
    return columns, tuple(heading for heading in headings if heading and heading not in known)


def _named(columns: Mapping[str, int], cells: Sequence[Cell]) -> dict[str, Cell]:
    return {column: cells[index] for column, index in columns.items() if index < len(cells)}


def clean(text: str) -> str:
    """Strip a text and bring full-width digits and signs to their plain form."""
    return unicodedata.normalize("NFKC", text).strip()


def _csv_rows(path: Path) -> Iterator[list[Cell]]:
    text = _decoded(path)
    separator = "\t" if "\t" in text.split("\n", 1)[0] else ","
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), start=1):
            _limit(path, number)
            yield [Cell(clean(value)) for value in row]
    except csv.Error as error:
        raise UnsupportedFileError(f"“{path.name}”不是完好的 CSV：{error}。") from error


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise EncodingError(f"“{path.name}”既不是 UTF-8 也不是 GBK 编码的文本。")


def _xlsx_rows(path: Path) -> Iterator[list[Cell]]:
    """Read values beside formulas: a formula without a stored result must not look like a cell left empty."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MAX_UNZIPPED_BYTES:
            raise UnsupportedFileError(f"“{path.name}”解压后过大。")
        values = openpyxl.load_workbook(path, data_only=True, read_only=True)
        formulas = openpyxl.load_workbook(path, read_only=True)
        try:
            sheets = zip(values.worksheets[0].iter_rows(), formulas.worksheets[0].iter_rows(), strict=True)
            for number, (row, written) in enumerate(sheets, start=1):
                _limit(path, number)
                yield [_cell(value, formula) for value, formula in zip(row, written, strict=True)]
        finally:
            values.close()
            formulas.close()
    except (zipfile.BadZipFile, KeyError, IndexError, ValueError) as error:
        raise UnsupportedFileError(f"“{path.name}”不是完好的 XLSX 文件。") from error


def _cell(cell: Any, written: Any) -> Cell:
    value = cell.value
    if value is None:
        return Cell("", lost=written.value is not None)
    percent = isinstance(value, (int, float)) and "%" in str(cell.number_format or "")
    return Cell(_text(value), percent=percent)


def _text(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return month_label(value) if value.day == 1 else f"{value:%Y-%m-%d}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(str(value))


def _limit(path: Path, number: int) -> None:
    if number > MAX_ROWS:
        raise UnsupportedFileError(f"“{path.name}”超过 {MAX_ROWS} 行，请分成几个文件。")


