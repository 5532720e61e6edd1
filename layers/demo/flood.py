"""Flood protection and reservoirs: dykes, a flood storage area, flood risk lines, reservoir management areas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from layers.demo.blobs import blobs
from layers.demo.clearing import cleared
from layers.demo.frames import frame, numbered
from layers.demo.ground import Ground

_LEAST_M = 40.0
"""Narrowest river with dykes, metres of water, where there is one so wide."""


def dyke_frame(ground: Ground) -> gpd.GeoDataFrame:
    """Return 堤防 on both banks of the larger rivers: the body of the main river's dykes, only the axis of the others'."""
    rivers = ground.rivers
    large = np.flatnonzero(rivers.widths_m >= min(_LEAST_M, rivers.widths_m.max()))
    lines = shapely.simplify(np.array(rivers.lines, dtype=object)[large], 3.0)
    width = rivers.widths_m[large]
    away = width / 2 + 9.0
    both = np.concatenate([shapely.offset_curve(lines, away, join_style="mitre"), shapely.offset_curve(lines, -away, join_style="mitre")])
    width = np.r_[width, width]
    body = np.where(width >= 120, shapely.buffer(both, 4.0, cap_style="flat"), both)
    water = shapely.union_all(shapely.buffer(lines, rivers.widths_m[large] / 2, quad_segs=3))
    parts, index = shapely.get_parts(shapely.difference(cleared(ground, body), water), return_index=True)
    keep = (shapely.length(parts) > 150) & ((shapely.get_dimensions(parts) == 1) | (shapely.area(parts) > 500))
    parts, wide = parts[keep], width[index[keep]]
    grade = np.select([wide >= 120, wide >= 70], ["2", "4"], "5").astype(object)
    names = [f"示例堤防{number}" for number in range(1, len(parts) + 1)]
    return frame(parts, {"dyke_no": numbered("DF", len(parts), width=4), "name": names, "grade": grade})


def flood_storage_frame(ground: Ground, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return one 蓄滞洪区 on the main river, as far as may be from the places where people build."""
    rivers = ground.rivers
    main = np.flatnonzero(rivers.widths_m >= rivers.widths_m.max())
    spots = shapely.get_coordinates(shapely.segmentize(np.array(rivers.lines, dtype=object)[main], 400))
    room = np.minimum(cKDTree(ground.blocks.centre).query(spots)[0], 2 * cKDTree(ground.sites.xy).query(spots)[0])
    room[~shapely.contains_xy(ground.outline.buffer(-700), spots)] = 0
    place = blobs(spots[[int(np.argmax(room))]], np.array([600.0]), rng)
    parts = _largest(cleared(ground, place))
    return frame(parts, {"area_no": numbered("XZH", len(parts), width=2), "name": ["示例蓄滞洪区"] * len(parts)})


def flood_risk_frame(ground: Ground) -> gpd.GeoDataFrame:
    """Return 洪涝风险控制线 round the lower river."""
    rivers = ground.rivers
    large = np.flatnonzero(rivers.widths_m >= 70)
    large = large if len(large) else np.flatnonzero(rivers.widths_m >= rivers.widths_m.max())
    lines = shapely.simplify(np.array(rivers.lines, dtype=object)[large], 4.0)
    wet = shapely.union_all(shapely.buffer(lines, rivers.widths_m[large] / 2 + 38.0, quad_segs=3))
    parts = shapely.get_parts(cleared(ground, np.array([wet], dtype=object)))
    parts = parts[shapely.area(parts) > 2000]
    names = [f"示例洪涝风险控制线{number}" for number in range(1, len(parts) + 1)]
    return frame(parts, {"area_no": numbered("HLFX", len(parts), width=3), "name": names})


def reservoir_frame(ground: Ground, rivers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return 水库管理范围: the shores of the reservoirs of the river layer and a little more."""
    lakes = rivers.geometry.to_numpy()[(rivers["kind"] == "reservoir").to_numpy()]
    shapes = _largest(cleared(ground, np.asarray(shapely.buffer(lakes, 12, quad_segs=3))))
    area = shapely.area(shapes)
    scale = np.select([area >= 4e6, area >= 8e5], ["large", "medium"], "small").astype(object)
    names = [f"示例水库{number}" for number in range(1, len(shapes) + 1)]
    return frame(shapes, {"reservoir_no": numbered("SKGL", len(shapes), width=3), "name": names, "scale": scale})


def _largest(shapes: np.ndarray) -> np.ndarray:
    """Return the largest part of each geometry that is not empty."""
    whole = [max(shapely.get_parts(shape), key=lambda part: part.area) for shape in shapes if not shape.is_empty]
    return np.array(whole, dtype=object)
