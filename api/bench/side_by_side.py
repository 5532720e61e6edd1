"""SedonaDB and DuckDB spatial beside our engine: 100,000 sites over the nine layers, on the layers as delivered and on the same pieces.

A third time with a red line as ragged as deliveries are: thirty polygons of 20,000 vertices (the demo county's own are much smoother).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

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
BEST_OF = 3
DELIVERED_AIM, PIECES_AIM = 10.0, 1.0
RAGGED, VERTICES, RADIUS_M = 30, 20_000, 2_500.0
RED_LINE = "ecological_redline"
SEED = 20260103


@dataclass
class _Times:
    """Seconds of each engine for each layer, the best of some runs, and the answers."""

    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    apart: float = 0.0

    def total(self, engine_name: str) -> float:
        """All layers together."""
        return sum(self.seconds[engine_name].values())


def run(place: Place, report: Report) -> Figures:
    """Every engine over every layer, one after the other; the best of some runs counts."""
    figures = Figures("peers")
    others = peers()
    in_force = place.in_force()
    with database.connect(place.url) as conn:
        plots = sites(conn, in_force["building"], count=COUNT, epsg=place.settings.epsg)
        layers = snapshot.load(conn, {name: in_force[name] for name in LAYERS if name in in_force}, epsg=place.settings.epsg)
    ragged = {RED_LINE: _ragged(layers[RED_LINE])}
    for peer in others:
        peer.load_sites(plots[spatial_order(plots)])
    ours, areas = _ours(plots, layers)
    ours_ragged, areas_ragged = _ours(plots, ragged)
    figures.add(f"{COUNT} 个地块 × {len(layers)} 个图层，本引擎两个线程", ours, "s")
    figures.add(f"{COUNT} 个地块 × 毛糙的生态保护红线，本引擎两个线程", ours_ragged, "s")
    rounds: list[tuple[str, LayerSet, Callable[[Layer], Geometries], float, Mapping[str, NDArray[np.float64]], float]] = [
        ("各图层（同样的小块）", layers, lambda layer: layer.pieces, ours, areas, PIECES_AIM),
        ("各图层（入库时的原样）", layers, lambda layer: layer.features, ours, areas, DELIVERED_AIM),
        ("毛糙的生态保护红线（小块）", ragged, lambda layer: layer.pieces, ours_ragged, areas_ragged, PIECES_AIM),
        ("毛糙的生态保护红线（原样）", ragged, lambda layer: layer.features, ours_ragged, areas_ragged, DELIVERED_AIM),
    ]
    for number, (title, chosen, shapes, seconds, answers, aim) in enumerate(rounds):
        report(0.1 + 0.9 * number / len(rounds), title)
        times = _theirs(others, chosen, shapes, answers)
        for peer in others:
            figures.add(f"{title}，{peer.name}", times.total(peer.name), "s")
            figures.add(f"{title}：本引擎比 {peer.name} 快", times.total(peer.name) / seconds, "×", at_least=aim)
        figures.add(f"{title}，面积最大差（要素不重叠的图层）", times.apart, "m²", at_most=1.01e-4)
    return figures


def _ours(plots: Geometries, layers: LayerSet) -> tuple[float, Mapping[str, NDArray[np.float64]]]:
    """Our seconds, and the m² of every layer in the order the others have the sites in."""
    order = spatial_order(plots)
    measured = [engine(plots, layers) for _ in range(BEST_OF)]
    areas = measured[0][1]
    return min(seconds for seconds, _ in measured), {name: areas[row][order] for row, name in enumerate(layers)}


def _theirs(others: list[Peer], layers: LayerSet, shapes: Callable[[Layer], Geometries], ours: Mapping[str, NDArray[np.float64]]) -> _Times:
    times = _Times({peer.name: {} for peer in others})
    for name, layer in layers.items():
        for peer in others:
            peer.load_ground(shapes(layer))
            seconds, found = _best(peer)
            times.seconds[peer.name][name] = seconds
            if layer.disjoint:
                times.apart = max(times.apart, float(np.abs(found - ours[name]).max(initial=0.0)))
    return times


def _best(peer: Peer) -> tuple[float, NDArray[np.float64]]:
    def once() -> tuple[float, Callable[[], NDArray[np.float64]]]:
        began = time.perf_counter()
        read = peer.overlap()
        return time.perf_counter() - began, read

    runs = [once() for _ in range(BEST_OF)]
    return min(seconds for seconds, _ in runs), runs[0][1]()


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

