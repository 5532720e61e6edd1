"""GeoPackage and File Geodatabase, written by GDAL from Arrow batches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import pyarrow as pa
import pyogrio

from layers.exports.arrow import GEOMETRY, TYPES, Source, record_batches, schema
from layers.exports.bundle import SHEET, bundle
from layers.exports.content import Content, Kind
from layers.exports.order import Order
from layers.exports.statement import Statement

GPKG_VERSION: Final = "1.2"
"""Of the standard: older desktop software warns of later ones, and nothing of them is needed here."""
GRID_M: Final = 0.0001
"""A geodatabase keeps coordinates as whole numbers of this unit, the XY resolution of the survey data standards."""
MOST_DIGITS: Final = 9
"""So many digits always fit into 32 bits."""


def write_gpkg(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write a GeoPackage with one layer, named as the catalogue's; its description and metadata state the version."""
    said = order.statement
    options = {"GEOMETRY_NAME": "geom", "IDENTIFIER": content.layer.title, "DESCRIPTION": said.sentence}
    kinds = content.kinds
    geometry_type = kinds[0].geometry_type if len(kinds) == 1 else "Unknown"
    multi = len(kinds) == 1 and kinds[0].multi > 0
    _write(content, place, layer=content.layer.id, driver="GPKG", kind=None, multi=multi, geometry_type=geometry_type,
           dataset_options={"VERSION": GPKG_VERSION}, layer_metadata=said.texts(), layer_options=options)  # fmt: skip
    return ()


def write_gdb(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write a zipped File Geodatabase: one feature class for each kind of geometry, with Chinese aliases and the statement as metadata."""
    database = place.parent / f"{place.name.split('.')[0]}.gdb"
    for kind in content.kinds:
        name = content.layer.id if len(content.kinds) == 1 else f"{content.layer.id}_{kind.name}"
        options = {
            "LAYER_ALIAS": content.layer.title,
            "DOCUMENTATION": _documentation(order.statement, content.layer.title),
        }
        _write(content, database, layer=name, driver="OpenFileGDB", kind=kind, multi=kind.multi > 0, geometry_type=kind.geometry_type,
               types=_gdb_types(content), append=database.exists(), layer_options=options)  # fmt: skip
    notes = tuple(_gdb_notes(content))
    (place.parent / SHEET).write_text(order.statement.with_notes(notes).sheet(), encoding="utf-8-sig")
    bundle(place, [database, place.parent / SHEET])
    shutil.rmtree(database)
    return notes


def _gdb_types(content: Content) -> dict[str, Any]:
    """The types that every edition of ArcGIS reads: whole numbers of 32 bits, days as the midnight they begin with."""
    has_long = any(
        content.surveyed[item.name].digits > MOST_DIGITS for item in content.fields if item.type == "integer"
    )
    return {**TYPES, "integer": pa.float64() if has_long else pa.int32(), "date": pa.timestamp("s")}


def _gdb_notes(content: Content) -> Iterator[str]:
    if not content.coordinates.crs.is_geographic:
        yield f"地理数据库把坐标取到 {GRID_M} 米"
    if len(content.kinds) > 1:
        yield "不同类型的图形分写为几个数据集"
    for kind, told in (("date", "日期写作当日零时"), ("boolean", "是否写作 1 和 0")):
        names = [item.name for item in content.fields if item.type == kind]
        if names:
            yield f"{told}：{'、'.join(names)}"


def _write(
    content: Content,
    path: Path,
    *,
    kind: Kind | None,
    multi: bool,
    types: Mapping[str, Any] = TYPES,
    append: bool = False,
    **options: Any,
) -> None:
    made = schema(content.fields, types=types)
    source = Source(record_batches(made, content.fields, content.batches(kind, multi=multi)))
    reader = pa.RecordBatchReader.from_batches(made, source)
    with source.own_errors():
        pyogrio.write_arrow(
            reader, path, geometry_name=GEOMETRY, crs=content.coordinates.authority, append=append, **options
        )


def _documentation(said: Statement, title: str) -> str:
    lines = "\n".join(f"{label}：{text}" for label, text in said.lines())
    about = f"<idCitation><resTitle>{escape(title)}</resTitle></idCitation><idAbs>{escape(lines)}</idAbs><idPurp>{escape(said.sentence)}</idPurp>"
    return f'<?xml version="1.0" encoding="UTF-8"?><metadata xml:lang="zh"><dataIdInfo>{about}</dataIdInfo></metadata>'
