"""Which coordinate system a file states, whatever its .prj calls it. Those on older datums are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from layers.errors import LegacyDatumError
from layers.recognising.zones import Zone, zone_of_epsg, zone_of_projection
from spatial.crs import CGCS2000, require_crs
from spatial.errors import CrsError

WEB_MERCATOR = 3857

_LEGACY_AXES_M = {6_378_245.0: "1954 北京坐标系或新 1954 北京坐标系（克拉索夫斯基椭球）", 6_378_140.0: "1980 西安坐标系（IAG 1975 椭球）"}
"""The semi-major axes of the older datums' ellipsoids, which no newer datum of China has."""
_LEGACY_NAMES = ("xian", "beijing", "krass", "krasov", "西安", "北京")
_MODERN_AXIS_M = 6_378_137.0
_WGS84_NAMES = ("wgs", "world geodetic")


@dataclass(frozen=True)
class Identity:
    """What a CRS is: `epsg` (None where no code fits), the `zone` where it is one of CGCS2000, `is_geographic`, and its name.

    `is_wgs84` where the datum is WGS 84, which is taken as CGCS2000: they agree to centimetres.
    """

    epsg: int | None
    zone: Zone | None
    is_geographic: bool
    is_wgs84: bool
    name: str


def of_epsg(epsg: int) -> Identity:
    """Identify a code a person gave; raise CrsError for a code that is none, LegacyDatumError for an older datum."""
    try:
        known = identity(CRS.from_epsg(epsg))
    except CRSError as error:
        raise CrsError(f"没有坐标系 EPSG:{epsg}。") from error
    if known.epsg is None:
        raise CrsError(f"EPSG:{epsg}（{known.name}）既不是经纬度也不是平面坐标系。")
    return known


def identity(crs: CRS) -> Identity:
    """Identify a CRS by code or, where a file has its own definition, by parameters; raise LegacyDatumError for an older datum."""
    plain = _horizontal(crs)
    _refuse_legacy(plain)
    is_plane = plain.is_geographic or plain.is_projected
    epsg = plain.to_epsg(min_confidence=100) or _code(plain) if is_plane else None
    zone = zone_of_epsg(epsg) if epsg is not None else None
    return Identity(
        epsg=epsg,
        zone=zone,
        is_geographic=bool(plain.is_geographic),
        is_wgs84=_is_wgs84(plain),
        name=str(crs.name),
    )


def _horizontal(crs: CRS) -> CRS:
    """The CRS without a height, and without a shift to WGS 84 that a file may carry beside it."""
    if crs.is_compound:
        return _horizontal(crs.sub_crs_list[0])
    return _horizontal(crs.source_crs) if crs.is_bound and crs.source_crs is not None else crs


def _refuse_legacy(crs: CRS) -> None:
    ellipsoid, datum = crs.ellipsoid, crs.datum
    axis = ellipsoid.semi_major_metre if ellipsoid is not None else _MODERN_AXIS_M
    names = " ".join([crs.name, ellipsoid.name if ellipsoid else "", datum.name if datum else ""]).lower()
    found = next((name for known, name in _LEGACY_AXES_M.items() if abs(axis - known) < 0.5), None)
    if found is None and any(name in names for name in _LEGACY_NAMES):
        found = str(crs.name)
    if found is None:
        try:
            require_crs(crs)
        except CrsError:
            found = str(crs.name)
    if found is not None:
        raise LegacyDatumError(
            f"坐标系 {crs.name} 属于{found}，没有转换参数不能转换到 2000 国家大地坐标系：请先由测绘部门用转换参数转换后再提交。"
        )


def _code(crs: CRS) -> int | None:
    """Find the code of a definition of a file's own: geographic, Web Mercator, or a zone by its parameters."""
    if crs.ellipsoid is None or abs(crs.ellipsoid.semi_major_metre - _MODERN_AXIS_M) > 0.5:
        return None
    if crs.is_geographic:
        return CGCS2000 if _is_degree(crs) else None
    if not crs.is_projected or crs.coordinate_operation is None:
        return None
    values: dict[str, Any] = {item.name: item.value for item in crs.coordinate_operation.params}
    method = crs.coordinate_operation.method_name.lower()
    if "pseudo mercator" in method or "auxiliary sphere" in method:
        return WEB_MERCATOR
    is_zone = (
        "transverse mercator" in method
        and values.get("Latitude of natural origin") == 0
        and values.get("Scale factor at natural origin") == 1
        and not values.get("False northing")
        and all(axis.unit_name == "metre" for axis in crs.axis_info)
    )
    zone = zone_of_projection(values["Longitude of natural origin"], values["False easting"]) if is_zone else None
    return zone.epsg if zone is not None else crs.to_epsg()


def _is_degree(crs: CRS) -> bool:
    return all(axis.unit_name.lower() == "degree" for axis in crs.axis_info[:2])


def _is_wgs84(crs: CRS) -> bool:
    datum = crs.datum.name.lower() if crs.datum is not None else ""
    return any(name in datum for name in _WGS84_NAMES)
