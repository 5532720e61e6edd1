"""The whole demo county, built from one seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.demo import controls, frames, networks, plans, villages, zones
from layers.demo.ground import Ground, lay_ground
from layers.demo.households import household_list
from layers.demo.houses import Houses, build_houses
from layers.demo.progress import progress_figures
from layers.demo.scale import SCALES


@dataclass(frozen=True)
class DemoCounty:
    """A synthetic county: frames by catalogue id in EPSG:4547, complete inside `coverage`; nothing in it is real but codes and names.

    `households` and `progress` are plain tables; `applications` are house-building applications planted so that the verdict
    written in `expected` (case_no, verdict, reason, findings) follows from the rules.
    """

    layers: dict[str, gpd.GeoDataFrame]
    coverage: shapely.Polygon
    households: pd.DataFrame
    progress: pd.DataFrame
    applications: gpd.GeoDataFrame
    expected: pd.DataFrame


def build(
    seed: int = 20260101, scale: str = "full", progress: Callable[[float, str], None] | None = None
) -> DemoCounty:
    """Build the demo county; the same seed and scale give the same county.

    `scale` is "full" (the whole county) or "small" (two towns, for tests); `progress(fraction, text)` is called as it goes on.
    Raises KeyError for another scale.
    """
    report = progress or (lambda fraction, text: None)
    size = SCALES[scale]
    rng = np.random.default_rng(seed)
    ground = lay_ground(size, rng, report)
    houses = build_houses(ground.patches, ground.shapes, rng)
    report(0.74, "房屋与宗地")
    layers = _layers(ground, houses, rng, report)
    report(0.97, "户籍与整治进度")
    village = layers["village"]
    footprint = _footprints(ground)
    households = household_list(layers["building"], village, rng)
    table = progress_figures(village, shapely.area(footprint), rng)
    report(1.0, "示例县完成")
    return DemoCounty(
        layers=layers,
        coverage=layers["county"].geometry.iloc[0],
        households=households,
        progress=table,
        applications=frames.frame(np.empty(0, dtype=object), {"case_no": []}),
        expected=pd.DataFrame({"case_no": [], "verdict": [], "reason": [], "findings": []}),
    )


def _footprints(ground: Ground) -> np.ndarray:
    """Return the settlement footprint (203, 203A) of every village; an empty geometry where there is none."""
    patches = ground.patches
    rural = (patches.czcsxm == "203") | (patches.czcsxm == "203A")
    shapes = np.full(len(ground.divisions.villages), shapely.Polygon(), dtype=object)
    unions, rows = frames.dissolve(patches.polygons, np.where(rural, patches.village, -1))
    shapes[rows] = unions
    return shapes


def _layers(
    ground: Ground, houses: Houses, rng: np.random.Generator, report: Callable[[float, str], None]
) -> dict[str, gpd.GeoDataFrame]:
    patches = ground.patches
    footprint = _footprints(ground)
    urban = controls.urban_boundary(ground)
    away = villages.distance_to(footprint, shapely.union_all(urban.geometry.to_numpy()))
    count = np.bincount(patches.village[houses.patch], minlength=len(footprint))
    planned = villages.plan_villages(ground.divisions.villages, away, ~shapely.is_empty(footprint), count, rng)
    figures = villages.village_figures(planned, away, ground.outline.area / 1.9593e9, rng)
    approved = figures["plan_approved"].to_numpy(dtype=bool)
    layers = frames.base_frames(ground, figures)
    layers["settlement"] = frames.settlement_frame(ground)
    layers["land_use"] = frames.land_use_frame(ground)
    report(0.82, "行政区与聚落")
    expansion = plans.expansion_patches(ground, approved)
    inside = expansion | np.isin(patches.czcsxm.astype(str), ["203", "203A"])
    farmland = controls.farmland_patches(ground, expansion)
    layers["basic_farmland"] = controls.basic_farmland_frame(ground, farmland)
    redlined = footprint[(planned["ground"] == "redline").to_numpy()]
    layers["ecological_redline"] = controls.red_line(ground, redlined, rng)
    layers["urban_boundary"] = urban
    report(0.88, "控制线")
    layers["village_boundary"] = plans.village_boundary_frame(ground, inside, approved, rng)
    code = plans.planned_codes(ground, expansion, rng)
    layers["planned_use"] = plans.planned_use_frame(patches.polygons, patches.village, code)
    zone = plans.zone_numbers(ground, inside, farmland, layers["ecological_redline"])
    layers["control_zone"] = plans.control_zone_frame(patches.polygons, patches.village, zone)
    layers |= frames.house_frames(ground, houses, rng)
    report(0.94, "规划与权籍")
    layers["road"] = networks.road_frame(ground)
    layers["river"] = networks.river_frame(ground)
    layers["power_line"] = networks.power_frame(ground, rng)
    threatened = list(footprint[((planned["ground"] == "hazard") | (planned["ground"] == "conflict")).to_numpy()])
    layers["hazard"] = zones.hazard_frame(ground, threatened, rng)
    listed = footprint[((planned["intent"] == "characteristic") | (planned["ground"] == "conflict")).to_numpy()]
    layers["heritage"] = zones.heritage_frame(ground, listed, rng)
    layers["water_source"] = zones.water_source_frame(ground, layers["river"], rng)
    return layers
