"""A data set under check, with what several checks ask of it worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.catalog import CatalogLayer
from layers.columns import Column, columns
from layers.finite import is_finite
from layers.hollow import without_empty_rings
from layers.quality.rings import Bools, Floats, Ints, Rings, rings
from spatial.crs import reproject, require_crs, require_zone
from spatial.lazy import lazy
from spatial.pieces import Geometries
from spatial.tiling import Tiling, tiling

KINDS = {
    "point": (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT),
    "line": (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING),
    "polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
}


FARTHEST_M = 200_000.0
"""No county is wider: a data set that is has rows that strayed."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A data set of n rows: `raw` its geometries as given, `geometries` the same in the county's CRS, EPSG:`epsg`, without Z.

    `columns` are its attributes by catalogue field.
    """

    layer: CatalogLayer
    epsg: int
    frame: gpd.GeoDataFrame
    raw: Geometries
    geometries: Geometries
    columns: Mapping[str, Column]
    is_finite: Bools
    """Which rows have no coordinate that is infinite or not a number."""
    hollow: Ints
    """The rows whose polygons have holes without a point; in `geometries` these are left out."""

    def __len__(self) -> int:
        return len(self.raw)

    @lazy
    def is_there(self) -> Bools:
        """Which rows have a geometry that is not empty."""
        return np.asarray(~(shapely.is_missing(self.raw) | shapely.is_empty(self.raw)), dtype=bool)

    @lazy
    def is_of_kind(self) -> Bools:
        """Which geometries are of a kind the layer holds."""
        allowed = [kind for name in self.layer.geometry for kind in KINDS[name]]
        return np.asarray(np.isin(shapely.get_type_id(self.raw), allowed), dtype=bool)

    @lazy
    def is_sound(self) -> Bools:
        """Which rows have a finite geometry of the layer's kind: the others are asked nothing more."""
        return self.is_there & self.is_finite & self.is_of_kind

    @lazy
    def is_valid(self) -> Bools:
        """Which sound geometries are valid."""
        result = self.is_sound.copy()
        result[self.is_sound] = shapely.is_valid(self.geometries[self.is_sound])
        return result

    @lazy
    def valid_polygons(self) -> Ints:
        """The rows of valid polygons."""
        return np.flatnonzero(self.is_valid & (shapely.get_dimensions(self.geometries) == 2))

    @lazy
    def rings(self) -> Rings:
        """The rings of all sound polygons, valid or not."""
        rows = np.flatnonzero(self.is_sound & (shapely.get_dimensions(self.geometries) == 2))
        return rings(self.geometries[rows], rows)

    @lazy
    def area_m2(self) -> Floats:
        """Planar areas, m²; 0 where there is no sound geometry."""
        area = np.zeros(len(self))
        area[self.is_sound] = shapely.area(self.geometries[self.is_sound])
        return area

    @lazy
    def valid_rows(self) -> Ints:
        """The rows of valid geometries."""
        return np.flatnonzero(self.is_valid)

    @lazy
    def tree(self) -> shapely.STRtree:
        """The search tree over the valid geometries; what it answers are places in `valid_rows`."""
        return shapely.STRtree(self.geometries[self.valid_rows])

    @lazy
    def tiling(self) -> Tiling | None:
        """The polygons as a tiling, where all geometries are valid and the polygons tile their union vertex for vertex."""
        ring = self.rings
        return tiling(ring.xy, np.append(ring.starts, len(ring.xy)), ring.is_hole) if self.is_valid.all() else None

    @lazy
    def is_tiled(self) -> bool:
        """Whether the data set is a tiling, and nothing else."""
        return self.tiling is not None and len(self.valid_polygons) == len(self)

    def near_borders(self, areas: Geometries) -> Bools:
        """Which rows have a box that meets the box of an edge of some polygons: all others lie wholly in or out of each (n,)."""
        lines = shapely.get_parts(shapely.boundary(areas))
        points, of = shapely.get_coordinates(lines, return_index=True)
        begin = np.flatnonzero(of[1:] == of[:-1])
        return self._near(np.stack([points[begin], points[begin + 1]], axis=1))

    def cut_by_borders(self, areas: Geometries) -> Bools:
        """Which rows the borders of some polygons may cut (n,). In a tiling none is cut by an edge that is the tiles' own."""
        return self._near(self.tiling.loose_edges(areas)) if self.tiling and self.is_tiled else self.near_borders(areas)

    def _near(self, edges: Floats) -> Bools:
        """Which rows have a box that meets the box of one of some edges (k, 2, 2)."""
        result = np.zeros(len(self), dtype=bool)
        result[self.valid_rows[np.unique(self.tree.query(shapely.linestrings(edges))[1])]] = True
        return result

    @lazy
    def is_together(self) -> Bools:
        """Which sound rows lie where most do: one that strayed far off would make the grid of all others coarse (n,)."""
        bounds = shapely.bounds(self.geometries[self.is_sound])
        result = self.is_sound.copy()
        if len(bounds) and (np.ptp(bounds[:, :2], axis=0) + np.ptp(bounds[:, 2:], axis=0)).max() > FARTHEST_M:
            middle = np.median(bounds, axis=0)
            result[self.is_sound] = (np.abs(bounds - middle) < FARTHEST_M / 4).all(axis=1)
        return result

    @lazy
    def corners(self) -> Floats:
        """The south-west corner of each row's box (n, 2): it lies where the row lies, if that is away from all borders."""
        corners = np.zeros((len(self), 2))
        corners[self.is_sound] = shapely.bounds(self.geometries[self.is_sound])[:, :2]
        return corners

    def inner_points(self, rows: Ints) -> Floats:
        """A point of each of some rows (k, 2): it lies where the row lies, if that is cut by no border."""
        return np.asarray(shapely.get_coordinates(shapely.point_on_surface(self.geometries[rows])))

    def values(self, name: str) -> NDArray[Any] | None:
        """The values of a field, None where the frame has no such column."""
        return self.columns[name].values if name in self.columns else None


def subject(frame: gpd.GeoDataFrame, layer: CatalogLayer, *, epsg: int) -> Subject:
    """Prepare a frame with catalogue field names; raise CrsError where it has no CRS or one that cannot be converted."""
    require_zone(epsg)
    source = require_crs(frame.crs)
    raw = np.asarray(frame.geometry.array, dtype=object)
    finite = is_finite(raw)
    geometries = raw
    if shapely.has_z(raw).any() or shapely.has_m(raw).any():
        geometries = shapely.force_2d(raw)
    if not source.equals(require_crs(epsg), ignore_axis_order=True):
        geometries = geometries.copy()
        geometries[finite] = reproject(raw[finite], source=source, target=epsg)
    geometries, hollow = without_empty_rings(geometries)
    return Subject(
        layer=layer,
        epsg=epsg,
        frame=frame,
        raw=raw,
        geometries=geometries,
        columns=columns(frame, layer),
        is_finite=finite,
        hollow=hollow,
    )
