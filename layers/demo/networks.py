"""Roads, river management areas and power lines as layers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.curves import smooth_path
from layers.demo.frames import frame
from layers.demo.ground import Ground
from layers.demo.roads import CLASSES
from layers.demo.units import dissolve

_LETTER = {"expressway": "G98", "national": "G3", "provincial": "S2", "county": "X0", "township": "Y0", "village": "C0"}
_TITLE = {"expressway": "高速", "national": "国道", "provincial": "省道", "county": "县道", "township": "乡道", "village": "村道"}


def road_frame(ground: Ground) -> gpd.GeoDataFrame:
    """Return 公路 as the land between the land edges, the same strips that land use shows; field tracks are no highways."""
    strips = ground.corridors
    chosen = np.flatnonzero(np.isin(strips.kind, CLASSES[:-1]) & (shapely.area(strips.areas) > 1))
    parts, index = shapely.get_parts(strips.areas[chosen], return_index=True)
    solid = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 1)
    parts, kind = parts[solid], strips.kind[chosen[index[solid]]]
    number = chosen[index[solid]] + 1
    columns = {
        "road_no": np.array([f"{_LETTER[k]}{n:05d}-{i}" for i, (k, n) in enumerate(zip(kind, number, strict=True), 1)], dtype=object),
        "name": np.array([f"示例{_TITLE[k]}{n}" for k, n in zip(kind, number, strict=True)], dtype=object),
        "class": kind,
    }
    return frame(parts, columns)


def river_frame(ground: Ground) -> gpd.GeoDataFrame:
    """Return 河道管理范围: waters at least 10 m wide with a strip on both banks, and reservoirs with their shore."""
    rivers, patches = ground.rivers, ground.patches
    wide = rivers.widths_m >= 10
    bank = np.where(rivers.widths_m >= 40, 15.0, 6.0)
    strips = shapely.buffer(shapely.simplify(np.array(rivers.lines, dtype=object), 1.5), rivers.widths_m / 2 + bank, quad_segs=4)
    keys = np.where(wide, rivers.stream, -1)
    shapes, streams = [], []
    for stream in np.unique(keys[keys >= 0]):
        shapes.append(shapely.intersection(shapely.union_all(strips[keys == stream]), ground.outline))
        streams.append(int(stream) + 1)
    lake = np.where(patches.code == "1103", ground.uses.reservoir[patches.cell], -1)
    lakes, numbers = dissolve(patches.polygons, lake)
    lakes = shapely.buffer(shapely.simplify(lakes, 5), 25, quad_segs=3)
    numbers_all = [f"RV{s:03d}" for s in streams] + [f"SK{n + 1:03d}" for n in numbers]
    columns = {
        "river_no": numbers_all,
        "name": [f"示例河{s}" for s in streams] + [f"示例水库{n + 1}" for n in numbers],
        "kind": ["river"] * len(streams) + ["reservoir"] * len(numbers),
    }
    return frame(np.array([*shapes, *lakes], dtype=object), columns)


def power_frame(ground: Ground, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 架空电力线路: long lines across the county, lines to the town seats, and 10 kV along some township roads."""
    west, south, east, north = ground.outline.bounds
    lines: list[shapely.LineString] = []
    kv: list[float] = []
    for level, ends in ((500, ((west, 0.3), (east, 0.62))), (220, ((west, 0.66), (east, 0.42))), (220, ((west, 0.12), (east, 0.2)))):
        points = np.array([[ends[0][0], south + ends[0][1] * (north - south)], [ends[1][0], south + ends[1][1] * (north - south)]])
        lines.append(_zigzag(points, rng))
        kv.append(level)
    seats = ground.towns[["x", "y"]].to_numpy(dtype=float)
    hub = seats[0] + np.array([2600.0, -1900.0])
    for number, seat in enumerate(seats):
        lines.append(_zigzag(np.array([hub + rng.normal(0, 40, 2), seat + np.array([700.0, 500.0])]), rng))
        kv.append(110 if number % 2 else 35)
    rural = [line for line, kind in zip(ground.roads.lines, ground.roads.classes, strict=True) if kind == "township" and line.length > 900]
    for line in rural[::2]:
        beside = shapely.simplify(line, 25).parallel_offset(16.0, "left", join_style="mitre")
        lines += [part for part in shapely.get_parts(beside) if part.length > 300]
        kv += [10] * (len(lines) - len(kv))
    cut = shapely.intersection(np.array(lines, dtype=object), ground.outline)
    parts, index = shapely.get_parts(cut, return_index=True)
    volts = np.array(kv, dtype=float)[index]
    counted = list(enumerate(volts, 1))
    columns = {
        "line_no": [f"L{int(k)}-{n:04d}" for n, k in counted],
        "name": [f"示例{int(k)}千伏线路{n}" for n, k in counted],
        "kv": volts,
    }
    return frame(parts, columns)


def _zigzag(ends: NDArray[np.float64], rng: np.random.Generator) -> shapely.LineString:
    """Return a line of straight spans that strays a little from the direct way."""
    length = float(np.hypot(*(ends[1] - ends[0])))
    count = max(int(length / 2500), 1)
    share = np.linspace(0, 1, count + 1)[:, None]
    points = ends[0] + share * (ends[1] - ends[0])
    points[1:-1] += rng.normal(0, 220, (max(count - 1, 0), 2))
    return shapely.LineString(smooth_path(points, rounds=1)[:: 1 if count < 3 else 2]) if count < 2 else shapely.LineString(points)
