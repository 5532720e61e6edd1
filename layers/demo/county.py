"""The whole demo county, built from one seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.demo import controls, frames, networks, plans, villages, zones
from layers.demo.blocks import nearest_site, undisturbed
from layers.demo.departments import department_frames
from layers.demo.ground import Ground, Report, lay_ground
from layers.demo.households import household_list
from layers.demo.houses import build_houses
from layers.demo.obstacles import with_obstacles
from layers.demo.planting import Planting, application_frame, expected_table, obstacles, plant, planted_patches
from layers.demo.progress import progress_figures
from layers.demo.scale import SCALES
from layers.demo.units import dissolve


@dataclass(frozen=True)
class DemoCounty:
    """A synthetic county: frames by catalogue id in EPSG:4547, complete inside `coverage`; nothing in it is real but codes and names.

    `households` and `progress` are plain tables; `applications` are house-building applications planted so that the verdict
    written in `expected` (case_no, scenario, verdict, reason, findings) follows from the rules.
    """

    layers: dict[str, gpd.GeoDataFrame]
    coverage: shapely.Polygon
    households: pd.DataFrame
    progress: pd.DataFrame
    applications: gpd.GeoDataFrame
    expected: pd.DataFrame


def build(seed: int = 20260101, scale: str = "full", progress: Callable[[float, str], None] | None = None) -> DemoCounty:
    """Build the demo county; the same seed and scale give the same county.

    `scale` is "full" (the whole county) or "small" (two towns, for tests); `progress(fraction, text)` is called as it goes on.
    Raises KeyError for another scale.
    """
    report = progress or (lambda fraction, text: None)
    size = SCALES[scale]
    rng = np.random.default_rng(seed)
    ground = lay_ground(size, rng, report)
    footprint = _footprints(ground)
    urban = controls.urban_boundary(ground, margin_m=size.urban_margin_m)
    away = villages.distance_to(footprint, shapely.union_all(urban.geometry.to_numpy()))
    count = np.bincount(ground.sites.village, minlength=len(footprint))
    planned = villages.plan_villages(ground.divisions.villages, away, ~shapely.is_empty(footprint), count, rng)
    figures = villages.village_figures(planned, away, size.area_share, rng)
    layers = {"urban_boundary": urban} | _restrictions(ground, planned, footprint, rng)
    report(0.74, "控制线与线路")
    shapes = {name: frame.geometry.to_numpy() for name, frame in layers.items() if name not in ("urban_boundary", "road")}
    intent, approved = planned["intent"].to_numpy(), figures["plan_approved"].to_numpy(dtype=bool)
    planting = plant(ground.blocks, ground.corridors, undisturbed(ground.blocks, shapes), intent, approved, cases=size.cases)
    site = nearest_site(ground.blocks, ground.shapes)
    ground = replace(ground, patches=planted_patches(ground.patches, ground.blocks, planting, site, ground.sites))
    layers |= department_frames(ground, layers, intent, approved, np.random.default_rng([seed, 2]))
    layers |= _survey_and_plans(ground, figures, planting, layers["ecological_redline"], rng, report)
    layers = with_obstacles(layers, obstacles(planting, ground.blocks, ground.divisions.villages["code"].to_numpy()))
    report(0.98, "户籍与整治进度")
    village = layers["village"]
    households = household_list(layers["building"], village, rng)
    table = progress_figures(village, shapely.area(footprint), rng)
    applications = application_frame(planting, rng)
    report(1.0, "示例县完成")
    return DemoCounty(
        layers=layers,
        coverage=layers["county"].geometry.iloc[0],
        households=households,
        progress=table,
        applications=applications,
        expected=expected_table(planting),
    )


def _footprints(ground: Ground) -> np.ndarray:
    """Return the settlement footprint (203, 203A) of every village; an empty geometry where there is none."""
    patches = ground.patches
    rural = (patches.czcsxm == "203") | (patches.czcsxm == "203A")
    shapes = np.full(len(ground.divisions.villages), shapely.Polygon(), dtype=object)
    unions, rows = dissolve(patches.polygons, np.where(rural, patches.village, -1))
    shapes[rows] = unions
    return shapes


def _restrictions(ground: Ground, planned: pd.DataFrame, footprint: np.ndarray, rng: np.random.Generator) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that restrict building and do not depend on the village plans."""
    cause, intent = planned["ground"].to_numpy(), planned["intent"].to_numpy()
    rivers = networks.river_frame(ground)
    return {
        "ecological_redline": controls.red_line(ground, footprint[cause == "redline"], rng),
        "road": networks.road_frame(ground),
        "river": rivers,
        "power_line": networks.power_frame(ground, rng),
        "hazard": zones.hazard_frame(ground, list(footprint[(cause == "hazard") | (cause == "conflict")]), rng),
        "heritage": zones.heritage_frame(ground, footprint[(intent == "characteristic") | (cause == "conflict")], rng),
        "water_source": zones.water_source_frame(ground, rivers, rng),
    }


def _survey_and_plans(
    ground: Ground, figures: pd.DataFrame, planting: Planting, red: gpd.GeoDataFrame, rng: np.random.Generator, report: Report
) -> dict[str, gpd.GeoDataFrame]:
    """Return the base and survey layers, the village plans and the cadastre."""
    patches = ground.patches
    approved = figures["plan_approved"].to_numpy(dtype=bool)
    layers = frames.base_frames(ground, figures)
    layers["settlement"] = frames.settlement_frame(ground)
    layers["land_use"] = frames.land_use_frame(ground)
    report(0.83, "行政区与聚落")
    expansion = plans.expansion_patches(ground, approved)
    cases = plans.BlockPlans.of(patches, planting, len(ground.blocks.village))
    farmland = controls.farmland_patches(ground, expansion) | cases.farmland
    layers["basic_farmland"] = controls.basic_farmland_frame(ground, farmland)
    inside = cases.bounded(expansion | np.isin(patches.czcsxm.astype(str), ["203", "203A"]))
    layers["village_boundary"] = plans.village_boundary_frame(ground, inside, approved, rng)
    code = cases.planned(plans.planned_codes(ground, expansion, rng))
    layers["planned_use"] = plans.planned_use_frame(patches.polygons, patches.village, code)
    zone = cases.zoned(plans.zone_numbers(ground, inside, farmland, red))
    layers["control_zone"] = plans.control_zone_frame(patches.polygons, patches.village, zone)
    report(0.90, "村庄规划")
    houses = build_houses(patches, ground.shapes, rng)
    return layers | frames.house_frames(ground, houses, rng)
