"""Published versions read into memory: whole layers, or only what lies near the subjects at hand.

Both ways give the same features and pieces in the same order within the radius asked for, so measures cannot tell them apart.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import orjson
import psycopg
import shapely
from numpy.typing import NDArray

from layers.catalog import CatalogField
from layers.catalog import layer as catalog_layer
from layers.sql import queries
from spatial.errors import CrsError
from spatial.layer import DatasetVersion, Layer, LayerSet
from spatial.pieces import Geometries

SQL = queries("snapshot")

Connection = psycopg.Connection[Any]
Rows = Sequence[tuple[Any, ...]]


def load(conn: Connection, versions: Mapping[str, DatasetVersion], *, epsg: int, only: Collection[str] | None = None) -> LayerSet:
    """Read whole versions (of the layers in `only`, or all) in EPSG:`epsg`; raise CrsError if one is stored in another CRS."""
    wanted = {name: version for name, version in versions.items() if only is None or name in only}
    facts = _facts(conn, wanted, epsg)
    return {name: _whole(conn, version, facts[version.version]) for name, version in wanted.items()}


def pruned(
    conn: Connection,
    versions: Mapping[str, DatasetVersion],
    subjects: Geometries,
    *,
    radius_m: Mapping[str, float],
    epsg: int,
    village_wide: Collection[str] = (),
    villages: Layer | None = None,
) -> LayerSet:
    """Read of each version the pieces that touch the subjects' boxes grown by the layer's radius in metres, and their features.

    `subjects` are in EPSG:`epsg`. A layer without a radius is searched at 0 m; one with an infinite radius is read whole. The
    coverage is always whole. Of the layers `village_wide` all that lies in the boxes of the subjects' villages is read too; `villages` is
    the village layer where it is not among the versions.
    """
    facts = _facts(conn, versions, epsg)
    boxes = shapely.bounds(subjects)

    farthest = max((radius for radius in radius_m.values() if math.isfinite(radius)), default=0.0)

    def near(name: str, around: NDArray[np.float64]) -> Layer:
        radius = radius_m.get(name, 0.0)
        return _near(conn, versions[name], facts[versions[name].version], around, min(radius, farthest) if name in village_wide else radius)

    found = {name: near(name, boxes) for name in versions if name not in village_wide}
    villages = found.get("village", villages)
    wide = boxes if villages is None else np.concatenate([boxes, _village_boxes(villages, subjects)])
    return found | {name: near(name, wide) for name in versions if name in village_wide}


def _village_boxes(villages: Layer, subjects: Geometries) -> NDArray[np.float64]:
    """The boxes of the village patches that the subjects' boxes touch."""
    _, pieces = villages.tree.query(subjects)
    boxes: NDArray[np.float64] = shapely.bounds(villages.features[np.unique(villages.piece_feature[pieces])])
    return boxes


@dataclass(frozen=True)
class _Facts:
    epsg: int
    disjoint: bool
    coverage: Any


def _facts(conn: Connection, versions: Mapping[str, DatasetVersion], epsg: int) -> dict[int, _Facts]:
    rows = _rows(conn, "facts", {"ids": [version.version for version in versions.values()]})
    for row in rows:
        if row[1] != epsg:
            raise CrsError(f"数据版本 {row[0]} 存于 EPSG:{row[1]}，不是 EPSG:{epsg}。")
    return {row[0]: _Facts(epsg=row[1], disjoint=row[2], coverage=shapely.from_wkb(row[3])) for row in rows}


def _whole(conn: Connection, version: DatasetVersion, facts: _Facts) -> Layer:
    features = _rows(conn, "features", {"version": version.version})
    split = _rows(conn, "split_pieces", {"version": version.version})
    geometries = _geometries([row[3] for row in features])
    split_of = np.array([row[0] for row in split], dtype=np.int64)
    whole = np.setdiff1d(np.arange(len(features)), split_of)
    owner = np.concatenate([whole, split_of])
    pieces = np.concatenate([geometries[whole], _geometries([row[1] for row in split])])
    order = np.argsort(owner, kind="stable")
    return _layer(version, facts, features, geometries, pieces[order], owner[order])


def _near(conn: Connection, version: DatasetVersion, facts: _Facts, boxes: NDArray[np.float64], radius: float) -> Layer:
    if math.isinf(radius):
        return _whole(conn, version, facts)
    grown = shapely.box(boxes[:, 0] - radius, boxes[:, 1] - radius, boxes[:, 2] + radius, boxes[:, 3] + radius)
    search = {"version": version.version, "boxes": shapely.to_wkb(grown).tolist(), "epsg": facts.epsg}
    pieces = _rows(conn, "near_pieces", search)
    fids, owner = np.unique(np.array([row[0] for row in pieces], dtype=np.int64), return_inverse=True)
    features = _rows(conn, "chosen_features", {"version": version.version, "fids": fids.tolist()}) if len(fids) else []
    geometries = _geometries([row[3] for row in features])
    return _layer(version, facts, features, geometries, _geometries([row[2] for row in pieces]), owner)


def _layer(
    version: DatasetVersion, facts: _Facts, features: Rows, geometries: Geometries, pieces: Geometries, owner: NDArray[np.int64]
) -> Layer:
    layer = Layer(
        dataset=version,
        epsg=facts.epsg,
        features=geometries,
        ids=np.array([row[1] for row in features], dtype=object),
        attributes=_columns(version.layer, [row[2] for row in features]),
        pieces=pieces,
        piece_feature=owner.astype(np.int64),
        coverage=facts.coverage,
        disjoint=facts.disjoint,
    )
    for array in (layer.features, layer.ids, layer.pieces, layer.piece_feature, *layer.attributes.values()):
        array.flags.writeable = False
    return layer


def _columns(layer: str, rows: list[str]) -> dict[str, NDArray[Any]]:
    """Every catalogue field as a column: numbers as float64 with NaN, all else as objects with None."""
    records = orjson.loads(f"[{','.join(rows)}]")
    return {name: _column(item, [record.get(name) for record in records]) for name, item in catalog_layer(layer).fields.items()}


def _column(item: CatalogField, values: list[Any]) -> NDArray[Any]:
    if item.type in ("number", "integer"):
        return np.array(values, dtype=np.float64)
    if item.type == "date":
        values = [None if value is None else date.fromisoformat(value) for value in values]
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def _geometries(wkb: list[bytes]) -> Geometries:
    result: Geometries = shapely.from_wkb(np.array(wkb, dtype=object))
    return result


def _rows(conn: Connection, name: str, values: dict[str, Any]) -> Rows:
    with conn.cursor(binary=True) as cursor:
        return cursor.execute(SQL[name], values).fetchall()
