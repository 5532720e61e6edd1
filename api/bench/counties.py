"""Twenty counties on a Dask cluster of two workers on this machine: what they cost, and that a killed worker changes no byte.

The county sets are a part of the county in the database, written under other codes in several 3-degree zones.
"""

from __future__ import annotations

import hashlib
import os
import signal
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.bench.sites import near
from api.moment import Moment
from api.province import Order, check_province
from layers import applications, classifications, database, snapshot
from layers.county_set import write_county_set
from spatial.batches import spatial_order
from spatial.errors import CuntuError
from spatial.layer import Layer
from spatial.permit import VillageTypes, search_radius, village_wide
from spatial.pieces import Geometries
from spatial.rules.pack import load_pack

COUNTIES = 20
SITES = 2_000
WORKERS = 2
ZONES = 3
CODE = 421_200
CHUNK = 250
SEED = 20260104


class DaskMissingError(CuntuError):
    """没有安装 Dask，无法测多县：请安装 cuntu 的附加部分 province。"""


def run(place: Place, report: Report) -> Figures:
    """Check one county, then twenty, then twenty with a worker killed when half of the parts are there."""
    try:
        from distributed import LocalCluster
    except ModuleNotFoundError as error:
        raise DaskMissingError from error
    figures, moment = Figures("province"), Moment.now()
    order = Order(moment.valid_on, moment.known_at, chunk=CHUNK)
    with tempfile.TemporaryDirectory(prefix="cuntu-counties-") as name:
        folder = Path(name)
        report(0.0, "写出县级数据集")
        _write(place, folder, moment)
        with LocalCluster(n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as cluster:  # type: ignore[no-untyped-call]
            address = cluster.scheduler_address
            # Once for nothing: the workers read the rules and make themselves ready.
            _seconds(folder / "one", folder / "warm", order, address)
            report(0.2, "一个县")
            one = min(_seconds(folder / "one", folder / f"one-{number}", order, address) for number in range(3))
            report(0.3, f"{COUNTIES} 个县")
            twenty = _seconds(folder / "twenty", folder / "whole", order, address)
            report(0.6, f"{COUNTIES} 个县，半途杀掉一个工作进程")
            killed = _with_a_kill(cluster, folder / "twenty", folder / "killed", order)
    figures.add(f"一个县（{SITES} 件申请，含读取和写出报告）", one, "s")
    figures.add(f"{COUNTIES} 个县，{WORKERS} 个工作进程", twenty, "s")
    figures.add(f"{COUNTIES} 个县与一个县之比", twenty / one, "×", at_most=COUNTIES)
    figures.add("半途杀掉一个工作进程后，结果文件的差别", killed, "个", at_most=0)
    return figures


def _seconds(root: Path, out: Path, order: Order, address: str) -> float:
    began = time.perf_counter()
    check_province(root, out, order, report=lambda share, doing: None, scheduler=address)
    return time.perf_counter() - began


def _with_a_kill(cluster: Any, root: Path, out: Path, order: Order) -> int:
    """Run all counties, kill a worker half-way, and return how many files differ from an undisturbed run beside it."""
    parts = COUNTIES * -(-SITES // CHUNK)
    done, killed = threading.Event(), threading.Event()

    def kill() -> None:
        while len(list(out.glob("*/part-*.ndjson"))) < parts // 2:
            if done.wait(0.02):
                return
        os.kill(next(iter(cluster.workers.values())).process.pid, signal.SIGKILL)
        killed.set()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        _seconds(root, out, order, cluster.scheduler_address)
    finally:
        done.set()
        thread.join()
    whole, other = _hashes(out.parent / "whole"), _hashes(out)
    missed = 0 if killed.is_set() else 1
    return missed + sum(whole.get(name) != other.get(name) for name in whole | other)


def _hashes(out: Path) -> dict[str, str]:
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in out.rglob("*.*json") if path.is_file()}


def _write(place: Place, folder: Path, moment: Moment) -> None:
    settings = place.settings
    pack = load_pack("house-building", county=settings.county_code)
    in_force = place.in_force()
    versions = {name: dataset for name, dataset in in_force.items() if name in pack.layers}
    with database.connect(place.url) as conn:
        houses = snapshot.load(conn, {"building": in_force["building"]}, epsg=settings.epsg)["building"]
        plots = _together(houses)
        layers = snapshot.pruned(
            conn, versions, plots, radius_m=search_radius(pack), epsg=settings.epsg, village_wide=village_wide(pack)
        )
        run = classifications.applicable(conn, valid_on=moment.valid_on, known_at=moment.known_at)
        types = VillageTypes(classifications.types(conn, run), str(run)) if run else None
        forms = [dict(item.properties) for item in applications.everything(conn)]
    rows = [forms[row % len(forms)] | {"case_no": f"BENCH-{row:05d}"} for row in range(len(plots))]
    for number in range(COUNTIES):
        code, epsg = str(CODE + 1 + number), settings.epsg - ZONES // 2 + number % ZONES
        frame = gpd.GeoDataFrame(rows, geometry=plots, crs=f"EPSG:{epsg}")
        moved = {name: replace(layer, epsg=epsg) for name, layer in layers.items()}
        write_county_set(folder / "twenty" / code, county_code=code, name=f"第 {number + 1} 县", epsg=epsg, layers=moved, village_types=types, applications=frame)
    (folder / "one").mkdir()
    (folder / "one" / str(CODE + 1)).symlink_to(folder / "twenty" / str(CODE + 1))


def _together(houses: Layer) -> Geometries:
    """Plots in one part of the county."""
    order = spatial_order(houses.features)
    middle = len(order) // 2
    found: Geometries = near(houses.features[order[middle : middle + SITES]], np.random.default_rng(SEED), SITES)
    return found
