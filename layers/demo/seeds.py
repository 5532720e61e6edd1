"""Seed points of the land's patches: house plots in settlements, strips along roads and rivers, fields, woods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.demo.corridors import Corridors
from layers.demo.curves import stations
from layers.demo.grid import Floats, Ints
from layers.demo.noise import Noise
from layers.demo.scale import Scale
from layers.demo.sites import RURAL, Sites
from layers.demo.terrain import Terrain

STATION_M = 118.0
"""Spacing of patches along roads and rivers, metres."""
PLOT, STRIP, FIELD, WOOD, BLOCK = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Seeds:
    """Seed points with their kind, the settlement site they are nearest to, and how deep inside its shape they lie.

    `depth` is 1 on the site's nominal edge and 0 at its centre; `lost_m2` is the land a road or river takes from the cell.
    """

    xy: Floats
    kind: Ints
    site: Ints
    depth: Floats
    lost_m2: Floats


class Shapes:
    """The shape of each settlement: an oblong blob with a ragged edge."""

    def __init__(self, sites: Sites, angles: Floats, rng: np.random.Generator) -> None:
        self.sites, self.angles = sites, angles
        self.radius = np.sqrt(sites.area_m2 / np.pi)
        self.long = np.where(sites.kind == RURAL, rng.uniform(1.0, 1.75, len(sites.xy)), 1.12)
        self.ragged = Noise(rng, wavelength_m=150, octaves=2)
        self.tree = cKDTree(sites.xy)
        self.large = np.flatnonzero(sites.kind != RURAL)

    def nearest(self, xy: Floats) -> tuple[Ints, Floats]:
        """Return the settlement whose shape each point is deepest in, and that depth."""
        best = np.asarray(self.tree.query(xy)[1]).astype(np.int64)
        depth = self.depth(xy, best)
        for number in self.large:
            here = np.flatnonzero(np.abs(xy - self.sites.xy[number]).max(axis=1) < 2.4 * self.radius[number])
            own = self.depth(xy[here], np.full(len(here), number))
            deeper = own < depth[here]
            best[here[deeper]], depth[here[deeper]] = number, own[deeper]
        return best, depth

    def depth(self, xy: Floats, site: Ints) -> Floats:
        """Return the distance to the settlement's centre as a share of its radius in that direction."""
        away = xy - self.sites.xy[site]
        turn, stretch = self.angles[site], np.sqrt(self.long[site])
        along = (away[:, 0] * np.cos(turn) + away[:, 1] * np.sin(turn)) / stretch
        across = (-away[:, 0] * np.sin(turn) + away[:, 1] * np.cos(turn)) * stretch
        return np.asarray(np.hypot(along, across) / (self.radius[site] * np.exp(0.17 * self.ragged(xy))))


def sow(
    terrain: Terrain, outline: shapely.Polygon, corridors: Corridors, shapes: Shapes, blocks: NDArray[np.object_], *, scale: Scale, rng: np.random.Generator
) -> Seeds:
    """Sow the seeds of all patches, also a little beyond the outline so that cells at the border are cut by it."""
    strips, lost = _along(corridors)
    plots = _lattices(shapes, np.where(shapes.sites.kind == RURAL, 44.0, 84.0), 1.42 * shapes.radius * np.sqrt(shapes.long), 0.10, rng)
    fields = _lattices(shapes, np.full(len(shapes.radius), scale.field_m), np.full(len(shapes.radius), 750.0), 0.13, rng)
    fields = fields[_fertile(terrain, fields, rng)]
    woods = _woods(terrain, scale.forest_m, rng)
    groups = [(plots, PLOT), (strips, STRIP), (fields, FIELD), (woods, WOOD)]
    xy = np.vstack([points for points, _ in groups])
    kind = np.concatenate([np.full(len(points), number) for points, number in groups])
    lost_m2 = np.concatenate([np.zeros(len(plots)), lost, np.zeros(len(fields) + len(woods))])
    site, depth = shapes.nearest(xy)
    own = np.where(depth < 1.24, PLOT, FIELD)
    keep = ((kind == STRIP) | ((own == PLOT) == (kind == PLOT))) & shapely.contains_xy(outline.buffer(260), xy[:, 0], xy[:, 1])
    away = cKDTree(strips).query(xy)[0]
    room = np.select([kind == PLOT, kind == FIELD, kind == WOOD], [28.0, 52.0, 74.0], 0.0)
    keep &= (kind == STRIP) | (away > room)
    field_away = cKDTree(fields).query(xy[kind == WOOD])[0]
    keep[kind == WOOD] &= field_away > scale.field_m * 0.85
    keep &= ~_inside(blocks, xy)
    xy, kind, site, depth, lost_m2 = xy[keep], kind[keep], site[keep], depth[keep], lost_m2[keep]
    xy, first = np.unique(np.round(xy, 2), axis=0, return_index=True)
    return Seeds(xy=xy, kind=kind[first], site=site[first], depth=depth[first], lost_m2=lost_m2[first])


def _inside(polygons: NDArray[np.object_], xy: Floats) -> NDArray[np.bool_]:
    hit = np.zeros(len(xy), dtype=bool)
    hit[shapely.STRtree(np.asarray(shapely.points(xy))).query(polygons, predicate="intersects")[1]] = True
    return hit


def _along(corridors: Corridors) -> tuple[Floats, Floats]:
    """Return pairs of seeds on both sides of every road and river with the land lost to the strip, so that patches line up along them."""
    here, angle, line = stations(corridors.lines, STATION_M)
    half = corridors.half_m[line]
    offset = half + np.where(corridors.kind[line] == "track", 30.0, 24.0) + np.minimum(half, 12.0) * 0.4
    side = np.column_stack([-np.sin(angle), np.cos(angle)]) * offset[:, None]
    pairs, pair_line = np.vstack([here + side, here - side]), np.r_[line, line]
    spacing = (shapely.length(corridors.lines) / np.maximum(np.rint(shapely.length(corridors.lines) / STATION_M), 1))[pair_line]
    lost = spacing * corridors.half_m[pair_line]
    near, near_line = cKDTree(here).query(pairs, k=3)
    reach = corridors.half_m[line[near_line]] + 15.0
    free = ((near > reach) | (line[near_line] == pair_line[:, None])).all(axis=1)
    return pairs[free], lost[free]


def _lattices(shapes: Shapes, pitch: Floats, reach: Floats, jitter: float, rng: np.random.Generator) -> Floats:
    """Return brick-laid lattices, one about each site turned its way, as far as `reach` and nearer to it than to other sites."""
    points, owner = [], []
    for number, (centre, turn) in enumerate(zip(shapes.sites.xy, shapes.angles, strict=True)):
        count = int(np.ceil(reach[number] / pitch[number]))
        i, j = (a.ravel() for a in np.meshgrid(np.arange(-count, count + 1), np.arange(-count, count + 1)))
        u, v = (i + 0.5 * (j % 2) + 0.25) * pitch[number] * 1.14, (j + 0.5) * pitch[number] * 0.88
        near = u * u + v * v < reach[number] ** 2
        u, v = u[near], v[near]
        points.append(centre + np.column_stack([u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)]))
        owner.append(np.full(len(u), number))
    xy, site = np.vstack(points), np.concatenate(owner)
    xy = xy + rng.normal(0, 1, xy.shape) * (jitter * pitch[site])[:, None]
    return np.asarray(xy[shapes.nearest(xy)[0] == site])


def _fertile(terrain: Terrain, xy: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    score = field_score(terrain, xy)
    return np.asarray(score + 0.12 * Noise(rng, wavelength_m=600, octaves=2)(xy) > 0.30)


def field_score(terrain: Terrain, xy: Floats) -> Floats:
    """Return how well the ground suits fields, about 0 to 1: gentle, low and not far from a stream."""
    slope = terrain.grid.sample(terrain.slope, xy)
    river = terrain.grid.sample(terrain.river_m, xy)
    return np.asarray(np.exp(-slope / 0.09) * np.exp(-np.maximum(river - 350, 0) / 1500))


def _woods(terrain: Terrain, pitch: float, rng: np.random.Generator) -> Floats:
    grid = terrain.grid
    low, high = grid.xy.min(axis=0), grid.xy.max(axis=0)
    x, y = np.meshgrid(np.arange(low[0], high[0], pitch), np.arange(low[1], high[1], pitch))
    xy = np.column_stack([x.ravel(), y.ravel()])
    return np.asarray(xy + rng.uniform(-0.42, 0.42, xy.shape) * pitch)
