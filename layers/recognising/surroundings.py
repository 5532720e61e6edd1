"""What a county already holds that a delivered data set can be held against: its outline, and layers in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers import versions
from layers.county_time import day_of
from layers.sql import queries
from spatial.layer import DatasetVersion
from spatial.pieces import Geometries

SQL = queries("recognising")

Connection = psycopg.Connection[Any]

MOST_FEATURES = 4_000
"""Of a larger layer a fixed sample is read: which features, their identifiers alone decide."""


@dataclass(frozen=True)
class Reference:
    """Features of a layer in force: n identifiers (text) and n geometries in the county's CRS."""

    identifiers: NDArray[Any]
    geometries: Geometries


@dataclass(frozen=True)
class Surroundings:
    """The county's CRS, its outline (None where no layer tells it), and features in force by layer."""

    epsg: int
    extent: BaseGeometry | None = None
    references: Mapping[str, Reference] = field(default_factory=dict)


def surroundings(conn: Connection, *, epsg: int) -> Surroundings:
    """Describe what is in force today; layers stored in another CRS are left out.

    References are read through the connection when they are asked for, and kept: use them while it is open.
    """
    now = datetime.now(UTC)
    found = versions.in_force(conn, valid_on=day_of(now), known_at=now)
    references = _Stored(conn, found, epsg)
    outlines = (references.whole(name) for name in ("county", "town", "village"))
    extent = next((shapely.union_all(outline) for outline in outlines if outline is not None), None)
    return Surroundings(epsg, extent, references)


class _Stored(Mapping[str, Reference]):
    """References by layer, each read once."""

    def __init__(self, conn: Connection, found: Mapping[str, DatasetVersion], epsg: int) -> None:
        self._conn = conn
        self._epsg = epsg
        self._versions = {name: version.version for name, version in found.items()}
        self._read: dict[str, Reference] = {}

    def __getitem__(self, layer: str) -> Reference:
        version = self._versions[layer]
        if layer not in self._read:
            values = {"version": version, "epsg": self._epsg, "most": MOST_FEATURES}
            rows = self._conn.execute(SQL["sample"], values).fetchall()
            identifiers = np.array([row[0] for row in rows], dtype=object)
            self._read[layer] = Reference(identifiers, shapely.from_wkb(np.array([row[1] for row in rows], dtype=object)))
        return self._read[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def whole(self, layer: str) -> Geometries | None:
        """The layer's geometries if it is in force and has any."""
        geometries = self[layer].geometries if layer in self._versions else np.empty(0, dtype=object)
        return geometries if len(geometries) else None
