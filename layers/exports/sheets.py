"""Workbook and CSV: codes stay text, no text is run as a formula, the geometry is a WKT."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from layers.catalog import CatalogField
from layers.errors import ExportRefusedError
from layers.exports.content import Batch, Content
from layers.exports.order import Order
from layers.formulas import MOST_LETTERS, TEXT_FORMAT, fitting, guarded, looks_like_formula

WKT: Final = "WKT"
CENTROID: Final = ("重心东坐标", "重心北坐标")
MOST_ROWS: Final = 1_048_576
"""So many rows has a worksheet."""
SHEET_TITLE: Final = 31
MOST_DIGITS: Final = 16
"""So many significant digits openpyxl writes of a number."""
DATE_FORMAT: Final = "yyyy-mm-dd"


def write_xlsx(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write a workbook: the rows, what the fields mean, and the statement. Raises ExportRefusedError for more rows than a sheet has."""
    if content.record.dataset.feature_count >= MOST_ROWS:
        raise ExportRefusedError(
            f"工作表最多 {MOST_ROWS:,} 行，本版本有 {content.record.dataset.feature_count:,} 个要素：请用 GeoPackage 或 CSV。"
        )
    workbook = Workbook(write_only=True)
    with _given_up_wholly(workbook):
        rows = _Rows(workbook, content)
        rows.write()
        notes = tuple(rows.notes())
        _plain_sheet(
            workbook, "字段", ("字段", "名称", "类型", "单位", "取值"), (_field_row(item) for item in content.fields)
        )
        _plain_sheet(workbook, "说明", ("项目", "内容"), order.statement.with_notes(notes).lines())
        workbook.save(place)
    return notes


@contextmanager
def _given_up_wholly(workbook: Any) -> Iterator[None]:
    """Where the block fails, end the sheets begun and remove the passing files they were written to."""
    try:
        yield
    except BaseException:
        for sheet in workbook.worksheets:
            with suppress(Exception):
                sheet.close()
                sheet._writer.cleanup()
        raise


class _Rows:
    """The sheet of rows, written one after the other."""

    def __init__(self, workbook: Any, content: Content) -> None:
        self.content = content
        self.sheet = workbook.create_sheet(content.layer.title[:SHEET_TITLE])
        self.has_large = any(_may_be_large(kind.most_points) for kind in content.kinds)
        self.too_long = 0
        self.cut = 0
        text = WriteOnlyCell(self.sheet)
        text.number_format = TEXT_FORMAT
        day = WriteOnlyCell(self.sheet)
        day.number_format = DATE_FORMAT
        self._text_style, self._day_style = text._style, day._style

    def write(self) -> None:
        """Write headings and rows."""
        self.sheet.freeze_panes = "A2"
        headings = [item.name for item in self.content.fields] + [WKT] + list(CENTROID) * self.has_large
        self.sheet.append([_bold(self.sheet, heading) for heading in headings])
        makers = {"text": self._text, "date": self._day}
        for batch in self.content.batches():
            columns = [_column(item, batch, makers.get(item.type)) for item in self.content.fields]
            for row in zip(*columns, *self._shapes(batch), strict=True):
                self.sheet.append(row)

    def notes(self) -> Iterator[str]:
        """Say what a workbook could not carry."""
        if self.too_long:
            yield f"{self.too_long} 个图形的 WKT 超过单元格 {MOST_LETTERS} 个字符的上限，只写重心坐标"
        if self.cut:
            yield f"{self.cut} 个文本含有 XML 不能保存的字符或超过单元格上限，已去掉或截短"
        found = [self.content.surveyed[item.name] for item in self.content.fields]
        rounded = [one.item.name for one in found if one.decimals is None or one.digits + one.decimals > MOST_DIGITS]
        if rounded:
            yield f"数值保留 {MOST_DIGITS} 位有效数字：{'、'.join(rounded)}"
        empty = [one.item.name for one in found if one.empty]
        if empty:
            yield f"空文本与没有值不能区分：{'、'.join(empty)}"

    def _shapes(self, batch: Batch) -> list[list[Any]]:
        written = wkt(self.content, batch)
        fits = [len(text) <= MOST_LETTERS for text in written]
        self.too_long += fits.count(False)
        shapes = [self._text(text) if is_short else None for text, is_short in zip(written, fits, strict=True)]
        if not self.has_large:
            return [shapes]
        centres = np.round(
            shapely.get_coordinates(shapely.centroid(batch.geometries)), self.content.coordinates.decimals
        ).tolist()
        return [
            shapes,
            *(
                [None if is_short else centre[axis] for centre, is_short in zip(centres, fits, strict=True)]
                for axis in (0, 1)
            ),
        ]

    def _text(self, text: str) -> Any:
        plain = fitting(text)
        self.cut += plain != text
        cell = WriteOnlyCell(self.sheet, value=plain)
        cell.data_type = "s"
        cell._style = self._text_style
        return cell

    def _day(self, text: str) -> Any:
        cell = WriteOnlyCell(self.sheet, value=date.fromisoformat(text))
        cell._style = self._day_style
        return cell


def _column(item: CatalogField, batch: Batch, make: Any) -> list[Any]:
    values = batch.column(item.name)
    return values if make is None else [None if value is None else make(value) for value in values]


def _may_be_large(points: int) -> bool:
    """Whether the WKT of so many points may be longer than a cell; a point takes 30 letters at most."""
    return points * 30 > MOST_LETTERS


def _plain_sheet(workbook: Any, title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append([_bold(sheet, heading) for heading in headings])
    for row in rows:
        cells = [WriteOnlyCell(sheet, value=fitting(str(value))) for value in row]
        for cell in cells:
            cell.data_type, cell.number_format = "s", TEXT_FORMAT
        sheet.append(cells)


def _bold(sheet: Any, heading: str) -> Any:
    cell = WriteOnlyCell(sheet, value=heading)
    cell.data_type, cell.font = "s", Font(bold=True)
    return cell


def _field_row(item: CatalogField) -> tuple[str, ...]:
    codes = "；".join(f"{code} {label}" for code, label in (item.codes or {}).items())
    return (item.name, item.title, item.type, item.unit or "", codes)


def write_csv(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write a CSV in UTF-8 with byte order mark; its last column names version and CRS in every row, for a CSV has no other place for it.

    A text that begins like a formula gets an apostrophe before it (`layers/formulas.py`), which an import takes away again.
    """
    kept = 0
    names = [item.name for item in content.fields]
    texts = {item.name for item in content.fields if item.type == "text"}
    named = f"{order.statement.short} {content.coordinates.name}"
    with place.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, WKT, "数据版本"])
        for batch in content.batches():
            columns = {name: batch.column(name) for name in names}
            for name in texts:
                kept += sum(value is not None and looks_like_formula(value) for value in columns[name])
                columns[name] = [None if value is None else guarded(value) for value in columns[name]]
            writer.writerows(zip(*columns.values(), wkt(content, batch), [named] * len(batch.wkb), strict=True))
    return tuple(_csv_notes(content, kept))


def _csv_notes(content: Content, kept: int) -> Iterator[str]:
    yield f"坐标保留到小数点后 {content.coordinates.decimals} 位"
    yield "用电子表格软件直接打开 CSV 会丢掉编码开头的零，请以“从文本导入”打开并把编码列设为文本，或改用 XLSX"
    if kept:
        yield f"{kept} 个以等号等开头的文本前加了撇号，以免被当作公式运行；再导入本系统时自动去掉"
    empty = [item.name for item in content.fields if content.surveyed[item.name].empty]
    if empty:
        yield f"空文本与没有值不能区分：{'、'.join(empty)}"


def wkt(content: Content, batch: Batch) -> list[str]:
    """The geometries as WKT, with decimals for a tenth of a millimetre."""
    written: list[str] = shapely.to_wkt(
        batch.geometries, rounding_precision=content.coordinates.decimals, trim=True
    ).tolist()
    return written
