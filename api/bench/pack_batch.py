"""100,000 sites by all spatial rules of the house-building pack, against set-based PostGIS over two connections asked the same of the same layers.

PostGIS finds the areas and distances. The engine is timed twice: for just the same, and for all facts, the outcomes of all rules and
the verdicts (reports are not written).
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.bench.figure import Figures, Report
from api.bench.footing import Footing, footing
from api.bench.place import Place
from api.bench.sites import sites
from layers import baseline, database, pack_questions
from layers.pack_questions import LARGEST, Answers, Question
from spatial.batches import spatial_order
from spatial.measuring import Facts
from spatial.permit import CHUNK, Applications, Checks
from spatial.rules.model import FactSpec

COUNT = 100_000
BLOCK = 10_000
"""So many applications are checked at a time; what is kept of them are outcomes and verdicts."""
SAMPLE = 10_000
SIZES = (10_000, 100_000, 1_000_000)
RUNS, RUN_OF = 50, 5_000
AIM, MEMORY_MB, FLAT = 3.0, 2_000.0, 1.25
RESOLUTION = 1.01e-4
_SUMS = ("overlap_area", "outside_area")
_DISTANCES, _CLEARANCES = ("distance", "building_gap"), ("clearance", "clearance_beyond")


def run(place: Place, report: Report) -> Figures:
    """Both ways, then what a site costs among few and among many, and many runs in a row."""
    figures = Figures("batch")
    report(0.0, "读取全部图层")
    ground = footing(place)
    with database.connect(place.url) as conn:
        plots = sites(conn, ground.versions["building"], count=COUNT, epsg=ground.epsg)
    report(0.1, "PostGIS：全部空间规则")
    order = spatial_order(plots)
    asked = pack_questions.questions(ground.pack, ground.versions, on=ground.moment.valid_on)
    sql_seconds, answers = _ask(place, ground, asked, plots[order])
    report(0.5, "引擎：全部空间规则")
    given = ground.with_forms(plots)
    seconds, _, memory_mb = _timed(ground, [given])
    figures.add(f"{COUNT} 个地块 × 全部空间规则，PostGIS 两个连接（只求面积和距离）", sql_seconds, "s")
    same_seconds = _same_questions(ground, asked, given)
    figures.add(f"{COUNT} 个地块 × 全部空间规则，引擎两个线程（同样的面积和距离）", same_seconds, "s")
    figures.add("全部空间规则，同样的面积和距离：引擎比 PostGIS 快", sql_seconds / same_seconds, "×", at_least=AIM)
    figures.add(f"{COUNT} 个地块 × 全部空间规则，引擎两个线程（求到结论）", seconds, "s")
    figures.add("全部空间规则，引擎求到结论：比 PostGIS 快", sql_seconds / seconds, "×", at_least=AIM)
    areas, lengths = differences(ground, ground.check(given.take(order[:SAMPLE])), answers)
    figures.add("两种算法面积最大差（要素不重叠的图层）", areas, "m²", at_most=RESOLUTION)
    figures.add("两种算法距离最大差（不足之数）", lengths, "m", at_most=RESOLUTION)
    figures.add("内存最高", memory_mb, "MB", at_most=MEMORY_MB)
    _sizes(ground, figures, report)
    _runs(ground, figures, report)
    return figures


def _same_questions(ground: Footing, asked: Sequence[Question], given: Applications) -> float:
    """Seconds for what is asked of PostGIS and no more: the same amounts of the same features, of every site."""
    specs = ground.pack.main.facts
    columns = {name for question in asked for name in question.facts}
    numbers = tuple(name for name in specs if name in columns)
    largest = [name for name, spec in specs.items() if spec.measure == "dominant" and any(spec.layer == ask.layer and ask.facts == LARGEST for ask in asked)]

    def one(chunk: Applications) -> None:
        facts = Facts(chunk.sites, properties=chunk.properties, layers=ground.layers, pack=ground.pack, valid_on=ground.moment.valid_on)
        facts.numbers(numbers)
        for name in largest:
            _ = facts[name]

    began = time.perf_counter()
    sorted_ = given.take(spatial_order(given.sites))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, [sorted_.part(start, start + CHUNK) for start in range(0, len(sorted_), CHUNK)]))
    return time.perf_counter() - began


def _ask(place: Place, ground: Footing, asked: Sequence[Question], plots: NDArray[np.object_]) -> tuple[float, Answers]:
    with database.connect(place.url) as conn:
        baseline.store_sites(conn, plots, epsg=ground.epsg)
        conn.commit()
    ways = pack_questions.fastest(place.url, asked, sample=(COUNT // 2, COUNT // 2 + COUNT // 20))
    return pack_questions.answer(place.url, asked, ways, sites=COUNT)


def _timed(ground: Footing, blocks: Iterable[Applications]) -> tuple[float, str, float]:
    """Check applications that come in blocks; return seconds (making the applications is not counted), a hash of what came out, and memory."""
    seconds, told = 0.0, hashlib.sha256()
    _forget_peak()
    for block in blocks:
        began = time.perf_counter()
        order = spatial_order(block.sites)
        for start in range(0, len(block), BLOCK):
            checks = ground.check(block.take(order[start : start + BLOCK]))
            verdicts, ranks = checks.verdicts, checks.ranks
            told.update("".join(verdicts).encode() + ranks.astype(np.int8).tobytes())
        seconds += time.perf_counter() - began
    return seconds, told.hexdigest(), _peak_mb()


def _sizes(ground: Footing, figures: Figures, report: Report) -> None:
    costs = []
    for number, count in enumerate(SIZES):
        report(0.6 + 0.1 * number, f"{count} 个地块")
        seconds, _, memory_mb = _timed(ground, ground.stream(count, block=BLOCK))
        costs.append(seconds / count * 1e6)
        figures.add(f"{count} 个地块，每个", costs[-1], "µs")
        figures.add(f"{count} 个地块，内存最高", memory_mb, "MB", at_most=MEMORY_MB)
    figures.add(f"每个地块：{SIZES[-1]} 个与 {SIZES[0]} 个之比", costs[-1] / costs[0], "×", at_most=FLAT)


def _runs(ground: Footing, figures: Figures, report: Report) -> None:
    told = set()
    block = next(ground.stream(RUN_OF, block=RUN_OF))
    for number in range(RUNS):
        report(0.9 + 0.1 * number / RUNS, f"第 {number + 1} 次，共 {RUNS} 次")
        told.add(_timed(ground, [block])[1])
    figures.add(f"{RUNS} 次批量审查（每次 {RUN_OF} 个地块，两个线程），不同的结果", len(told), "种", at_most=1)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    """The most memory of this process since the peak was forgotten (proc(5), VmHWM)."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1000 if found else float("nan")


def differences(ground: Footing, checks: Checks, answers: Answers) -> tuple[float, float]:
    """The largest difference of areas, and of lengths by which something is too near; of the first sites, where the engine is certain."""
    areas, lengths = [0.0], [0.0]
    total = np.concatenate([part.outcomes.facts.areas for part in checks.parts])
    total = total if checks.places is None else total[checks.places]
    for (layer, name), theirs in answers.items():
        spec = ground.pack.main.facts.get(name)
        if spec is None:
            continue
        low, high = checks.numbers(name)
        if spec.measure in _SUMS and ground.layers[layer].disjoint:
            areas.append(_largest(np.where(low == high, low, np.nan), _amount(spec, theirs[: len(low)], total)))
        elif spec.measure in _DISTANCES:
            lengths.append(_largest(np.where((low == high) | np.isinf(high), high, np.nan), np.nan_to_num(theirs[: len(low)], nan=np.inf)))
        elif spec.measure in _CLEARANCES:
            # Beyond what is required both sides stop looking at different distances.
            short = np.minimum(np.nan_to_num(theirs[: len(low)], nan=np.inf), 0.0)
            lengths.append(_largest(np.where(low == high, np.minimum(high, 0.0), np.nan), short))
    return max(areas), max(lengths)


def _amount(spec: FactSpec, found: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    amount = np.nan_to_num(found)
    return np.maximum(total - amount, 0.0) if spec.measure == "outside_area" else amount


def _largest(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    differs = ~np.isnan(mine) & (mine != theirs)
    return float(np.abs(mine[differs] - theirs[differs]).max(initial=0.0))


