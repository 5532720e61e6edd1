"""Checking many counties, each in its own 3-degree zone, on a Dask cluster: an existing one, or processes of this machine.

Every county is one task; it writes its reports in parts, each whole or not there at all, so that a county taken up again by
another worker goes on where the first one stopped, and the bytes are those of an unbroken run. Counties and results lie in
directories that all workers see.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from layers.county_set import CountySet, county_folders, identity, read_county_set
from layers.errors import CountySetError
from layers.workbook import Page, write_workbook
from spatial.errors import CuntuError
from spatial.permit import VERDICT_LABELS, VERDICTS, Applications, applications_from_frame, check
from spatial.rules.pack import load_pack

CHUNK = 1_000
"""So many applications go into one part."""

RUN = "run.json"
RETRIES = 3
CONNECT_S = 30

Report = Callable[[float, str], None]


class ClusterError(CuntuError):
    """连不上 Dask 集群。"""


class ProvinceError(CuntuError):
    """有的县没有审查完。"""


@dataclass(frozen=True)
class Order:
    """What is asked for: the same for every county, whenever it is worked on."""

    valid_on: date
    known_at: datetime
    chunk: int = CHUNK


@dataclass(frozen=True)
class CountyResult:
    """What came of one county. `sha256` is that of all its reports, in the order of the applications."""

    county_code: str
    name: str
    applications: int
    verdicts: dict[str, int]
    sha256: str


def check_county(folder: str, out: str, order: Order) -> CountyResult:
    """Check the applications of one county set and write the reports as lines of canonical JSON; parts already there are kept.

    Runs on a worker. Raises CountySetError where the set is not whole, or the results belong to another order.
    """
    county = read_county_set(Path(folder))
    place = Path(out) / county.county_code
    pack = load_pack("house-building", county=county.county_code)
    _claim(place, county, order, pack_sha256=pack.sha256)
    applications = applications_from_frame(county.applications, epsg=county.epsg)
    digest, verdicts = hashlib.sha256(), Counter[str]()
    for start in range(0, len(applications), order.chunk):
        part = place / f"part-{start // order.chunk:06d}.ndjson"
        if not part.exists():
            write_whole(part, _reports(county, applications.part(start, start + order.chunk), order))
        for line in part.read_bytes().splitlines():
            digest.update(line + b"\n")
            verdicts[orjson.loads(line)["verdict"]] += 1
    return CountyResult(county.county_code, county.name, len(applications), dict(verdicts), digest.hexdigest())


def _reports(county: CountySet, applications: Applications, order: Order) -> bytes:
    pack = load_pack("house-building", county=county.county_code)
    found = check(
        applications, county.layers, pack=pack, valid_on=order.valid_on, known_at=order.known_at,
        village_types=county.village_types, threads=1,
    )  # fmt: skip
    return b"".join(found.report_bytes(row) + b"\n" for row in range(len(found)))


def _claim(place: Path, county: CountySet, order: Order, *, pack_sha256: str) -> None:
    """Write down what the results of a county rest on, or refuse where others are there already."""
    stated = {"county": county.sha256, "pack": pack_sha256, "valid_on": order.valid_on.isoformat(),
              "known_at": order.known_at.isoformat(), "chunk": order.chunk}  # fmt: skip
    place.mkdir(parents=True, exist_ok=True)
    if not (place / RUN).exists():
        write_whole(place / RUN, orjson.dumps(stated, option=orjson.OPT_SORT_KEYS))
    elif orjson.loads((place / RUN).read_bytes()) != stated:
        raise CountySetError(f"{place} 里是另一次审查的结果（数据、规则或日期不同），请换一个结果目录。")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also when the machine stops half-way."""
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    with passing.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    passing.replace(path)


def check_province(
    root: Path, out: Path, order: Order, *, report: Report, scheduler: str | None = None, workers: int = 2
) -> list[CountyResult]:
    """Check every county set below `root`; return the results by county code. Needs the extra `province`.

    Raises ProvinceError that names every county that could not be checked; the others' results are kept, and a second run
    does only what is missing.
    """
    folders = county_folders(root)
    _refuse_twice(folders)
    out.mkdir(parents=True, exist_ok=True)
    with _client(scheduler, workers) as client:
        results, problems = _gather(client, folders, out, order, report)
    if problems:
        raise ProvinceError(f"{len(folders)} 个县中有 {len(problems)} 个没有审查完：", problems=problems)
    found = sorted(results, key=lambda result: result.county_code)
    write_whole(out / "province.json", orjson.dumps([asdict(result) for result in found], option=orjson.OPT_INDENT_2))
    write_workbook(out / "province.xlsx", [_page(found)])
    return found


def _refuse_twice(folders: list[Path]) -> None:
    codes: dict[str, list[str]] = {}
    for folder in folders:
        codes.setdefault(identity(folder)[0], []).append(folder.name)
    twice = [f"{code}：{'、'.join(names)}" for code, names in codes.items() if len(names) > 1]
    if twice:
        raise CountySetError("同一个县有几个数据集：", problems=twice)


def _gather(client: Any, folders: list[Path], out: Path, order: Order, report: Report) -> tuple[list[CountyResult], list[str]]:
    from distributed import as_completed

    futures = {
        client.submit(check_county, str(folder.resolve()), str(out.resolve()), order, pure=False, retries=RETRIES): folder for folder in folders
    }
    results: list[CountyResult] = []
    problems: list[str] = []
    report(0.0, f"共 {len(folders)} 个县")
    for done in as_completed(futures):  # type: ignore[no-untyped-call]
        error = done.exception()
        if error is None:
            results.append(done.result())
        else:
            problems.append(f"{futures[done].name}：{error}")
        report((len(results) + len(problems)) / len(folders), f"已完成 {len(results)} 个县，共 {len(folders)} 个")
    return results, sorted(problems)


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of the cluster at an address, or of processes of this machine for as long as the work takes."""
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise ClusterError("没有安装 Dask：请安装 cuntu 的附加部分 province。") from error
    if scheduler is None:
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as cluster,  # type: ignore[no-untyped-call]
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            yield client
        return
    try:
        connected = Client(scheduler, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(f"连不上 Dask 集群 {scheduler}：{error}") from error
    with connected as client:
        yield client


def _page(results: list[CountyResult]) -> Page:
    headings = ["县代码", "县", "申请", *(VERDICT_LABELS[verdict] for verdict in VERDICTS), "结果校验值"]
    rows = [[item.county_code, item.name, item.applications, *(item.verdicts.get(verdict, 0) for verdict in VERDICTS), item.sha256] for item in results]
    return Page("全省审查", headings, rows)
