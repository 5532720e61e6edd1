"""The coordinate systems in which features are handed out and asked for (OGC API – Features, Part 2).

Coordinates follow the axis order of the definition: CRS84 is longitude, latitude; CGCS2000 in degrees is latitude, longitude; its
3-degree zones are north, east, as surveyors write them. Everything else in the project is east, north.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.crs import CGCS2000, CRS84, epsg_3deg, reproject, require_zone

CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""
Corners = tuple[float, float, float, float]
"""Lower and upper corner of a box, each in the axis order of its system."""

_CHORD_M, _CHORD_DEGREES = 100.0, 1e-3
"""Between degrees and metres the edges of a box bend: chords of so much stay within 0.15 mm of them."""


@dataclass(frozen=True)
class OfferedCrs:
    """One coordinate system: its URI, its EPSG code, and how it writes coordinates.

    `decimals` resolve a hundredth of a millimetre. `north_first` says that its definition names the north axis first.
    """

    uri: str
    code: int
    title: str
    in_degrees: bool
    north_first: bool
    decimals: int


@lru_cache(maxsize=8)
def offered(epsg: int) -> Mapping[str, OfferedCrs]:
    """Return by URI what is offered for data stored in EPSG:`epsg`: CRS84, the zone without and with zone number, CGCS2000 in degrees.

    Raises CrsError where `epsg` is not a CGCS2000 3-degree zone without prefix.
    """
    zone = require_zone(epsg) - epsg_3deg(25) + 25
    crs84 = OfferedCrs(CRS84_URI, CRS84, "经度、纬度（CRS84）", in_degrees=True, north_first=False, decimals=10)
    titles = {
        epsg: f"2000 国家大地坐标系 3 度带 {zone} 带，不带带号（北、东）",
        epsg_3deg(zone, prefix=True): f"2000 国家大地坐标系 3 度带 {zone} 带，带带号（北、东）",
        CGCS2000: "2000 国家大地坐标系（纬度、经度）",
    }
    return MappingProxyType({crs.uri: crs for crs in (crs84, *(_defined(code, title) for code, title in titles.items()))})


def storage_uri(epsg: int) -> str:
    """Return the URI of the county's own system."""
    return f"http://www.opengis.net/def/crs/EPSG/0/{epsg}"


def _defined(code: int, title: str) -> OfferedCrs:
    definition = pyproj.CRS.from_epsg(code)
    north_first = definition.axis_info[0].direction == "north"
    degrees = bool(definition.is_geographic)
    return OfferedCrs(storage_uri(code), code, title, in_degrees=degrees, north_first=north_first, decimals=10 if degrees else 5)


@lru_cache(maxsize=4_096)
def bounds_in(bounds: Bounds, crs: OfferedCrs, *, epsg: int) -> Bounds:
    """Return the least box (west, south, east, north in `crs`) around a box of EPSG:`epsg`."""
    bent = shapely.segmentize(_box(*bounds), _CHORD_M)
    west, south, east, north = shapely.bounds(reproject(np.array([bent], dtype=object), source=epsg, target=crs.code))[0].tolist()
    return west, south, east, north


def region(corners: Corners, crs: OfferedCrs, *, extent: Bounds, epsg: int) -> BaseGeometry:
    """Return the part of a box that can hold features, in EPSG:`epsg`; empty where the box lies elsewhere.

    `corners` are lower and upper corner in the axis order of `crs`, finite, in any size; in degrees a west greater than the east
    means a box across the antimeridian. `extent` are the bounds of the features in EPSG:`epsg`: nothing beyond is projected.
    """
    first, second, third, fourth = corners
    west, south, east, north = (second, first, fourth, third) if crs.north_first else (first, second, third, fourth)
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    margin = 1e-3 if crs.in_degrees else 100.0
    around = bounds_in(extent, crs, epsg=epsg)
    boxes = [
        (max(left, around[0] - margin), max(south, around[1] - margin), min(right, around[2] + margin), min(north, around[3] + margin))
        for left, right in spans
    ]
    chord = _CHORD_DEGREES if crs.in_degrees else _CHORD_M
    inside = [shapely.segmentize(_box(*box), chord) for box in boxes if box[0] <= box[2] and box[1] <= box[3]]
    union: BaseGeometry = shapely.union_all(reproject(np.array(inside, dtype=object), source=crs.code, target=epsg))
    return union


def covers(area: BaseGeometry, extent: Bounds) -> bool:
    """Tell whether an area holds a whole box: then it leaves nothing out."""
    return bool(shapely.covers(area, _box(*extent)))


def _box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A box that may be as thin as a line or a point."""
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    return shapely.Point(west, south) if west == east and south == north else shapely.LineString([(west, south), (east, north)])
