"""An hour's load in five minutes: sixteen clients that read, check and draw maps without pause. No errors, memory flat."""

from __future__ import annotations

import asyncio
import math
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

import numpy as np
import orjson
import shapely
import uvloop

from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.bench.service import Service, service
from api.bench.sites import sites
from layers import applications, checks, database
from layers.acting import as_service
from spatial.errors import CuntuError

CLIENTS = 16
SECONDS = 300.0
SITES = 1_000
SAMPLE_S = 2.0
SETTLED = 0.2
"""Memory is compared from here on (a share of the time): until then caches fill."""
GROWTH = 1.05
SEED = 20260801
MIX = (("check", 20), ("read", 20), ("list", 5), ("village", 15), ("layers", 5), ("features", 5), ("tile", 30))
"""Of a hundred requests so many of each kind."""
TITLES = {
    "check": "审查一件并存档", "read": "读一份存档的审查", "list": "列出审查", "village": "读一个村", "layers": "图层目录", "features": "OGC 要素",
    "tile": "瓦片",
}  # fmt: skip


class LostError(CuntuError):
    """有已受理的审查没有存档。"""


@dataclass
class _Outcome:
    """Milliseconds by kind of request, what went wrong, and where what was made can be found."""

    taken: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)


@dataclass
class _Memory:
    """MB of all processes over time."""

    moments: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)


def run(place: Place, report: Report, *, seconds: float = SECONDS) -> Figures:
    """Load the service for so many seconds and tell errors, latencies by kind, and how its memory went."""
    report(0.0, "准备")
    with as_service(), database.connect(place.url) as conn:
        plots = sites(conn, place.in_force()["building"], count=SITES, epsg=place.settings.epsg)
        forms = [dict(item.properties) for item in applications.everything(conn)]
        filed = [str(line.id) for line in checks.latest(conn, limit=200)]
    bodies = [orjson.dumps({"type": "Feature", "geometry": orjson.loads(shapely.to_geojson(plot)), "properties": forms[row % len(forms)]}) for row, plot in enumerate(plots)]
    with service(place) as served:
        asked = _requests(place, served, bodies, filed)
        memory, ended = _Memory(), threading.Event()
        watcher = threading.Thread(target=_watch, args=(served, memory, ended), daemon=True)
        watcher.start()
        report(0.05, f"{CLIENTS} 个客户端，{seconds:.0f} 秒")
        outcome = uvloop.run(_load(served.address, asked, seconds))
        ended.set()
        watcher.join()
        processes = len(Path(f"/proc/{served.pid}/task/{served.pid}/children").read_text().split()) + 1
    with as_service(), database.connect(place.url) as conn:
        lost = checks.missing(conn, [UUID(location.rpartition("/")[2]) for location in outcome.locations])
    if lost:
        raise LostError(problems=[str(name) for name in lost[:10]])
    return _figures(outcome, memory, processes, seconds)


def _requests(place: Place, served: Service, bodies: Sequence[bytes], filed: Sequence[str]) -> dict[str, list[bytes]]:
    """Whole HTTP requests of each kind, many different ones."""
    geojson, epsg = {"Content-Type": "application/geo+json"}, place.settings.epsg
    listed = served.ask("/api/v1/villages")
    codes = [str(item["properties"]["village_code"]) for item in listed["features"]]
    versions = {name: dataset.version for name, dataset in place.in_force().items()}
    drawn = [name for name in ("village", "basic_farmland", "ecological_redline", "building", "road") if name in versions]
    west, south, east, north = shapely.from_geojson(orjson.dumps(listed)).bounds
    tiles = []
    for zoom in (9, 10, 11, 12, 13):
        (left, top), (right, bottom) = _tile(west, north, zoom), _tile(east, south, zoom)
        places = [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
        tiles += [f"/tiles/{name}/{zoom}/{x}/{y}.mvt?v={versions[name]}" for name in drawn for x, y in places]
    reads: dict[str, list[str]] = {
        "read": [f"/api/v1/checks/{name}" for name in filed], "list": ["/api/v1/checks", "/api/v1/checks?limit=20"],
        "village": [f"/api/v1/villages/{code}" for code in codes], "layers": ["/api/v1/layers"],
        "features": [f"/ogc/collections/{name}/items?limit=20" for name in drawn], "tile": tiles,
    }  # fmt: skip
    found = {kind: [served.request("GET", path) for path in paths] for kind, paths in reads.items()}
    return found | {"check": [served.request("POST", f"/api/v1/checks?crs=EPSG:{epsg}", geojson, body) for body in bodies]}


def _tile(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """The tile a place lies in (Web Mercator)."""
    around = math.radians(latitude)
    return int((longitude + 180) / 360 * 2**zoom), int((1 - math.asinh(math.tan(around)) / math.pi) / 2 * 2**zoom)


async def _load(address: str, asked: Mapping[str, Sequence[bytes]], seconds: float) -> _Outcome:
    outcome, end = _Outcome(), time.perf_counter() + seconds
    await asyncio.gather(*(_client(number, address, asked, end, outcome) for number in range(CLIENTS)))
    return outcome


async def _client(number: int, address: str, asked: Mapping[str, Sequence[bytes]], end: float, outcome: _Outcome) -> None:
    """Ask without pause on one connection; a connection that is lost is an error, and made again."""
    where, rng = urlsplit(address), random.Random(SEED + number)  # noqa: S311 (a load, no secret)
    kinds, weights = zip(*MIX, strict=True)
    writer = None
    while time.perf_counter() < end:
        kind = rng.choices(kinds, weights)[0]
        began = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(rng.choice(asked[kind]))
            status, location, closing = await _answer(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            outcome.errors.append(f"{kind}: {type(error).__name__}")
            writer = None
            continue
        outcome.taken.setdefault(kind, []).append(1000 * (time.perf_counter() - began))
        if status >= 400:
            outcome.errors.append(f"{kind}: {status}")
        if location:
            outcome.locations.append(location)
        if closing:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, str, bool]:
    """Read one answer; return its status, where it points to, and whether the connection ends with it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    status = int(head[9:12])
    if status not in (204, 304):
        await reader.readexactly(int(fields["content-length"]))
    return status, fields.get("location", ""), fields.get("connection") == "close"


def _watch(served: Service, memory: _Memory, ended: threading.Event) -> None:
    began = time.monotonic()
    while not ended.wait(SAMPLE_S):
        memory.moments.append(time.monotonic() - began)
        memory.taken.append(served.memory_mb())


def _figures(outcome: _Outcome, memory: _Memory, processes: int, seconds: float) -> Figures:
    figures = Figures("hour")
    total = sum(map(len, outcome.taken.values()))
    figures.add(f"{CLIENTS} 个客户端 {seconds:.0f} 秒内的请求", total, "次")
    figures.add("每秒", total / seconds, "次/s")
    figures.add("出错的请求" + (f"（如 {outcome.errors[0]}）" if outcome.errors else ""), len(outcome.errors), "次", at_most=0)
    figures.add("核对无误的新审查", len(outcome.locations), "件")
    for kind, _ in MIX:
        p50, p99 = np.percentile(outcome.taken[kind], [50, 99])
        figures.add(f"{TITLES[kind]}，p50", float(p50), "ms")
        figures.add(f"{TITLES[kind]}，p99", float(p99), "ms")
    settled = [taken for moment, taken in zip(memory.moments, memory.taken, strict=True) if moment > SETTLED * seconds]
    third = max(len(settled) // 3, 1)
    figures.add(f"全部 {processes} 个进程的内存，最高", max(memory.taken), "MB")
    figures.add("内存，最后三分之一与前三分之一（缓存填满之后）的中位数之比", median(settled[-third:]) / median(settled[:third]), "×", at_most=GROWTH)
    return figures
