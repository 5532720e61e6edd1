"""Features planted beside applications, added to their layers."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.demo.facts import EPSG

_NUMBER = {
    "ecological_redline": ("BSM", "STBHHX9"),
    "power_line": ("line_no", "L9"),
    "river": ("river_no", "RV9"),
    "water_source": ("source_no", "SY9"),
    "heritage": ("heritage_no", "WB9"),
    "hazard": ("hazard_no", "DZ9"),
    "building": ("ZRZH", "421223ZRZ9"),
    "new_village_area": ("area_no", "XC9"),
    "railway": ("rail_no", "TL9"),
    "cable": ("cable_no", "DL9"),
    "pipeline": ("pipe_no", "GD9"),
    "dyke": ("dyke_no", "DF9"),
    "flood_storage": ("area_no", "XZH9"),
    "flood_risk": ("area_no", "HLFX9"),
    "reservoir": ("reservoir_no", "SKGL9"),
    "historic_village": ("village_no", "MC9"),
    "traditional_village": ("village_no", "CL9"),
    "old_tree": ("tree_no", "GS9"),
    "slope": ("patch_no", "421223PD9"),
    "geological_risk": ("risk_no", "FX9"),
    "nature_reserve": ("reserve_no", "ZR9"),
    "scenic_area": ("area_no", "FJ9"),
    "wetland": ("wetland_no", "SD9"),
    "forest": ("patch_no", "421223LD9"),
    "enforcement": ("patch_no", "421223WF9"),
}
"""Identifier field and prefix of planted features; parcels carry their own code."""

_TILING = ("slope",)
"""Layers whose features tile the county: a planted one is cut out of those that lie there."""

_FIXED: dict[str, dict[str, Any]] = {
    "ecological_redline": {"MC": "示例生态保护红线（零星）"},
    "power_line": {"name": "示例支线"},
    "railway": {"name": "示例铁路支线"},
    "pipeline": {"name": "示例管道支线"},
    "dyke": {"name": "示例支堤"},
    "building": {"ZCS": 1, "JGRQ": date(1992, 6, 15), "GHYT": "农村住宅", "vacant": False},
    "parcel": {"ZL": "示例宗地", "YT": "农村宅基地", "state": "used"},
}


def with_obstacles(
    layers: dict[str, gpd.GeoDataFrame], planted: dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]]
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers with the planted features appended, numbered apart from the others."""
    result = dict(layers)
    for name, features in planted.items():
        shapes = np.array([shape for shape, _ in features], dtype=object)
        rows = [_FIXED.get(name, {}) | attributes for _, attributes in features]
        if name in _NUMBER:
            column, prefix = _NUMBER[name]
            rows = [row | {column: f"{prefix}{number:04d}"} for number, row in enumerate(rows, 1)]
        extra = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=EPSG)
        if name == "parcel":
            extra["ZDMJ"] = np.round(shapely.area(shapes), 2)
        if name == "building":
            extra["ZZDMJ"] = np.round(shapely.area(shapes), 2)
        result[name] = _appended(_without(layers[name], shapes) if name in _TILING else layers[name], extra)
    return result


def _appended(frame: gpd.GeoDataFrame, extra: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    columns = {
        name: pd.Series([*frame[name], *(extra[name] if name in extra else [None] * len(extra))], dtype=frame[name].dtype)
        for name in frame.columns
        if name != frame.geometry.name
    }
    geometry = np.r_[frame.geometry.to_numpy(), extra.geometry.to_numpy()]
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=geometry, crs=EPSG)


def _without(frame: gpd.GeoDataFrame, shapes: np.ndarray) -> gpd.GeoDataFrame:
    """Return the frame with the shapes cut out of its features."""
    features = frame.geometry.to_numpy().copy()
    feature = np.unique(shapely.STRtree(features).query(shapes, predicate="intersects")[1])
    features[feature] = shapely.difference(features[feature], shapely.union_all(shapes))
    left = frame.set_geometry(gpd.GeoSeries(features, index=frame.index, crs=EPSG))
    return left[~shapely.is_empty(features)].reset_index(drop=True)
