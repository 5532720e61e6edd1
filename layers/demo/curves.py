"""Smooth curves through rough paths."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def smooth_path(points: Floats, *, rounds: int) -> Floats:
    """Return the path with its corners rounded off; the two ends stay where they are."""
    path = points
    if len(path) > 3:
        for _ in range(rounds):
            inner = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
            path = np.vstack([path[:1], inner, path[-1:]])
    if len(path) > 2:
        cut = np.empty((2 * len(path) - 2, 2))
        cut[0::2] = path[:-1] * 0.75 + path[1:] * 0.25
        cut[1::2] = path[:-1] * 0.25 + path[1:] * 0.75
        path = np.vstack([path[:1], cut[1:-1], path[-1:]])
    return path


def stations(lines: NDArray[np.object_], spacing: float) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return points every `spacing` metres along lines, the direction there in radians, and the number of the line."""
    length = shapely.length(lines)
    count = np.maximum(np.rint(length / spacing).astype(np.int64), 1)
    line = np.repeat(np.arange(len(lines)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    along = (within + 0.5) * (length / count)[line]
    geometries = np.asarray(lines, dtype=object)[line]
    here = shapely.get_coordinates(shapely.line_interpolate_point(geometries, along))
    after = shapely.get_coordinates(shapely.line_interpolate_point(geometries, np.minimum(along + 4, length[line])))
    before = shapely.get_coordinates(shapely.line_interpolate_point(geometries, np.maximum(along - 4, 0)))
    ahead = after - before
    return here, np.arctan2(ahead[:, 1], ahead[:, 0]), line
