"""Areas on the ellipsoid of CGCS2000 from polygons in a 3-degree zone, for the thousands of patches of a survey at once."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.crs import require_zone
from spatial.pieces import Geometries

_SEMI_MAJOR_M, _INVERSE_FLATTENING = 6378137.0, 298.257222101


def ellipsoid_factor(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ellipsoidal area ÷ planar area at points of a CGCS2000 3-degree zone, for patches up to a few kilometres.

    The projection is conformal, so the factor is 1 ÷ k² with the point scale k of the Gauss-Krüger projection,
    k = 1 + e²/(2MN) + e⁴/(24M²N²) at distance e from the central meridian (M, N radii of CGCS2000 at the footpoint latitude).
    """
    semi_major, inverse_flattening = _SEMI_MAJOR_M, _INVERSE_FLATTENING
    eccentricity2 = (2 - 1 / inverse_flattening) / inverse_flattening
    latitude = y / 6367449.0 + 0.00252 * np.sin(2 * y / 6367449.0)
    w2 = 1 - eccentricity2 * np.sin(latitude) ** 2
    radii = semi_major**2 * (1 - eccentricity2) / w2**2
    u = (x - 500_000.0) ** 2 / radii
    k = 1 + u / 2 + u**2 / 24
    return np.asarray(1 / k**2)


def ellipsoid_area_m2(polygons: Geometries, *, epsg: int) -> NDArray[np.float64]:
    """Return the areas (n,) in m² on the ellipsoid of polygons in EPSG:`epsg`, a 3-degree zone; raise CrsError for another CRS.

    The factor is taken at the middle of each polygon's box: exact to a few parts in 10⁸ for patches of survey size; larger polygons
    should be added up from their patches.
    """
    require_zone(epsg)
    west, south, east, north = shapely.bounds(polygons).T
    area: NDArray[np.float64] = shapely.area(polygons) * ellipsoid_factor((west + east) / 2, (south + north) / 2)
    return area
