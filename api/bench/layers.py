"""Layers in and out: a survey of 150,000 patches imported from a zipped GBK shapefile, exported, and cut into tiles.

The survey is made from a seed and goes into an empty database with the county and the villages it lies in, so that the acceptance check has
something to check against. ogr2ogr imports the same file in turn, without any check.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import psycopg
import shapely

from api.bench import ogr, patches
from api.bench.figure import Figures, Report
from api.bench.layer_import import Import, import_apart, publish_frame
from api.bench.layer_tiles import TILES, Cut, addresses, cut
from api.bench.place import Place
from layers import database, versions
from layers.databases import create_database, drop_database, url_of_database
from layers.exports.export import export

COUNT = 150_000
ROUNDS = 5
SEED = 20260104
LOAD_S = 4.0
FORMATS = {"GeoPackage": "DLTB.gpkg", "压缩的 Shapefile": "DLTB.zip", "GeoParquet": "DLTB.parquet"}
TITLES = {"land_use": "地类图斑", "building": "自然幢"}
SLOWER = 1.0
TILE_RATIO = 1.3
HELD_PER_S = 2_000
MEMORY_MB = 2_000


def run(place: Place, report: Report) -> Figures:
    """Import, export, cut tiles; medians of some rounds."""
    return measure(place, report, count=COUNT, rounds=ROUNDS, tiles=TILES, load_s=LOAD_S)


def measure(place: Place, report: Report, *, count: int, rounds: int, tiles: int, load_s: float) -> Figures:
    """Measure with a survey of so many patches."""
    figures = Figures("layers")
    report(0.0, f"生成 {count:,} 个图斑")
    made = patches.survey(count, seed=SEED)
    with _empty(place) as own, tempfile.TemporaryDirectory(prefix="cuntu-bench-") as name:
        folder = Path(name)
        packed = patches.write_zip(made.patches, folder)
        for layer, frame in (("county", made.county), ("village", made.villages)):
            publish_frame(own.url, layer, frame, epsg=patches.EPSG)
        taken, theirs = _imports(own, packed, report, rounds)
        _tell_imports(figures, taken, theirs, count, packed)
        report(0.5, "导出")
        _exports(figures, own, taken[-1].version, folder, rounds, compare=bool(theirs))
        report(0.65, "瓦片")
        with database.connect(own.url) as conn:
            versions.publish(conn, taken[-1].version)
        numbers = {
            "land_use": taken[-1].version,
            "building": publish_frame(own.url, "building", made.buildings, epsg=patches.EPSG),
        }
        box = shapely.total_bounds(made.shapes)
        chosen = addresses((box[0], box[1], box[2], box[3]), epsg=patches.EPSG, count=tiles, seed=SEED)
        found, held = cut(own, numbers, chosen, seconds=load_s)
        _tell_tiles(figures, found)
        figures.add("内存中的瓦片，8 个客户端，每秒", held.per_second, "个", at_least=HELD_PER_S)
        figures.add("内存中的瓦片，第 99 百分位", held.p99_ms, "ms")
    return figures


@contextmanager
def _empty(place: Place) -> Iterator[Place]:
    """Give an empty migrated database on the same server."""
    server, name = url_of_database(place.url, "postgres"), f"cuntu_bench_layers_{os.getpid()}"
    try:
        url = create_database(server, name)
        database.upgrade(url)
        yield replace(place, url=url, settings=place.settings.model_copy(update={"database_url": url}))
    finally:
        drop_database(server, name)


def _imports(place: Place, packed: Path, report: Report, rounds: int) -> tuple[list[Import], list[float]]:
    taken: list[Import] = []
    theirs: list[float] = []
    for number in range(rounds):
        report(0.05 + 0.45 * number / rounds, f"第 {number + 1} 次导入")
        taken.append(import_apart(place.url, packed, epsg=patches.EPSG))
        if ogr.is_there():
            theirs.append(ogr.import_seconds(place.url, packed, encoding="GBK"))
    return taken, theirs


def _tell_imports(figures: Figures, taken: list[Import], theirs: list[float], count: int, packed: Path) -> None:
    ours = median(one.seconds for one in taken)
    figures.add("压缩的 GBK Shapefile，大小", packed.stat().st_size / 1e6, "MB")
    figures.add(f"导入 {count} 个图斑，含识别和质检", ours, "s")
    for stage in taken[0].stages:
        figures.add(f"导入，其中{stage}", median(one.stages.get(stage, 0.0) for one in taken), "s")
    figures.add("导入，处理器时间（不含数据库）", median(one.processor_s for one in taken), "s")
    figures.add("导入，内存峰值（各进程之和）", max(one.memory_mb for one in taken), "MB", at_most=MEMORY_MB)
    if theirs:
        figures.add("ogr2ogr（COPY，空间索引，无质检）", median(theirs), "s")
        figures.add(
            "导入用时 ÷ ogr2ogr", median(a.seconds / b for a, b in zip(taken, theirs, strict=True)), "×", at_most=SLOWER
        )
    else:
        figures.add("ogr2ogr 没有安装，未对照", 0, "")


def _exports(figures: Figures, place: Place, version: int, folder: Path, rounds: int, *, compare: bool) -> None:
    with database.connect(place.url) as conn:
        record = versions.get(conn, version)
        for title, name in FORMATS.items():
            path = folder / "out" / name
            path.parent.mkdir(exist_ok=True)
            figures.add(f"导出 {title}", median(_export_s(conn, record, path) for _ in range(rounds)), "s")
            figures.add(f"导出 {title}，大小", path.stat().st_size / 1e6, "MB")
    if compare:
        figures.add(
            "ogr2ogr 导出 GeoPackage",
            median(ogr.export_seconds(place.url, folder / "ogr.gpkg") for _ in range(rounds)),
            "s",
        )


def _export_s(conn: psycopg.Connection[object], record: versions.VersionRecord, path: Path) -> float:
    began = time.perf_counter()
    export(conn, record, path)
    return time.perf_counter() - began


def _tell_tiles(figures: Figures, found: list[Cut]) -> None:
    for layer, z in dict.fromkeys(one.address[:2] for one in found):
        here = [one for one in found if one.address[:2] == (layer, z)]
        title = f"{TITLES[layer]} {z} 级"
        figures.add(f"{title}，首次切片", median(one.ours_ms for one in here), "ms")
        figures.add(f"{title}，ST_AsMVT 原语句", median(one.bare_ms for one in here), "ms")
        figures.add(
            f"{title}，首次切片 ÷ 原语句", median(one.ours_ms / one.bare_ms for one in here), "×", at_most=TILE_RATIO
        )
        figures.add(f"{title}，首次切片经 HTTP", median(one.http_ms for one in here), "ms")
        figures.add(f"{title}，大小", median(one.size for one in here) / 1000, "kB")
