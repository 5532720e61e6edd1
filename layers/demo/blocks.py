"""Building blocks: rectangles of land beside roads, kept clear of everything, on which applications are planted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.demo.corridors import Corridors
from layers.demo.curves import stations
from layers.demo.divisions import Divisions
from layers.demo.grid import Floats, Ints
from layers.demo.seeds import Shapes
from layers.demo.sites import RURAL
from layers.demo.spread import spread_points
from layers.demo.terrain import Terrain
from layers.demo.waters import Reservoirs

HALF_U, HALF_V = 22.0, 18.0
"""Half extents of a block along its road and away from it, metres."""

_GAP_M = {"expressway": 20.0, "national": 1.0, "provincial": 1.0, "county": 1.0, "township": 1.0, "village": 6.0}
"""Distance of a block's near side from the land edge of the road it lies on, by class."""

_CLEAR_M = {"expressway": 36.0, "national": 27.0, "provincial": 22.0, "county": 17.0, "township": 13.0, "village": 5.0, "track": 2.0, "river": 45.0}
"""Least distance of a block from the edge of any other strip, metres: more than the setback of the class."""


@dataclass(frozen=True)
class Blocks:
    """Blocks in local coordinates: u along the road, v away from it. `road` is the class of the road each lies on."""

    centre: Floats
    turn: Floats
    side: Floats
    village: Ints
    road: NDArray[np.object_]
    polygons: NDArray[np.object_]

    def place(self, block: int, uv: Floats) -> Floats:
        """Return points of the county for local points (n, 2) of a block."""
        along = np.array([np.cos(self.turn[block]), np.sin(self.turn[block])])
        away = np.array([-along[1], along[0]]) * self.side[block]
        return np.asarray(self.centre[block] + uv[:, :1] * along + uv[:, 1:] * away)

    def rectangle(self, block: int, u0: float, v0: float, u1: float, v1: float) -> shapely.Polygon:
        """Return the rectangle between two local corners."""
        return shapely.Polygon(self.place(block, np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]])))


def place_blocks(
    terrain: Terrain,
    outline: shapely.Polygon,
    divisions: Divisions,
    shapes: Shapes,
    corridors: Corridors,
    reservoirs: Reservoirs,
    *,
    count: int,
    most: int,
    rng: np.random.Generator,
) -> Blocks:
    """Choose up to `count` blocks near rural settlements, most of them on village roads, 170 m apart, at most `most` in a village."""
    centre, turn, side, road, line = _candidates(corridors)
    site, depth = shapes.nearest(centre)
    gap = (depth - 1.25) * shapes.radius[site]
    village = divisions.locate(centre)
    near = np.where(road == "village", 420.0, np.where(np.isin(road, ["county", "township"]), 700.0, 4000.0))
    good = (gap > 34) & (gap < near) & (shapes.sites.kind[site] == RURAL)
    good &= (shapes.sites.village[site] == village) | (gap > 400)
    good &= terrain.grid.sample(terrain.slope, centre) < 0.19
    good &= reservoirs.locate(centre, spare_m=120.0) < 0
    good[good] &= shapely.contains_xy(outline.buffer(-150), centre[good, 0], centre[good, 1])
    for du, dv in ((-75, -75), (-75, 75), (75, -75), (75, 75)):
        good[good] &= divisions.locate(centre[good] + np.array([du, dv])) == village[good]
    index = np.flatnonzero(good)
    polygons = _polygons(centre[index], turn[index], side[index])
    index = index[_clear(polygons, line[index], corridors)]
    chosen = index[_choose(centre[index], road[index], village[index], count, most, rng)]
    return Blocks(
        centre=centre[chosen],
        turn=turn[chosen],
        side=side[chosen],
        village=village[chosen],
        road=road[chosen],
        polygons=_polygons(centre[chosen], turn[chosen], side[chosen]),
    )


def _candidates(corridors: Corridors) -> tuple[Floats, Floats, Floats, NDArray[np.object_], Ints]:
    number = np.flatnonzero(np.isin(corridors.kind, list(_GAP_M)))
    here, angle, line = stations(corridors.lines[number], 55.0)
    line = number[line]
    road = corridors.kind[line]
    offset = corridors.half_m[line] + np.array([_GAP_M[kind] for kind in road]) + HALF_V
    away = np.column_stack([-np.sin(angle), np.cos(angle)]) * offset[:, None]
    side = np.r_[np.ones(len(here)), -np.ones(len(here))]
    return np.vstack([here + away, here - away]), np.r_[angle, angle], side, np.r_[road, road], np.r_[line, line]


def _polygons(centre: Floats, turn: Floats, side: Floats) -> NDArray[np.object_]:
    corners = np.array([[-HALF_U, -HALF_V], [HALF_U, -HALF_V], [HALF_U, HALF_V], [-HALF_U, HALF_V]])
    along = np.column_stack([np.cos(turn), np.sin(turn)])
    away = np.column_stack([-np.sin(turn), np.cos(turn)]) * side[:, None]
    ring = centre[:, None] + corners[None, :, :1] * along[:, None] + corners[None, :, 1:] * away[:, None]
    return np.asarray(shapely.polygons(np.round(ring, 2)))


def _clear(polygons: NDArray[np.object_], own: Ints, corridors: Corridors) -> NDArray[np.bool_]:
    """Return which blocks touch no strip and keep their distance from all but their own road's."""
    clear = np.ones(len(polygons), dtype=bool)
    for kind, distance in _CLEAR_M.items():
        number = np.flatnonzero((corridors.kind == kind) & ~shapely.is_empty(corridors.areas))
        if not len(number):
            continue
        block, strip = shapely.STRtree(corridors.areas[number]).query(polygons, predicate="dwithin", distance=distance)
        clear[block[number[strip] != own[block]]] = False
    block, _ = shapely.STRtree(corridors.areas).query(polygons, predicate="intersects")
    clear[block] = False
    return clear


def _choose(centre: Floats, road: NDArray[np.object_], village: Ints, count: int, most: int, rng: np.random.Generator) -> Ints:
    """Choose spread-out blocks: some on each higher class of road first, then village roads, at most `most` in a village."""
    chosen = np.empty(0, dtype=np.int64)
    for kind, share in (("expressway", 0.05), ("national", 0.05), ("provincial", 0.06), ("county", 0.16), ("township", 0.12), ("village", 1.0)):
        full = np.flatnonzero(np.bincount(village[chosen], minlength=int(village.max(initial=0)) + 1) >= most)
        chance = ((road == kind) & ~np.isin(village, full)).astype(float)
        wanted = min(max(round(share * count), 2), count - len(chosen))
        picked = spread_points(centre, chance, count=wanted, apart=170.0, rng=rng, taken=centre[chosen])
        rank = np.zeros(len(picked), dtype=np.int64)
        for place, number in enumerate(picked):
            rank[place] = np.sum(village[picked[:place]] == village[number])
        chosen = np.concatenate([chosen, picked[rank < most]])
    return chosen


def undisturbed(blocks: Blocks, layers: dict[str, NDArray[np.object_]]) -> NDArray[np.bool_]:
    """Return which blocks lie clear of the features of restricting layers (45 m from power lines, 30 m from all others)."""
    free = np.ones(len(blocks.polygons), dtype=bool)
    for name, features in layers.items():
        distance = 45.0 if name == "power_line" else 30.0
        free[shapely.STRtree(features).query(blocks.polygons, predicate="dwithin", distance=distance)[0]] = False
    return free


def nearest_site(blocks: Blocks, shapes: Shapes) -> Ints:
    """Return the settlement of the block's own village that is nearest to it."""
    site = np.zeros(len(blocks.village), dtype=np.int64)
    for village in np.unique(blocks.village):
        here, members = np.flatnonzero(blocks.village == village), np.flatnonzero(shapes.sites.village == village)
        site[here] = members[cKDTree(shapes.sites.xy[members]).query(blocks.centre[here])[1]]
    return site
