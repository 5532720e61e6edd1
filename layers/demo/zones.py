"""Hazard zones, heritage and drinking-water protection zones."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.blobs import blobs
from layers.demo.frames import frame
from layers.demo.ground import Ground
from layers.demo.spread import spread_points

_KINDS = ("滑坡", "崩塌", "泥石流", "不稳定斜坡", "地面塌陷")


def hazard_frame(ground: Ground, threatened: list[shapely.Geometry], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 地质灾害分区: small danger zones on slopes inside high ones, wide medium ones, and whole settlements `threatened`."""
    terrain = ground.terrain
    steep = np.where(terrain.inside, np.clip(terrain.slope - 0.12, 0, 0.3), 0.0)
    places = spread_points(terrain.grid.xy, steep, count=max(int(170 * ground.outline.area / 1.96e9), 8), apart=900, rng=rng)
    centre = terrain.grid.xy[places]
    centre = _away_from_settlements(ground, centre, 210.0)
    radius = rng.uniform(35, 95, len(centre))
    danger = blobs(centre, radius, rng)
    high = shapely.difference(blobs(centre, radius * 2.2 + 20, rng), danger)
    wide = spread_points(terrain.grid.xy, steep, count=max(len(places) // 5, 2), apart=3000, rng=rng)
    medium = blobs(terrain.grid.xy[wide], rng.uniform(500, 1100, len(wide)), rng)
    taken = shapely.union_all(np.r_[danger, high])
    medium = shapely.difference(medium, taken)
    towns = np.array([shapely.buffer(shapely.convex_hull(shape), 30, quad_segs=3) for shape in threatened], dtype=object)
    shapes = np.r_[danger, towns, high, medium]
    zone = ["danger"] * (len(danger) + len(towns)) + ["high"] * len(high) + ["medium"] * len(medium)
    columns = {
        "hazard_no": [f"DZ{number:04d}" for number in range(1, len(shapes) + 1)],
        "zone": zone,
        "kind": [_KINDS[number % len(_KINDS)] for number in range(len(shapes))],
    }
    return _inside(ground, shapes, columns)


def _away_from_settlements(ground: Ground, centre: NDArray[np.float64], spare_m: float) -> NDArray[np.float64]:
    site, depth = ground.shapes.nearest(centre)
    gap = (depth - 1.2) * ground.shapes.radius[site]
    return centre[gap > spare_m]


def heritage_frame(ground: Ground, listed: NDArray[np.object_], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 历史文化保护线: a protection area with its control belt in each listed village and by scattered monuments."""
    hamlets = ground.sites.xy[::97]
    shift = rng.normal(0, 1, hamlets.shape)
    lonely = hamlets + shift / np.hypot(*shift.T)[:, None] * (ground.shapes.radius[::97] * 1.5 + 260)[:, None]
    lonely = lonely[shapely.contains_xy(ground.outline, lonely)]
    inner = np.array([shapely.get_coordinates(shapely.point_on_surface(shape))[0] for shape in listed]).reshape(-1, 2)
    centre = np.vstack([inner, lonely])
    core = blobs(centre, np.r_[rng.uniform(28, 45, len(inner)), rng.uniform(20, 38, len(lonely))], rng)
    belt = shapely.difference(shapely.buffer(core, rng.uniform(35, 60, len(core)), quad_segs=4), core)
    number = np.arange(1, len(core) + 1)
    level = rng.choice(["national", "provincial", "city", "county"], len(core), p=[0.06, 0.3, 0.24, 0.4])
    columns = {
        "heritage_no": [f"WB{n:03d}-{z}" for z in (1, 2) for n in number],
        "name": [f"示例文物保护单位{n}" for _ in (1, 2) for n in number],
        "level": np.r_[level, level].astype(object),
        "zone": ["protection"] * len(core) + ["belt"] * len(core),
    }
    return _inside(ground, np.r_[core, belt], columns)


def water_source_frame(ground: Ground, rivers: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 饮用水水源保护区 round some reservoirs (three grades) and village wells (two)."""
    lakes = rivers.geometry.to_numpy()[(rivers["kind"] == "reservoir").to_numpy()][1:6:2]
    wells = ground.sites.xy[::61]
    shift = rng.normal(0, 1, wells.shape)
    wells = wells + shift / np.hypot(*shift.T)[:, None] * (ground.shapes.radius[::61] * 1.6 + 240)[:, None]
    wells = _away_from_settlements(ground, wells, 150.0)
    near, far = (np.asarray(shapely.buffer(lakes, width, quad_segs=4)) for width in (40, 260))
    first = np.r_[near, blobs(wells, np.full(len(wells), 32.0), rng)]
    second = np.r_[far, shapely.buffer(blobs(wells, np.full(len(wells), 95.0), rng), 12)]
    quasi = np.asarray(shapely.difference(shapely.buffer(lakes, 620, quad_segs=4), far))
    second = np.asarray(shapely.difference(second, first))
    zone = ["primary"] * len(first) + ["secondary"] * len(second) + ["quasi"] * len(quasi)
    index = [*range(1, len(first) + 1), *range(1, len(second) + 1), *range(1, len(quasi) + 1)]
    columns = {
        "source_no": [f"SY{n:03d}-{z}" for n, z in zip(index, zone, strict=True)],
        "name": [f"示例水源地{n}" for n in index],
        "zone": zone,
    }
    return _inside(ground, np.r_[first, second, quasi], columns)


def _inside(ground: Ground, shapes: NDArray[np.object_], columns: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return the frame of what lies inside the county."""
    cut = frame(shapely.intersection(shapes, ground.outline), columns)
    return cut[~cut.geometry.is_empty].reset_index(drop=True)
