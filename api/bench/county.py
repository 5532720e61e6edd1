"""Loading the demo county afresh, and typing its villages."""

from __future__ import annotations

import time

from api import classifying
from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.demo import county as demo_county
from api.moment import Moment
from layers import database, versions


def load(place: Place, report: Report) -> Figures:
    """Load, type and check the demo county into an empty database."""
    figures = Figures("load")
    began = time.perf_counter()
    with database.pool(place.url, max_size=4) as pool:
        demo_county.load(pool, place.url, place.settings, report=report)
    figures.add("全新载入示例县（含分类和近 400 件审查）", time.perf_counter() - began, "s", at_most=120)
    figures.add("要素", sum(dataset.feature_count for dataset in place.in_force().values()), "个")
    return figures


def typing(place: Place, report: Report) -> Figures:
    """Read the layers and type every village."""
    figures = Figures("typing")
    moment, county = Moment.now(), place.settings.county_code
    with database.connect(place.url) as conn:
        report(0.0, "读取图层")
        began = time.perf_counter()
        in_force = versions.in_force(conn, valid_on=moment.valid_on, known_at=moment.known_at)
        layers = classifying.read_layers(conn, in_force, county=county, epsg=place.settings.epsg)
        figures.add("读取所需图层", time.perf_counter() - began, "s")
    report(0.5, "逐村判定")
    began = time.perf_counter()
    typed = classifying.classify(layers, county=county, moment=moment)
    figures.add(f"全县 {len(typed)} 个村分类", time.perf_counter() - began, "s")
    began = time.perf_counter()
    for row in range(len(typed)):
        typed.village(row)
    figures.add("写出全部证据", time.perf_counter() - began, "s")
    return figures
