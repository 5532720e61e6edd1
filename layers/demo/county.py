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
from layers.demo.forms import application_frame, expected_table, expected_under_draft
from layers.demo.ground import Ground, Report, lay_ground
from layers.demo.households import household_list
from layers.demo.houses import build_houses
from layers.demo.obstacles import with_obstacles
from layers.demo.planting import Planting, obstacles, plant, planted_patches
from layers.demo.progress import progress_figures
from layers.demo.scale import SCALES
from layers.demo.standing import Standing, houses_given_up, houses_on_farmland, idle_plots, several_plots, split_plots
from layers.demo.units import dissolve


@dataclass(frozen=True)
class DemoCounty:
    """A synthetic county: frames by catalogue id in EPSG:4547, complete inside `coverage`; nothing in it is real but codes and names.

    `households` and `progress` are plain tables; `applications` are house-building applications planted so that the verdict
    written in `expected` (case_no, scenario, verdict, reason, findings) follows from the rules. `drafts` are the layers of a draft
    plan B; `expected_under_draft` (case_no, verdict, findings) has the applications decided otherwise under it. `standing` says what a
    survey of the existing houses must find.
    """

    layers: dict[str, gpd.GeoDataFrame]
    coverage: shapely.Polygon
    households: pd.DataFrame
    progress: pd.DataFrame
    applications: gpd.GeoDataFrame
    expected: pd.DataFrame
    drafts: dict[str, gpd.GeoDataFrame]
    expected_under_draft: pd.DataFrame
    standing: Standing


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
    survey, drafts = _survey_and_plans(ground, figures, planting, layers["ecological_redline"], rng, report)
    codes = ground.divisions.villages["code"].to_numpy()
    layers = with_obstacles(layers | survey, obstacles(planting, ground.blocks, codes))
    report(0.98, "户籍与整治进度")
    village = layers["village"]
    households, large = several_plots(household_list(layers["building"], village, rng))
    layers, standing = _what_stands(layers, drafts, ground, households, large, {str(codes[row]) for row in planting.built_up})
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
        drafts=drafts,
        expected_under_draft=expected_under_draft(planting),
        standing=standing,
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
) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, gpd.GeoDataFrame]]:
    """Return the base and survey layers, the village plans and the cadastre; and the two layers of the draft plan."""
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
    drafts: dict[str, gpd.GeoDataFrame] = {}
    code = plans.planned_codes(ground, expansion, rng)
    later = cases.planned(np.where(plans.given_up_patches(ground), "1401", code), draft=True)
    layers["planned_use"], drafts["planned_use"] = plans.with_draft(plans.planned_use_frame, patches, cases.planned(code), later)
    zone = plans.zone_numbers(ground, inside, farmland, red)
    zones = cases.zoned(zone), cases.zoned(zone, draft=True)
    layers["control_zone"], drafts["control_zone"] = plans.with_draft(plans.control_zone_frame, patches, *zones)
    report(0.90, "村庄规划")
    houses = build_houses(patches, ground.shapes, rng)
    return layers | frames.house_frames(ground, houses, rng), drafts


def _what_stands(
    layers: dict[str, gpd.GeoDataFrame],
    drafts: dict[str, gpd.GeoDataFrame],
    ground: Ground,
    households: pd.DataFrame,
    large: tuple[str, ...],
    built_up: set[str],
) -> tuple[dict[str, gpd.GeoDataFrame], Standing]:
    """Return the layers with houses and plots that conflict with a rule, and what is to be found; no plot is idle in `built_up` villages."""
    building, on_farmland = houses_on_farmland(layers, ground)
    several = households["household_id"].isin(large)
    of_large = {*households["zddm"][several], *[plot for held in households["other_zddm"][several] for plot in held]}
    parcel, split = split_plots(layers, ground, without=of_large)
    changed = layers | {"building": building, "parcel": idle_plots(parcel, none_in=built_up)}
    return changed, Standing(on_farmland, split, large, houses_given_up(building, drafts["planned_use"]))
