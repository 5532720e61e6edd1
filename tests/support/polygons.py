"""Polygons of any form, for what is worked out about many at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

EAST, NORTH = 520_000.0, 3_270_000.0


def array(*shapes: Any) -> Any:
    """An array of geometries."""
    return np.array([*shapes, None], dtype=object)[:-1]


def ring(rng: np.random.Generator, count: int, size: float, x: float, y: float) -> Any:
    """The corners of a star round a place."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, count))
    reach = rng.uniform(0.2, 1.0, count) * size
    return np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)])


def polygon(rng: np.random.Generator) -> Any:
    """A polygon of 3 to 300 corners, turned either way, sometimes with holes turned either way."""
    x, y = EAST + rng.uniform(0, 200), NORTH + rng.uniform(0, 200)
    shell = shapely.Polygon(ring(rng, int(rng.integers(3, 300)), rng.uniform(5, 90), x, y))
    holes = [shapely.Point(x + dx, y + dy).buffer(rng.uniform(1, 6)) for dx, dy in rng.uniform(-40, 40, (int(rng.integers(0, 4)), 2))]
    left = max(shapely.get_parts(shapely.difference(shapely.make_valid(shell), shapely.union_all(holes))), key=shapely.area)
    return [left, shapely.reverse(left), shapely.normalize(left)][int(rng.integers(3))]
