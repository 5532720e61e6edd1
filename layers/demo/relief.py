"""Slope classes and geological risks."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from scipy import ndimage

from layers.demo.blobs import blobs
from layers.demo.clearing import Ways, cleared, far_from_blocks
from layers.demo.facts import COUNTY_CODE
from layers.demo.frames import frame, numbered
from layers.demo.grid import Floats, Ints
from layers.demo.ground import Ground
from layers.demo.spread import spread_points
from layers.demo.units import dissolve

CELL = 3
"""Grid nodes a slope cell is wide."""
_STEEPER = 1.5
"""The ground is steeper than the mean over the terrain's grid."""
_LIMITS = tuple(np.tan(np.radians([2.0, 6.0, 15.0, 25.0])))


def slope_frame(ground: Ground) -> gpd.GeoDataFrame:
    """Return 坡度图: square cells that tile the county, joined where neighbours are of one class; none steeper than 25° by a block."""
    grid = ground.terrain.grid
    rows, columns = grid.rows // CELL, grid.columns // CELL
    tangent = grid.image(ground.terrain.slope)[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL).mean(axis=(1, 3))
    grade = ndimage.median_filter(np.digitize(tangent * _STEEPER, _LIMITS) + 1, 3)
    side = grid.step * CELL
    x, y = np.meshgrid(grid.x0 - grid.step / 2 + side * np.arange(columns), grid.y0 - grid.step / 2 + side * np.arange(rows))
    cells = np.asarray(shapely.box(x.ravel(), y.ravel(), x.ravel() + side, y.ravel() + side))
    by_block = np.unique(shapely.STRtree(cells).query(ground.blocks.polygons, predicate="dwithin", distance=60.0)[1])
    steepness = grade.ravel()
    steepness[by_block] = np.minimum(steepness[by_block], 4)
    shapely.prepare(ground.outline)
    crossed = shapely.intersects(ground.outline, cells) & ~shapely.contains_properly(ground.outline, cells)
    cells[crossed] = shapely.intersection(cells[crossed], ground.outline)
    inside = crossed | shapely.contains_properly(ground.outline, cells)
    shapes, number = dissolve(cells, np.where(inside, _joined(steepness.reshape(rows, columns)), -1))
    grades = _grades(steepness, _joined(steepness.reshape(rows, columns)))[number]
    parts, index = shapely.get_parts(shapes, return_index=True)
    solid = shapely.get_dimensions(parts) == 2
    codes = grades[index[solid]].astype(str).astype(object)
    return frame(parts[solid], {"patch_no": numbered(f"{COUNTY_CODE}PD", int(solid.sum())), "PDJB": codes})


def _joined(grade: Ints) -> Ints:
    """Return a number for each cell, one for all neighbours of the same class."""
    number = np.zeros(grade.shape, dtype=np.int64)
    for value in np.unique(grade):
        label, _ = ndimage.label(grade == value)
        number[label > 0] = label[label > 0] + number.max()
    return number.ravel()


def _grades(steepness: Ints, number: Ints) -> Ints:
    grades = np.zeros(int(number.max()) + 1, dtype=np.int64)
    grades[number] = steepness
    return grades


def risk_frame(ground: Ground, ways: Ways, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 采空区, 活动断层 (two lines across the county) and the ground below tailings dams, all away from settlements and blocks."""
    faults = [ways.across(start, end, bends=5) for start, end in ((2.6, -0.1), (-2.2, 1.1))]
    lines, _ = shapely.get_parts(cleared(ground, shapely.simplify(np.array(faults, dtype=object), 20)), return_index=True)
    hollow = blobs(_wild(ground, ways, max(int(9 * ground.outline.area / 1.96e9), 2), 420.0, rng), np.array([240.0]), rng)
    below = _wild(ground, ways, max(int(4 * ground.outline.area / 1.96e9), 1), 520.0, rng)
    tails = np.asarray(shapely.buffer([_downhill(ground, place) for place in below], 90, quad_segs=3))
    kinds = ["fault"] * len(lines)
    areas, area_kinds = [], []
    for kind, shapes in (("mined_out", hollow), ("tailings_downstream", tails)):
        parts = shapely.get_parts(cleared(ground, shapes))
        areas += list(parts)
        area_kinds += [kind] * len(parts)
    every = np.array([*lines, *areas], dtype=object)
    return frame(every, {"risk_no": numbered("FX", len(every), width=3), "kind": [*kinds, *area_kinds]})


def _wild(ground: Ground, ways: Ways, count: int, spare_m: float, rng: np.random.Generator) -> Floats:
    """Return places on slopes, `spare_m` metres and more away from settlements and blocks."""
    terrain, grid = ground.terrain, ground.terrain.grid
    chance = np.where(terrain.inside & (ways.apart_m > spare_m) & far_from_blocks(ground, grid.xy, spare_m), np.clip(terrain.slope, 0, 0.3), 0.0)
    chance[~shapely.contains_xy(ground.outline.buffer(-600), grid.xy)] = 0
    return np.asarray(grid.xy[spread_points(grid.xy, chance, count=count, apart=1500.0, rng=rng)])


def _downhill(ground: Ground, start: Floats) -> shapely.LineString:
    """Return the steepest way down from a place, three grid steps long."""
    grid = ground.terrain.grid
    path, height = [start], ground.terrain.height_m
    for _ in range(3):
        around = path[-1] + grid.step * np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]])
        path.append(around[int(np.argmin(height[grid.node(around)]))])
    return shapely.LineString(path)
