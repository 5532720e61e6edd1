"""Control lines: permanent basic farmland, ecological red line, urban boundary."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.blobs import blobs, ragged_edges
from layers.demo.facts import COUNTY_CODE, ellipsoid_factor
from layers.demo.frames import frame, numbered
from layers.demo.ground import Ground
from layers.demo.noise import Noise
from layers.demo.sites import COUNTY_TOWN, INDUSTRY
from layers.demo.units import dissolve


def urban_boundary(ground: Ground, *, margin_m: float) -> gpd.GeoDataFrame:
    """Return 城镇开发边界 round the county town and the industrial park, about `margin_m` metres beyond them."""
    patches, sites = ground.patches, ground.sites
    town = (patches.site >= 0) & np.isin(sites.kind[patches.site], [COUNTY_TOWN, INDUSTRY])
    core = shapely.simplify(shapely.coverage_union_all(patches.polygons[town]), 15)
    beyond = shapely.simplify(shapely.buffer(core, margin_m + 250, quad_segs=3).buffer(-250, quad_segs=3), 20)
    area = shapely.intersection(beyond, ground.outline)
    parts = np.array([shapely.Polygon(part.exterior) for part in shapely.get_parts(area) if part.area > 50_000])
    return frame(parts, {"BSM": numbered("CZKFBJ", len(parts), width=3), "GHFQMC": np.full(len(parts), "城镇集中建设区", dtype=object)})


def farmland_patches(ground: Ground, spare: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which patches are permanent basic farmland: the larger, flatter four fifths of the cultivated ones, none of `spare`."""
    patches = ground.patches
    cultivated = np.char.startswith(patches.code.astype(str), "01") & ~spare & (patches.area_m2 > 1500) & (patches.block < 0)
    slope = ground.terrain.grid.sample(ground.terrain.slope, ground.seeds.xy[patches.cell])
    depth = ground.seeds.depth[patches.cell]
    score = slope * 8 - np.minimum(depth, 4) * 0.12
    order = np.flatnonzero(cultivated)[np.argsort(score[cultivated], kind="stable")]
    total = patches.area_m2[np.char.startswith(patches.code.astype(str), "01")].sum()
    chosen = np.zeros(len(patches.code), dtype=bool)
    chosen[order[np.cumsum(patches.area_m2[order]) <= 0.80 * total]] = True
    return chosen


def basic_farmland_frame(ground: Ground, chosen: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """Return 永久基本农田 patch by patch."""
    patches = ground.patches
    count = int(chosen.sum())
    columns = {
        "BSM": numbered(f"{COUNTY_CODE}YN", count, width=8),
        "YJJBNTTBBH": numbered("YN", count),
        "DLBM": patches.code[chosen],
        "YJJBNTMJ": np.round(patches.area_m2[chosen], 2),
    }
    return frame(patches.polygons[chosen], columns)


def red_line(ground: Ground, inhabited: NDArray[np.object_], rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 生态保护红线: mountain woods with ragged edges, core zones inside, and the settlements `inhabited` by plan.

    The largest outer ring has at least 10,000 vertices in the full county.
    """
    patches = ground.patches
    centre = ground.seeds.xy[patches.cell]
    height = ground.terrain.grid.sample(ground.terrain.height_m, centre)
    wild = np.isin(patches.code, ["0301", "0302", "0305", "0307", "0404", "1103"]) & (patches.area_m2 > 8000)
    score = height / 160 + 0.9 * Noise(rng, wavelength_m=9000, octaves=2)(centre) + 0.25 * np.minimum(ground.seeds.depth[patches.cell], 8)
    order = np.flatnonzero(wild)[np.argsort(-score[wild], kind="stable")]
    chosen = np.full(len(wild), -1, dtype=np.int64)
    chosen[order[np.cumsum(patches.area_m2[order]) < 0.24 * patches.area_m2.sum()]] = 0
    union, _ = dissolve(patches.polygons, chosen)
    woods = shapely.buffer(shapely.buffer(shapely.simplify(union[0], 30), 60, quad_segs=1), -150, quad_segs=1)
    parts = [part for part in shapely.get_parts(woods) if part.area > 600_000]
    parts.sort(key=lambda part: -part.area)
    noise = (Noise(rng, wavelength_m=90, octaves=3), Noise(rng, wavelength_m=90, octaves=3))
    whole = [ragged_edges(p, vertices=13_000 if k == 0 else 1800, noise=noise, amplitude_m=9.0) for k, p in enumerate(parts)]
    cores = [_core(part, rng) for part in whole[:6]]
    others = [shapely.difference(part, core) if core is not None else part for part, core in zip(whole, [*cores, *[None] * len(whole)], strict=False)]
    around = [_around(places) for places in inhabited]
    rest = [part for shape in [*others, *around] for part in shapely.get_parts(shape) if part.area > 100]
    kept = [part for core in cores if core is not None for part in shapely.get_parts(core)]
    shapes = np.array([*rest, *kept], dtype=object)
    zones = np.array(["other"] * len(rest) + ["core"] * len(kept), dtype=object)
    return frame(shapes, {"BSM": numbered("STBHHX", len(shapes), width=4), "MC": red_line_names(len(shapes)), "zone": zones})


def red_line_names(count: int) -> NDArray[np.object_]:
    """Return invented names of red-line areas."""
    return np.array([f"示例生态保护红线{number}" for number in range(1, count + 1)], dtype=object)


def _core(part: shapely.Geometry, rng: np.random.Generator) -> shapely.Geometry | None:
    inner = shapely.buffer(shapely.simplify(part, 60), -420, quad_segs=2)
    if inner.is_empty or inner.area < 200_000:
        return None
    shape = max(shapely.get_parts(inner), key=lambda piece: piece.area)
    centre = shapely.get_coordinates(shapely.point_on_surface(shape))
    reach = blobs(centre, np.array([np.sqrt(shape.area / np.pi) * 1.4]), rng)[0]
    core = shapely.intersection(shape, reach)
    largest: shapely.Geometry = max(shapely.get_parts(core), key=lambda piece: piece.area)
    return largest


def _around(places: shapely.Geometry) -> shapely.Geometry:
    return shapely.simplify(shapely.buffer(shapely.convex_hull(places), 45, quad_segs=3), 2)


def ellipsoid_areas(polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return ellipsoidal areas of polygons a few kilometres across, m²."""
    x, y = shapely.get_coordinates(shapely.centroid(polygons)).T
    return np.asarray(shapely.area(polygons) * ellipsoid_factor(x, y))
