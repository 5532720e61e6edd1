"""Nature reserves, scenic areas, wetlands and the forestry department's forest land."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from layers.demo.blobs import blobs
from layers.demo.clearing import cleared
from layers.demo.facts import COUNTY_CODE
from layers.demo.frames import frame, numbered
from layers.demo.ground import Ground
from layers.demo.units import dissolve, exploded, one_key


def reserve_frame(ground: Ground, red: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return 自然保护地: the core zones of the red line, each with a general control zone about it inside the red line."""
    core = red.geometry.to_numpy()[(red["zone"] == "core").to_numpy()]
    core = core[np.argsort(-shapely.area(core), kind="stable")][:3]
    other = red.geometry.to_numpy()[(red["zone"] == "other").to_numpy()]
    shapes, zones, numbers = [], [], []
    for number, inner in enumerate(cleared(ground, core), 1):
        reach = shapely.buffer(shapely.simplify(inner, 20), 700, quad_segs=3)
        near = other[shapely.intersects(reach, other)]
        general = shapely.difference(shapely.intersection(shapely.union_all(near), reach), inner)
        for zone, shape in (("core", inner), ("general", cleared(ground, np.array([general], dtype=object))[0])):
            parts = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2 and part.area > 20_000]
            shapes += parts
            zones += [zone] * len(parts)
            numbers += [number] * len(parts)
    columns = {
        "reserve_no": [f"ZR{number:02d}-{row:03d}" for row, number in enumerate(numbers, 1)],
        "name": [f"示例自然保护地{number}" for number in numbers],
        "zone": zones,
    }
    return frame(np.array(shapes, dtype=object), columns)


def scenic_frame(ground: Ground, lakes: np.ndarray, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return two 风景名胜区 at the largest lakes: the core scenic area and the rest."""
    centre = shapely.get_coordinates(shapely.centroid(lakes[np.argsort(-shapely.area(lakes), kind="stable")][:2]))
    core = blobs(centre, np.full(len(centre), 480.0), rng)
    rest = np.asarray(shapely.difference(blobs(centre, np.full(len(centre), 1100.0), rng), core))
    parts, index = shapely.get_parts(cleared(ground, np.r_[core, rest]), return_index=True)
    large = shapely.area(parts) > 5_000
    parts, index = parts[large], index[large]
    names = [f"示例风景名胜区{row % len(centre) + 1}" for row in index]
    zones = np.where(index < len(centre), "core", "other").astype(object)
    return frame(parts, {"area_no": numbered("FJ", len(parts), width=3), "name": names, "zone": zones})


def wetland_frame(ground: Ground, lakes: np.ndarray) -> gpd.GeoDataFrame:
    """Return 湿地: one of national importance on the main river, a lake of provincial importance, larger ponds as general ones."""
    rivers, patches = ground.rivers, ground.patches
    lines = np.array(rivers.lines, dtype=object)[rivers.widths_m >= rivers.widths_m.max()]
    spots = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    quiet = spots[int(np.argmax(cKDTree(ground.blocks.centre).query(shapely.get_coordinates(spots))[0]))]
    reach = shapely.intersection(shapely.buffer(shapely.union_all(lines), rivers.widths_m.max() / 2 + 30), shapely.buffer(quiet, 900))
    lake = shapely.buffer(lakes[np.argsort(-shapely.area(lakes), kind="stable")][:1], 40, quad_segs=3)
    ponds = np.flatnonzero((patches.code == "1104") & (patches.area_m2 > 9_000))
    ponds = ponds[np.argsort(-patches.area_m2[ponds], kind="stable")][:40]
    shapes = cleared(ground, np.array([reach, *lake, *patches.polygons[ponds]], dtype=object))
    parts, index = shapely.get_parts(shapes, return_index=True)
    solid = shapely.area(parts) > 500
    parts, index = parts[solid], index[solid]
    level = np.select([index == 0, index <= len(lake)], ["national", "provincial"], "general").astype(object)
    names = [f"示例湿地{row + 1}" for row in index]
    return frame(parts, {"wetland_no": numbered("SD", len(parts), width=3), "name": names, "level": level})


def forest_frame(ground: Ground) -> gpd.GeoDataFrame:
    """Return 林地 of the two higher protection grades: the upper woods of the land-use survey, joined by village and grade."""
    patches, terrain = ground.patches, ground.terrain
    wood = np.char.startswith(patches.code.astype(str), "03") & (patches.block < 0) & (patches.strip < 0) & (patches.area_m2 > 25_000)
    height = terrain.grid.sample(terrain.height_m, ground.seeds.xy[patches.cell])
    middle, high = np.quantile(height[wood], [0.55, 0.85])
    grade = np.where(height >= high, 1, 2)
    key, rows = one_key(np.where(wood & (height >= middle), patches.village, -1), grade)
    unions, keys = dissolve(patches.polygons, key)
    parts, part_key = exploded(unions, keys)
    grades = rows[part_key, 1].astype(str).astype(object)
    return frame(parts, {"patch_no": numbered(f"{COUNTY_CODE}LD", len(parts)), "grade": grades})
