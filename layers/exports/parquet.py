"""GeoParquet 1.1: rows in compressed columns, geometries as WKB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow.parquet as pq
import shapely

from layers.exports.arrow import GEOMETRY, record_batches, schema
from layers.exports.content import Batch, Content
from layers.exports.order import Order
from spatial.crs import CRS84

VERSION: Final = "1.1.0"
STATEMENT: Final = "cuntu:dataset"
"""The key of the file's metadata under which the statement stands, as JSON."""


def write_parquet(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write a GeoParquet file, one row group for each batch."""
    made = schema(content.fields)
    extent = _Extent()
    with pq.ParquetWriter(place, made, compression="zstd") as writer:
        for rows in record_batches(made, content.fields, extent.watching(content.batches())):
            writer.write_batch(rows)
        writer.add_key_value_metadata({"geo": _geo(content, extent), STATEMENT: order.statement.json().decode()})
    return ()


class _Extent:
    """The box and the geometry types of all rows, gathered as they pass."""

    def __init__(self) -> None:
        self.box = np.array([np.inf, np.inf, -np.inf, -np.inf])
        self.types: set[str] = set()

    def watching(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        for batch in batches:
            found = batch.geometries
            west, south, east, north = shapely.total_bounds(found)
            self.box = np.array([*np.minimum(self.box[:2], [west, south]), *np.maximum(self.box[2:], [east, north])])
            self.types |= {shapely.GeometryType(number).name for number in np.unique(shapely.get_type_id(found))}
            yield batch


_TYPES: Final = {
    "POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint", "MULTILINESTRING": "MultiLineString", "MULTIPOLYGON": "MultiPolygon",
}  # fmt: skip


def _geo(content: Content, extent: _Extent) -> str:
    """The metadata of the standard. Without `crs` coordinates are in OGC:CRS84, the standard's default."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": sorted(_TYPES[name] for name in extent.types)}
    if content.coordinates.epsg != CRS84:
        column["crs"] = content.coordinates.crs.to_json_dict()
    if np.isfinite(extent.box).all():
        column["bbox"] = extent.box.tolist()
    return orjson.dumps({"version": VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}).decode()
