"""Zipped shapefiles that open in GBK software: short ASCII field names, .cpg and language byte, texts of whole characters.

GDAL writes geometry and table. Texts reach it as the bytes they are to be in the DBF, each shown as one Latin-1 letter, and so none of them
depends on the conversions a build of GDAL has, and none is cut in the middle of a character.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import fiona
import pyarrow as pa
import pyogrio

from layers.catalog import CatalogField, catalog
from layers.errors import ExportRefusedError
from layers.exports.arrow import GEOMETRY, Source, record_batches, schema
from layers.exports.bundle import SHEET, bundle
from layers.exports.content import Content, Kind
from layers.exports.field_names import short_names
from layers.exports.letters import Letters, letters
from layers.exports.order import Order
from layers.exports.survey import FieldSurvey

LONGEST: Final = 254
"""So many bytes has a text in a DBF."""
MOST_BYTES: Final = 2**31 - 1
"""So many bytes has a .shp or .dbf that all software reads."""
MOST_DIGITS: Final = 24
_RAW: Final = "ISO-8859-1"
_LANGUAGE_BYTE: Final = 29
_DRIVER: Final = "ESRI Shapefile"


@dataclass
class _Texts:
    """Turns texts into Latin-1 letters that stand for their bytes, and remembers which were cut."""

    letters: Letters
    cut: list[str] = field(default_factory=list)

    def __call__(self, item: CatalogField, values: list[Any], identifiers: list[str]) -> list[Any]:
        known: dict[str, str] = {}
        written = [
            None if value is None else known.get(value) or known.setdefault(value, self._bytes(value))
            for value in values
        ]
        for key, value, text in zip(identifiers, values, written, strict=True):
            if text is not None and len(text) > LONGEST - 4 and len(self.letters.encoded(value)) > LONGEST:
                self.cut.append(
                    f"{key} 的 {item.name}（{item.title}）：{len(self.letters.encoded(value))} 字节，只写下 {len(text)} 字节"
                )
        return written

    def _bytes(self, text: str) -> str:
        return self.letters.cut(text, LONGEST).decode(_RAW)


def write_shapefile(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write a zip archive with one shapefile for each kind of geometry, and a sheet that states the version and what was lost.

    Raises ExportRefusedError where a part would be larger than 2 GB, EncodingError for an encoding that cannot be written.
    """
    names = short_names(item.name for item in content.fields)
    chosen = letters(order.encoding, set().union(*(found.characters for found in content.surveyed.values())))
    texts = _Texts(chosen)
    _check_sizes(content, chosen)
    members: list[Path] = []
    for kind in content.kinds:
        base = place.parent / (_base_name(content) + (f"_{kind.name}" if len(content.kinds) > 1 else ""))
        _write(content, kind, base.with_suffix(".shp"), names, texts)
        _mark(base, content, chosen)
        members += [base.with_suffix(ending) for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg")]
    notes = (*chosen.notes, *_lost(content, names), *_cut_note(texts.cut))
    sheet = order.statement.with_notes((f"文字编码 {chosen.name}", *notes)).sheet()
    (place.parent / SHEET).write_text(sheet + "".join(f"截短：{line}\r\n" for line in texts.cut), encoding="utf-8-sig")
    bundle(place, [*members, place.parent / SHEET])
    return notes


def _base_name(content: Content) -> str:
    """The standard's name of the layer where no other layer has the same, else the catalogue's."""
    codes = [layer.code for layer in catalog().values()]
    return content.layer.code if content.layer.code and codes.count(content.layer.code) == 1 else content.layer.id


def _write(content: Content, kind: Kind, path: Path, names: Mapping[str, str], texts: _Texts) -> None:
    columns = [(names[item.name], _column(content.surveyed[item.name], texts.letters)) for item in content.fields]
    shape = "MultiPoint" if kind.geometry_type == "MultiPoint" else kind.geometry_type.removeprefix("Multi")
    # GDAL takes widths and decimals only when it makes the file; Arrow batches then fill it.
    with fiona.open(path, "w", driver=_DRIVER, schema={"geometry": shape, "properties": columns}, encoding=_RAW):
        pass
    made = schema(content.fields, names)
    source = Source(
        record_batches(made, content.fields, content.batches(kind, multi=shape == "MultiPoint"), texts=texts)
    )
    reader = pa.RecordBatchReader.from_batches(made, source)
    with source.own_errors():
        pyogrio.write_arrow(reader, path, driver=_DRIVER, geometry_name=GEOMETRY, geometry_type=kind.geometry_type,
                            crs=content.coordinates.authority, append=True, encoding=_RAW)  # fmt: skip


def _column(found: FieldSurvey, chosen: Letters) -> str:
    kind = found.item.type
    if kind == "text":
        return f"str:{min(LONGEST, max(1, _longest(found, chosen)))}"
    if kind == "integer":
        return f"int:{max(4, found.digits + 1)}"
    if kind == "number":
        width, decimals = _digits(found)
        return f"float:{width}.{decimals}"
    return {"boolean": "bool", "date": "date"}[kind]


def _longest(found: FieldSurvey, chosen: Letters) -> int:
    return found.longest_utf8 if chosen.name == "UTF-8" else found.longest


def _digits(found: FieldSurvey) -> tuple[int, int]:
    """Width and decimals that hold every value exactly, or as many as there is room for."""
    decimals = 15 if found.decimals is None else max(1, found.decimals)
    room = MOST_DIGITS - found.digits - 2
    return min(MOST_DIGITS, found.digits + 2 + decimals), max(1, min(decimals, room))


def _mark(base: Path, content: Content, chosen: Letters) -> None:
    """Write down encoding and CRS as other software expects them: GDAL was told Latin-1."""
    base.with_suffix(".cpg").write_text(chosen.name, encoding="ascii")
    base.with_suffix(".prj").write_text(content.coordinates.crs.to_wkt("WKT1_ESRI"), encoding="ascii")
    with base.with_suffix(".dbf").open("rb+") as table:
        table.seek(_LANGUAGE_BYTE)
        table.write(bytes([chosen.language_byte]))


def _check_sizes(content: Content, chosen: Letters) -> None:
    row = 1 + sum(_width(content.surveyed[item.name], chosen) for item in content.fields)
    problems = []
    for kind in content.kinds:
        shapes = 100 + 52 * kind.features + 4 * kind.parts + 16 * kind.points
        table = 33 + 32 * len(content.fields) + row * kind.features
        problems += [
            f"{ending} 文件将有 {size / 1e9:.1f} GB"
            for ending, size in ((".shp", shapes), (".dbf", table))
            if size > MOST_BYTES
        ]
    if problems:
        raise ExportRefusedError("Shapefile 的每个文件不能超过 2 GB，请改用 GeoPackage 或 FileGDB：", problems=problems)


def _width(found: FieldSurvey, chosen: Letters) -> int:
    kind = found.item.type
    widths = {
        "text": min(LONGEST, max(1, _longest(found, chosen))),
        "integer": max(4, found.digits + 1),
        "number": MOST_DIGITS,
        "boolean": 1,
        "date": 8,
    }
    return widths[kind]


def _lost(content: Content, names: Mapping[str, str]) -> Iterator[str]:
    short = [f"{name} 写作 {written}" for name, written in names.items() if name != written]
    found = [content.surveyed[item.name] for item in content.fields]
    nulls = [one.item.name for one in found if one.nulls and one.item.type in ("number", "integer", "boolean")]
    empty = [one.item.name for one in found if one.empty and one.nulls]
    inexact = [
        one.item.name
        for one in found
        if one.item.type == "number" and (one.decimals is None or _digits(one)[1] < one.decimals)
    ]
    if len(content.kinds) > 1:
        yield "不同类型的图形分写为几个文件"
    if short:
        yield f"字段名最多 10 字节：{'、'.join(short)}"
    if nulls:
        yield f"DBF 没有空值，空的数值写作星号、空的是否写作问号，有的软件显示为 0 或否：{'、'.join(nulls)}"
    if empty:
        yield f"空文本与没有值不能区分：{'、'.join(empty)}"
    if inexact:
        yield f"小数位数超出 DBF 所能容纳，已四舍五入：{'、'.join(inexact)}"


def _cut_note(cut: list[str]) -> Iterator[str]:
    if cut:
        yield f"{len(cut)} 个文本超过 {LONGEST} 字节，已在整字处截短（逐条见{SHEET}），前几个：{'；'.join(cut[:5])}"
