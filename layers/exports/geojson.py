"""GeoJSON (RFC 7946): CRS84, outer rings counter-clockwise, one feature a line; what the file holds stands before the features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import shapely

from layers.exports.content import Content
from layers.exports.order import Order
from spatial.pieces import Geometries


def write_geojson(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write a FeatureCollection; its member `dataset` is the statement, a feature's `id` its identifier."""
    names = [item.name for item in content.fields]
    said = order.statement
    head = {
        "type": "FeatureCollection",
        "name": content.layer.id,
        "description": said.sentence,
        "dataset": orjson.Fragment(said.json()),
    }
    between = b"\n"
    with place.open("wb") as file:
        file.write(orjson.dumps(head)[:-1] + b',"features":[')
        for batch in content.batches():
            shapes = shapely.to_geojson(_oriented(content.coordinates.rounded(batch.geometries)))
            rows = zip(batch.identifiers, batch.records, shapes.tolist(), strict=True)
            lines = [_feature(key, {name: record.get(name) for name in names}, shape) for key, record, shape in rows]
            file.write(between + b",\n".join(lines))
            between = b",\n"
        file.write(b"\n]}\n")
    return ()


def _feature(key: str, properties: dict[str, object], shape: str) -> bytes:
    return orjson.dumps({"type": "Feature", "id": key, "properties": properties, "geometry": orjson.Fragment(shape)})


def _oriented(geometries: Geometries) -> Geometries:
    return np.asarray(shapely.orient_polygons(geometries, exterior_cw=False), dtype=object)
