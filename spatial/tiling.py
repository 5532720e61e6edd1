"""Polygons that tile a ground: neighbours share whole edges, vertex for vertex, and nowhere do two lie on one another.

That is shown by cancelling edges. Run along every ring with the inside on the same hand: an edge between two neighbours is run once
each way, and only the edges of the outline are left. How many polygons cover a place is the winding number of what is left about it
(Alexander numbering), so if the rest bounds a plain area, every place of it is covered once. It takes one sort of the edges; nothing is
intersected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

MOST_LEFT = 20_000
"""Where more edges, and more than a third of them, have no counterpart, the polygons stand apart: other ways tell that sooner."""

_LAST = np.uint64(1)
_TABLE_BITS = 20
_ODD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93))


@dataclass(frozen=True, eq=False)
class Tiling:
    """Polygons that tile their union, the `outline`."""

    outline: Any
    _keys: Hashes

    def loose_edges(self, polygons: Geometries) -> Floats:
        """Return the edges (k x 2 ends x 2) of other polygons that are no edges of the tiles: only these may cut through a tile."""
        edges = _edges(*_rings(polygons))
        wanted = edges.keys & ~_LAST
        shared = np.isin(wanted, self._keys[_among(self._keys, wanted)])
        ends: Floats = edges.coordinates[edges.first[~shared, None] + np.arange(2)]
        return ends


def outline(polygons: Geometries) -> Any | None:
    """Return the union of valid polygons that tile it, or None where that cannot be shown: they may overlap, or meet with other vertices."""
    return outline_of(tiling(*_rings(polygons)) if len(polygons) else None)


def outline_of(found: Tiling | None) -> Any | None:
    """Return the union of a tiling."""
    return found.outline if found else None


def tiling(coordinates: Floats, rings: Ints, is_hole: NDArray[np.bool_]) -> Tiling | None:
    """Return valid polygons as a tiling, or None where that cannot be shown; given as their coordinates (n x 2), where each ring begins
    (and the last ends), and which rings are holes.
    """
    if not len(is_hole):
        return None
    edges = _edges(coordinates, rings, is_hole)
    left = _uncancelled(edges)
    if left is None or len(left) > max(MOST_LEFT, len(edges.first) / 3):
        return None
    together = shapely.multilinestrings(shapely.linestrings(edges.coordinates[edges.first[left, None] + np.arange(2)]))
    if not shapely.is_simple(together):
        return None
    area = shapely.build_area(together)
    if not np.array_equal(np.sort(_edges(*_rings(np.array([area], dtype=object))).keys), np.sort(edges.keys[left])):
        return None
    return Tiling(area, edges.keys & ~_LAST)


@dataclass(frozen=True)
class _Edges:
    """m edges, each from vertex `first` of the `coordinates` (n x 2) to the next.

    The upper 63 bits of `keys` tell an edge by its two ends, the last bit which way it is run with the inside on the same hand. Of four
    million edges two different ones share a key once in a million data sets; even then the rest would have to bound a plain area.
    """

    coordinates: Floats
    first: Ints
    keys: Hashes


def _edges(coordinates: Floats, rings: Ints, is_hole: NDArray[np.bool_]) -> _Edges:
    is_edge = np.ones(len(coordinates), dtype=bool)
    is_edge[rings[1:] - 1] = False
    first = np.flatnonzero(is_edge[:-1])
    backwards = np.repeat(_turns_left(coordinates, is_edge, rings) == is_hole, np.diff(rings) - 1)
    hashes = _hashes(coordinates)
    start, end = hashes[:-1][is_edge[:-1]], hashes[1:][is_edge[:-1]]
    return _Edges(coordinates, first, ((start + end) & ~_LAST) | ((start < end) ^ backwards).astype(np.uint64))


def _rings(polygons: Geometries) -> tuple[Floats, Ints, NDArray[np.bool_]]:
    """All coordinates, where each ring begins (and the last ends), and which rings are holes."""
    _, coordinates, offsets = shapely.to_ragged_array(polygons, include_z=False)
    rings, parts = np.asarray(offsets[0], dtype=np.int64), np.asarray(offsets[1], dtype=np.int64)
    is_hole = np.ones(len(rings) - 1, dtype=bool)
    is_hole[parts[:-1][np.diff(parts) > 0]] = False
    return coordinates, rings, is_hole


def _turns_left(coordinates: Floats, is_edge: NDArray[np.bool_], rings: Ints) -> NDArray[np.bool_]:
    """Which rings run anticlockwise, by the sign of their area."""
    x, y = np.ascontiguousarray((coordinates - coordinates[0]).T)
    twice = (x[:-1] * y[1:] - x[1:] * y[:-1]) * is_edge[:-1]
    result: NDArray[np.bool_] = np.add.reduceat(twice, rings[:-1]) > 0
    return result


def _hashes(coordinates: Floats) -> Hashes:
    """A hash of each vertex by all bits of its two numbers."""
    # Adding nought turns a negative nought, which is the same number with other bits.
    x, y = np.ascontiguousarray(coordinates.T + 0.0).view(np.uint64)
    mixed = x * _ODD[0] + (y ^ (y >> np.uint64(29))) * _ODD[1]
    mixed ^= mixed >> np.uint64(32)
    mixed *= _ODD[2]
    mixed ^= mixed >> np.uint64(29)
    result: Hashes = mixed
    return result


def _uncancelled(edges: _Edges) -> Ints | None:
    """Return the places of the edges that are run one way once more than the other; None where one is so more than once."""
    ordered = np.sort(edges.keys)
    begins = np.flatnonzero(np.concatenate([[True], (ordered[1:] | _LAST) != (ordered[:-1] | _LAST)]))
    net = np.add.reduceat(1 - 2 * (ordered & _LAST).astype(np.int8), begins, dtype=np.int64)
    if np.abs(net).max(initial=0) > 1:
        return None
    left = np.flatnonzero(net)
    wanted = (ordered[begins[left]] & ~_LAST) | (net[left] < 0).astype(np.uint64)
    places = np.flatnonzero(_among(edges.keys, wanted))
    _, once = np.unique(edges.keys[places], return_index=True)
    found: Ints = places[once]
    return found


def _among(keys: Hashes, wanted: Hashes) -> NDArray[np.bool_]:
    """Which keys are among the wanted; most are ruled out by a table of their first bits."""
    table = np.zeros(2**_TABLE_BITS, dtype=bool)
    shift = np.uint64(64 - _TABLE_BITS)
    table[wanted >> shift] = True
    result: NDArray[np.bool_] = table[keys >> shift]
    result[result] = np.isin(keys[result], wanted)
    return result
