"""Where coordinates would lie if they were in a coordinate system, held against the county's outline."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import ProjError

from layers.recognising.crs_identity import identity
from layers.recognising.surroundings import Surroundings
from layers.recognising.zones import Zone, zone_of_epsg
from spatial.crs import CGCS2000, reproject_coordinates

_MOST_POINTS = 400
_MARGIN_M = 2_000.0
"""Data of a county may reach a little beyond its outline."""


class Place:
    """A data set's points (n × 2 ordinates as they stand in the file) and the county they should lie in."""

    def __init__(self, surroundings: Surroundings, points: NDArray[np.float64]) -> None:
        self.points = points
        self.epsg = surroundings.epsg
        self._few = points[:: max(1, len(points) // _MOST_POINTS)]
        extent = surroundings.extent
        self._box = None if extent is None or extent.is_empty else shapely.buffer(shapely.convex_hull(extent), _MARGIN_M)

    @property
    def is_known(self) -> bool:
        """Whether there are points and an outline to hold them against."""
        return self._box is not None and len(self._few) > 0

    def share_inside(self, epsg: int, *, swap: bool = False, east_m: float = 0.0) -> float:
        """Return the share (0–1) of the points that lie in the county if they are in EPSG:`epsg`; 0 where nothing tells.

        `east_m` is added to the eastings before.
        """
        if self._box is None or not len(self._few):
            return 0.0
        ordinates = (self._few[:, ::-1] if swap else self._few) + np.array([east_m, 0.0])
        try:
            there = to_county(ordinates, source=epsg, target=self.epsg)
        except ProjError:
            return 0.0
        known = np.isfinite(there).all(axis=1)
        return float(shapely.contains_xy(self._box, there[known]).sum() / len(there)) if known.any() else 0.0

    def is_inside(self, zone: Zone | None, *, swap: bool = False) -> bool:
        """Whether at least half of the points lie in the county if they are in a zone."""
        return zone is not None and self.share_inside(zone.epsg, swap=swap) >= 0.5

    def order(self, epsg: int) -> bool | None:
        """Tell whether the ordinates are north, east where only the county can tell; None where it cannot."""
        straight, swapped = self.share_inside(epsg), self.share_inside(epsg, swap=True)
        if max(straight, swapped) < 0.5 or min(straight, swapped) > 0:
            return None
        return swapped > straight


def to_county(points: NDArray[np.float64], *, source: int, target: int) -> NDArray[np.float64]:
    """Return n × 2 coordinates (east, north) of EPSG:`source` in the zone EPSG:`target`.

    Between zones of one central meridian only the zone number is taken off or put before, which is exact. WGS 84 is taken as CGCS2000.
    """
    if source == target:
        return points
    here, there = zone_of_epsg(source), zone_of_epsg(target)
    if here is not None and there is not None and here.meridian == there.meridian:
        return np.column_stack([points[:, 0] - (here.false_easting_m - there.false_easting_m), points[:, 1]])
    known = identity(CRS.from_epsg(source))
    plain = CGCS2000 if known.is_geographic and known.is_wgs84 else source
    return reproject_coordinates(points, source=plain, target=target)
