"""Voronoi cells of the seeds: their borders, areas and neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Voronoi

from layers.demo.grid import Floats, Ints


@dataclass(frozen=True)
class Cells:
    """Borders between cells: `sides` (m, 2) are the cells on either side, `ends` (m, 2, 2) the end points, metres."""

    count: int
    sides: Ints
    ends: Floats
    area_m2: Floats


def make_cells(xy: Floats) -> Cells:
    """Return the Voronoi cells of the seeds on a 1 cm grid; cells open to infinity keep only their closed borders."""
    diagram = Voronoi(xy)
    ridges = np.asarray(diagram.ridge_vertices)
    closed = (ridges >= 0).all(axis=1)
    ends = np.round(diagram.vertices[ridges[closed]], 2)
    sides = diagram.ridge_points[closed].astype(np.int64)
    long = (ends[:, 0] != ends[:, 1]).any(axis=1)
    ends, sides = ends[long], sides[long]
    from_seed = ends - xy[sides[:, 0]][:, None]
    wedge = np.abs(from_seed[:, 0, 0] * from_seed[:, 1, 1] - from_seed[:, 0, 1] * from_seed[:, 1, 0]) / 2
    area = np.bincount(sides[:, 0], wedge, minlength=len(xy)) + np.bincount(sides[:, 1], wedge, minlength=len(xy))
    return Cells(count=len(xy), sides=sides, ends=ends, area_m2=area.astype(np.float64))


def joined(cells: Cells, label: NDArray[np.int64]) -> Ints:
    """Return a number for each connected group of cells with the same label."""
    a, b = cells.sides[label[cells.sides[:, 0]] == label[cells.sides[:, 1]]].T
    graph = sparse.coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(cells.count, cells.count))
    return np.asarray(connected_components(graph, directed=False)[1])


def without_exclaves(cells: Cells, label: Ints, within: NDArray[np.bool_]) -> Ints:
    """Return labels where every label is one connected region of the cells `within`: smaller pieces go to a neighbour."""
    label = np.where(within, label, -1)
    for _ in range(6):
        part = joined(cells, label)
        size = np.bincount(part, cells.area_m2)
        owner = np.zeros(len(size), dtype=np.int64)
        owner[part] = label
        largest = np.zeros(len(size), dtype=bool)
        order = np.lexsort((-size, owner))
        largest[order[np.r_[True, np.diff(owner[order]) > 0]]] = True
        astray = ~largest[part] & (label >= 0)
        if not astray.any():
            break
        for a, b in (cells.sides.T, cells.sides.T[::-1]):
            move = astray[a] & ~astray[b] & (label[b] >= 0)
            label[a[move]] = label[b[move]]
    return np.asarray(label)
