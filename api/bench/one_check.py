"""One check over HTTP with eight clients, against the bare prepared PostGIS statement under pgbench."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import orjson
import shapely

from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.bench.service import service
from api.bench.sites import LAYERS, sites
from layers import applications, baseline, database
from layers.baseline import Latencies
from spatial.errors import CuntuError

CLIENTS = 8
SECONDS = 10
WARM_UP_S = 2.0
SITES = 2_000


class RefusedError(CuntuError):
    """服务没有受理测速用的申请。"""


def run(place: Place, report: Report) -> Figures:
    """Measure the service first, then PostGIS with nothing else running."""
    figures = Figures("check")
    in_force = place.in_force()
    epsg = place.settings.epsg
    with database.connect(place.url) as conn:
        plots = sites(conn, in_force["building"], count=SITES, epsg=epsg)
        baseline.store_sites(conn, plots, epsg=epsg)
        declared = applications.everything(conn)[0].properties
    report(0.1, "启动服务")
    bodies = [
        orjson.dumps({"type": "Feature", "geometry": orjson.loads(shapely.to_geojson(plot)), "properties": dict(declared)})
        for plot in plots
    ]
    with service(place) as address:
        report(0.3, f"{CLIENTS} 个客户端")
        http = asyncio.run(_load(address, bodies, epsg))
    report(0.7, "pgbench")
    statement = baseline.one_site_statement([in_force[name].version for name in LAYERS if name in in_force])
    bare = baseline.pgbench(place.url, statement, sites=SITES, clients=CLIENTS, seconds=SECONDS)
    for name, measured in (("HTTP 审查一件并存档", http), ("PostGIS 裸语句（pgbench，9 个图层的面积）", bare)):
        figures.add(f"{name}，p50", measured.p50_ms, "ms")
        figures.add(f"{name}，p99", measured.p99_ms, "ms")
        figures.add(f"{name}，每秒", measured.per_second, "次/s")
    figures.add("HTTP 与裸语句每秒次数之比", http.per_second / bare.per_second, "×")
    return figures


async def _load(address: str, bodies: Sequence[bytes], epsg: int) -> Latencies:
    where = urlsplit(address)
    queue = itertools.cycle(bodies)
    taken: list[float] = []
    began = time.perf_counter()
    warm, end = began + WARM_UP_S, began + WARM_UP_S + SECONDS

    async def client() -> None:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        head = f"POST /api/v1/checks?crs=EPSG:{epsg} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/geo+json\r\n"
        while (start := time.perf_counter()) < end:
            body = next(queue)
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await _answer(reader)
            if start >= warm:
                taken.append((time.perf_counter() - start) * 1000)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return Latencies.of(taken, seconds=time.perf_counter() - warm)


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(int(line.partition(":")[2]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
    body = await reader.readexactly(length)
    if " 201 " not in head.split("\r\n", 1)[0]:
        raise RefusedError(body.decode("utf-8", "replace")[:300])
