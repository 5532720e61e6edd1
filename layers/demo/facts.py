"""The real facts the invented county is built on: codes, names, town seats, official land totals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pyproj

from spatial.ellipsoid import ellipsoid_factor as ellipsoid_factor

DATA = Path(__file__).parent / "data"
COUNTY_CODE = "421223"
COUNTY_NAME = "崇阳县"
COUNTY_SEAT = "421223100"
PARK = "421223570"
EPSG = 4547

LAND_CLASSES = ("耕地", "园地", "林地", "草地", "城镇村及工矿用地", "交通运输用地", "水域及水利设施用地", "其他土地")

_BY_GROUP = {"01": "耕地", "02": "园地", "03": "林地", "04": "草地", "10": "交通运输用地", "11": "水域及水利设施用地", "12": "其他土地"}


@dataclass(frozen=True)
class Facts:
    """Villages and towns of the county with the areas it is calibrated to."""

    villages: pd.DataFrame
    towns: pd.DataFrame
    land_m2: dict[str, float]
    population: int

    @property
    def area_m2(self) -> float:
        """Land area of the whole county: the sum of the land classes."""
        return sum(self.land_m2.values())


def land_class(dlbm: str, czcsxm: str | None) -> str:
    """Return the class of the official totals a survey patch counts in.

    A patch with a 城镇村属性码 (CZCSXM) counts as 城镇村及工矿用地 whatever its own code, as in the survey's bulletin: so 05 to 09,
    1004, 1005 and 1201 do, and 1003 or 1006 outside settlements count as 交通运输用地. Without the code the leading two digits decide.
    """
    return "城镇村及工矿用地" if czcsxm else _BY_GROUP.get(dlbm[:2], "城镇村及工矿用地")


@cache
def read_facts() -> Facts:
    """Read the facts shipped with the package; town seats are projected to EPSG:4547 (columns x, y in metres)."""
    villages = pd.read_csv(DATA / "village_codes.csv", dtype=str, keep_default_na=False)
    towns = pd.read_csv(DATA / "town_seats.csv", dtype=str, keep_default_na=False)
    towns = towns[towns["lng_wgs84"] != ""].reset_index(drop=True)
    to_plane = pyproj.Transformer.from_crs(4490, EPSG, always_xy=True)
    x, y = to_plane.transform(towns["lng_wgs84"].astype(float), towns["lat_wgs84"].astype(float))
    towns = towns.assign(x=x, y=y, height_m=towns["dem_m"].astype(float))
    figures = json.loads((DATA / "official_facts.json").read_text(encoding="utf-8"))
    land = {name: float(hectares) * 10_000 for name, hectares in figures["land_survey_2023_ha"].items()}
    return Facts(villages=villages, towns=towns, land_m2=land, population=int(figures["population_2020s"]))
