"""Features of published versions as OGC API – Features hands them out: chosen by place, attributes and time, page by page.

Properties go by the catalogue's Chinese titles, every open field in every feature (None where missing), and `数据版本` says which
version a feature is of. Fields about persons and whatever the catalogue does not know are never handed out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import orjson
import psycopg
import shapely
from psycopg import sql
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from layers import database, versions
from layers.catalog import SECRECY_LEVELS, CatalogLayer, is_open_to
from layers.catalog import layer as catalog_layer
from layers.ogc_crs import Bounds, Corners, OfferedCrs, covers, region
from layers.sql import queries
from spatial.layer import DatasetVersion

SQL = queries("ogc_features")

VERSION_TITLE = "数据版本"

Connection = psycopg.Connection[Any]
Periods = Mapping[str, tuple[date, date | None]]
Datasets = Mapping[str, tuple[DatasetVersion, ...]]


@dataclass(frozen=True)
class Selection:
    """Which features of a version are meant.

    They meet `region` (in the county's CRS; None: wherever they lie) and have these `attributes` (by catalogue field name, in the
    type they are stored in).
    """

    region: BaseGeometry | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class OpenFeature:
    """One feature as it is handed out; `geometry` is GeoJSON text."""

    identifier: str
    properties: dict[str, Any]
    geometry: str


def opened(found: Datasets, *, max_secrecy: str | None) -> dict[str, tuple[DatasetVersion, ...]]:
    """Leave out what is more closed than `max_secrecy`; a layer of which nothing is left is absent."""
    kept = {name: tuple(item for item in items if is_open_to(item.secrecy, max_secrecy=max_secrecy)) for name, items in found.items()}
    return {name: items for name, items in kept.items() if items}


def during(conn: Connection, *, first: date, last: date, known_at: datetime, layer: str | None = None) -> Datasets:
    """Return by layer the versions in force on any day from `first` to `last` (both included), the earliest first, as known at a moment.

    What is in force changes only on days on which some version begins, ends or changes its law status, so that only these are looked at.
    """
    found: dict[str, dict[int, DatasetVersion]] = {}
    with database.seeing_all(conn):
        days = conn.execute(SQL["change_days"], {"first": first, "last": last, "layer": layer}).fetchall()
        for day in (first, *(row[0] for row in days)):
            for name, dataset in versions.in_force(conn, valid_on=day, known_at=known_at).items():
                if layer in (None, name):
                    found.setdefault(name, {}).setdefault(dataset.version, dataset)
    return {name: tuple(by_version.values()) for name, by_version in found.items()}


def fixed(conn: Connection, dataset: DatasetVersion, *, valid_on: date, known_at: datetime) -> datetime:
    """Return a moment at which a version is in force on a day, and will be found to be so for ever.

    What is being published just now may get an earlier time than this moment when it is committed; nothing can any more come
    before a version's own publication. A version that became law only later is in force from the moment asked for.
    """
    if dataset.known_from is None:
        return known_at
    then = versions.in_force(conn, valid_on=valid_on, known_at=dataset.known_from).get(dataset.layer)
    return dataset.known_from if then is not None and then.version == dataset.version else known_at


def periods(conn: Connection, *, known_at: datetime, max_secrecy: str | None) -> Periods:
    """Return by layer the first valid day of all open versions known at a moment, and the first day after them (None: open)."""
    levels = [level for level in SECRECY_LEVELS if is_open_to(level, max_secrecy=max_secrecy)]
    rows = conn.execute(SQL["periods"], {"known_at": known_at, "secrecy": levels}).fetchall()
    return {name: (start, end) for name, start, end in rows}


def extent(conn: Connection, version: int) -> Bounds | None:
    """Return the bounds of a version's features in the county's CRS; None where it has none."""
    row = conn.execute(SQL["extent"], {"version": version}).fetchone()
    return (row[0], row[1], row[2], row[3]) if row and row[0] is not None else None


def count(conn: Connection, datasets: Sequence[DatasetVersion], selection: Selection, *, epsg: int) -> list[int]:
    """Return how many features of each version are meant."""
    if selection.region is None and not selection.attributes:
        return [dataset.feature_count for dataset in datasets]
    counts = []
    for dataset in datasets:
        conditions, values = _conditions(selection, catalog_layer(dataset.layer), epsg)
        row = conn.execute(SQL["count"].format(conditions=conditions), values | {"version": dataset.version}).fetchone()
        counts.append(int(row[0]) if row else 0)
    return counts


def page(
    conn: Connection,
    datasets: Sequence[DatasetVersion],
    counts: Sequence[int],
    selection: Selection,
    *,
    offset: int,
    limit: int,
    crs: OfferedCrs,
    epsg: int,
) -> list[OpenFeature]:
    """Return the features from `offset` on, at most `limit`: version after version (`counts` as `count` gives them), in stored order."""
    found: list[OpenFeature] = []
    for dataset, number in zip(datasets, counts, strict=True):
        if offset < number and len(found) < limit:
            layer = catalog_layer(dataset.layer)
            conditions, values = _conditions(selection, layer, epsg)
            bounds = {"version": dataset.version, "offset": offset, "limit": limit - len(found)}
            found += _read(conn, conditions, values | bounds, layer, crs)
        offset = max(0, offset - number)
    return found


def one(conn: Connection, dataset: DatasetVersion, identifier: str, *, crs: OfferedCrs) -> OpenFeature | None:
    """Return the feature of an identifier; None where the version has none."""
    values = {"version": dataset.version, "identifier": identifier, "offset": 0, "limit": 1}
    found = _read(conn, SQL["of_identifier"], values, catalog_layer(dataset.layer), crs)
    return found[0] if found else None


def selection(
    bbox: Corners | None, crs: OfferedCrs, attributes: Mapping[str, Any], *, extent: Bounds | None, epsg: int
) -> Selection | None:
    """Say which features are meant by a box and attributes, among features within `extent`; None where none can be.

    `bbox` has lower and upper corner in the axis order of `crs`. A box that holds the whole extent leaves nothing out. Without a box
    the extent is not looked at.
    """
    if bbox is None:
        return Selection(None, attributes)
    if extent is None:
        return None
    area = region(bbox, crs, extent=extent, epsg=epsg)
    if area.is_empty:
        return None
    return Selection(None if covers(area, extent) else area, attributes)


def _conditions(selection: Selection, layer: CatalogLayer, epsg: int) -> tuple[sql.Composable, dict[str, Any]]:
    parts: list[sql.Composable] = []
    values: dict[str, Any] = {}
    if selection.region is not None:
        parts.append(SQL["in_region"])
        values |= {"region": shapely.to_wkb(selection.region), "epsg": epsg}
    attributes = dict(selection.attributes)
    if layer.identifier in attributes:
        # The identifier has an index of its own.
        parts.append(SQL["of_identifier"])
        values["identifier"] = attributes.pop(layer.identifier)
    if attributes:
        parts.append(SQL["with_attributes"])
        values["attributes"] = Jsonb(attributes)
    return sql.SQL(" ").join(parts), values


def _read(
    conn: Connection, conditions: sql.Composable, values: Mapping[str, Any], layer: CatalogLayer, crs: OfferedCrs
) -> list[OpenFeature]:
    """Read features with their shapes as GeoJSON: PostGIS projects and writes them in less than half the time that we would need."""
    shape = SQL["north_first" if crs.north_first else "east_first"]
    written = {"srid": crs.code, "decimals": crs.decimals}
    rows = conn.execute(SQL["page"].format(shape=shape, conditions=conditions), {**values, **written}).fetchall()
    titles = [(name, item.title) for name, item in layer.open_fields.items()]
    found = []
    for identifier, text, geometry in rows:
        stored = orjson.loads(text)
        properties = {title: stored.get(name) for name, title in titles}
        found.append(OpenFeature(identifier, properties | {VERSION_TITLE: values["version"]}, geometry))
    return found
