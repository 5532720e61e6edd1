"""The invented terrain: streams that gather into one river, valleys along them, ranges between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse.csgraph import dijkstra

from layers.demo.grid import Floats, Grid, Ints
from layers.demo.noise import Noise
from layers.demo.spread import spread_points


@dataclass(frozen=True)
class Stream:
    """A watercourse from its spring or town down to its junction; `flow` counts the springs above each node."""

    nodes: Ints
    flow: Ints


@dataclass(frozen=True)
class Terrain:
    """Heights and slopes at grid nodes, with the streams that shaped them."""

    grid: Grid
    inside: NDArray[np.bool_]
    height_m: Floats
    slope: Floats
    river_m: Floats
    streams: tuple[Stream, ...]


def shape_terrain(
    outline: shapely.Polygon, seats: Floats, seat_heights: Floats, *, step: float, springs: int, rng: np.random.Generator
) -> Terrain:
    """Invent a terrain whose valley floors lie at the seats' heights (metres above sea level)."""
    grid = Grid.over(np.asarray(outline.bounds), step=step, margin=1500.0)
    shapely.prepare(outline)
    inside = shapely.contains_xy(outline, grid.xy[:, 0], grid.xy[:, 1])
    streams, bed = _drain(grid, outline, inside, seats, seat_heights, springs, rng)
    height, river_m = _heights(grid, streams, bed, rng)
    smooth = ndimage.gaussian_filter(grid.image(height), 1.0)
    down, across = np.gradient(smooth, grid.step)
    slope = np.hypot(down, across).ravel()
    return Terrain(grid=grid, inside=inside, height_m=height, slope=slope, river_m=river_m, streams=streams)


def _drain(
    grid: Grid, outline: shapely.Polygon, inside: NDArray[np.bool_], seats: Floats, heights: Floats, springs: int, rng: np.random.Generator
) -> tuple[tuple[Stream, ...], dict[int, float]]:
    """Let every seat and spring drain to one outlet on the border; return streams and bed heights by node."""
    distance = np.hypot(*(grid.xy[:, None, :] - seats[None]).transpose(2, 0, 1)) + 300.0
    lowland = (heights / distance**2).sum(axis=1) / (1 / distance**2).sum(axis=1)
    cost = 1 + np.clip((lowland - heights.min()) / 40, 0, 4)
    cost = cost * np.exp(0.95 * Noise(rng, wavelength_m=5200, octaves=3)(grid.xy)) + np.where(inside, 0.0, 25.0)
    border = shapely.get_coordinates(outline)
    lowest = seats[int(np.argmin(heights))]
    outlet = int(grid.node(border[[int(np.argmin(np.hypot(*(border - lowest).T)))]])[0])
    _, onward = dijkstra(grid.ways(cost), indices=[outlet], return_predecessors=True)
    order = np.argsort(heights)
    angle = rng.uniform(0, 2 * np.pi, len(seats))
    beside = seats + 420 * np.column_stack([np.cos(angle), np.sin(angle)])
    sources = [(int(n), float(h) - 5) for n, h in zip(grid.node(beside[order]), heights[order], strict=True)]
    chance = np.where(inside, 1.0, 0.0)
    spring_nodes = spread_points(grid.xy, chance, count=springs, apart=grid.step * 14, rng=rng)
    sources += [(int(n), np.nan) for n in spring_nodes]
    return _flow_down(grid, sources, onward[0], outlet, float(heights.min()) - 9, rng)


def _flow_down(
    grid: Grid, sources: list[tuple[int, float]], onward: Ints, outlet: int, outlet_height: float, rng: np.random.Generator
) -> tuple[tuple[Stream, ...], dict[int, float]]:
    bed = {outlet: outlet_height}
    flow = np.zeros(len(onward), dtype=np.int64)
    paths = []
    for source, height in sources:
        path = [source]
        while path[-1] not in bed:
            path.append(int(onward[path[-1]]))
        if len(path) > 3:
            foot = bed[path[-1]]
            top = foot + len(path) * grid.step * rng.uniform(0.010, 0.022) if np.isnan(height) else max(height, foot + 1)
            bed.update(zip(path[:-1], np.linspace(top, foot, len(path))[:-1], strict=True))
            paths.append(np.array(path))
        node = path[0] if len(path) > 3 else path[-1]
        while node != outlet:
            flow[node] += 1
            node = int(onward[node])
    flow[outlet] = len(sources)
    return tuple(Stream(nodes=path, flow=np.maximum(flow[path], 1)) for path in paths), bed


def _heights(grid: Grid, streams: tuple[Stream, ...], bed: dict[int, float], rng: np.random.Generator) -> tuple[Floats, Floats]:
    water = np.ones(len(grid.xy), dtype=bool)
    bed_height, bed_flow = np.zeros(len(grid.xy)), np.zeros(len(grid.xy))
    for stream in streams:
        water[stream.nodes] = False
        bed_height[stream.nodes] = [bed[int(n)] for n in stream.nodes]
        bed_flow[stream.nodes] = stream.flow
    away, (row, column) = ndimage.distance_transform_edt(grid.image(water), return_indices=True)
    nearest = (row * grid.columns + column).ravel()
    away_m = away.ravel() * grid.step
    floor = ndimage.gaussian_filter(grid.image(bed_height[nearest]), 3).ravel()
    flat = ndimage.gaussian_filter(grid.image(90 + 125 * np.sqrt(bed_flow[nearest])), 4).ravel()
    up = np.maximum(away_m - flat * np.exp(0.35 * Noise(rng, wavelength_m=3000)(grid.xy)), 0)
    top = 330 * np.exp(0.5 * Noise(rng, wavelength_m=11000, octaves=2)(grid.xy))
    relief = top * (1 - np.exp(-up * 0.22 / top)) * (1 + 0.3 * Noise(rng, wavelength_m=1900, octaves=3)(grid.xy))
    return floor + away_m * 0.003 + relief, away_m
