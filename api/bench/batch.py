"""100,000 sites laid over nine layers, then by all rules: the engine against set-based PostGIS over two connections."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely
from numpy.typing import NDArray

from api.bench import pack_batch
from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.bench.sites import LAYERS, sites
from layers import baseline, database, snapshot
from spatial.batches import spatial_order
from spatial.layer import LayerSet
from spatial.measures import Overlay
from spatial.pieces import Geometries
from spatial.sweep import ground, sweep

COUNT = 100_000
CHUNK = 5_000
THREADS = 2
AIM = 2.5


def run(place: Place, report: Report) -> Figures:
    """Nine layers alone, then the whole pack."""
    figures = nine_layers(place, lambda share, doing: report(0.2 * share, doing))
    figures.found += pack_batch.run(place, lambda share, doing: report(0.2 + 0.8 * share, doing)).found
    return figures


def nine_layers(place: Place, report: Report) -> Figures:
    """Measure the overlap of every site with every layer both ways, and compare speed and answers."""
    figures = Figures("batch")
    in_force = place.in_force()
    wanted = {name: in_force[name] for name in LAYERS if name in in_force}
    report(0.0, "准备地块")
    with database.connect(place.url) as conn:
        plots = sites(conn, in_force["building"], count=COUNT, epsg=place.settings.epsg)
        baseline.store_sites(conn, plots, epsg=place.settings.epsg)
        conn.commit()
        layers = snapshot.load(conn, wanted, epsg=place.settings.epsg)
    numbers = [dataset.version for dataset in wanted.values()]
    report(0.2, "PostGIS 试算")
    variant = baseline.fastest_variant(place.url, numbers, sample=COUNT // 20)
    report(0.3, f"PostGIS（{variant}）")
    sql_seconds, sql_areas = baseline.measure_sites(place.url, numbers, sites=COUNT, variant=variant)
    report(0.8, "引擎")
    engine_seconds, areas = engine(plots, layers)
    figures.add(f"{COUNT} 个地块 × {len(wanted)} 个图层，PostGIS 两个连接（{variant}）", sql_seconds, "s")
    figures.add(f"{COUNT} 个地块 × {len(wanted)} 个图层，引擎两个线程", engine_seconds, "s")
    figures.add("引擎比 PostGIS 快", sql_seconds / engine_seconds, "×", at_least=AIM)
    apart = [row for row, layer in enumerate(layers.values()) if layer.disjoint]
    figures.add("两种算法面积最大差（要素不重叠的图层）", np.abs(areas - sql_areas)[apart].max(initial=0.0), "m²", at_most=1e-4)
    return figures


def engine(plots: Geometries, layers: LayerSet) -> tuple[float, NDArray[np.float64]]:
    """Measure the overlap of every site with every layer by two threads; return seconds and m² (layers x sites)."""
    over = ground(layers, list(layers))
    _ = over.tree
    began = time.perf_counter()
    order = spatial_order(plots)
    parts = [plots[order[start : start + CHUNK]] for start in range(0, len(plots), CHUNK)]

    def measure(part: Geometries) -> NDArray[np.float64]:
        areas = shapely.area(part)
        swept = sweep(part, areas, over)
        return np.array([Overlay(part, layer, areas, swept=swept).overlap() for layer in layers.values()])

    areas = np.empty((len(layers), len(plots)))
    with ThreadPoolExecutor(THREADS) as workers:
        areas[:, order] = np.concatenate(list(workers.map(measure, parts)), axis=1)
    return time.perf_counter() - began, areas
