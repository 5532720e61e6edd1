"""Shapes as they are seen from afar: what tiles of the whole county are cut from."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.catalog import CatalogLayer
from spatial.crs import reproject
from spatial.pieces import Geometries

FARTHEST_ZOOM = 11
"""The nearest zoom at which these shapes are shown; from the next on tiles show the features themselves."""

WEB_MERCATOR = 3857
WORLD_M = 40_075_016.685578488
TILE_PX = 256
GROUND = 0.866
"""Metres on the ground per metre of Web Mercator at 30 degrees north."""


def drawn_fields(layer: CatalogLayer) -> tuple[str, ...]:
    """Return the fields that decide how a feature is drawn: those that hold a class."""
    return tuple(name for name in layer.display_fields if layer.fields[name].codes or layer.fields[name].dictionary)


def pixel_m(zoom: int) -> float:
    """Return the width of a pixel of the screen in metres of Web Mercator."""
    return WORLD_M / (TILE_PX << zoom)


def seen_from_afar(
    geometries: Geometries, area_m2: NDArray[np.float64], *, epsg: int
) -> tuple[NDArray[np.int64], Geometries]:
    """Return the rows that are seen at zoom 11 and their shapes in Web Mercator.

    Polygons of less than a pixel are left out; no vertex that stays moves, and no line is more than a quarter of a pixel away from where
    it was (Douglas and Peucker 1973), so that neighbours part by half a pixel at most.
    """
    pixel = pixel_m(FARTHEST_ZOOM) * GROUND
    rows = np.flatnonzero((shapely.get_dimensions(geometries) < 2) | (area_m2 >= pixel**2))
    simple = shapely.simplify(geometries[rows], pixel / 4, preserve_topology=False)
    there = ~shapely.is_empty(simple)
    return rows[there], reproject(simple[there], source=epsg, target=WEB_MERCATOR)
