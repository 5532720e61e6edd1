"""Ground kept clear round the building blocks, so that no later layer hits an application that is not meant to be hit."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from layers.demo.blocks import HALF_U, HALF_V
from layers.demo.curves import smooth_path
from layers.demo.grid import Floats
from layers.demo.ground import Ground
from layers.demo.noise import Noise

CLEAR_M = 135.0
"""Distance kept from every block: more than the widest protection zone that depends on these layers (100 m from a fault)."""

_BLOCK_M = float(np.hypot(HALF_U, HALF_V))


def cleared(ground: Ground, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the geometries inside the county without what comes within CLEAR_M of a block; some may be empty."""
    result = shapely.intersection(shapes, ground.outline)
    number, block = shapely.STRtree(ground.blocks.polygons).query(result, predicate="dwithin", distance=CLEAR_M)
    for shape in np.unique(number):
        round_about = shapely.buffer(ground.blocks.polygons[block[number == shape]], CLEAR_M, quad_segs=4)
        result[shape] = shapely.difference(result[shape], shapely.union_all(round_about))
    return np.asarray(result)


def far_from_blocks(ground: Ground, xy: Floats, spare_m: float | Floats) -> NDArray[np.bool_]:
    """Return which points keep CLEAR_M and `spare_m` more from every block."""
    away = cKDTree(ground.blocks.centre).query(xy)[0]
    return np.asarray(away > CLEAR_M + _BLOCK_M + spare_m)


class Ways:
    """Ways across the county round blocks, settlements and reservoirs and, as far as there is a choice, over gentle ground."""

    def __init__(self, ground: Ground, rng: np.random.Generator) -> None:
        terrain, self.grid = ground.terrain, ground.terrain.grid
        site, depth = ground.shapes.nearest(self.grid.xy)
        self.apart_m = (depth - 1.2) * ground.shapes.radius[site]
        """Distance of every grid node from the nearest settlement, about."""
        cost = 1 + np.minimum((terrain.slope / 0.12) ** 2, 12) + np.exp(0.5 * Noise(rng, wavelength_m=4000)(self.grid.xy))
        cost = cost + np.where(depth < 1.6, 25.0, 0.0) + np.where(terrain.inside, 0, 40)
        cost = cost + np.where(far_from_blocks(ground, self.grid.xy, self.grid.step), 0.0, 600.0)
        cost[ground.reservoirs.locate(self.grid.xy, spare_m=150.0) >= 0] += 60
        self.graph = self.grid.ways(cost)
        self.ground = ground

    def across(self, start: float, end: float, *, bends: int) -> shapely.LineString:
        """Return a line between the points of the border in two directions (radians) from the middle of the county."""
        ends = np.array([border_point(self.ground, start), border_point(self.ground, end)])
        first, last = (int(node) for node in self.grid.node(ends))
        _, back = dijkstra(self.graph, indices=[first], return_predecessors=True)
        path = [last]
        while path[-1] != first:
            path.append(int(back[0, path[-1]]))
        return shapely.LineString(np.round(smooth_path(self.grid.xy[path], rounds=bends), 2))


def border_point(ground: Ground, turn: float) -> Floats:
    """Return a point a little outside the county in the direction `turn` (radians) from its middle."""
    border = shapely.get_coordinates(ground.outline)
    middle = shapely.get_coordinates(ground.outline.centroid)[0]
    angle = np.arctan2(*(border - middle).T[::-1])
    gate = border[int(np.argmin(np.abs(np.angle(np.exp(1j * (angle - turn))))))]
    return np.asarray(gate + (gate - middle) / np.hypot(*(gate - middle)) * 2 * ground.terrain.grid.step)
