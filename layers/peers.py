"""Other engines for the same question, side by side with ours: SedonaDB and DuckDB with its spatial extension, in this process.

Both get the sites and a layer before they are asked, and two threads. They come with the extra `peers`; nothing is fetched when they run.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module, resources
from typing import Any, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from psycopg import sql

from layers.sql import queries
from spatial.errors import CuntuError
from spatial.pieces import Geometries

SQL = queries("peers")
THREADS = 2


class PeersMissingError(CuntuError):
    """没有安装用来对照的引擎：请安装 cuntu 的附加部分 peers。"""


class Peer(Protocol):
    """An engine that sums the m² a layer shares with each site."""

    name: str

    def load_sites(self, sites: Geometries) -> None:
        """Take the sites, numbered from 0."""

    def load_ground(self, shapes: Geometries) -> None:
        """Take one layer in place of the last."""

    def overlap(self) -> Callable[[], NDArray[np.float64]]:
        """Ask for the m² of every site that has any; return what reads the answer, which is left out of the time."""


class DuckDb:
    """DuckDB with its spatial extension, from the wheel that brings the extension's file."""

    name = "DuckDB spatial"

    def __init__(self) -> None:
        duckdb, extension = _wanted("duckdb"), _wanted("duckdb_extension_spatial")
        self._conn = duckdb.connect(config={"threads": THREADS})
        file = resources.files(extension) / "extensions" / f"v{duckdb.__version__}" / "spatial.duckdb_extension"
        self._conn.execute(SQL["duckdb_extension"].format(path=sql.Literal(str(file))).as_string())
        self._count = 0

    def load_sites(self, sites: Geometries) -> None:
        """Take the sites, numbered from 0."""
        self._count = len(sites)
        self._load("duckdb_sites", _table(sites))

    def load_ground(self, shapes: Geometries) -> None:
        """Take one layer in place of the last."""
        self._load("duckdb_ground", _table(shapes))

    def _load(self, statement: str, table: Any) -> None:
        self._conn.register("incoming", table)
        self._conn.execute(SQL[statement].as_string())
        self._conn.unregister("incoming")

    def overlap(self) -> Callable[[], NDArray[np.float64]]:
        """Ask for the m² of every site that has any."""
        found = self._conn.execute(SQL["overlap"].as_string()).fetchnumpy()
        return lambda: _by_site(found["id"], found["m2"], self._count)


class SedonaDb:
    """SedonaDB, the single-machine engine of Apache Sedona."""

    name = "SedonaDB"

    def __init__(self) -> None:
        self._context = _wanted("sedonadb").connect()
        self._context.sql(SQL["sedona_partitions"].format(threads=sql.Literal(THREADS)).as_string()).execute()
        self._count = 0

    def load_sites(self, sites: Geometries) -> None:
        """Take the sites, numbered from 0, in as many partitions as there are threads: it works on partitions side by side."""
        self._count = len(sites)
        self._load("sedona_sites", _table(sites), "site")

    def load_ground(self, shapes: Geometries) -> None:
        """Take one layer in place of the last."""
        self._load("sedona_ground", _table(shapes), "ground")

    def _load(self, statement: str, table: Any, view: str) -> None:
        self._context.create_data_frame(table).to_view("incoming", overwrite=True)
        self._context.sql(SQL[statement].as_string()).to_memtable().to_view(view, overwrite=True)

    def overlap(self) -> Callable[[], NDArray[np.float64]]:
        """Ask for the m² of every site that has any."""
        found = _wanted("pyarrow").table(self._context.sql(SQL["overlap"].as_string()))
        return lambda: _by_site(found["id"].to_numpy(), found["m2"].to_numpy(), self._count)


def peers() -> list[Peer]:
    """Start all of them; raises PeersMissingError that names those not installed."""
    started: list[Peer] = []
    problems: list[str] = []
    for make in (SedonaDb, DuckDb):
        try:
            started.append(make())
        except PeersMissingError as error:
            problems += error.problems
    if problems:
        raise PeersMissingError(problems=problems)
    return started


def _wanted(module: str) -> Any:
    """Import one of the peers' modules, each by its own name, so that it can be seen what is imported."""
    try:
        if module == "duckdb":
            return import_module("duckdb")
        if module == "duckdb_extension_spatial":
            return import_module("duckdb_extension_spatial")
        if module == "pyarrow":
            return import_module("pyarrow")
        if module == "sedonadb":
            return import_module("sedonadb")
    except ModuleNotFoundError as error:
        raise PeersMissingError(problems=[f"缺少 {module}"]) from error
    raise PeersMissingError(problems=[f"缺少 {module}"])


def _table(shapes: Geometries) -> Any:
    pyarrow = _wanted("pyarrow")
    return pyarrow.table({"id": np.arange(len(shapes)), "wkb": pyarrow.array(shapely.to_wkb(shapes).tolist(), pyarrow.binary())})


def _by_site(ids: Any, amounts: Any, count: int) -> NDArray[np.float64]:
    areas = np.zeros(count)
    areas[np.asarray(ids)] = np.asarray(amounts, dtype=np.float64)
    return areas
