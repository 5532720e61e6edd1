"""Geometries out of the columns of a table: a column of WKT, or a pair of columns with numbers. Runs in the child process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from layers.reading.wkb import parsed

_TYPES = "POINT|LINESTRING|LINEARRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMETRYCOLLECTION|CIRCULARSTRING|COMPOUNDCURVE|CURVEPOLYGON|MULTICURVE|MULTISURFACE|TRIANGLE|TIN|POLYHEDRALSURFACE"
_WKT = rf"(?i)^\s*(SRID\s*=\s*\d+\s*;)?\s*({_TYPES})\s*(ZM|Z|M)?\s*(\(|EMPTY)"
_SRID = r"(?i)^\s*SRID\s*=\s*(?P<srid>\d+)\s*;"
_PAIRS = (
    ("经度", "纬度"),
    ("东经", "北纬"),
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("longitude", "latitude"),
    ("x", "y"),
    ("x坐标", "y坐标"),
    ("坐标x", "坐标y"),
    ("point_x", "point_y"),
    ("coord_x", "coord_y"),
    ("东坐标", "北坐标"),
    ("横坐标", "纵坐标"),
    ("easting", "northing"),
    ("east", "north"),
)
_NUMBER = r"^\s*[+-]?(\d{1,12})(\.\d*)?([eE][+-]?\d{1,2})?\s*$"
_LINEAR_RING = 2


@dataclass(frozen=True)
class Places:
    """Which columns hold the geometry, by number: one of WKT, or x and y as they stand there."""

    columns: tuple[int, ...]

    @property
    def is_wkt(self) -> bool:
        """Whether it is one column of WKT."""
        return len(self.columns) == 1


def find(titles: Sequence[str], sample: Sequence[pa.Array]) -> Places | None:
    """Tell where the geometries are from titles and the first rows; None for a plain table.

    WKT is known by its content, since its column goes by any name; numbers by the titles of both columns. What most rows are is what
    the column is meant to hold: the others are to be named, not to hide it.
    """
    for place, column in enumerate(sample):
        if _mostly(column, _WKT):
            return Places((place,))
    names = [re.sub(r"[\s（(].*$", "", title.strip().lower()) for title in titles]
    for pair in _PAIRS:
        if all(names.count(name) == 1 for name in pair):
            places = tuple(names.index(name) for name in pair)
            if all(_mostly(sample[place], _NUMBER) for place in places if sample):
                return Places(places)
    return None


def _mostly(column: pa.Array, pattern: str) -> bool:
    told = column.drop_null()
    return len(told) > 0 and 2 * (pc.sum(pc.match_substring_regex(told, pattern)).as_py() or 0) >= len(told)


def srids(column: pa.Array) -> set[str | None]:
    """The SRID numbers written before the WKT of a column; None stands for none."""
    return set(pc.struct_field(pc.extract_regex(column.drop_null(), _SRID), "srid").unique().to_pylist())


def from_wkt(column: pa.Array) -> tuple[pa.Array, pa.Array, NDArray[np.int64]]:
    """Return WKB, the WKT of rings that are no polygons (which WKB cannot say), and the rows that are no geometry, from 0."""
    text = pc.replace_substring_regex(column, _SRID.replace("?P<srid>", ""), "")
    values = text.to_numpy(zero_copy_only=False)
    shapes = parsed(shapely.from_wkt, values)
    missing = shapes == np.array(None)
    broken = np.flatnonzero(missing & (values != np.array(None)))
    rings = pa.array(np.where(shapely.get_type_id(shapes) == _LINEAR_RING, values, None), pa.large_string())
    return wkb(shapes), rings, broken


def from_numbers(x: pa.Array, y: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return points as WKB, and the rows whose two cells are not both numbers or both empty, from 0."""
    east, north = _numbers(x), _numbers(y)
    empty = x.is_null().to_numpy(zero_copy_only=False) & y.is_null().to_numpy(zero_copy_only=False)
    known = np.isfinite(east) & np.isfinite(north)
    shapes = np.full(len(x), None, dtype=object)
    shapes[known] = shapely.points(east[known], north[known])
    return wkb(shapes), np.flatnonzero(~known & ~empty)


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    fits = pc.fill_null(pc.match_substring_regex(column, _NUMBER), False)
    plain = pc.if_else(fits, pc.utf8_trim_whitespace(column), None)
    return np.asarray(plain.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def wkb(shapes: NDArray[np.object_]) -> pa.Array:
    """Write geometries with every ordinate they have."""
    return pa.array(shapely.to_wkb(shapes, output_dimension=4, flavor="iso"), pa.large_binary())
