"""Applications planted on blocks, the land they stand on, and the features that stand in their way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.demo.blocks import Blocks
from layers.demo.corridors import Corridors
from layers.demo.facts import ellipsoid_factor
from layers.demo.patches import Patches, settlement_attribute
from layers.demo.plots import Plot, feature_beside, off_the_road, site_plot, strip_of_other_land
from layers.demo.scenario import Scenario
from layers.demo.scenarios import SCENARIOS
from layers.demo.scenarios_papers import PAPERS
from layers.demo.scenarios_places import PLACES
from layers.demo.sites import Sites

SINGLE = (*PLACES, *PAPERS)
"""Planted once each, after those that take turns."""

_ANY_ROAD = ("village", "township", "county", "provincial", "national", "expressway")


@dataclass(frozen=True)
class Planting:
    """Case k of `scenarios` stands on block `block[k]` with its `sites[k]`; `parts` is the strip of other land or None."""

    scenarios: tuple[Scenario, ...]
    block: NDArray[np.int64]
    plots: tuple[Plot, ...]
    sites: NDArray[np.object_]
    parts: NDArray[np.object_]
    built_up: frozenset[int]
    """Villages (rows) that have no vacant land and no idle plot."""


class _Chooser:
    """Finds a free block for one case after the other."""

    def __init__(self, blocks: Blocks, free: NDArray[np.bool_], intent: NDArray[np.object_], approved: NDArray[np.bool_]) -> None:
        self.blocks, self.intent, self.approved = blocks, intent, approved
        self.unused = [int(block) for block in np.flatnonzero(free)]
        self.alone_m = np.asarray(cKDTree(blocks.centre).query(blocks.centre, k=2)[0])[:, 1]
        self.chosen: list[tuple[Scenario, int]] = []

    def take(self, scenario: Scenario, *, roads: tuple[str, ...]) -> bool:
        """Plant the case if a block is left for it."""
        fitting = (b for intent in scenario.intents for b in self.unused if self._suits(scenario, intent, b, roads))
        block = next(fitting, None)
        if block is None:
            return False
        self.unused.remove(block)
        self.chosen.append((scenario, block))
        return True

    def leave(self, blocks: NDArray[np.int64]) -> None:
        """Use some blocks no longer."""
        self.unused = [block for block in self.unused if block not in set(blocks.tolist())]

    def take_again(self, scenario: Scenario) -> None:
        """Plant the case on the block of the case before."""
        self.chosen.append((scenario, self.chosen[-1][1]))

    def _suits(self, scenario: Scenario, intent: str, block: int, roads: tuple[str, ...]) -> bool:
        village = self.blocks.village[block]
        fits = self.intent[village] == intent and self.blocks.road[block] in roads
        reach = scenario.distance_m if scenario.road == "village" and scenario.distance_m else 0.0
        alone = reach < 20 or self.alone_m[block] > reach + 150
        free = scenario.idle is not False or not any(self.blocks.village[b] == village and s.takes_farmland for s, b in self.chosen)
        return bool(fits and alone and free and (scenario.approved is None or self.approved[village] == scenario.approved))


def plant(
    blocks: Blocks, corridors: Corridors, free: NDArray[np.bool_], intent: NDArray[np.object_], approved: NDArray[np.bool_], *, cases: int
) -> Planting:
    """Choose a block for every case: `cases` of the kinds that take turns (the next kind where no block is left for one), then the single ones."""
    chooser = _Chooser(blocks, free, intent, approved)
    barren: set[str] = set()
    turn = 0
    while len(chooser.chosen) < cases and len(barren) < len(SCENARIOS):
        scenario = SCENARIOS[turn % len(SCENARIOS)]
        turn += 1
        if not chooser.take(scenario, roads=(scenario.road,)):
            barren.add(scenario.name)
    planted = True
    chooser.leave(np.flatnonzero(~off_the_road(blocks, corridors)))
    for scenario in sorted(SINGLE, key=lambda single: (single.idle is not False, len(single.intents))):
        if scenario.beside_m is None:
            planted = chooser.take(scenario, roads=_ANY_ROAD if scenario.road == "village" else (scenario.road,))
        elif planted:
            chooser.take_again(scenario)
    return _planted(chooser.chosen, blocks, corridors)


def _planted(chosen: list[tuple[Scenario, int]], blocks: Blocks, corridors: Corridors) -> Planting:
    plots: list[Plot] = []
    for scenario, block in chosen:
        plots.append(site_plot(scenario, block, blocks, corridors, plots[-1] if plots else None))
    return Planting(
        scenarios=tuple(scenario for scenario, _ in chosen),
        block=np.array([block for _, block in chosen], dtype=np.int64),
        plots=tuple(plots),
        sites=_objects([plot.on(blocks) for plot in plots]),
        parts=_objects([strip_of_other_land(scenario, plot, blocks) for (scenario, _), plot in zip(chosen, plots, strict=True)]),
        built_up=frozenset(int(blocks.village[block]) for scenario, block in chosen if scenario.idle is False),
    )


def _objects(values: list[Any]) -> NDArray[np.object_]:
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def planted_patches(patches: Patches, blocks: Blocks, planting: Planting, site: NDArray[np.int64], sites: Sites) -> Patches:
    """Return the patches with each block's land as its case wants it; strips of other land become patches of their own."""
    code, settlement = patches.code.copy(), patches.site.copy()
    polygons = patches.polygons.copy()
    ground = np.full(len(blocks.village), "1201", dtype=object)
    ground[planting.block] = [scenario.ground for scenario in planting.scenarios]
    own = patches.block >= 0
    code[own] = ground[patches.block[own]]
    code[(code == "1201") & np.isin(patches.village, list(planting.built_up))] = "0702"
    dense = np.zeros(len(blocks.village), dtype=bool)
    dense[planting.block] = [scenario.dense for scenario in planting.scenarios]
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
    block = columns["block"]
    x, y = shapely.get_coordinates(shapely.centroid(polygons)).T
    return replace(
        patches,
        polygons=polygons,
        code=code,
        site=settlement,
        czcsxm=np.where((block >= 0) & dense[block], "202", settlement_attribute(code, settlement, sites)),
        area_m2=shapely.area(polygons) * ellipsoid_factor(x, y),
        **columns,
    )


def obstacles(planting: Planting, blocks: Blocks, codes: NDArray[np.object_]) -> dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]]:
    """Return the features to add, by layer: what stands in the way of each case, and the own parcel and old house of rebuilt ones."""
    found: dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]] = defaultdict(list)
    for number, (scenario, plot) in enumerate(zip(planting.scenarios, planting.plots, strict=True), 1):
        code = str(codes[blocks.village[plot.block]])
        if scenario.stated.get("build_kind") in ("rebuild_in_place", "extend"):
            _old_house(found, scenario, plot, blocks, f"{code}JC{90000 + number:05d}")
        if scenario.layer is not None:
            attributes = dict(scenario.attributes)
            if scenario.layer == "parcel":
                attributes["ZDDM"] = f"{code}JC{80000 + number:05d}"
            elif scenario.layer == "building":
                attributes["ZLDWDM"] = code
            found[scenario.layer].append((feature_beside(scenario, plot, blocks), attributes))
    return found


def _old_house(found: dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]], scenario: Scenario, plot: Plot, blocks: Blocks, zddm: str) -> None:
    neighbour = scenario.overlap_m if scenario.layer == "parcel" else 0.0
    found["parcel"].append((replace(plot, u1=plot.u1 - neighbour).on(blocks), {"ZDDM": zddm}))
    house = Plot(plot.block, plot.u0 + 1, plot.v0 + 1, plot.u1 - 2, plot.v1 - 1)
    found["building"].append((house.on(blocks), {"ZDDM": zddm, "ZLDWDM": zddm[:12]}))
