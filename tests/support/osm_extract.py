"""Layers from an OpenStreetMap extract, as files for the import: real geometry with all that real geometry brings.

The extract lies at 9.5° E, outside the zones this county system measures in. It is turned about the earth's axis to 117° E;
on an ellipsoid of revolution that changes no area, length or angle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

EPSG = 4548
TURN_DEGREES = 117.0 - 9.5

ROAD_CLASSES = {
    "primary": "national",
    "secondary": "provincial",
    "secondary_link": "provincial",
    "tertiary": "county",
    "unclassified": "township",
    "residential": "village",
    "living_street": "village",
    "service": "village",
    "track": "village",
}
"""Ways of other kinds (paths, steps, cycleways) get no class."""

LAND_CODES = {
    "forest": "0301", "wood": "0301", "scrub": "0305", "vineyard": "0204", "allotments": "0103", "farmland": "0103", "meadow": "0401",
    "grass": "0404", "village_green": "0404", "residential": "0702", "farmyard": "0702", "commercial": "05H1", "industrial": "0601",
    "quarry": "0602", "cemetery": "09", "recreation_ground": "0810", "construction": "0702", "wetland": "1106", "fell": "0404", "stone": "1207",
}  # fmt: skip
WATERS = {"water": "lake", "reservoir": "reservoir", "basin": "reservoir"}


def frames(extract: Path) -> dict[str, gpd.GeoDataFrame]:
    """Return roads, waters, land use and buildings with catalogue field names, in EPSG:4490, turned to 117° E."""
    ways = _turned(pyogrio.read_dataframe(extract, layer="lines"))
    areas = _turned(pyogrio.read_dataframe(extract, layer="multipolygons"))
    areas["number"] = ("w" + areas["osm_way_id"]).fillna("r" + areas["osm_id"])
    roads = ways[ways["highway"].notna()]
    use = areas["landuse"].fillna(areas["natural"])
    waters, land, houses = areas[use.isin(list(WATERS))], areas[use.isin(list(LAND_CODES))], areas[areas["building"].notna()]
    return {
        "road": _frame(roads, road_no=roads["osm_id"], name=roads["name"], **{"class": roads["highway"].map(ROAD_CLASSES)}),
        "river": _frame(waters, river_no=waters["number"], name=waters["name"], kind=use[waters.index].map(WATERS)),
        "land_use": _frame(land, BSM=land["number"], DLBM=use[land.index].map(LAND_CODES)),
        "building": _frame(houses, ZRZH=houses["number"]),
    }


def original_area_m2(extract: Path, geod: Any) -> float:
    """Return the ellipsoidal area of all buildings where the extract has them."""
    areas = pyogrio.read_dataframe(extract, layer="multipolygons", where="building IS NOT NULL")
    return float(sum(abs(geod.geometry_area_perimeter(shape)[0]) for shape in shapely.orient_polygons(areas.geometry.to_numpy())))


def _turned(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = shapely.transform(frame.geometry.to_numpy(), lambda degrees: degrees + np.array([TURN_DEGREES, 0.0]))
    return frame.set_geometry(shapes).set_crs(4490, allow_override=True)


def _frame(source: gpd.GeoDataFrame, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=source.geometry, crs=source.crs).reset_index(drop=True)
