"""Roads: ways across the terrain that join the town seats, then the villages, then every settlement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from layers.demo.curves import smooth_path
from layers.demo.grid import Floats, Grid, Ints
from layers.demo.terrain import Terrain
from layers.demo.waters import Reservoirs

CLASSES = ("expressway", "national", "provincial", "county", "township", "village", "track")
LAND_WIDTH_M = {"expressway": 30.0, "national": 23.0, "provincial": 17.0, "county": 11.5, "township": 8.0, "village": 5.2, "track": 3.8}
"""Width of the road's land by class, metres; those of village roads and field tracks are scaled to the official total."""


@dataclass(frozen=True)
class Roads:
    """Centre lines with their classes; a line starts or ends on the lines it joins."""

    lines: tuple[shapely.LineString, ...]
    classes: tuple[str, ...]


class _Builder:
    """Grows the network; a grid node already travelled belongs to the first road through it."""

    def __init__(self, grid: Grid, cost: Floats, rng: np.random.Generator) -> None:
        self.grid, self.cost, self.rng = grid, cost, rng
        self.shaken = grid.xy + rng.normal(0, grid.step * 0.16, grid.xy.shape)
        self.owner = np.full(len(grid.xy), -1, dtype=np.int64)
        self.lines: list[shapely.LineString] = []
        self.classes: list[str] = []

    def graph(self, *, reuse: float) -> Any:
        return self.grid.ways(np.where(self.owner >= 0, self.cost * reuse, self.cost))

    def trunk(self, start: int, end: int, kind: str, *, bends: int, reuse: float = 0.45) -> None:
        """Lay a road between two nodes, using existing roads where that is easier."""
        _, back = dijkstra(self.graph(reuse=reuse), indices=[start], return_predecessors=True)
        path = [end]
        while path[-1] != start:
            path.append(int(back[0, path[-1]]))
        section: list[int] = []
        for node in path:
            section.append(node)
            if self.owner[node] >= 0:
                self._lay(section, kind, bends)
                section = [node]
        self._lay(section, kind, bends)

    def branches(self, targets: Ints, ends: Floats, kind: str) -> None:
        """Join each target node to the network; `ends` are the exact points the roads lead to."""
        sources = np.flatnonzero(self.owner >= 0)
        _, back, _ = dijkstra(self.graph(reuse=1.0), indices=sources, return_predecessors=True, min_only=True)
        for target, end in zip(targets, ends, strict=True):
            path = [int(target)]
            while self.owner[path[-1]] < 0 and back[path[-1]] >= 0:
                path.append(int(back[path[-1]]))
            self._lay(path, kind, 2, start=end)

    def _lay(self, path: list[int], kind: str, bends: int, start: Floats | None = None) -> None:
        points = self.shaken[path]
        if start is not None:
            points = np.vstack([start, points[1:]])
        if len(points) < 2:
            return
        points = smooth_path(points, rounds=bends)
        for end, inner, node in ((0, 1, path[0]), (-1, -2, path[-1])):
            owner = self.owner[node]
            if owner >= 0 and not (end == 0 and start is not None):
                points[end] = _onto(self.lines[owner], points[inner], points[end])
        self.owner[[node for node in path if self.owner[node] < 0]] = len(self.lines)
        self.lines.append(shapely.LineString(points))
        self.classes.append(kind)


def _onto(line: shapely.LineString, inner: Floats, end: Floats) -> Floats:
    """Return the point of `line` where a road coming from `inner` to about `end` meets it."""
    target = shapely.Point((inner + 2 * end) / 3)
    return np.asarray(shapely.get_coordinates(line.interpolate(line.project(target)))[0])


def lay_roads(
    terrain: Terrain,
    outline: shapely.Polygon,
    seats: Floats,
    villages: Floats,
    sites: Floats,
    reservoirs: Reservoirs,
    rng: np.random.Generator,
) -> Roads:
    """Lay the network: trunk roads between seats (the first is the county town) and the border, then branches."""
    grid = terrain.grid
    wet = np.where(terrain.river_m < grid.step * 0.9, 3.5, np.where(terrain.river_m < grid.step * 1.6, 1.0, 0.0))
    cost = 1 + np.minimum((terrain.slope / 0.07) ** 2, 30) + wet + np.where(terrain.inside, 0, 60)
    cost[reservoirs.locate(grid.xy, spare_m=60.0) >= 0] += 40
    builder = _Builder(grid, cost, rng)
    at = grid.node(seats)
    west, east, north, south = _gates(grid, outline, seats[0])
    pass_by = int(grid.node(seats[:1] + np.array([[-600.0, 2500.0]]))[0])
    for start, end in ((west, pass_by), (pass_by, east)):
        builder.trunk(start, end, "expressway", bends=7)
    centre = int(at[0])
    for gate in (north, south):
        builder.trunk(centre, gate, "national", bends=4)
    far = np.argsort(-np.hypot(*(seats - seats[0]).T))
    for number in far[:4]:
        builder.trunk(centre, int(at[number]), "provincial", bends=3)
    for number in range(1, len(seats)):
        near = np.argsort(np.hypot(*(seats - seats[number]).T))[1:3]
        for other in near:
            builder.trunk(int(at[number]), int(at[other]), "county", bends=3, reuse=0.5)
    builder.branches(grid.node(villages), villages, "township")
    builder.branches(grid.node(sites), sites, "village")
    return Roads(lines=tuple(builder.lines), classes=tuple(builder.classes))


def _gates(grid: Grid, outline: shapely.Polygon, seat: Floats) -> tuple[int, int, int, int]:
    """Return nodes just outside the border to the west, east, north and south of the county town."""
    border = shapely.get_coordinates(outline)
    angle = np.arctan2(*(border - seat).T[::-1])
    gates = [border[int(np.argmin(np.abs(np.angle(np.exp(1j * (angle - turn))))))] for turn in (-2.75, 0.15, 1.4, -1.9)]
    outward = np.array([gate + (gate - seat) / np.hypot(*(gate - seat)) * grid.step for gate in gates])
    west, east, north, south = (int(n) for n in grid.node(outward))
    return west, east, north, south


def field_tracks(terrain: Terrain, sites: Floats, *, length_m: float, rng: np.random.Generator) -> list[shapely.LineString]:
    """Return short winding tracks from settlements into their fields, straight away from the river or along the valley."""
    heading = rng.uniform(0, 2 * np.pi, len(sites))
    steps = 7
    points = np.empty((len(sites), steps + 1, 2))
    points[:, 0] = sites
    for step in range(steps):
        heading = heading + rng.normal(0, 0.22, len(sites))
        stride = (length_m / steps) * rng.uniform(0.7, 1.3, len(sites))
        points[:, step + 1] = points[:, step] + stride[:, None] * np.column_stack([np.cos(heading), np.sin(heading)])
    slope = terrain.grid.sample(terrain.slope, points.reshape(-1, 2)).reshape(len(sites), -1).max(axis=1)
    wet = terrain.grid.sample(terrain.river_m, points.reshape(-1, 2)).reshape(len(sites), -1).min(axis=1)
    good = (slope < 0.16) & (wet > terrain.grid.step * 0.6)
    return [shapely.LineString(smooth_path(line, rounds=1)) for line in points[good]]
