"""Where on a land a place has no room, told from a grid: most of the places that are tried need no closer look.

A place that lies wholly on the land has every grid point in it on the land. Grid points beside the corners and about the centre are
looked up; what fails has no room for certain, what passes is still to be tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

STEPS = 2.5
"""Grid steps to half the shorter side of a place."""
MOST_POINTS = 4_000_000
ROUNDING_M = 1e-6


@dataclass(frozen=True)
class Room:
    """Grid points `step_m` apart from the corner (west, south): which lie `on` the land (rows from south to north), and which have such
    points all about them (`amid`)."""

    west: float
    south: float
    step_m: float
    on: NDArray[np.bool_]
    amid: NDArray[np.bool_]
    half_m: tuple[float, float]

    @classmethod
    def of(cls, land: Any, width_m: float, depth_m: float) -> Room:
        """Read the land, in a projected CRS, for places of a width and depth."""
        west, south, east, north = shapely.bounds(land)
        shorter = min(width_m, depth_m) / 2
        step = max(shorter / STEPS, ((east - west) * (north - south) / MOST_POINTS) ** 0.5, max(east - west, north - south) / MOST_POINTS)
        on = _points_on(land, west, south, step, rows=int((north - south) / step) + 2, columns=int((east - west) / step) + 2)
        away = 0.5**0.5 * step + ROUNDING_M  # The nearest grid point is no farther.
        return cls(west, south, step, on, _amid(on, (shorter - away) / step), (width_m / 2 - away, depth_m / 2 - away))

    def rows(self, centres: Floats, turns: Floats) -> NDArray[np.intp]:
        """The rows of places about centres (n, 2), their width along bearings in degrees, that may have room."""
        if min(self.half_m) <= 0:
            return np.arange(len(centres))
        rows = np.flatnonzero(self._at(self.amid, centres[:, 0], centres[:, 1]))
        turn = np.radians(turns[rows])
        sin, cos = np.sin(turn), np.cos(turn)
        for along, across in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            wide, deep = along * self.half_m[0], across * self.half_m[1]
            keep = self._at(self.on, centres[rows, 0] + wide * sin + deep * cos, centres[rows, 1] + wide * cos - deep * sin)
            rows, sin, cos = rows[keep], sin[keep], cos[keep]
        return rows

    def _at(self, points: NDArray[np.bool_], x: Floats, y: Floats) -> NDArray[np.bool_]:
        row, column = np.rint((y - self.south) / self.step_m).astype(int), np.rint((x - self.west) / self.step_m).astype(int)
        within = (row >= 0) & (row < points.shape[0]) & (column >= 0) & (column < points.shape[1])
        found: NDArray[np.bool_] = within & points[np.where(within, row, 0), np.where(within, column, 0)]
        return found


def _points_on(land: Any, west: float, south: float, step: float, *, rows: int, columns: int) -> NDArray[np.bool_]:
    """Which grid points lie on the land: those with an odd number of edges to the west of them."""
    corners, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(land)), return_index=True)
    x, y = (corners[:, 0] - west) / step, (corners[:, 1] - south) / step
    edge = np.flatnonzero(ring[1:] == ring[:-1])
    first, last = np.ceil(np.minimum(y[edge], y[edge + 1])).astype(int), np.ceil(np.maximum(y[edge], y[edge + 1])).astype(int)
    count = last - first
    crossed = np.repeat(edge, count)
    row = np.arange(len(crossed)) - np.repeat(np.cumsum(count) - count - first, count)
    column = np.ceil(x[crossed] + (row - y[crossed]) * (x[crossed + 1] - x[crossed]) / (y[crossed + 1] - y[crossed])).astype(int)
    on = np.zeros((rows, columns), dtype=bool)
    np.logical_xor.at(on, (row, column), True)
    return np.logical_xor.accumulate(on, axis=1, out=on)


def _amid(on: NDArray[np.bool_], steps: float) -> NDArray[np.bool_]:
    """The points with all points so many steps about them on the land."""
    reach = max(int(steps), 0)
    wide = np.pad(on, reach)
    found = on.copy()
    for up in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if 0 < np.hypot(up, right) <= steps:
                found &= wide[reach + up : reach + up + on.shape[0], reach + right : reach + right + on.shape[1]]
    return found
