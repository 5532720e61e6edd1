"""Where a planted case stands on its block, and the features beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.blocks import HALF_U, HALF_V, Blocks
from layers.demo.corridors import Corridors
from layers.demo.scenario import Scenario

_EDGE_M = 0.0004
"""A distance meant to be just enough is this much longer, one meant to fall short this much shorter; both print the same to 1 cm."""

_STRIPS = ("railway", "dyke")
_FROM_HIGHER_ROAD_M = 7.0
"""How far a site that is no road case moves away from the road where its block lies on a higher road than a village's, metres."""

_CONTROL_M = {"expressway": 30.0, "national": 20.0, "provincial": 15.0, "county": 10.0, "township": 5.0}
"""Width of the control zone by class (公路安全保护条例 §11), metres."""


@dataclass(frozen=True)
class Plot:
    """The site of a case in the local coordinates of its block: u along the road, v away from it, metres."""

    block: int
    u0: float
    v0: float
    u1: float
    v1: float

    def on(self, blocks: Blocks) -> shapely.Polygon:
        """Return the site in the county's coordinates."""
        return blocks.rectangle(self.block, self.u0, self.v0, self.u1, self.v1)

    def moved(self, away_m: float) -> Plot:
        """Return the plot so many metres farther from the road."""
        return replace(self, v0=self.v0 + away_m, v1=self.v1 + away_m)


def site_plot(scenario: Scenario, block: int, blocks: Blocks, corridors: Corridors, before: Plot | None) -> Plot:
    """Return the plot applied for: in the middle of the block, at its distance from the road, or beside the case before."""
    u, v = scenario.size[0] / 2, scenario.size[1] / 2
    if scenario.beside_m is not None:
        assert before is not None
        return replace(before, u0=before.u1 - scenario.beside_m, u1=before.u1 - scenario.beside_m + scenario.size[0])
    plot = Plot(block, -u, -v, u, v)
    if scenario.road == "village":
        return plot if blocks.road[block] == "village" else plot.moved(_FROM_HIGHER_ROAD_M)
    assert scenario.distance_m is not None
    wanted = scenario.distance_m + (-_EDGE_M if scenario.near else _EDGE_M)
    land = corridors.areas[(corridors.kind == scenario.road) & ~shapely.is_empty(corridors.areas)]
    near = land[shapely.STRtree(land).query(blocks.polygons[block], predicate="dwithin", distance=60.0)]
    shift = 0.0
    for _ in range(30):
        shift += wanted - float(shapely.distance(plot.moved(shift).on(blocks), near).min())
    return plot.moved(shift)


def off_the_road(blocks: Blocks, corridors: Corridors) -> NDArray[np.bool_]:
    """Return on which blocks a site that is no road case keeps out of the control zone of the block's own road."""
    result = np.ones(len(blocks.road), dtype=bool)
    for kind, width in _CONTROL_M.items():
        here = np.flatnonzero(blocks.road == kind)
        land = corridors.areas[(corridors.kind == kind) & ~shapely.is_empty(corridors.areas)]
        if len(here) and len(land):
            sites = np.array([Plot(int(b), -10.5, -5.0, 10.5, 5.0).moved(_FROM_HIGHER_ROAD_M).on(blocks) for b in here], dtype=object)
            near = shapely.STRtree(land).query(sites, predicate="dwithin", distance=width + 0.5)[0]
            result[here[near]] = False
    return result


def strip_of_other_land(scenario: Scenario, plot: Plot, blocks: Blocks) -> shapely.Polygon | None:
    """Return the strip of other land that reaches into the site, strictly inside the block."""
    if scenario.part is None:
        return None
    return blocks.rectangle(plot.block, plot.u1 - scenario.overlap_m, -HALF_V + 4, HALF_U - 2, HALF_V - 4)


def feature_beside(scenario: Scenario, plot: Plot, blocks: Blocks) -> shapely.Geometry:
    """Return the restricting feature: a line, strip, crown or house at its distance, or an area reaching into the site."""
    if scenario.distance_m is not None and scenario.road == "village":
        return _at_distance(scenario, plot, blocks)
    edge = plot.u1 - scenario.overlap_m
    if scenario.layer == "parcel":
        return blocks.rectangle(plot.block, edge, plot.v0, edge + 12.0, plot.v1 + 2.0)
    if scenario.layer == "new_village_area":
        return blocks.rectangle(plot.block, -HALF_U, -HALF_V, HALF_U, HALF_V)
    wave = np.linspace(-1, 1, 15)
    outer = np.column_stack([edge + 26 + 5 * np.cos(7 * wave), 24 * wave[::-1]])
    return shapely.Polygon(blocks.place(plot.block, np.vstack([[[edge, -24.0], [edge, 24.0]], outer])))


def _at_distance(scenario: Scenario, plot: Plot, blocks: Blocks) -> shapely.Geometry:
    assert scenario.distance_m is not None
    away = plot.v1 + scenario.distance_m + (-_EDGE_M if scenario.near else _EDGE_M)
    if scenario.layer in _STRIPS:
        return blocks.rectangle(plot.block, -40.0, away, 40.0, away + 8.0)
    if scenario.layer == "building":
        return blocks.rectangle(plot.block, plot.u0, away, plot.u1, away + 7.0)
    if scenario.layer == "old_tree":
        turn = np.linspace(0, 2 * np.pi, 16, endpoint=False) - np.pi / 2
        ring = np.column_stack([4.0 * np.cos(turn), away + 4.0 + 4.0 * np.sin(turn)])
        return shapely.Polygon(blocks.place(plot.block, ring))
    half = 70.0 if scenario.distance_m < 40 else 20.0
    return shapely.LineString(blocks.place(plot.block, np.array([[-half, away], [half, away]])))
