"""What is to be written: the rows of one version, read in batches so that a whole survey never stands in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import orjson
import psycopg
import shapely

from layers.catalog import CatalogField, CatalogLayer
from layers.exports.coordinates import Coordinates
from layers.exports.survey import FieldSurvey, survey
from layers.sql import queries
from layers.versions import VersionRecord
from layers.work_progress import Progress, silent
from spatial.pieces import Geometries

SQL = queries("exports")

Connection = psycopg.Connection[Any]

BATCH: Final = 5_000
KINDS: Final = {2: "polygon", 1: "line", 0: "point"}


@dataclass(frozen=True)
class Kind:
    """The features of one kind (polygon, line, point): how many, how many of them of several parts, and how large they are."""

    dimension: int
    features: int
    multi: int
    points: int
    parts: int
    most_points: int
    box: tuple[float, float, float, float]
    """West, south, east, north in the coordinates of the store."""

    @property
    def name(self) -> str:
        """`polygon`, `line` or `point`."""
        return KINDS[self.dimension]

    @property
    def geometry_type(self) -> str:
        """The type that holds every feature of the kind."""
        return f"Multi{self._single}" if self.multi else self._single

    @property
    def geometry_types(self) -> tuple[str, ...]:
        """The types the features have."""
        return (self._single,) * (self.multi < self.features) + (f"Multi{self._single}",) * (self.multi > 0)

    @property
    def _single(self) -> str:
        return {2: "Polygon", 1: "LineString", 0: "Point"}[self.dimension]


@dataclass(frozen=True)
class Batch:
    """Some rows: identifiers, records by field name (a missing value is absent), and geometries as WKB in the file's coordinates."""

    identifiers: list[str]
    records: list[dict[str, Any]]
    wkb: list[bytes]

    def column(self, name: str) -> list[Any]:
        """The values of one field."""
        return [record.get(name) for record in self.records]

    @property
    def geometries(self) -> Geometries:
        """The geometries."""
        result: Geometries = shapely.from_wkb(np.array(self.wkb, dtype=object))
        return result


@dataclass(frozen=True)
class Content:
    """One version, its fields that may be written, and the coordinates asked for. `with_personal` adds what tells of persons."""

    conn: Connection
    record: VersionRecord
    layer: CatalogLayer
    coordinates: Coordinates
    with_personal: bool = False
    progress: Progress = field(default=silent, compare=False)

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of features there are, polygons first."""
        rows = self.conn.execute(SQL["kinds"], {"version": self.record.dataset.version}).fetchall()
        return tuple(_kind(row) for row in rows)

    @cached_property
    def surveyed(self) -> Mapping[str, FieldSurvey]:
        """What stands in every field that may be written."""
        allowed = self.layer.fields if self.with_personal else self.layer.open_fields
        return survey(
            allowed.values(), (records for _, records, _ in self._batches("attributes", {}, "检查字段", 0.0, 0.2))
        )

    @cached_property
    def fields(self) -> tuple[CatalogField, ...]:
        """The fields written: those with a value in some row, and those a layer must have."""
        return tuple(found.item for found in self.surveyed.values() if found.is_used or found.item.required)

    @property
    def unused(self) -> tuple[CatalogField, ...]:
        """The fields left out because no row has a value."""
        written = {item.name for item in self.fields}
        return tuple(found.item for found in self.surveyed.values() if found.item.name not in written)

    @property
    def personal(self) -> tuple[CatalogField, ...]:
        """The fields left out because they tell of persons."""
        return () if self.with_personal else tuple(item for item in self.layer.fields.values() if item.personal)

    def batches(self, kind: Kind | None = None, *, multi: bool = False) -> Iterator[Batch]:
        """Read all rows in their order, or those of one kind; `multi` makes every geometry one of several parts."""
        values = {"dimension": None if kind is None else kind.dimension, "multi": multi}
        for identifiers, records, rows in self._batches("rows", values, "写入", 0.2, 1.0):
            yield Batch(identifiers, records, self._turned([row[2] for row in rows]))

    def _turned(self, wkb: list[bytes]) -> list[bytes]:
        if self.coordinates.is_stored:
            return wkb
        turned = self.coordinates.of(shapely.from_wkb(np.array(wkb, dtype=object)))
        written: list[bytes] = shapely.to_wkb(turned, byte_order=1).tolist()
        return written

    def _batches(
        self, query: str, values: Mapping[str, Any], doing: str, begin: float, end: float
    ) -> Iterator[tuple[list[str], list[dict[str, Any]], Sequence[tuple[Any, ...]]]]:
        total, done = self.record.dataset.feature_count or 1, 0
        with self.conn.transaction(), self.conn.cursor(name=f"export_{query}", binary=True) as cursor:
            cursor.execute(SQL[query], {"version": self.record.dataset.version, **values})
            while rows := cursor.fetchmany(BATCH):
                yield [row[0] for row in rows], orjson.loads(f"[{','.join([row[1] for row in rows])}]"), rows
                done += len(rows)
                self.progress(begin + (end - begin) * min(done / total, 1.0), f"{doing} {done:,}/{total:,}")


def _kind(row: Sequence[Any]) -> Kind:
    dimension, features, multi, points, parts, most_points = (int(number) for number in row[:6])
    return Kind(dimension, features, multi, points, parts, most_points, (row[6], row[7], row[8], row[9]))
