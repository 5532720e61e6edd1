"""The collections: which versions of which layers count, with what is worked out once for each version."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from api.errors import NotFoundError
from api.moment import Moment
from api.ogc.times import When
from api.settings import Settings
from api.shown import level
from api.snapshots import Snapshots
from layers import ogc_features, versions
from layers.catalog import CatalogLayer, catalog
from layers.ogc_crs import CRS84_URI, Bounds, bounds_in, offered
from layers.ogc_features import Datasets
from spatial.layer import DatasetVersion

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Collection:
    """A layer with the versions of it that count at the time asked for, the earliest first; none where none is valid then."""

    layer: CatalogLayer
    datasets: tuple[DatasetVersion, ...]

    @property
    def latest(self) -> DatasetVersion:
        """The version the collection is described by."""
        return self.datasets[-1]

    @property
    def versions(self) -> tuple[int, ...]:
        """The numbers of the versions."""
        return tuple(dataset.version for dataset in self.datasets)


def layer(layer_id: str) -> CatalogLayer:
    """Return a layer of the catalogue; raises NotFoundError."""
    if layer_id not in catalog():
        raise not_found(layer_id)
    return catalog()[layer_id]


def not_found(layer_id: str) -> NotFoundError:
    """Say the same of a layer that is not there, not valid at that time, or not to be shown."""
    return NotFoundError(f"没有图层“{layer_id[:100]}”，或它在所问的时间没有有效的数据。")


class Extents:
    """Bounds of the features of versions. They are kept: a published version never changes."""

    most_kept = 2_000

    def __init__(self) -> None:
        self._held: dict[int, Bounds | None] = {}
        self._lock = threading.Lock()

    def of(self, conn: Connection, version: int) -> Bounds | None:
        """Return the bounds in the county's CRS; None for a version without features."""
        if version not in self._held:
            found = ogc_features.extent(conn, version)
            with self._lock:
                while len(self._held) >= self.most_kept:
                    self._held.pop(next(iter(self._held)))
                self._held[version] = found
        return self._held[version]


class Collections:
    """Finds what counts at a time, on one connection. Versions that whoever asks may not see are as if they were not there."""

    def __init__(self, conn: Connection, snapshots: Snapshots, settings: Settings, extents: Extents) -> None:
        self.conn = conn
        self.snapshots = snapshots
        self.settings = settings
        self.extents = extents

    def all(self, when: When) -> list[Collection]:
        """Return the layers in force, in catalogue order."""
        found = self._datasets(when, None)
        return [Collection(layer, found[name]) for name, layer in catalog().items() if name in found]

    def one(self, layer_id: str, when: When) -> Collection:
        """Return a layer in force; raises NotFoundError."""
        found = self._datasets(when, layer_id).get(layer_id)
        if not found:
            raise not_found(layer_id)
        return Collection(catalog()[layer_id], found)

    def for_items(self, layer_id: str, when: When) -> Collection:
        """Return a layer that is in force at the time asked for, or today as known then: of the latter no feature is meant. Raises NotFoundError."""
        found = self._datasets(when, layer_id).get(layer_id, ())
        if not found:
            today = Moment.now().valid_on
            self.one(layer_id, When(today, today, Moment(today, when.moment.known_at)))
        return Collection(catalog()[layer_id], found)

    def known_at(self, collection: Collection, when: When) -> datetime:
        """Return the moment that pages to come are asked for with, so that they are of the same versions."""
        if len(collection.datasets) != 1:
            return when.moment.known_at
        return ogc_features.fixed(self.conn, collection.latest, valid_on=when.first, known_at=when.moment.known_at)

    def bounds(self, collection: Collection) -> Bounds | None:
        """Return the bounds of all features of a collection in the county's CRS; None where there are none."""
        found = [self.extents.of(self.conn, version) for version in collection.versions]
        west, south, east, north = zip(*(box for box in found if box), strict=True) if any(found) else ((), (), (), ())
        return (min(west), min(south), max(east), max(north)) if west else None

    def bounds_crs84(self, collection: Collection) -> Bounds | None:
        """Return the same in longitude and latitude."""
        found = self.bounds(collection)
        epsg = self.settings.epsg
        return bounds_in(found, offered(epsg)[CRS84_URI], epsg=epsg) if found else None

    def _datasets(self, when: When, layer_id: str | None) -> Datasets:
        if when.is_interval:
            found = ogc_features.during(self.conn, first=when.first, last=when.last, known_at=when.moment.known_at, layer=layer_id)
        elif when.moment.is_now:
            found = {name: (dataset,) for name, dataset in self.snapshots.in_force(when.moment).versions.items()}
        else:
            in_force = versions.in_force(self.conn, valid_on=when.first, known_at=when.moment.known_at)
            found = {name: (dataset,) for name, dataset in in_force.items()}
        return ogc_features.opened(found, max_secrecy=level())
