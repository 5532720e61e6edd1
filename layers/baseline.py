"""The same questions answered by PostGIS alone: what the engine's speed is compared with."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg import sql

from layers.database import connect
from layers.postgres import Programs, last_lines
from layers.sql import queries
from spatial.errors import CuntuError
from spatial.pieces import Geometries

SQL = queries("baseline")

VARIANTS = ("plain", "covered_first", "boxes_only")
"""Ways to write the set-based join; which is the fastest depends on the data, so a sample decides."""


class PgbenchError(CuntuError):
    """pgbench 运行失败。"""


@dataclass(frozen=True)
class Latencies:
    """How a load went: how many a second, and the latencies in milliseconds at the middle and the 99th of a hundred."""

    per_second: float
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, milliseconds: Sequence[float] | NDArray[np.float64], *, seconds: float) -> Latencies:
        """Sum up single latencies measured during so many seconds."""
        p50, p99 = np.percentile(np.asarray(milliseconds, dtype=np.float64), [50, 99])
        return cls(len(milliseconds) / seconds, float(p50), float(p99))


def store_sites(conn: psycopg.Connection[Any], sites: Geometries, *, epsg: int) -> None:
    """Put sites into a table `bench_site`, numbered from 0, indexed."""
    conn.execute(SQL["drop_sites"])
    conn.execute(SQL["create_sites"])
    wkb = shapely.to_wkb(shapely.set_srid(sites, epsg), hex=True, include_srid=True)
    with conn.cursor() as cursor, cursor.copy(SQL["copy_sites"]) as copy:
        for row in zip(range(len(sites)), wkb, shapely.area(sites).tolist(), strict=True):
            copy.write_row(row)
    conn.execute(SQL["index_sites"])


def one_site_statement(versions: Sequence[int]) -> str:
    """Write the bare statement that measures the overlap of one site (`:site`) with each of the versions."""
    measures = [SQL["one_layer_of_one_site"].format(version=sql.Literal(version)) for version in versions]
    return SQL["one_site"].format(measures=sql.SQL(", ").join(measures)).as_string()


def pgbench(url: str, statement: str, *, sites: int, clients: int, seconds: int) -> Latencies:
    """Run a statement for random sites as a prepared statement under pgbench."""
    with tempfile.TemporaryDirectory(prefix="cuntu-pgbench-") as name:
        script = Path(name) / "one_site.sql"
        script.write_text(f"\\set site random(0, {sites - 1})\n{' '.join(statement.split())}\n", encoding="utf-8")
        flags = ["--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2", f"--time={seconds}", "--log"]
        command = [str(Programs.find().folder / "pgbench"), *flags, f"--file={script}", url]
        done = subprocess.run(command, cwd=name, capture_output=True, text=True, check=False)
        tps = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode or tps is None:
            raise PgbenchError(problems=last_lines(done.stderr))
        logs = [np.loadtxt(path, usecols=2, ndmin=1) for path in Path(name).glob("pgbench_log.*")]
    p50, p99 = np.percentile(np.concatenate(logs) / 1000, [50, 99])
    return Latencies(float(tps[1]), float(p50), float(p99))


def fastest_variant(url: str, versions: Sequence[int], *, sample: int) -> str:
    """Return which way of writing the join is the fastest for the first `sample` sites."""
    return min(VARIANTS, key=lambda variant: measure_sites(url, versions, sites=sample, variant=variant)[0])


def measure_sites(url: str, versions: Sequence[int], *, sites: int, variant: str, connections: int = 2) -> tuple[float, NDArray[np.float64]]:
    """Measure sites 0 to `sites` - 1 over every version with set-based joins; return seconds and m² (versions x sites).

    The sites are divided between the connections. Sums over pieces: where features of one layer overlap they count twice.
    """
    edges = np.linspace(0, sites, connections + 1).astype(int)
    areas = np.zeros((len(versions), sites))

    def part(first: int, last: int) -> None:
        with connect(url, autocommit=True) as conn:
            for row, version in enumerate(versions):
                bounds = {"version": sql.Literal(version), "first": sql.Literal(first), "last": sql.Literal(last)}
                found = conn.execute(SQL[variant].format(**bounds)).fetchall()
                if found:
                    ids, values = zip(*found, strict=True)
                    areas[row, list(ids)] = values

    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as workers:
        list(workers.map(part, edges[:-1].tolist(), edges[1:].tolist()))
    return time.perf_counter() - began, areas
