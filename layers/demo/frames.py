"""GeoDataFrames of the base and survey layers, with the catalogue's field names."""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.demo.facts import COUNTY_CODE, COUNTY_NAME, DATA, EPSG, PARK, ellipsoid_factor
from layers.demo.ground import Ground
from layers.demo.houses import Houses
from layers.demo.units import dissolve, exploded, one_key


def frame(geometry: NDArray[np.object_], columns: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return a frame in EPSG:4547, outer rings counter-clockwise; a text or mixed column keeps None where a value is missing."""
    table = {
        name: values if getattr(values, "dtype", None) in ("int64", "float64", "bool") else pd.Series(list(values), dtype=object)
        for name, values in columns.items()
    }
    return gpd.GeoDataFrame(pd.DataFrame(table), geometry=shapely.orient_polygons(np.asarray(geometry, dtype=object)), crs=EPSG)


def numbered(prefix: str, count: int, *, width: int = 6) -> NDArray[np.object_]:
    """Return identifiers prefix000001, prefix000002, …"""
    return np.array([f"{prefix}{number:0{width}d}" for number in range(1, count + 1)], dtype=object)


@cache
def class_names() -> dict[str, str]:
    """Return the Chinese name of each survey class."""
    with (DATA / "survey_classes.csv").open(encoding="utf-8") as file:
        return {row["code"]: row["name_zh"] for row in csv.DictReader(file)}


def base_frames(ground: Ground, figures: pd.DataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Return county, town and village polygons: unions of patches, so that they share every vertex."""
    patches, villages = ground.patches, ground.divisions.villages
    polygons, rows = dissolve(patches.polygons, patches.village)
    town_codes = list(dict.fromkeys([*ground.towns["code"], PARK]))
    number = np.array([town_codes.index(code) for code in villages["town_code"]])
    town_polygons, town_rows = dissolve(polygons, number[rows])
    county = shapely.coverage_union_all(town_polygons)
    names = dict(zip(villages["town_code"], villages["town"], strict=True))
    codes = [town_codes[row] for row in town_rows]
    area = np.bincount(patches.village, patches.area_m2, minlength=len(villages))
    village = {
        "ZLDWDM": villages["code"].to_numpy()[rows],
        "ZLDWMC": villages["short_name"].to_numpy()[rows],
        "XZQDM": villages["town_code"].to_numpy()[rows],
        "XZQMC": villages["town"].to_numpy()[rows],
        "DCMJ": np.round(area[rows], 2),
        "unit_type": villages["unit_type"].to_numpy()[rows],
        "is_town_seat": villages["is_town_seat"].to_numpy()[rows],
        **{str(name): figures[name].to_numpy()[rows] for name in figures},
    }
    return {
        "county": frame(np.array([county]), {"XZQDM": [COUNTY_CODE], "XZQMC": [COUNTY_NAME]}),
        "town": frame(town_polygons, {"XZQDM": codes, "XZQMC": [names[code] for code in codes]}),
        "village": frame(polygons, village),
    }


def land_use_frame(ground: Ground) -> gpd.GeoDataFrame:
    """Return 地类图斑: the patches, numbered within their village."""
    patches, villages = ground.patches, ground.divisions.villages
    order = np.argsort(patches.village, kind="stable")
    within = np.empty(len(order), dtype=np.int64)
    first = np.searchsorted(patches.village[order], patches.village[order])
    within[order] = np.arange(len(order)) - first + 1
    state = np.isin(patches.code, ["1003", "1101", "1103"]) | np.isin(patches.czcsxm, ["202", "202A"])
    names = class_names()
    columns = {
        "BSM": numbered(f"{COUNTY_CODE}1310", len(order), width=8),
        "TBBH": np.array([f"{k:05d}" for k in within], dtype=object),
        "DLBM": patches.code,
        "DLMC": np.array([names[code] for code in patches.code], dtype=object),
        "QSXZ": np.where(state, "10", "30").astype(object),
        "ZLDWDM": villages["code"].to_numpy()[patches.village],
        "ZLDWMC": villages["short_name"].to_numpy()[patches.village],
        "TBMJ": np.round(patches.area_m2, 2),
        "CZCSXM": patches.czcsxm,
        "SJNF": np.full(len(order), "2023", dtype=object),
    }
    return frame(patches.polygons, columns)


def settlement_frame(ground: Ground) -> gpd.GeoDataFrame:
    """Return 城镇村等用地: the built patches of each settlement as one polygon per village and attribute."""
    patches, villages = ground.patches, ground.divisions.villages
    attributes = np.array(["202", "202A", "203", "203A", "204", "205"])
    attribute = np.searchsorted(attributes, patches.czcsxm.astype(str)) * 1
    built = patches.czcsxm != None  # noqa: E711  elementwise
    key, rows = one_key(np.where(built, patches.site, -1), patches.village, np.where(built, attribute, 0))
    unions, keys = dissolve(patches.polygons, key)
    parts, part_key = exploded(unions, keys)
    site, village, kind = rows[part_key].T
    order = np.argsort(village, kind="stable")
    parts, site, village, kind = parts[order], site[order], village[order], kind[order]
    within = np.arange(len(parts)) - np.searchsorted(village, village) + 1
    codes, names = villages["code"].to_numpy(), villages["short_name"].to_numpy()
    x, y = shapely.get_coordinates(shapely.centroid(parts)).T
    columns = {
        "BSM": numbered(f"{COUNTY_CODE}2010", len(parts), width=8),
        "CZCSXM": attributes[kind].astype(object),
        "CZCDM": np.array([f"{codes[v]}{k:07d}" for v, k in zip(village, within, strict=True)], dtype=object),
        "CZCMC": np.array([f"{names[v]}{k}号聚落" for v, k in zip(village, within, strict=True)], dtype=object),
        "CZCMJ": np.round(shapely.area(parts) * ellipsoid_factor(x, y), 2),
    }
    return frame(parts, columns)


def house_frames(ground: Ground, houses: Houses, rng: np.random.Generator) -> dict[str, gpd.GeoDataFrame]:
    """Return parcels (宗地, rural homesteads only) and buildings (自然幢)."""
    patches, villages = ground.patches, ground.divisions.villages
    village = patches.village[houses.patch]
    codes, names = villages["code"].to_numpy(), villages["short_name"].to_numpy()
    order = np.lexsort((np.arange(len(village)), ~houses.rural, village))
    buildings, plots, village, rural = houses.buildings[order], houses.plots[order], village[order], houses.rural[order]
    within = np.arange(len(order)) - np.searchsorted(village, village) + 1
    zddm = np.array([f"{codes[v]}JC{k:05d}" if r else None for v, k, r in zip(village, within, rural, strict=True)], dtype=object)
    storeys = np.where(rural, rng.choice([1, 2, 3], len(order), p=[0.3, 0.5, 0.2]), rng.choice([2, 3, 5, 6], len(order)))
    finished = np.datetime64("1975-01-01") + rng.integers(0, 50 * 365, len(order))
    vacant = (rng.uniform(0, 1, len(order)) < 0.14).astype(object)
    vacant[rng.uniform(0, 1, len(order)) < 0.03] = None
    building = {
        "ZRZH": numbered(f"{COUNTY_CODE}ZRZ", len(order)),
        "ZDDM": zddm,
        "ZZDMJ": np.round(shapely.area(buildings), 2),
        "ZCS": storeys,
        "JGRQ": finished.astype(object),
        "GHYT": np.where(rural, "农村住宅", "城镇住宅或公共建筑").astype(object),
        "vacant": vacant,
        "ZLDWDM": codes[village],
    }
    parcel = {
        "ZDDM": zddm[rural],
        "ZL": np.array([f"{names[v]}{k}号" for v, k in zip(village[rural], within[rural], strict=True)], dtype=object),
        "ZDMJ": np.round(shapely.area(plots[rural]), 2),
        "YT": np.full(rural.sum(), "农村宅基地", dtype=object),
        "state": np.where(rng.uniform(0, 1, rural.sum()) < 0.05, "idle", "used").astype(object),
    }
    return {"building": frame(buildings, building), "parcel": frame(plots[rural], parcel)}
