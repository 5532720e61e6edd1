"""One file imported as `cuntu layers import` does it, in a process of its own: how long each stage takes, and how much memory it needs."""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import geopandas as gpd

from layers import database, loader, versions
from layers.delivery_choice import Choice
from layers.recognising.recognition import Answers
from layers.versions import NewVersion

SURVEY = Choice(answers=Answers(code_system="survey"))


@dataclass(frozen=True)
class Import:
    """What an import took: seconds in all and by stage, processor seconds of its processes, their peak memory, and its version."""

    version: int
    seconds: float
    stages: dict[str, float]
    processor_s: float
    memory_mb: float


def import_apart(url: str, file: Path, *, epsg: int) -> Import:
    """Import a file in a fresh process; what it takes to start that one is left out."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        process.submit(_warm, url).result()
        return process.submit(_import, url, file, epsg).result()


def publish_frame(url: str, layer: str, frame: gpd.GeoDataFrame, *, epsg: int) -> int:
    """Store a frame as the layer in force and return its version."""
    new = NewVersion(
        layer=layer,
        title=layer,
        authority="bench",
        valid_from=date(2023, 12, 31),
        source_name="bench",
        source_sha256="0" * 64,
        synthetic=True,
    )
    with database.connect(url) as conn:
        version = versions.stage(conn, frame, new, epsg=epsg)
        versions.publish(conn, version)
    return version


def _warm(url: str) -> None:
    with database.connect(url) as conn:
        versions.history(conn, "land_use")


def _import(url: str, file: Path, epsg: int) -> Import:
    told: list[tuple[float, str]] = []
    used = _processor_s()
    began = time.perf_counter()
    with database.connect(url) as conn:
        version = loader.import_file(
            conn, file, epsg=epsg, choice=SURVEY, progress=lambda share, text: told.append((time.perf_counter(), text))
        )
    ended = time.perf_counter()
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1000
    return Import(version, ended - began, _stages(told, ended), _processor_s() - used, memory)


def _processor_s() -> float:
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in found)


def _stages(told: Sequence[tuple[float, str]], ended: float) -> dict[str, float]:
    """Seconds from each line of progress to the next, by what it says is done; the last says that all is."""
    stages: dict[str, float] = {}
    for (began, text), (until, _) in zip(told, [*told[1:], (ended, "")], strict=True):
        done = re.split("[ “]", text)[0] or "提交"
        stages[done] = stages.get(done, 0.0) + until - began
    return stages
