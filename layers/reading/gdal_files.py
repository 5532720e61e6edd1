"""Shapefile, file geodatabase, GeoPackage and GeoJSON through GDAL. Runs in the child process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
from pyogrio import raw
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from layers import encodings
from layers.errors import UnsupportedFileError
from layers.reading import columns, geopackage, shapefile
from layers.reading.limits import Limits
from layers.reading.source import GEOMETRY, Source, SourceColumn, columns_of
from layers.reading.wkb import require_readable

DRIVERS = {".shp": "ESRI Shapefile", ".gdb": "OpenFileGDB", ".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON"}
_OPTIONS: dict[str, dict[str, str]] = {
    "ESRI Shapefile": {},
    "OpenFileGDB": {},
    # A data base is opened as it lies there: nothing is written beside it, and tables nobody registered stay closed.
    "GPKG": {"IMMUTABLE": "YES", "LIST_ALL_TABLES": "NO"},
    # Text that looks like a date stays as it stands there.
    "GeoJSON": {"DATE_AS_STRING": "YES", "ARRAY_AS_STRING": "YES"},
}
_RAW = "ISO-8859-1"
"""Reading a shapefile's text as Latin 1 keeps its bytes, which are then decoded here: GDAL's own decoding loses cut characters."""
_KINDS = {"OFTInteger": "integer", "OFTInteger64": "integer", "OFTReal": "number", "OFTDate": "date", "OFTDateTime": "date"}
_BINARY = "OFTBinary"
_CURVES = tuple(range(8, 15))
"""WKB types, without their thousands for Z and M, that are not made of straight lines."""
_BATCH = 16_384
_FAILURES = (DataSourceError, DataLayerError, FeatureError, ValueError, RuntimeError)


def sources(place: Path, *, encoding: str | None, limits: Limits) -> list[Source]:
    """Open every data set of a file or geodatabase; raise UnsupportedFileError, UnsafeArchiveError or EncodingError."""
    driver = DRIVERS[place.suffix.lower()]
    if driver == "ESRI Shapefile":
        shapefile.check(place, limits)
        codec = encodings.of_shapefile(place, given=encoding)
    else:
        codec = encodings.Encoding("utf-8", "content")
    names, left_out = _names(place, driver)
    if len(names) > limits.layers:
        raise UnsupportedFileError(f"{place.name} 中有 {len(names)} 份数据，最多允许 {limits.layers} 份。")
    if not names:
        raise UnsupportedFileError(f"{place.name} 中没有数据。")
    notes = (f"视图或虚拟表没有读：{'、'.join(left_out)}",) if left_out else ()
    return [GdalSource(place, name, driver, codec, notes, limits) for name in names]


def _names(place: Path, driver: str) -> tuple[list[str], list[str]]:
    """The data sets, and what is listed as one but not read."""
    if driver == "GPKG":
        return geopackage.layers(place)
    if driver == "GeoJSON":
        # It has one data set, and asking for its name would read the whole text once more.
        return [place.stem], []
    return [str(name) for name, _ in _ask(place, lambda: pyogrio.list_layers(address(place)))], []


def address(place: Path) -> str:
    """Return what GDAL is given to open a file. GeoJSON is named as such, lest a virtual data set in one of its texts be opened."""
    return f"GeoJSON:{place}" if DRIVERS[place.suffix.lower()] == "GeoJSON" else str(place)


def _ask(place: Path, question: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return question()
    except _FAILURES as error:
        raise UnsupportedFileError(f"{place.name} 无法读取，文件可能已损坏或不完整。") from error


class GdalSource:
    """One layer of a GDAL data set."""

    def __init__(self, place: Path, name: str, driver: str, encoding: encodings.Encoding, notes: tuple[str, ...], limits: Limits) -> None:
        self.name, self.driver, self.encoding, self.notes = name, driver, encoding, notes
        self._place = place
        self._options: dict[str, Any] = dict(_OPTIONS[driver])
        if driver == "ESRI Shapefile":
            self._options["encoding"] = _RAW
        self._layer = None if driver == "GeoJSON" else name
        info = _ask(place, lambda: pyogrio.read_info(address(place), layer=self._layer, force_feature_count=True, **self._options))
        if info["driver"] != driver:
            raise UnsupportedFileError(f"{place.name} 的内容不是 {place.suffix.lower()} 文件。")
        if driver == "GeoJSON":
            self.name = str(info["layer_name"])
        if len(info["fields"]) > limits.fields:
            raise UnsupportedFileError(f"{name} 有 {len(info['fields'])} 个字段，最多允许 {limits.fields} 个。")
        self.crs: str | None = info["crs"]
        self.feature_count: int | None = int(info["features"])
        self.kind = kind_of(info["geometry_type"])
        self._fields, self.columns = self._described(info)

    def _described(self, info: dict[str, Any]) -> tuple[list[str], tuple[SourceColumn, ...]]:
        fields, described = [], []
        for field, kind, subtype in zip(info["fields"], info["ogr_types"], info["ogr_subtypes"], strict=True):
            if kind == _BINARY:
                self.notes = (*self.notes, f"二进制字段没有读：{field}")
                continue
            content = field.encode(_RAW if self._is_raw else "utf-8")
            fields.append(str(field))
            described.append((encodings.decode(content, self.encoding.codec), content, "boolean" if subtype == "OFSTBoolean" else _KINDS.get(kind, "text")))
        return fields, columns_of(described)

    @property
    def _is_raw(self) -> bool:
        return "encoding" in self._options

    def batches(self, most: int | None) -> Iterator[pa.RecordBatch]:
        """Give the rows; raises UnsupportedFileError, EncodingError."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield from self._batches(most)
        except _FAILURES as error:
            raise UnsupportedFileError(f"{self.name} 无法读取，文件可能已损坏或不完整。") from error

    def _batches(self, most: int | None) -> Iterator[pa.RecordBatch]:
        opened = pyogrio.open_arrow(
            address(self._place),
            layer=self._layer,
            columns=self._fields,
            batch_size=_BATCH if most is None else min(most, _BATCH),
            use_pyarrow=True,
            datetime_as_string=True,
            **self._options,
        )
        first = 1
        with opened as (_, reader):
            for whole in reader:
                batch = whole if most is None else whole.slice(0, most - first + 1)
                yield self._batch(batch, first)
                first += batch.num_rows
                if most is not None and first > most:
                    return

    def _batch(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        """Order, decode and name the columns; curves become chords."""
        names = batch.schema.names
        geometry = next((name for name in names if name not in self._fields), None)
        codec = self.encoding.codec if self._is_raw else None
        arrays = [
            columns.plain(batch.column(names.index(field)), kind=column.kind, codec=codec, place=f"{self.name}/{column.text}", first=first)
            for field, column in zip(self._fields, self.columns, strict=True)
        ]
        titles = [column.column for column in self.columns]
        if self.kind == "table" or geometry is None:
            return pa.RecordBatch.from_arrays(arrays, titles) if titles else batch
        shapes = batch.column(names.index(geometry))
        if np.isin(columns.wkb_types(shapes), _CURVES).any():
            shapes = self._chords(first, batch.num_rows)
        shapes = shapes.cast(pa.large_binary())
        if self.driver == "GPKG":
            # GDAL hands the bytes of a GeoPackage on as they are; those of other formats it has written itself.
            require_readable(shapes, name=self.name, first=first)
        return pa.RecordBatch.from_arrays([*arrays, shapes], [*titles, GEOMETRY])

    def _chords(self, first: int, count: int) -> pa.Array:
        """The geometries of some rows with arcs turned into chords, as GDAL does for whoever knows straight lines only."""
        _, _, shapes, _ = raw.read(address(self._place), layer=self._layer, columns=[], skip_features=first - 1, max_features=count, **self._options)
        return pa.array(list(shapes), pa.large_binary())


def kind_of(geometry: str | None) -> str:
    """Tell polygon, line, point, table or unknown from GDAL's name of a geometry type."""
    if geometry is None or geometry == "None":
        return "table"
    plain = geometry.lower().removeprefix("2.5d ").removeprefix("3d ").removeprefix("measured ").removeprefix("multi").split(" ")[0]
    kinds = {"polygon": "polygon", "surface": "polygon", "linestring": "line", "curve": "line", "point": "point"}
    return kinds.get(plain, "polygon" if plain == "curvepolygon" else "unknown")
