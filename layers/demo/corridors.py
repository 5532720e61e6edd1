"""The land of roads and rivers as strips that do not overlap: the higher road keeps its land, roads bridge rivers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.grid import Floats, Ints
from layers.demo.roads import CLASSES, LAND_WIDTH_M, Roads
from layers.demo.waters import Rivers

BEYOND_ESTIMATE = 1.021
"""Transport land found outside settlements ÷ the estimate by stations along the roads, as measured on the full county."""


@dataclass(frozen=True)
class Corridors:
    """Strips in order of precedence. `kind` is a road class, `track` or `river`; `source` the index in its own list."""

    lines: NDArray[np.object_]
    half_m: Floats
    kind: NDArray[np.object_]
    source: Ints
    areas: NDArray[np.object_]
    """Each strip without the land of those before it, on a 1 cm grid; may be empty or of several parts."""


def make_corridors(
    roads: Roads, tracks: list[shapely.LineString], rivers: Rivers, *, outline: shapely.Polygon, transport_m2: float, built: Floats
) -> Corridors:
    """Give every line its strip; village roads and tracks are as wide as the official transport area asks.

    `built` is the share of each road and track (in that order) that runs inside settlements, where its land counts as
    settlement; only the rest counts towards `transport_m2`.
    """
    lines = shapely.simplify(np.array([*roads.lines, *tracks, *rivers.lines], dtype=object), 1.5)
    kind = np.array([*roads.classes, *["track"] * len(tracks), *["river"] * len(rivers.lines)], dtype=object)
    source = np.concatenate([np.arange(len(roads.lines)), np.arange(len(tracks)), np.arange(len(rivers.lines))])
    width = np.array([LAND_WIDTH_M.get(k, 0.0) for k in kind])
    width[kind == "river"] = rivers.widths_m
    rank = np.array([[*CLASSES, "river"].index(k) for k in kind])
    order = np.lexsort((np.arange(len(kind)), -width * (kind == "river"), rank))
    lines, kind, source, width = lines[order], kind[order], source[order], width[order]
    outside = np.concatenate([1 - built, np.zeros(len(rivers.lines))])[order]
    outside[np.isin(kind, CLASSES[:4])] = 1.0
    small = (kind == "village") | (kind == "track")
    land = shapely.area(_clipped(_without_earlier(lines, width / 2), outline)) * outside * BEYOND_ESTIMATE
    width[small] *= np.clip((transport_m2 - land[~small].sum()) / land[small].sum(), 0.3, 3.0)
    half = width / 2
    return Corridors(lines=lines, half_m=half, kind=kind, source=source, areas=_clipped(_without_earlier(lines, half), outline))


def _without_earlier(lines: NDArray[np.object_], half: Floats) -> NDArray[np.object_]:
    strips = shapely.buffer(lines, half, quad_segs=3, cap_style="flat", join_style="mitre", mitre_limit=2.0)
    later, earlier = shapely.STRtree(strips).query(strips, predicate="intersects")
    keep = earlier < later
    later, earlier = later[keep], earlier[keep]
    order = np.argsort(later, kind="stable")
    later, earlier = later[order], earlier[order]
    result = strips.copy()
    starts = np.flatnonzero(np.r_[True, np.diff(later) > 0]) if len(later) else np.empty(0, dtype=np.int64)
    for start, end in zip(starts, np.r_[starts[1:], len(later)], strict=True):
        number = later[start]
        cutters = strips[earlier[start:end]]
        result[number] = shapely.difference(strips[number], shapely.union_all(cutters) if len(cutters) > 1 else cutters[0])
    return result


def _clipped(areas: NDArray[np.object_], outline: shapely.Polygon) -> NDArray[np.object_]:
    """Cut the strips off at the outline: only the few that leave the county are touched."""
    shapely.prepare(outline)
    leaving = ~shapely.contains(outline, areas)
    areas[leaving] = shapely.intersection(areas[leaving], outline)
    return np.asarray(shapely.set_precision(areas, 0.01))
