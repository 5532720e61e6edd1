"""Workbooks (XLSX) in which text is text: what looks like a formula in a name is never run as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from layers.catalog import catalog
from layers.formulas import write_text
from layers.watermark import taken_at, taken_by

MAX_WIDTH = 40
DATASET = {"state_label": "状态", "version": "版本", "valid_from": "生效日期", "authority": "来源单位"}


@dataclass(frozen=True)
class Page:
    """One worksheet: `percent` names the headings whose numbers are shares (0–1), shown as per cent with two decimals."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    percent: frozenset[str] = frozenset()


def write_workbook(path: Path | IO[bytes], pages: Sequence[Page]) -> None:
    """Write worksheets with a bold, frozen heading row. An existing file is replaced; codes stay text; None stays empty."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for page in pages:
        sheet = workbook.create_sheet(page.title)
        for row, values in enumerate([page.headings, *page.rows], start=1):
            for column, value in enumerate(values, start=1):
                _write(sheet.cell(row, column), value, percent=row > 1 and page.headings[column - 1] in page.percent)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for column, heading in enumerate(page.headings, start=1):
            sheet.column_dimensions[get_column_letter(column)].width = _width(
                [heading, *(row[column - 1] for row in page.rows)]
            )
    workbook.properties.creator = " ".join((taken_by(), taken_at())).strip()
    workbook.save(path)


def datasets_page(entries: Iterable[Mapping[str, Any]]) -> Page:
    """Make the worksheet that says which data an answer rests on, what of it is 示例数据, and which layers are not loaded."""
    rows = [
        [_title(entry), *(entry.get(key) for key in DATASET), "示例数据" if entry.get("synthetic") else None]
        for entry in entries
    ]
    distinct = [list(row) for row in dict.fromkeys(map(tuple, rows))]
    return Page("数据", ["图层", *DATASET.values(), "数据性质"], distinct)


def _title(entry: Mapping[str, Any]) -> str:
    return catalog()[entry["layer"]].title


def _write(cell: Any, value: Any, *, percent: bool) -> None:
    if isinstance(value, str):
        write_text(cell, value)
        return
    cell.value = value
    if percent:
        cell.number_format = "0.00%"


def _width(values: Sequence[Any]) -> float:
    """Room for the longest value; a Chinese character takes two columns."""
    longest = max(sum(2 if ord(letter) > 0x2E80 else 1 for letter in str(value)) for value in values)
    return min(longest + 2, MAX_WIDTH)
