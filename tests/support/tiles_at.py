"""Where on the tile grid the test county lies."""

from __future__ import annotations

import math

import shapely
from frames import square

from spatial.crs import CRS84, reproject


def tile_of(epsg: int, *, zoom: int) -> tuple[int, int, int]:
    """The tile that holds the test county's origin."""
    lon, lat = shapely.get_coordinates(reproject(_origin(), source=epsg, target=CRS84))[0]
    x = int((lon + 180) / 360 * 2**zoom)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
    return zoom, x, y


def _origin():
    return shapely.points([shapely.centroid(square()).coords[0]])
