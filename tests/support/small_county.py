"""A small county as a whole: three towns of four villages, controls, buildings, a typing, checks and progress figures."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg
import shapely
from frames import COUNTY, EAST, EPSG, NORTH, meta, published, rough_ring, square

from api import classifying
from api.moment import Moment
from layers import progress, versions
from layers.progress import Figure

HOSTILE = "{{ 7*7 }}<script>alert(1)</script>"
TOWNS = {"421223100": "天城镇", "421223101": "沙坪镇", "421223102": "石城镇"}
CELL_M = 10_000.0
HOSTILE_CODE = "421223100202"


def villages() -> gpd.GeoDataFrame:
    """Twelve square villages in three columns; one of them has a name that tries to be code."""
    rows, shapes = [], []
    for column, (town_code, town) in enumerate(TOWNS.items()):
        for row in range(4):
            code = f"{town_code}{201 + row}"
            name = HOSTILE if code == HOSTILE_CODE else f"{'甲乙丙丁'[row]}{'东西南'[column]}村"
            rows.append({"ZLDWDM": code, "ZLDWMC": name, "XZQDM": town_code, "XZQMC": town, "status": "normal", **people(row)})
            east, north = EAST - 10_000 + column * CELL_M * 4 / 3, NORTH - 10_000 + row * CELL_M
            shapes.append(shapely.box(east, north, east + CELL_M * 4 / 3, north + CELL_M))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=EPSG)


def people(row: int) -> dict[str, Any]:
    """Figures of a village, so that types differ by row."""
    return {
        "pop_reg": 2000, "pop_res": 1700 - 500 * row, "households": 500, "hh_resident": 400 - 100 * row, "houses": 500, "houses_vacant": 40 + 60 * row,
        "collective_income": 60.0, "has_lead_industry": True, "has_primary_school": True, "has_clinic": True, "has_bus": True, "has_piped_water": True,
        "time_town_min": 12.0, "time_county_min": 40.0, "pop_trend_5y": 0.01, "is_town_seat": row == 0, "is_central_village": False,
        "heritage_lists": "中国传统村落" if row == 2 else "", "county_heritage_list": False, "in_relocation_plan": row == 3, "major_project": False,
        "seismic_intensity": 6.0, "fault_dist_m": 5000.0, "plan_approved": True,
    }  # fmt: skip


def houses(count: int = 600) -> gpd.GeoDataFrame:
    """Houses scattered round the middle of the county."""
    random = np.random.default_rng(4)
    corners = random.uniform(-400, 400, size=(count, 2)) + 1_000
    shapes = [square(east, north, side=11) for east, north in corners]
    return gpd.GeoDataFrame({"ZRZH": [f"F{row:05d}" for row in range(count)], "ZCS": [2] * count}, geometry=shapes, crs=EPSG)


def load(conn: psycopg.Connection[Any]) -> None:
    """Publish the layers, type the villages, and record progress; one month lacks two villages."""
    frame = villages()
    towns = frame.dissolve("XZQDM", as_index=False)[["XZQDM", "XZQMC", "geometry"]]
    footprints = gpd.GeoDataFrame(
        {"BSM": [f"S{row}" for row in range(len(frame))], "CZCSXM": ["203"] * len(frame), "CZCDM": list(frame["ZLDWDM"])},
        geometry=frame.geometry.centroid.buffer(300),
        crs=EPSG,
    )
    red = gpd.GeoDataFrame({"BSM": ["H1"], "MC": ["幕阜山"], "zone": ["other"]}, geometry=[rough_ring(400)], crs=EPSG)
    county = gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[COUNTY], crs=EPSG)
    farmland = gpd.GeoDataFrame({"BSM": ["J1"]}, geometry=[square(1_000, 1_000, 40)], crs=EPSG)
    road = {"road_no": ["X001"], "name": ["县道001"], "class": ["county"]}
    roads = gpd.GeoDataFrame(road, geometry=[shapely.box(EAST, NORTH + 1_060, EAST + 5_000, NORTH + 1_068)], crs=EPSG)
    hazards = gpd.GeoDataFrame({"hazard_no": ["Z1"], "zone": ["danger"]}, geometry=[square(-9_000, -9_000, 50)], crs=EPSG)
    sources = gpd.GeoDataFrame({"source_no": ["W1"], "zone": ["primary"]}, geometry=[square(-9_000, -8_000, 50)], crs=EPSG)
    town_area = gpd.GeoDataFrame({"BSM": ["C1"]}, geometry=[frame.geometry[0].centroid.buffer(1_500)], crs=EPSG)
    plot = {"ZDDM": ["421223001001JC00001"], "ZL": ["甲东村一组"], "ZDMJ": [144.0], "state": ["idle"]}
    parcels = gpd.GeoDataFrame(plot, geometry=[square(2_100, 2_000, 12)], crs=EPSG)
    layers = {"county": county, "town": towns, "village": frame, "settlement": footprints, "building": houses(),
              "basic_farmland": farmland, "ecological_redline": red, "road": roads, "hazard": hazards, "water_source": sources,
              "urban_boundary": town_area, "parcel": parcels}  # fmt: skip
    for name, data in layers.items():
        published(conn, data, meta(name, title=name))
    progress.record(conn, list(figures(frame)), source_name="test", synthetic=True)
    moment = Moment.now()
    in_force = versions.in_force(conn, valid_on=moment.valid_on, known_at=moment.known_at)
    read = classifying.read_layers(conn, in_force, county="421223", epsg=EPSG)
    classifying.store(conn, classifying.classify(read, county="421223", moment=moment), read, county="421223", moment=moment)
    conn.commit()


def figures(frame: gpd.GeoDataFrame) -> Any:
    """Sanitary toilets of three months; in October two villages of 沙坪镇 have not reported."""
    for month in (9, 10, 11):
        for index, code in enumerate(frame["ZLDWDM"]):
            if month == 10 and code in ("421223101201", "421223101203"):
                continue
            yield Figure(village_code=code, indicator="R01", period=date(2026, month, 1), numerator=40.0 + 4 * index + month, denominator=100.0)
