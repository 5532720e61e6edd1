"""Village plans: construction boundaries, planned uses, control zones."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.demo.controls import ellipsoid_areas
from layers.demo.facts import DATA
from layers.demo.frames import frame, numbered
from layers.demo.ground import Ground
from layers.demo.patches import Patches
from layers.demo.planting import Planting
from layers.demo.scenario import Scenario
from layers.demo.sites import RURAL
from layers.demo.units import dissolve, exploded, one_key

ZONES = ("concentrated", "restricted", "prohibited")

GIVEN_UP = 4
"""Settlements the draft plan gives up."""


@cache
def _plan_classes() -> dict[str, tuple[str, str]]:
    with (DATA / "survey_classes.csv").open(encoding="utf-8") as file:
        return {row["code"]: (row["plan_code"], row["plan_name"]) for row in csv.DictReader(file)}


def expansion_patches(ground: Ground, approved: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return patches just outside settlements that an approved village plan sets aside for new homesteads."""
    patches, depth = ground.patches, ground.seeds.depth[ground.patches.cell]
    near = ground.seeds.site[patches.cell]
    soft = np.isin(patches.code, ["0101", "0102", "0103", "0201", "0202", "0204", "0301", "0404", "1206"])
    here = (depth < 1.2) & (ground.sites.kind[near] == RURAL) & (ground.sites.village[near] == patches.village)
    return np.asarray(soft & here & approved[patches.village] & (patches.strip < 0) & (patches.site < 0) & (patches.block < 0) & (patches.area_m2 < 5000))


def planned_codes(ground: Ground, expansion: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.object_]:
    """Return the planned use (2023 classes) of every patch: what it is today, homesteads on expansion land, some land left blank (16)."""
    patches = ground.patches
    classes = _plan_classes()
    code = np.array([classes[survey][0] for survey in patches.code], dtype=object)
    vacant = (patches.code == "1201") & (patches.site >= 0)
    draw = rng.uniform(0, 1, len(code))
    code[patches.code == "0702"] = "070301"
    code[vacant] = np.where(draw[vacant] < 0.75, "070301", "0704")
    code[expansion] = np.where(draw[expansion] < 0.88, "070301", "16")
    return code


def planned_use_frame(patches_polygons: NDArray[np.object_], village: NDArray[np.int64], code: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """Return 规划地类图斑: patches of one village and one planned use joined; they tile the county."""
    number, names = pd.factorize(code, sort=True)
    key, rows = one_key(village, number)
    unions, keys = dissolve(patches_polygons, key)
    parts, part_key = exploded(unions, keys)
    use = np.asarray(names, dtype=object)[rows[part_key, 1]]
    title = dict(_plan_classes().values()) | {"070301": "一类农村宅基地", "0704": "农村社区服务设施用地", "16": "留白用地"}
    columns = {
        "BSM": numbered("GHDLTB", len(parts), width=7),
        "GHDLBM": use,
        "GHDLMC": np.array([title[u] for u in use], dtype=object),
        "GHDLMJ": np.round(ellipsoid_areas(parts), 2),
    }
    return frame(parts, columns)


def control_zone_frame(patches_polygons: NDArray[np.object_], village: NDArray[np.int64], zone: NDArray[np.int64]) -> gpd.GeoDataFrame:
    """Return 管控分区: three zones that tile the county, village by village."""
    key, rows = one_key(village, zone)
    unions, keys = dissolve(patches_polygons, key)
    parts, part_key = exploded(unions, keys)
    return frame(parts, {"BSM": numbered("GKBJ", len(parts), width=6), "zone": np.array(ZONES, dtype=object)[rows[part_key, 1]]})


def village_boundary_frame(
    ground: Ground, inside: NDArray[np.bool_], approved: NDArray[np.bool_], rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Return 村庄建设边界 of the villages with an approved plan; `inside` are the patches it encloses."""
    patches, villages = ground.patches, ground.divisions.villages
    key = np.where(inside & approved[patches.village], patches.village, -1)
    parts, village = exploded(*dissolve(patches.polygons, key))
    decided = rng.integers(0, 900, len(villages))
    date = (np.datetime64("2021-03-01") + decided).astype(object)
    codes, names = villages["code"].to_numpy(), villages["short_name"].to_numpy()
    within = np.arange(len(parts)) - np.searchsorted(village, village) + 1
    columns = {
        "BSM": numbered("CZJSBJ", len(parts), width=6),
        "DYBH": np.array([f"{codes[v]}-{k:03d}" for v, k in zip(village, within, strict=True)], dtype=object),
        "DYMC": np.array([f"{names[v]}村庄建设单元{k}" for v, k in zip(village, within, strict=True)], dtype=object),
        "PFWH": np.array([f"示例规批〔{date[v].year}〕{v + 1}号" for v in village], dtype=object),
        "PFSJ": date[village],
    }
    return frame(parts, columns)


def with_draft(
    make: Callable[[NDArray[np.object_], NDArray[np.int64], NDArray[Any]], gpd.GeoDataFrame],
    patches: Patches,
    now: NDArray[Any],
    later: NDArray[Any],
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return a plan layer and its draft, made of the patches' values `now` and `later`; villages without a change are drawn once."""
    touched = np.isin(patches.village, np.unique(patches.village[now != later]))
    same = make(patches.polygons[~touched], patches.village[~touched], now[~touched])
    polygons, village = patches.polygons[touched], patches.village[touched]
    return _joined(same, make(polygons, village, now[touched])), _joined(same, make(polygons, village, later[touched]))


def _joined(first: gpd.GeoDataFrame, second: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    both = pd.concat([first, second], ignore_index=True)
    prefix = first["BSM"].iloc[0].rstrip("0123456789")
    return both.assign(BSM=numbered(prefix, len(both), width=7))


def given_up_patches(ground: Ground) -> NDArray[np.bool_]:
    """Return the homestead patches of a few settlements far from all blocks, which the draft plan turns into parks."""
    sites, patches = ground.sites, ground.patches
    away = cKDTree(ground.blocks.centre).query(sites.xy)[0] > 2.5 * ground.shapes.radius + 300
    chosen = np.flatnonzero((sites.kind == RURAL) & away)
    chosen = chosen[np.argsort(sites.area_m2[chosen], kind="stable")]
    few = chosen[len(chosen) // 2 :: max(len(chosen) // (2 * GIVEN_UP), 1)][:GIVEN_UP]
    return np.asarray(np.isin(patches.site, few) & (patches.code == "0702") & (patches.block < 0) & (patches.strip < 0))


def zone_numbers(ground: Ground, inside: NDArray[np.bool_], farmland: NDArray[np.bool_], red: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the control zone of every patch: built and plan land concentrated; farmland, red line and waters prohibited; else restricted."""
    patches = ground.patches
    middle = shapely.point_on_surface(patches.polygons)
    in_red = np.zeros(len(middle), dtype=bool)
    in_red[shapely.STRtree(middle).query(red.geometry.to_numpy(), predicate="contains")[1]] = True
    built = patches.czcsxm != None  # noqa: E711  elementwise
    water = np.isin(patches.code, ["1101", "1103"])
    return np.where(inside | built, 0, np.where(farmland | in_red | water, 2, 1))


@dataclass(frozen=True)
class BlockPlans:
    """What the plan says of the building blocks: the wishes of the cases planted there, homesteads elsewhere.

    `own` marks the patches of blocks, `case` the case planted there or -1; `farmland` the strips that are basic farmland.
    """

    own: NDArray[np.bool_]
    case: NDArray[np.int64]
    farmland: NDArray[np.bool_]
    scenarios: tuple[Scenario, ...]

    @classmethod
    def of(cls, patches: Patches, planting: Planting, blocks: int) -> BlockPlans:
        """Find the case of every patch."""
        case_of = np.full(blocks + 1, -1, dtype=np.int64)
        case_of[planting.block] = np.arange(len(planting.block))
        case = case_of[patches.block]
        wanted = np.array([*[scenario.farmland for scenario in planting.scenarios], False], dtype=bool)
        strips = np.char.startswith(patches.code.astype(str), "01") & (patches.block >= 0)
        return cls(own=patches.block >= 0, case=case, farmland=strips & wanted[case], scenarios=planting.scenarios)

    def _wish(self, name: str, default: object) -> NDArray[np.object_]:
        return self._chosen([getattr(scenario, name) for scenario in self.scenarios], default)

    def _drafted(self, name: str, default: object) -> NDArray[np.object_]:
        now = [getattr(scenario, name) for scenario in self.scenarios]
        later = [getattr(scenario.draft, name, None) for scenario in self.scenarios]
        return self._chosen([new or old for new, old in zip(later, now, strict=True)], default)

    def _chosen(self, wishes: list[object], default: object) -> NDArray[np.object_]:
        return np.asarray(np.array([*wishes, default], dtype=object)[self.case])

    def bounded(self, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the patches inside village boundaries."""
        return np.where(self.own, self._wish("bounded", True).astype(bool), inside)

    def planned(self, code: NDArray[np.object_], *, draft: bool = False) -> NDArray[np.object_]:
        """Return the planned uses, of the plan in force or of the draft."""
        return np.where(self.own, (self._drafted if draft else self._wish)("planned", "070301"), code)

    def zoned(self, zone: NDArray[np.int64], *, draft: bool = False) -> NDArray[np.int64]:
        """Return the control zones, of the plan in force or of the draft."""
        wishes = (self._drafted if draft else self._wish)("zone", "concentrated")
        return np.where(self.own, np.array([ZONES.index(str(name)) for name in wishes]), zone)
