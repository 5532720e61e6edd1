"""GeoParquet, and Parquet without geometry. Runs in the child process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from layers.encodings import Encoding
from layers.errors import UnsupportedFileError
from layers.reading import columns
from layers.reading.limits import Limits
from layers.reading.source import GEOMETRY, Source, SourceColumn, columns_of
from layers.reading.wkb import require_readable

_CRS84 = "OGC:CRS84"
"""GeoParquet that names no CRS is in longitude and latitude, as its standard says; `null` says that nobody knows."""
_BATCH = 16_384
_KINDS = {"Polygon": "polygon", "MultiPolygon": "polygon", "LineString": "line", "MultiLineString": "line", "Point": "point", "MultiPoint": "point"}


def sources(place: Path, *, encoding: str | None, limits: Limits) -> list[Source]:
    """Open a Parquet file; raise UnsupportedFileError."""
    try:
        file = pq.ParquetFile(place, memory_map=False, pre_buffer=False)
        return [ParquetSource(place, file, limits)]
    except (pa.ArrowException, OSError) as error:
        raise UnsupportedFileError(f"{place.name} 无法读取，文件可能已损坏或不完整。") from error


class ParquetSource:
    """The one table of a Parquet file."""

    driver, encoding = "Parquet", Encoding("utf-8", "content")

    def __init__(self, place: Path, file: pq.ParquetFile, limits: Limits) -> None:
        self.name = place.stem
        self._file = file
        schema = file.schema_arrow
        if len(schema) > limits.fields:
            raise UnsupportedFileError(f"{place.name} 有 {len(schema)} 个字段，最多允许 {limits.fields} 个。")
        geo = _geo(schema, place.name)
        self._geometry: str | None = geo.get("primary_column")
        described = geo.get("columns", {}).get(self._geometry, {})
        if self._geometry is not None and (described.get("encoding") != "WKB" or self._geometry not in schema.names):
            raise UnsupportedFileError(f"{place.name} 的图形不是 WKB 编码：请按 GeoParquet 1.0 的 WKB 编码另存。")
        self.feature_count: int | None = int(file.metadata.num_rows)
        crs = described.get("crs", _CRS84) if self._geometry else None
        self.crs = json.dumps(crs) if isinstance(crs, dict) else crs
        kinds = {_KINDS.get(str(kind).split(" ")[0], "unknown") for kind in described.get("geometry_types", [])}
        self.kind = "table" if self._geometry is None else kinds.pop() if len(kinds) == 1 else "unknown"
        binary = [field.name for field in schema if _is_binary(field.type) and field.name != self._geometry]
        self.notes: tuple[str, ...] = (f"二进制字段没有读：{'、'.join(binary)}",) if binary else ()
        self._names = [name for name in schema.names if name != self._geometry and name not in binary]
        self.columns: tuple[SourceColumn, ...] = columns_of([(name, name.encode(), _kind(schema.field(name).type)) for name in self._names])

    def batches(self, most: int | None) -> Iterator[pa.RecordBatch]:
        """Give the rows; raises UnsupportedFileError."""
        wanted = [*self._names, *([self._geometry] if self._geometry else [])]
        first = 1
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH if most is None else min(_BATCH, most), columns=wanted, use_threads=False):
                yield self._batch(batch, first)
                first += batch.num_rows
                if most is not None and first > most:
                    return
        except MemoryError:  # Arrow's is both
            raise
        except (pa.ArrowException, OSError) as error:
            raise UnsupportedFileError(f"{self.name} 无法读取，文件可能已损坏或不完整。") from error

    def _batch(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        arrays = [
            columns.plain(batch.column(name), kind=column.kind, codec=None, place=name, first=first)
            for name, column in zip(self._names, self.columns, strict=True)
        ]
        titles = [column.column for column in self.columns]
        if self._geometry is None:
            return pa.RecordBatch.from_arrays(arrays, titles)
        shapes = batch.column(self._geometry).cast(pa.large_binary())
        require_readable(shapes, name=self.name, first=first)
        return pa.RecordBatch.from_arrays([*arrays, shapes], [*titles, GEOMETRY])


def _geo(schema: pa.Schema, name: str) -> dict[str, Any]:
    """What the file says of its geometries; nothing where it is plain Parquet."""
    try:
        geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        described = geo.get("columns", {})
        if geo and not (isinstance(described, dict) and all(isinstance(item, dict) for item in described.values())):
            raise ValueError
    except (ValueError, AttributeError, RecursionError) as error:
        raise UnsupportedFileError(f"{name} 的 GeoParquet 说明（geo）无法读取。") from error
    return dict(geo)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_boolean(kind):
        return "boolean"
    return "date" if pa.types.is_temporal(kind) else "text"
