"""In which coordinates a file is written: the county's zone, the same with zone number, CGCS2000, or longitude and latitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyproj
import shapely

from spatial.crs import CGCS2000, CRS84, epsg_3deg, reproject, require_crs
from spatial.errors import CrsError
from spatial.pieces import Geometries

DATUMS: Final = ("China 2000", "World Geodetic System 1984")
"""Other datums need parameters that nobody gave; between these two no shift is made."""
METRE_DECIMALS: Final = 4
DEGREE_DECIMALS: Final = 9
"""A tenth of a millimetre, in metres and in degrees."""


@dataclass(frozen=True)
class Coordinates:
    """The CRS of a file, from that of the store; `epsg` 4326 stands for CRS84: longitude before latitude, as in every file written here."""

    stored: int
    epsg: int

    @property
    def name(self) -> str:
        """The short name, as it stands in file names: `EPSG4547`, `CRS84`."""
        return "CRS84" if self.epsg == CRS84 else f"EPSG{self.epsg}"

    @property
    def label(self) -> str:
        """The name for people."""
        return "WGS 84 经纬度（CRS84）" if self.epsg == CRS84 else f"{self.crs.name}（EPSG:{self.epsg}）"

    @property
    def crs(self) -> pyproj.CRS:
        """The CRS as pyproj's object."""
        return require_crs(self.epsg)

    @property
    def authority(self) -> str:
        """The name under which GDAL knows it."""
        return f"EPSG:{self.epsg}"

    @property
    def is_stored(self) -> bool:
        """Whether nothing has to be computed."""
        return self.epsg == self.stored

    @property
    def decimals(self) -> int:
        """So many decimals hold a tenth of a millimetre."""
        return DEGREE_DECIMALS if self.crs.is_geographic else METRE_DECIMALS

    def of(self, geometries: Geometries) -> Geometries:
        """Return stored geometries in this CRS."""
        return geometries if self.is_stored else reproject(geometries, source=self.stored, target=self.epsg)

    def rounded(self, geometries: Geometries) -> Geometries:
        """Return geometries of this CRS with coordinates of a tenth of a millimetre."""
        return np.asarray(shapely.transform(geometries, lambda xy: np.round(xy, self.decimals)), dtype=object)


def coordinates(epsg: int, *, stored: int) -> Coordinates:
    """Check that a CRS can be written without parameters of transformation; raise CrsError for any other."""
    crs = require_crs(epsg)
    datum = crs.geodetic_crs.datum.name if crs.geodetic_crs and crs.geodetic_crs.datum else ""
    is_plain = len(crs.axis_info) == 2 and (crs.is_geographic or crs.is_projected)
    if not is_plain or not any(datum.startswith(name) for name in DATUMS):
        raise CrsError(
            f"不能导出为 EPSG:{epsg}（{crs.name}）：只能用 2000 国家大地坐标系的坐标（如 EPSG:{stored}、EPSG:{CGCS2000}）或 CRS84 经纬度。"
        )
    return Coordinates(stored, epsg)


def zone_of(epsg: int) -> tuple[int, bool] | None:
    """Tell the number of a CGCS2000 3-degree zone and whether eastings carry it; None for every other CRS."""
    for first, prefixed in ((epsg_3deg(25), False), (epsg_3deg(25, prefix=True), True)):
        if first <= epsg <= first + 20:
            return epsg - first + 25, prefixed
    return None
