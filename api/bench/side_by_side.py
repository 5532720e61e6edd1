"""SedonaDB and DuckDB spatial beside our engine: 100,000 sites over the nine layers, on the layers as delivered and on the same pieces.

Again with a red line as ragged as deliveries are, among the nine and alone: thirty polygons of 20,000 vertices (the demo county's own are
much smoother, and most of its features so small that they are pieces already). All engines take turns in every round, and medians of five
rounds count, of fewer where a case takes longer than some minutes (others need minutes for the ragged line as it is).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np
import shapely

from api.bench.batch import engine
from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.bench.sites import LAYERS, sites
from layers import database, snapshot
from layers.peers import Peer, peers
from spatial.batches import spatial_order
from spatial.layer import Layer, LayerSet
from spatial.pieces import Geometries, subdivide

COUNT = 100_000
ROUNDS, LONGEST_S = 5, 300.0
DELIVERED_AIM, PIECES_AIM = 10.0, 1.0
RAGGED, VERTICES, RADIUS_M = 30, 20_000, 2_500.0
RED_LINE = "ecological_redline"
SEED = 20260103


@dataclass(frozen=True)
class _Case:
    """Layers, in which form the others get them, and how much faster than they the engine should be."""

    title: str
    layers: LayerSet
    shapes: Callable[[Layer], Geometries]
    aim: float


@dataclass
class _Cost:
    """What an engine took in each round: seconds by the clock, and of the processors (of both threads)."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, wall: float, cpu: float) -> None:
        """Write down one round."""
        self.wall.append(wall)
        self.cpu.append(cpu)


def run(place: Place, report: Report) -> Figures:
    """All engines over all layers, taking turns."""
    figures = Figures("peers")
    others = peers()
    in_force = place.in_force()
    with database.connect(place.url) as conn:
        plots = sites(conn, in_force["building"], count=COUNT, epsg=place.settings.epsg)
        layers = snapshot.load(conn, {name: in_force[name] for name in LAYERS if name in in_force}, epsg=place.settings.epsg)
    ragged = {RED_LINE: _ragged(layers[RED_LINE])}
    for peer in others:
        peer.load_sites(plots[spatial_order(plots)])
    cases = [
        _Case(f"{len(layers)} 个图层（同样的小块）", layers, lambda layer: layer.pieces, PIECES_AIM),
        _Case(f"{len(layers)} 个图层（入库时的原样）", layers, lambda layer: layer.features, DELIVERED_AIM),
        _Case(f"{len(layers)} 个图层，其中生态保护红线毛糙（入库时的原样）", {**layers, **ragged}, lambda layer: layer.features, DELIVERED_AIM),
        _Case("毛糙的生态保护红线（同样的小块）", ragged, lambda layer: layer.pieces, PIECES_AIM),
        _Case("毛糙的生态保护红线（入库时的原样）", ragged, lambda layer: layer.features, DELIVERED_AIM),
    ]
    for number, case in enumerate(cases):
        report(0.1 + 0.9 * number / len(cases), case.title)
        _compare(figures, others, case, plots)
    return figures


def _compare(figures: Figures, others: list[Peer], case: _Case, plots: Geometries) -> None:
    """Let all engines answer a case in turn, some times, and write down the medians and how far the answers are apart."""
    order = spatial_order(plots)
    ours, theirs = _Cost(), {peer.name: _Cost() for peer in others}
    apart, until = 0.0, time.perf_counter() + LONGEST_S
    while len(ours.wall) < ROUNDS and (not ours.wall or time.perf_counter() < until):
        processors = time.process_time()
        seconds, areas = engine(plots, case.layers)
        ours.add(seconds, time.process_time() - processors)
        for peer in others:
            wall, cpu = 0.0, 0.0
            for row, layer in enumerate(case.layers.values()):
                peer.load_ground(case.shapes(layer))
                clock, processors = time.perf_counter(), time.process_time()
                read = peer.overlap()
                wall, cpu = wall + time.perf_counter() - clock, cpu + time.process_time() - processors
                if layer.disjoint:
                    apart = max(apart, float(np.abs(read() - areas[row][order]).max(initial=0.0)))
            theirs[peer.name].add(wall, cpu)
    figures.add(f"{COUNT} 个地块 × {case.title}，本引擎两个线程", median(ours.wall), "s")
    for name, cost in theirs.items():
        figures.add(f"{case.title}，{name}", median(cost.wall), "s")
        figures.add(f"{case.title}：本引擎比 {name} 快", median(cost.wall) / median(ours.wall), "×", at_least=case.aim)
        figures.add(f"{case.title}：{name} 所用处理器时间是本引擎的", median(cost.cpu) / median(ours.cpu), "×")
    figures.add(f"{case.title}，面积最大差（要素不重叠的图层）", apart, "m²", at_most=1.01e-4)


def _ragged(layer: Layer) -> Layer:
    """The same layer with features as many surveys deliver them, cut to pieces as an import cuts them; they do not overlap."""
    rng = np.random.default_rng(SEED)
    west, south, east, north = layer.coverage.bounds
    columns = int(np.ceil(np.sqrt(RAGGED * (east - west) / (north - south))))
    rows = int(np.ceil(RAGGED / columns))
    wide, high = (east - west) / columns, (north - south) / rows
    places = [(west + (at % columns + 0.5) * wide, south + (at // columns + 0.5) * high) for at in range(RAGGED)]
    shapes: Geometries = np.array([_ring(rng, x, y, min(RADIUS_M, 0.4 * min(wide, high))) for x, y in places], dtype=object)
    cut = [subdivide(shape) for shape in shapes]
    return replace(
        layer, features=shapes, ids=np.arange(RAGGED).astype(str).astype(object), attributes={}, pieces=np.concatenate(cut),
        piece_feature=np.repeat(np.arange(RAGGED), [len(parts) for parts in cut]), disjoint=True,
    )  # fmt: skip


def _ring(rng: np.random.Generator, x: float, y: float, radius: float) -> Any:
    """A closed curve of many vertices, with bays and a surveyor's trembling hand."""
    angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    bays = sum(rng.uniform(0.02, 0.1) * np.sin(count * angle + rng.uniform(0, 6)) for count in (3, 7, 13, 41))
    distance = radius * (1 + bays) + rng.normal(scale=0.05, size=VERTICES)
    return shapely.make_valid(shapely.Polygon(np.column_stack([x + distance * np.cos(angle), y + distance * np.sin(angle)])))

