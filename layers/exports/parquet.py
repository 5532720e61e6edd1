"""GeoParquet 1.1: rows in compressed columns, geometries as WKB."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow.parquet as pq

from layers.exports.arrow import GEOMETRY, record_batches, schema
from layers.exports.content import Content
from layers.exports.order import Order
from spatial.crs import CRS84

VERSION: Final = "1.1.0"
STATEMENT: Final = "cuntu:dataset"
"""The key of the file's metadata under which the statement stands, as JSON."""


def write_parquet(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write a GeoParquet file, one row group for each batch."""
    plain = schema(content.fields)
    made = plain.with_metadata({"geo": _geo(content), STATEMENT: order.statement.json()})
    with pq.ParquetWriter(place, made, compression="zstd") as writer:
        for rows in record_batches(made, content.fields, content.batches()):
            writer.write_batch(rows)
    return ()


def _geo(content: Content) -> bytes:
    """The metadata of the standard. Without `crs` coordinates are in OGC:CRS84, the standard's default."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(name for kind in content.kinds for name in kind.geometry_types),
    }
    if content.coordinates.epsg != CRS84:
        column["crs"] = content.coordinates.crs.to_json_dict()
    if content.coordinates.is_stored:
        west, south, east, north = zip(*(kind.box for kind in content.kinds), strict=True)
        column["bbox"] = [min(west), min(south), max(east), max(north)]
    return orjson.dumps({"version": VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: column}})
