"""The corners of a site as surveyors list them (界址点 J1…Jn): order, coordinates, side lengths, and where an outline crosses itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries

Ring = Sequence[tuple[float, float]]
"""The corners of a closed ring as (east, north) in metres, the first not repeated."""

SAME_POINT_M = 0.001
"""Corners nearer to each other than this are one point: the resolution of cadastral coordinates."""


@dataclass(frozen=True)
class Corner:
    """One corner: its name, the part and ring it belongs to (ring 1 is the outer one), coordinates, and the side to the next corner.

    `x_m` is north and `y_m` is east, as in surveying; all in metres of the projected CRS.
    """

    label: str
    part: int
    ring: int
    x_m: float
    y_m: float
    side_m: float


def corners(site: Any) -> tuple[Corner, ...]:
    """List the corners of a polygon or multi-polygon in the order in which they are stored, named J1…Jn through all rings."""
    found: list[Corner] = []
    for part, ring, points in _rings(site):
        sides = np.hypot(*np.diff(points, axis=0).T)
        for (east, north), side in zip(points[:-1], sides, strict=True):
            found.append(Corner(f"J{len(found) + 1}", part, ring, float(north), float(east), float(side)))
    return tuple(found)


def _rings(site: Any) -> Iterator[tuple[int, int, NDArray[np.float64]]]:
    """Every ring with the numbers of its part and of itself, closed, as (n, 2) coordinates."""
    for part, polygon in enumerate(shapely.get_parts(site), start=1):
        for ring, line in enumerate((polygon.exterior, *polygon.interiors), start=1):
            yield part, ring, shapely.get_coordinates(line)


def crossings(rings: Sequence[Ring]) -> list[tuple[int, int, int, int]]:
    """Find sides that meet where they should not: (ring, side, ring, side), counted from 0; side i leads from corner i to the next.

    Sides of one ring may only share the corner between them; sides of two rings may not meet at all.
    """
    owner, number, segments = _segments(rings)
    lines: Geometries = np.asarray(shapely.linestrings(segments), dtype=object)
    tree = shapely.STRtree(lines)
    first, second = tree.query(lines, predicate="intersects")
    ahead = first < second
    pairs = zip(first[ahead], second[ahead], strict=True)
    count = [len(ring) for ring in rings]
    found = [
        (int(owner[a]), int(number[a]), int(owner[b]), int(number[b]))
        for a, b in pairs
        if not (owner[a] == owner[b] and _follow(number[a], number[b], count[owner[a]]))
    ]
    return sorted(found)


def _segments(rings: Sequence[Ring]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    number = np.concatenate([np.arange(len(ring)) for ring in rings])
    points = [np.asarray(ring, dtype=np.float64) for ring in rings]
    segments = np.concatenate([np.stack([ring, np.roll(ring, -1, axis=0)], axis=1) for ring in points])
    return owner, number, segments


def _follow(a: int, b: int, count: int) -> bool:
    """Whether two sides of one ring share a corner."""
    return (a + 1) % count == b or (b + 1) % count == a


def repeated(ring: Ring) -> list[int]:
    """Numbers of the corners (from 0) that lie where the one before them lies, within SAME_POINT_M; the last is compared with the first too."""
    points = np.asarray(ring, dtype=np.float64)
    steps = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
    return sorted((int(i) + 1) % len(points) for i in np.flatnonzero(steps < SAME_POINT_M))
