"""Applications planted on blocks, the features that stand in their way, and what must come of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.demo.blocks import HALF_U, HALF_V, Blocks
from layers.demo.corridors import Corridors
from layers.demo.facts import ellipsoid_factor
from layers.demo.frames import frame
from layers.demo.patches import Patches, settlement_attribute
from layers.demo.scenarios import SCENARIOS, Scenario
from layers.demo.sites import Sites

_EDGE_M = 0.0004
"""A distance meant to be just enough is this much longer, one meant to fall short this much shorter; both print the same to 1 cm."""


@dataclass(frozen=True)
class Planting:
    """Case k of `scenarios` stands on block `block[k]` with its `site`; `part` is the strip of other land or None."""

    scenarios: tuple[Scenario, ...]
    block: NDArray[np.int64]
    sites: NDArray[np.object_]
    parts: NDArray[np.object_]


def plant(
    blocks: Blocks, corridors: Corridors, free: NDArray[np.bool_], intent: NDArray[np.object_], approved: NDArray[np.bool_], *, cases: int
) -> Planting:
    """Choose a block for every case; kinds of case take turns, and where no block is left for one the next kind takes its place."""
    unused = [int(block) for block in np.flatnonzero(free)]
    chosen: list[tuple[Scenario, int]] = []
    barren: set[str] = set()
    turn = 0
    while len(chosen) < cases and len(barren) < len(SCENARIOS):
        scenario = SCENARIOS[turn % len(SCENARIOS)]
        turn += 1
        block = next((b for b in unused if _suits(scenario, b, blocks, intent, approved)), None)
        if block is None:
            barren.add(scenario.name)
            continue
        unused.remove(block)
        chosen.append((scenario, block))
    sites = [_site(scenario, block, blocks, corridors) for scenario, block in chosen]
    parts = [_part(scenario, block, blocks) for scenario, block in chosen]
    return Planting(
        scenarios=tuple(scenario for scenario, _ in chosen),
        block=np.array([block for _, block in chosen], dtype=np.int64),
        sites=_objects(sites),
        parts=_objects(parts),
    )


def _objects(values: list[Any]) -> NDArray[np.object_]:
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def _suits(scenario: Scenario, block: int, blocks: Blocks, intent: NDArray[np.object_], approved: NDArray[np.bool_]) -> bool:
    village = blocks.village[block]
    fits = intent[village] in scenario.intents and blocks.road[block] == scenario.road
    return bool(fits and (scenario.approved is None or approved[village] == scenario.approved))


def _site(scenario: Scenario, block: int, blocks: Blocks, corridors: Corridors) -> shapely.Polygon:
    """Return the plot applied for: in the middle of the block, or at its distance from the road for a road case."""
    u, v = scenario.size[0] / 2, scenario.size[1] / 2
    if scenario.road == "village":
        return blocks.rectangle(block, -u, -v, u, v)
    assert scenario.distance_m is not None
    wanted = scenario.distance_m + (_EDGE_M if scenario.verdict == "passed" else -_EDGE_M)
    land = corridors.areas[(corridors.kind == scenario.road) & ~shapely.is_empty(corridors.areas)]
    near = land[shapely.STRtree(land).query(blocks.polygons[block], predicate="dwithin", distance=60.0)]
    shift = 0.0
    for _ in range(30):
        site = blocks.rectangle(block, -u, -v + shift, u, v + shift)
        shift += wanted - float(shapely.distance(site, near).min())
    return site


def _part(scenario: Scenario, block: int, blocks: Blocks) -> shapely.Polygon | None:
    """Return the strip of other land that reaches into the site, strictly inside the block."""
    if scenario.part is None:
        return None
    edge = scenario.size[0] / 2
    return blocks.rectangle(block, edge - scenario.overlap_m, -HALF_V + 4, HALF_U - 2, HALF_V - 4)


def planted_patches(patches: Patches, blocks: Blocks, planting: Planting, site: NDArray[np.int64], sites: Sites) -> Patches:
    """Return the patches with each block's land as its case wants it; strips of other land become patches of their own."""
    code, settlement = patches.code.copy(), patches.site.copy()
    polygons = patches.polygons.copy()
    ground = np.full(len(blocks.village), "1201", dtype=object)
    ground[planting.block] = [scenario.ground for scenario in planting.scenarios]
    own = patches.block >= 0
    code[own] = ground[patches.block[own]]
    settlement[own] = np.where(np.isin(code[own], ["1201", "0702"]), site[patches.block[own]], -1)
    row_of = {int(block): row for row, block in enumerate(patches.block) if block >= 0}
    rows, strips, codes = [], [], []
    for scenario, block, part in zip(planting.scenarios, planting.block, planting.parts, strict=True):
        if part is not None:
            row = row_of[int(block)]
            polygons[row] = shapely.Polygon(polygons[row].exterior, [part.exterior])
            rows.append(row)
            strips.append(part)
            codes.append(scenario.part)
    extra = np.array(rows, dtype=np.int64)
    columns = {name: np.r_[getattr(patches, name), getattr(patches, name)[extra]] for name in ("cell", "strip", "block", "village")}
    polygons = np.r_[polygons, _objects(strips)]
    code = np.r_[code, _objects(codes)]
    settlement = np.r_[settlement, np.full(len(extra), -1)]
    x, y = shapely.get_coordinates(shapely.centroid(polygons)).T
    return replace(
        patches,
        polygons=polygons,
        code=code,
        site=settlement,
        czcsxm=settlement_attribute(code, settlement, sites),
        area_m2=shapely.area(polygons) * ellipsoid_factor(x, y),
        **columns,
    )


def obstacles(planting: Planting, blocks: Blocks, codes: NDArray[np.object_]) -> dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]]:
    """Return the features to add, by layer: what stands in the way of each case, and the own parcel and old house of rebuilt ones."""
    found: dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]] = defaultdict(list)
    for number, (scenario, block) in enumerate(zip(planting.scenarios, planting.block, strict=True), 1):
        code = codes[blocks.village[block]]
        if scenario.stated.get("build_kind") in ("rebuild_in_place", "extend"):
            _old_house(found, scenario, blocks, int(block), number, str(code))
        if scenario.layer == "parcel":
            found["parcel"].append((_obstacle(scenario, int(block), blocks), {"ZDDM": f"{code}JC{80000 + number:05d}"}))
        elif scenario.layer is not None:
            found[scenario.layer].append((_obstacle(scenario, int(block), blocks), dict(scenario.attributes)))
    return found


def _old_house(found: dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]], scenario: Scenario, blocks: Blocks, block: int, number: int, code: str) -> None:
    u, v = scenario.size[0] / 2, scenario.size[1] / 2
    neighbour = scenario.overlap_m if scenario.layer == "parcel" else 0.0
    zddm = f"{code}JC{90000 + number:05d}"
    found["parcel"].append((blocks.rectangle(block, -u, -v, u - neighbour, v), {"ZDDM": zddm}))
    found["building"].append((blocks.rectangle(block, -u + 1, -v + 1, u - 2, v - 1), {"ZDDM": zddm, "ZLDWDM": code}))


def _obstacle(scenario: Scenario, block: int, blocks: Blocks) -> shapely.Geometry:
    """Return the restricting feature beside the site: a line at its distance, or an area reaching into the site."""
    u, v = scenario.size[0] / 2, scenario.size[1] / 2
    if scenario.distance_m is not None:
        away = v + scenario.distance_m + (_EDGE_M if scenario.verdict == "passed" else 0.0)
        return shapely.LineString(blocks.place(block, np.array([[-70.0, away], [70.0, away]])))
    edge = u - scenario.overlap_m
    if scenario.layer == "parcel":
        return blocks.rectangle(block, edge, -v, edge + 12.0, v + 2.0)
    wave = np.linspace(-1, 1, 15)
    outer = np.column_stack([edge + 26 + 5 * np.cos(7 * wave), 24 * wave[::-1]])
    return shapely.Polygon(blocks.place(block, np.vstack([[[edge, -24.0], [edge, 24.0]], outer])))


def application_frame(planting: Planting, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the applications: the site and what the form states."""
    rows = []
    for number, (scenario, site) in enumerate(zip(planting.scenarios, planting.sites, strict=True), 1):
        storeys, footprint = 2, round(min(site.area * 0.78, 120.0), 1)
        row = {
            "case_no": f"SQ2026{number:04d}",
            "build_kind": "new_site",
            "scheme": "none",
            "household_size": int(rng.integers(2, 7)),
            "is_member": True,
            "other_plots": 0,
            "returns_old_plot": False,
            "plot_area_m2": round(site.area, 2),
            "footprint_area_m2": footprint,
            "floor_area_m2": round(footprint * storeys, 1),
            "storeys": storeys,
            "height_m": 6.4,
            "eaves_height_m": 6.0,
            "terrain": "hill",
            "applied_on": f"2026-{1 + number % 10:02d}-{1 + number % 27:02d}",
        } | dict(scenario.stated)
        if row["storeys"]:
            row["floor_area_m2"] = round(footprint * row["storeys"], 1)
        rows.append(row)
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {"case_no": []}
    return frame(planting.sites, columns)


def expected_table(planting: Planting) -> pd.DataFrame:
    """Return case_no, scenario, verdict, reason and findings: the keys (such as HB-001a) of the rules that fail, in the packs' order."""
    scenarios = planting.scenarios
    return pd.DataFrame(
        {
            "case_no": [f"SQ2026{number:04d}" for number in range(1, len(scenarios) + 1)],
            "scenario": [scenario.name for scenario in scenarios],
            "verdict": [scenario.verdict for scenario in scenarios],
            "reason": [scenario.reason for scenario in scenarios],
            "findings": [list(scenario.findings) for scenario in scenarios],
        }
    )
