"""Coordinate systems: the CGCS2000 3-degree zones a county measures in.

Coordinates are always in the order east, north (or longitude, latitude), whatever the EPSG definition says.
Zone numbers and codes follow the EPSG data base as shipped with pyproj; 3-degree zone = floor((longitude + 1.5) / 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from spatial.errors import CrsError
from spatial.pieces import Geometries

CRS84 = 4326
"""GeoJSON's coordinates; `always_xy` makes EPSG:4326 the same as OGC CRS84."""
CGCS2000 = 4490

_ZONES_3 = range(25, 46)
_ZONES_6 = range(13, 24)
_LEGACY = (*range(2327, 2443), *range(21413, 21424), *range(21453, 21464), 4610, 4214)


def zone_3deg(longitude: float) -> int:
    """Return the number of the 3-degree zone that holds a longitude in degrees east; raise CrsError outside 73.5–136.5."""
    zone = math.floor((longitude + 1.5) / 3)
    if zone not in _ZONES_3:
        raise CrsError(f"经度 {longitude}° 不在 3 度带 25–45 带范围内。")
    return zone


def epsg_3deg(zone: int, *, prefix: bool = False) -> int:
    """Return the EPSG code of a CGCS2000 3-degree zone, with or without the zone number before the easting."""
    if zone not in _ZONES_3:
        raise CrsError(f"没有 3 度带 {zone} 带。")
    return (4513 if prefix else 4534) + zone - 25


def county_epsg(longitude: float) -> int:
    """Choose the zone a county stores and measures in from a longitude inside it."""
    return epsg_3deg(zone_3deg(longitude))


def zone_of_easting(easting: float) -> tuple[int, int] | None:
    """Tell (zone width in degrees, zone number) from an easting with zone prefix, or None where it carries none.

    Eastings above 10 million carry the zone: 13–23 are 6-degree zones, 25–45 are 3-degree zones.
    """
    if easting < 1e7:
        return None
    zone = int(easting // 1e6)
    if zone in _ZONES_6:
        return 6, zone
    if zone in _ZONES_3:
        return 3, zone
    raise CrsError(f"东坐标 {easting:.3f} 的带号 {zone} 既不是 3 度带也不是 6 度带。")


@lru_cache(maxsize=64)
def _parsed(crs: Any) -> pyproj.CRS:
    return _require_crs(crs)


def require_crs(crs: Any) -> pyproj.CRS:
    """Return the CRS as pyproj's object; refuse a missing one and the legacy datums that need secret parameters."""
    return _parsed(crs) if isinstance(crs, (int, str)) else _require_crs(crs)


def _require_crs(crs: Any) -> pyproj.CRS:
    if crs is None:
        raise CrsError("缺少坐标系：请在文件中写明，或用参数给出 EPSG 代码。系统从不猜测坐标系。")
    try:
        parsed = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise CrsError(f"无法识别坐标系 {str(crs)[:80]!r}。") from error
    epsg = parsed.to_epsg(min_confidence=70)
    name = parsed.name.lower()
    if epsg in _LEGACY or "xian" in name or "beijing 1954" in name:
        raise CrsError(f"{parsed.name} 是旧坐标系，没有转换参数不能转换：请先转为 2000 国家大地坐标系。")
    return parsed


def require_zone(epsg: int) -> int:
    """Return the code if it is a CGCS2000 3-degree zone without prefix, the only kind areas and distances are measured in."""
    if not 4534 <= epsg <= 4554:
        raise CrsError(f"EPSG:{epsg} 不是 2000 国家大地坐标系 3 度带（不带带号，4534–4554），不能用于量算。")
    return epsg


@dataclass(frozen=True)
class GaussKruger:
    """How a 3-degree zone is projected: its central meridian in degrees, and the definition as PROJ writes it, for a browser."""

    zone: int
    meridian: int
    definition: str


def gauss_kruger(epsg: int) -> GaussKruger:
    """Describe a CGCS2000 3-degree zone without prefix; raise CrsError for every other CRS. CGCS2000's ellipsoid is that of GRS 80."""
    zone = require_zone(epsg) - epsg_3deg(25) + 25
    meridian = 3 * zone
    definition = f"+proj=tmerc +lat_0=0 +lon_0={meridian} +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs"
    return GaussKruger(zone, meridian, definition)


@lru_cache(maxsize=32)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """Return a cached east-north transformer between two CRS given as strings."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def _find_change(source: Any, target: Any) -> pyproj.Transformer | None:
    source_crs, target_crs = require_crs(source), require_crs(target)
    if source_crs.equals(target_crs, ignore_axis_order=True):
        return None
    return transformer(source_crs.to_wkt(), target_crs.to_wkt())


@lru_cache(maxsize=64)
def _change(source: int, target: int) -> pyproj.Transformer | None:
    return _find_change(source, target)


def reproject(geometries: Geometries, *, source: Any, target: Any) -> Geometries:
    """Return the geometries in another CRS; the input is not changed. Z is dropped."""
    flat = shapely.force_2d(geometries)
    if _change_between(source, target) is None:
        return flat
    return shapely.transform(flat, lambda coordinates: reproject_coordinates(coordinates, source=source, target=target))


def reproject_coordinates(coordinates: NDArray[np.float64], *, source: Any, target: Any) -> NDArray[np.float64]:
    """Return n × 2 coordinates (east, north or longitude, latitude) in another CRS."""
    change = _change_between(source, target)
    if change is None:
        return coordinates
    east, north = change.transform(coordinates[:, 0], coordinates[:, 1])
    return np.column_stack([east, north])


def _change_between(source: Any, target: Any) -> pyproj.Transformer | None:
    return _change(source, target) if isinstance(source, int) and isinstance(target, int) else _find_change(source, target)
