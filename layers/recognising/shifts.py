"""By how much, and how, a data set lies beside what the county already holds: found by common identifiers, else by matching points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.recognising.scrambling import SYSTEMS, System, scrambled, unscrambled
from layers.recognising.surroundings import Reference
from spatial.crs import CGCS2000, reproject_coordinates
from spatial.pieces import Geometries

Points = NDArray[np.float64]

_ALIKE = 0.1
"""Two outlines of one thing differ in size by no more than this share."""
_LEAST_PAIRS = 5
_MOST = 0.7
_NEAR_M = 15.0
"""Two surveys of one thing agree to so many metres; the formulas of the web maps to about one."""
_LEAST_SHIFT_M = 20.0
"""Less is surveying: no datum of China lies so near another in plane coordinates."""
_POINT_M = 2.0
_CENTRE_M = 6.0
_LEAST_MATCHED = 0.3
_LEAST_GAIN = 0.25
_STRONGLY = 5
_STRONG_COUNT = 30
"""Where only a part can fit (a sample, or borders that are shared in part): so many times what fits by chance, and so many more."""
_DECOYS = (60.0, 120.0, 180.0, 240.0, 300.0)
"""Shifts of the same length in so many other directions (degrees) tell how much matches by chance."""
_MOST_POINTS = 50_000
_MOST_CENTRES = 3_000


@dataclass(frozen=True)
class Shift:
    """A shift of `metres`; `system` is the web map whose formula explains it, None where it is only one and the same for all."""

    system: System | None
    metres: float
    count: int


def common_centres(identifiers: Sequence[str], geometries: Geometries, reference: Reference) -> tuple[Points, Points] | None:
    """Return the centres (n × 2, metres) here and there of the features that both have, or None where too few are in common to tell."""
    known = {str(name).strip(): row for row, name in enumerate(reference.identifiers)}
    rows = [(row, known[name]) for row, name in enumerate(identifiers) if name in known]
    if not rows:
        return None
    one, other = _boxes(geometries[[row for row, _ in rows]]), _boxes(reference.geometries[[row for _, row in rows]])
    alike = np.isfinite(one).all(axis=1) & (np.abs(one[:, 2:] - other[:, 2:]) <= _ALIKE * other[:, 2:] + 1.0).all(axis=1)
    if alike.sum() < min(_LEAST_PAIRS, len(reference.identifiers)):
        return None
    return one[alike, :2], other[alike, :2]


def _boxes(geometries: Geometries) -> Points:
    """Centre (east, north) and size (east, north) of each geometry's box, in metres."""
    bounds: Points = shapely.bounds(geometries)
    return np.column_stack([(bounds[:, :2] + bounds[:, 2:]) / 2, bounds[:, 2:] - bounds[:, :2]])


def by_centres(here: Points, there: Points, *, epsg: int) -> Shift | None:
    """Tell how the centres of the same features lie beside each other: by a web map's formula, all alike, or neither (None)."""
    shifts = here - there
    middle = np.median(shifts, axis=0)
    metres = float(np.hypot(*middle))
    if metres < _LEAST_SHIFT_M:
        return None
    for system in SYSTEMS:
        if (np.hypot(*(here - _moved(there, system, epsg=epsg)).T) <= _NEAR_M).mean() >= _MOST:
            return Shift(system, metres, len(here))
    together = (np.hypot(*(shifts - middle).T) <= _NEAR_M).mean() >= _MOST
    return Shift(None, metres, len(here)) if together and len(here) >= _LEAST_PAIRS else None


def by_points(points: Points, targets: Points, *, epsg: int, centres: bool) -> Shift | None:
    """Find the web map whose formula brings the points onto the targets where as they stand they are beside them.

    `points` (n × 2) and `targets` (k × 2) are in EPSG:`epsg`: corners of shared borders, or centres of the same things.
    """
    points = _about_the_middle(points)
    reach = _CENTRE_M if centres else _POINT_M
    return _by_share(points, lambda there: _matched(there, targets, reach), epsg=epsg)


def by_areas(points: Points, areas: Geometries, *, epsg: int) -> Shift | None:
    """The same for the centres of things that stand in areas (polygons in EPSG:`epsg`): houses in settlements."""
    tree = shapely.STRtree(areas)
    few = points[:: max(1, len(points) // _MOST_CENTRES)]

    def inside(there: Points) -> tuple[float, int]:
        found = tree.query(shapely.points(there), predicate="intersects")[0]
        return len(np.unique(found)) / len(there), len(there)

    return _by_share(few, inside, epsg=epsg)


def _by_share(points: Points, share: Callable[[Points], tuple[float, int]], *, epsg: int) -> Shift | None:
    """Hold the points as they stand, moved back from each web map, and moved by chance against what they should fit.

    `share` gives the share (0–1) that fits and of how many. The formula is suspected where clearly more fits with it than otherwise.
    """
    if len(points) < _LEAST_PAIRS:
        return None
    plain, _ = share(points)
    for system in SYSTEMS:
        back = _moved_back(points, system, epsg=epsg)
        fits, among = share(back)
        if not among or (fits < plain + _LEAST_GAIN and fits < _STRONGLY * plain + _STRONG_COUNT / among):
            continue
        shift = np.median(points - back, axis=0)
        chance = max(plain, *(share(points - _turned(shift, angle))[0] for angle in _DECOYS))
        by_far = fits >= max(_LEAST_MATCHED, 1.5 * chance, chance + _LEAST_GAIN, chance + 2 / np.sqrt(among))
        if by_far or fits >= _STRONGLY * chance + _STRONG_COUNT / among:
            return Shift(system, float(np.hypot(*shift)), round(fits * among))
    return None


def by_borders(points: Points, lines: Geometries, *, epsg: int) -> Shift | None:
    """The same for the vertices of outlines drawn anew, against the borders (lines) they should follow, in EPSG:`epsg`."""
    tree = shapely.STRtree(lines)
    few = points[:: max(1, len(points) // 500)]

    def beside(there: Points) -> float:
        return float(np.median(tree.query_nearest(shapely.points(there), return_distance=True, all_matches=False)[1]))

    plain = beside(few)
    if len(few) < 10 or plain < 5 * _LEAST_SHIFT_M:
        return None
    for system in SYSTEMS:
        back = _moved_back(few, system, epsg=epsg)
        shift = np.median(few - back, axis=0)
        chance = min(beside(few - _turned(shift, angle)) for angle in _DECOYS)
        if beside(back) <= 0.4 * min(plain, chance):
            return Shift(system, float(np.hypot(*shift)), len(few))
    return None


def _about_the_middle(points: Points) -> Points:
    """At most so many points, those nearest to the middle."""
    if len(points) <= _MOST_POINTS:
        return points
    away = np.abs(points - np.median(points, axis=0)).max(axis=1)
    near: Points = points[away <= np.partition(away, _MOST_POINTS)[_MOST_POINTS]]
    return near


def _matched(points: Points, targets: Points, reach: float) -> tuple[float, int]:
    """The share (0–1) of the targets in the points' box that have a point within reach, and how many targets those are."""
    inside = targets[((targets >= points.min(axis=0) - reach) & (targets <= points.max(axis=0) + reach)).all(axis=1)]
    if len(inside) < _LEAST_PAIRS:
        return 0.0, len(inside)
    distances, _ = cKDTree(points).query(inside, distance_upper_bound=reach)
    return float(np.isfinite(distances).mean()), len(inside)


def _turned(shift: Points, degrees: float) -> Points:
    angle = np.radians(degrees)
    result: Points = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ shift
    return result


def _moved(points: Points, system: System, *, epsg: int) -> Points:
    there = scrambled(reproject_coordinates(points, source=epsg, target=CGCS2000), system)
    return reproject_coordinates(there, source=CGCS2000, target=epsg)


def _moved_back(points: Points, system: System, *, epsg: int) -> Points:
    there = unscrambled(reproject_coordinates(points, source=epsg, target=CGCS2000), system)
    return reproject_coordinates(there, source=CGCS2000, target=epsg)
