"""One check over HTTP with eight clients, stored, against the bare prepared PostGIS statement under pgbench, turn about in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from uuid import UUID

import orjson
import shapely

from api.bench import clients
from api.bench.clients import Outcome, RefusedError
from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.bench.service import Service, service
from api.bench.sites import LAYERS, sites
from api.moment import Moment
from layers import applications, baseline, checks, database, pack_questions
from layers.baseline import Latencies
from spatial.errors import CuntuError
from spatial.pieces import Geometries
from spatial.rules.pack import Pack, load_pack

CLIENTS = 8
ROUNDS = 3
SECONDS = 6.0
SITES = 2_000
BATCH = 10_000
RATIO = 0.35
"""Of what PostGIS alone does of the same: the areas and distances that all rules ask of one site. The other statements ask less."""
P99_MS = 20.0
MEMORY_MB = 2_000.0


class NotStoredError(CuntuError):
    """有已受理的审查没有存档，或与答复不一致。"""


@dataclass
class _Rounds:
    """What was measured, round by round."""

    stored: list[Outcome] = field(default_factory=list)
    preview: list[Outcome] = field(default_factory=list)
    read: list[Outcome] = field(default_factory=list)
    beside_a_batch: list[Outcome] = field(default_factory=list)
    nine: list[Latencies] = field(default_factory=list)
    areas: list[Latencies] = field(default_factory=list)
    pack: list[Latencies] = field(default_factory=list)


def run(place: Place, report: Report) -> Figures:
    """Take turns: the service, then PostGIS with nothing else at work; tell the middle of the rounds."""
    report(0.0, "准备地块")
    with database.connect(place.url) as conn:
        plots = sites(conn, place.in_force()["building"], count=SITES, epsg=place.settings.epsg)
        baseline.store_sites(conn, plots, epsg=place.settings.epsg)
        forms = [dict(item.properties) for item in applications.everything(conn)]
    report(0.02, "启动服务")
    with service(place) as served:
        rounds = _measure(place, served, _bodies(plots, forms), report)
        memory = served.memory_mb()
    lost = _lost(place, [*rounds.stored, *rounds.beside_a_batch])
    if lost:
        raise NotStoredError(problems=lost[:10])
    return _figures(place, rounds, memory)


def _bodies(plots: Geometries, forms: Sequence[dict[str, object]]) -> list[bytes]:
    """An application for each plot, with the form of one on file."""
    return [
        orjson.dumps({"type": "Feature", "geometry": orjson.loads(shapely.to_geojson(plot)), "properties": forms[row % len(forms)]})
        for row, plot in enumerate(plots)
    ]


def _measure(place: Place, served: Service, bodies: Sequence[bytes], report: Report) -> _Rounds:
    rounds = _Rounds()
    crs = f"?crs=EPSG:{place.settings.epsg}"
    in_force = place.in_force()
    nine = _statement(place, LAYERS)
    areas = _statement(place, [name for name in _pack(place).layers if name in in_force])
    pack = _asked_by_the_pack(place)
    for number in range(ROUNDS):
        report(0.05 + 0.3 * number, f"第 {number + 1} 轮：HTTP")
        rounds.stored.append(_posts(served, f"/api/v1/checks{crs}", bodies))
        rounds.preview.append(_posts(served, f"/api/v1/checks/preview{crs}", bodies))
        rounds.read.append(_gets(served, rounds.stored[-1].locations))
        report(0.2 + 0.3 * number, f"第 {number + 1} 轮：pgbench")
        for statement, found in ((nine, rounds.nine), (areas, rounds.areas), (pack, rounds.pack)):
            found.append(baseline.pgbench(place.url, statement, sites=SITES, clients=CLIENTS, seconds=int(SECONDS)))
    report(0.95, "同时批量审查")
    with _batch(served, crs, bodies):
        rounds.beside_a_batch.append(_posts(served, f"/api/v1/checks{crs}", bodies))
    return rounds


def _statement(place: Place, names: Sequence[str]) -> str:
    in_force = place.in_force()
    return baseline.one_site_statement([in_force[name].version for name in names if name in in_force])


def _pack(place: Place) -> Pack:
    return load_pack("house-building", county=place.settings.county_code)


def _asked_by_the_pack(place: Place) -> str:
    """All areas, distances and clearances that the rules ask of one site, each written the way that is the fastest here."""
    asked = pack_questions.questions(_pack(place), place.in_force(), on=Moment.now().valid_on)
    return pack_questions.about_one_site(asked, pack_questions.fastest(place.url, asked, sample=(0, SITES)))


def _posts(served: Service, path: str, bodies: Sequence[bytes]) -> Outcome:
    requests = [served.request("POST", path, {"Content-Type": "application/geo+json"}, body) for body in bodies]
    return clients.load(served.address, requests, clients=CLIENTS, seconds=SECONDS)


def _gets(served: Service, locations: Sequence[str]) -> Outcome:
    requests = [served.request("GET", path) for path in locations[:SITES]]
    return clients.load(served.address, requests, clients=CLIENTS, seconds=SECONDS / 2)


@contextmanager
def _batch(served: Service, crs: str, bodies: Sequence[bytes]) -> Iterator[None]:
    """Have a large batch under way during the block, and wait for its end."""
    features = b'{"type":"FeatureCollection","features":[' + b",".join(bodies[row % len(bodies)] for row in range(BATCH)) + b"]}"
    job = served.ask(f"/api/v1/checks/batch{crs}", features)["location"]
    while (state := served.ask(job)["state"]) == "queued":
        time.sleep(0.05)
    yield
    if state != "running":
        raise RefusedError(f"批量任务的状态是 {state}。")
    while served.ask(job)["state"] == "running":
        time.sleep(0.2)


def _lost(place: Place, outcomes: Sequence[Outcome]) -> list[str]:
    """Return the checks that were answered but are not in the database, or are there with other bytes than were answered."""
    ids = [_id(location) for outcome in outcomes for location in outcome.locations]
    kept = {_id(location): body for outcome in outcomes for location, body in outcome.kept.items()}
    with database.connect(place.url) as conn:
        lost = checks.missing(conn, ids)
        lost += [check_id for check_id, body in kept.items() if checks.get(conn, check_id).report != body]
    return [str(check_id) for check_id in lost]


def _id(location: str) -> UUID:
    return UUID(location.rpartition("/")[2])


def _figures(place: Place, rounds: _Rounds, memory_mb: float) -> Figures:
    figures = Figures("check")

    def middle(of: Sequence[Latencies], what: Callable[[Latencies], float]) -> float:
        return median(what(item) for item in of)

    def add(name: str, of: Sequence[Latencies], *, p99: float | None = None) -> None:
        figures.add(f"{name}，每秒", middle(of, lambda item: item.per_second), "次/s")
        figures.add(f"{name}，p50", middle(of, lambda item: item.p50_ms), "ms")
        figures.add(f"{name}，p99", middle(of, lambda item: item.p99_ms), "ms", at_most=p99)

    add("HTTP 审查一件并存档", [item.latencies for item in rounds.stored], p99=P99_MS)
    add("HTTP 试审一件，不存档", [item.latencies for item in rounds.preview])
    add(f"HTTP 审查一件并存档，同时批量审查 {BATCH} 件", [item.latencies for item in rounds.beside_a_batch])
    add("HTTP 读一份存档的审查", [item.latencies for item in rounds.read])
    add(f"PostGIS 裸语句（pgbench）：{len(LAYERS)} 个图层的面积", rounds.nine)
    add("PostGIS 裸语句（pgbench）：规则用到的全部图层的面积", rounds.areas)
    add("PostGIS 裸语句（pgbench）：规则所问的全部面积和距离", rounds.pack)

    def ratio(name: str, of: Sequence[Latencies], *, at_least: float | None = None) -> None:
        each = [http.latencies.per_second / bare.per_second for http, bare in zip(rounds.stored, of, strict=True)]
        figures.add(f"每秒次数之比：HTTP 存档与裸语句（{name}）", median(each), "×", at_least=at_least)

    ratio(f"{len(LAYERS)} 个图层的面积", rounds.nine)
    ratio("全部图层的面积", rounds.areas)
    ratio("规则所问的全部面积和距离", rounds.pack, at_least=RATIO)
    figures.add("存档核对无误的审查", sum(len(item.locations) for item in rounds.stored), "件")
    figures.add("其中逐字节核对", sum(len(item.kept) for item in rounds.stored), "件")
    figures.add("发送请求的程序，每次占用处理器", median(item.processor_ms for item in rounds.stored), "ms")
    figures.add("服务全部进程的内存", memory_mb, "MB", at_most=MEMORY_MB)
    return figures
