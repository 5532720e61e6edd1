"""Random sites of the size of a house plot: straight, rotated, L-shaped, round a courtyard, in two parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries

KINDS = 5


def house_sites(places: NDArray[np.float64], *, count: int, seed: int, scatter_m: float = 25.0) -> Geometries:
    """Return `count` valid polygons, each within some `scatter_m` of one of the `places` (n, 2), in their CRS; the kinds take turns."""
    rng = np.random.default_rng(seed)
    middles = places[rng.integers(len(places), size=count)] + rng.normal(0, scatter_m, (count, 2))
    sites = [_site(row % KINDS, rng, middle) for row, middle in enumerate(middles)]
    result: Geometries = np.array(sites, dtype=object)
    return result


def places_on(layers: dict[str, Geometries], *, each: int, seed: int) -> NDArray[np.float64]:
    """Return points to put sites at: for every layer `each` corners of features and `each` points inside or on one."""
    rng = np.random.default_rng(seed)
    found = []
    for features in layers.values():
        chosen = features[rng.integers(len(features), size=each)]
        corners = shapely.get_coordinates(chosen)
        found += [corners[rng.integers(len(corners), size=each)], shapely.get_coordinates(shapely.point_on_surface(chosen))]
    return np.concatenate(found)


def _site(kind: int, rng: np.random.Generator, middle: NDArray[np.float64]) -> Any:
    width, depth = rng.uniform(6, 18, 2)
    shape: Any = shapely.box(-width / 2, -depth / 2, width / 2, depth / 2)
    if kind == 2:
        shape = shape.difference(shapely.box(0.1 * width, 0.05 * depth, width, depth))
    elif kind == 3:
        shape = shape.difference(shapely.box(-0.2 * width, -0.15 * depth, 0.25 * width, 0.3 * depth))
    elif kind == 4:
        shape = shapely.MultiPolygon([shape, shapely.box(width, 0, 1.6 * width, 0.5 * depth)])
    angle = rng.uniform(0, 2 * np.pi) if kind else 0.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return shapely.transform(shape, lambda xy: xy @ turn.T + middle)
