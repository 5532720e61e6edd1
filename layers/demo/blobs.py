"""Ragged areas round a point and ragged edges: hazard zones, protection zones, red lines."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.grid import Floats
from layers.demo.noise import Noise


def blobs(centres: Floats, radius_m: Floats, rng: np.random.Generator, *, ragged: float = 0.22, corners: int = 28) -> NDArray[np.object_]:
    """Return one ragged round polygon about each centre."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    waves = np.zeros((len(centres), corners))
    for order in (2, 3, 5):
        phase = rng.uniform(0, 2 * np.pi, (len(centres), 1))
        waves += rng.normal(0, 1, (len(centres), 1)) / order * np.cos(order * turn[None] + phase)
    radius = radius_m[:, None] * np.exp(ragged * np.clip(waves, -1.6, 1.6))
    ring = centres[:, None, :] + radius[..., None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)[None]
    return np.asarray(shapely.polygons(np.round(ring, 2)))


def ragged_edges(polygon: shapely.Polygon, *, vertices: int, noise: tuple[Noise, Noise], amplitude_m: float) -> shapely.Geometry:
    """Return the polygon with about `vertices` on its outer ring, each shaken by the noise; holes under 3 ha are filled."""
    spacing = max(polygon.exterior.length / vertices, 4.0)
    holes = [hole for hole in polygon.interiors if shapely.Polygon(hole).area > 30_000]
    rings = [shapely.segmentize(ring, spacing) for ring in (polygon.exterior, *holes)]
    shaken = []
    for ring in rings:
        xy = shapely.get_coordinates(ring)
        shaken.append(np.round(xy + amplitude_m * np.column_stack([noise[0](xy), noise[1](xy)]), 2))
        shaken[-1][-1] = shaken[-1][0]
    shape = shapely.make_valid(shapely.Polygon(shaken[0], shaken[1:]), method="structure", keep_collapsed=False)
    largest: shapely.Geometry = max(shapely.get_parts(shape), key=lambda part: part.area)
    return largest
