"""What a data set is compared with: the county's outline, its villages and towns, and the survey patches in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

import geopandas as gpd
import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from layers import snapshot, versions
from layers.catalog import CatalogLayer
from layers.quality.rulebook import checks
from spatial.crs import reproject
from spatial.lazy import lazy
from spatial.pieces import Geometries

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, eq=False)
class Places:
    """Villages or towns: p codes, names and polygons in the county's CRS, and what other columns the layer has."""

    codes: NDArray[Any]
    names: NDArray[Any]
    polygons: Geometries
    attributes: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @lazy
    def row_of(self) -> dict[str, int]:
        """The place of each code."""
        return {str(code): row for row, code in enumerate(self.codes)}

    @lazy
    def tree(self) -> shapely.STRtree:
        """The search tree over the polygons, which are made ready for many questions."""
        shapely.prepare(self.polygons)
        return shapely.STRtree(self.polygons)


@dataclass(frozen=True, eq=False)
class Context:
    """What is in force beside the data set under check, all in EPSG:`epsg`. What is None is not there to compare with.

    `patches` are the survey patches, read when first asked for. `sources` names the version each reference comes from.
    """

    epsg: int
    county: Any = None
    county_code: str | None = None
    towns: Places | None = None
    villages: Places | None = None
    load_patches: Callable[[], Geometries | None] = lambda: None
    sources: Mapping[str, str] = field(default_factory=dict)

    @lazy
    def patches(self) -> Geometries | None:
        """The polygons of the survey layer."""
        return self.load_patches()

    def has(self, layer_id: str) -> bool:
        """Whether a layer is there to compare with."""
        known = {"county": self.county, "town": self.towns, "village": self.villages}
        return known[layer_id] is not None if layer_id in known else self.patches is not None


def context(
    conn: Connection, *, epsg: int, layer: CatalogLayer | None = None, valid_on: date | None = None, known_at: datetime | None = None
) -> Context:
    """Read what is in force (by default today, as known now).

    The survey patches are read now where the layer to be checked is held against them; else when they are asked for, over the same connection.
    Raises CrsError where a layer in force is stored in another CRS.
    """
    moment, today = cast(tuple[datetime, date], conn.execute(versions.SQL["clock"]).fetchone())
    current = versions.in_force(conn, valid_on=valid_on or today, known_at=known_at or moment)
    read = snapshot.load(conn, current, epsg=epsg, only=("county", "town", "village"))
    county = read.get("county")

    def patches() -> Geometries | None:
        found = snapshot.load(conn, current, epsg=epsg, only=("land_use",)).get("land_use")
        return None if found is None else found.features

    found = Context(
        epsg=epsg,
        county=None if county is None else county.outline(),
        county_code=None if county is None else _only(county.ids),
        towns=_places(read.get("town"), "XZQMC"),
        villages=_places(read.get("village"), "ZLDWMC"),
        load_patches=patches if "land_use" in current else lambda: None,
        sources={name: version.title for name, version in current.items()},
    )
    if layer is not None and checks()["QC-T05"].applies_to(layer):
        found.patches  # noqa: B018 (read, and kept)
    return found


def context_of(frames: Mapping[str, gpd.GeoDataFrame], *, epsg: int) -> Context:
    """Make a context from frames with catalogue field names, such as the layers of one delivery that go together."""
    shapes = {
        name: reproject(np.asarray(frame.geometry.array, dtype=object), source=frame.crs, target=epsg)
        for name, frame in frames.items()
    }

    def places(name: str, code: str, title: str) -> Places | None:
        if name not in frames:
            return None
        frame = frames[name]
        columns = {column: frame[column].to_numpy() for column in frame.columns if column != frame.geometry.name}
        return Places(frame[code].to_numpy(), frame[title].to_numpy(), shapes[name], columns)

    return Context(
        epsg=epsg,
        county=shapely.union_all(shapes["county"]) if "county" in shapes else None,
        county_code=_only(frames["county"]["XZQDM"].to_numpy()) if "county" in frames else None,
        towns=places("town", "XZQDM", "XZQMC"),
        villages=places("village", "ZLDWDM", "ZLDWMC"),
        load_patches=lambda: shapes.get("land_use"),
    )


def _only(codes: NDArray[Any]) -> str | None:
    """The county's code, where the layer has but one."""
    distinct = {str(code) for code in codes}
    return distinct.pop() if len(distinct) == 1 else None


def _places(layer: Any, title: str) -> Places | None:
    if layer is None:
        return None
    return Places(layer.ids, layer.attributes[title], layer.features, layer.attributes)
