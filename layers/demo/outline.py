"""The invented outline of the county: a ragged shape round its town seats, of exactly the official land area."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.facts import ellipsoid_factor
from layers.demo.noise import Noise

Floats = NDArray[np.float64]
_RAGGED = ((9000.0, 950.0), (2600.0, 300.0), (800.0, 90.0), (260.0, 26.0))


def county_outline(seats: Floats, *, area_m2: float, rng: np.random.Generator) -> shapely.Polygon:
    """Return a ragged polygon of the given ellipsoidal area round the seats (n, 2), EPSG:4547, on a 1 cm grid."""
    hull = shapely.MultiPoint(seats).convex_hull
    margin = (-hull.length + np.sqrt(max(hull.length**2 + 4 * np.pi * (area_m2 - hull.area), 0.0))) / (2 * np.pi)
    ring = hull.buffer(max(margin, 2000.0), quad_segs=24).exterior.segmentize(60.0)
    points = shapely.get_coordinates(ring)[:-1]
    shake = min(1.0, np.sqrt(area_m2 / 1.9e9) + 0.15)
    for wavelength, amplitude in _RAGGED:
        east, north = (Noise(rng, wavelength_m=wavelength, octaves=1) for _ in range(2))
        points = points + amplitude * shake * np.column_stack([east(points), north(points)])
    shape = shapely.make_valid(shapely.Polygon(points))
    if shape.geom_type != "Polygon":
        shape = max(shapely.get_parts(shape), key=lambda part: part.area)
    return _scaled(shapely.Polygon(shapely.get_exterior_ring(shape)), area_m2)


def _scaled(shape: shapely.Polygon, area_m2: float) -> shapely.Polygon:
    centre = shapely.get_coordinates(shape.centroid)[0]
    for _ in range(3):
        x, y = np.vstack([shapely.get_coordinates(shape.centroid), shapely.get_coordinates(shape)]).T
        factor = float(ellipsoid_factor(x, y).mean())
        ratio = np.sqrt(area_m2 / (shape.area * factor))
        shape = shapely.Polygon(centre + (shapely.get_coordinates(shape) - centre) * ratio)
    return shapely.set_precision(shape, 0.01)
