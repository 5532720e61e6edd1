"""An import and its publication killed at some moment, and what the store holds afterwards."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import people
import psycopg
from frames import red_lines, square
from running_service import Running, until

from layers import county_time, database, identities, version_acts, versions
from layers.cluster import Cluster

LAYER = "ecological_redline"
COUNT = 1_500

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["api.cli.commands", "crashes"])
"""Importers are forked from a process that has everything loaded: what is killed is the work itself, not the start of Python."""

CONTENT = """
SELECT md5(string_agg(concat_ws('|', fid, identifier, attributes::text, encode(ST_AsEWKB(geom), 'hex'), area_m2::text), E'\\n' ORDER BY fid))
FROM feature WHERE version_id = %(version)s
"""
PIECES = "SELECT md5(string_agg(concat_ws('|', fid, part, encode(ST_AsEWKB(geom), 'hex')), E'\\n' ORDER BY fid, part)) FROM piece WHERE version_id = %(version)s"
TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '^(feature|piece)_[0-9]+$' ORDER BY relname"
ATTACHED = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent IN ('feature'::regclass, 'piece'::regclass) ORDER BY 1"
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"


def write_file(folder: Path, name: str, *, shift: float) -> Path:
    """A layer of many squares, some with so many corners that they are cut into pieces."""
    shapes: list[Any] = [square(30 * (place % 50) + shift, 30 * (place // 50) + shift, side=20) for place in range(COUNT - 3)]
    shapes += [square(5_000 + 300 * place + shift, 0, side=200).centroid.buffer(100, quad_segs=100) for place in range(3)]
    frame: gpd.GeoDataFrame = red_lines(shapes, BSM=[f"{name}{place:05d}" for place in range(COUNT)])
    path = folder / f"{name}.gpkg"
    frame.to_file(path, layer="STBHHX", driver="GPKG", engine="pyogrio")
    return path


@dataclass(frozen=True)
class Content:
    """What identifies the content of a version: its stored checksum, and digests of the rows as they stand in the tables."""

    checksum: str
    features: str
    pieces: str


class Site:
    """A cluster as users have it, the environment of commands on it, and what a whole version of each file looks like."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster = Cluster(folder / "pg")
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.environment = {"CUNTU_DATA_DIR": str(folder), "CUNTU_DATABASE_URL": "", "TMPDIR": str(self.temporary)}
        self.whole: dict[str, Content] = {}

    def importer(self, path: Path) -> multiprocessing.process.BaseProcess:
        """Start `cuntu layers import` with publication."""
        options = ["--layer", LAYER, "--publish", "--valid-from", "2020-01-01", "--officer", "张三", "--unit", "县局"]
        process = FORKED.Process(target=run_command, args=(["layers", "import", str(path), *options], self.environment, str(self.folder / "said")))
        process.start()
        return process

    def imported(self, path: Path) -> float:
        """Import a file whole; return the seconds it took."""
        process = self.importer(path)
        began = time.monotonic()
        process.join(timeout=180)
        assert process.exitcode == 0, (self.folder / "said").read_text(encoding="utf-8")
        return time.monotonic() - began

    def learn(self, path: Path) -> float:
        """Import a file whole and remember what its version looks like."""
        seconds = self.imported(path)
        with database.connect(self.cluster.url) as conn:
            newest = versions.history(conn, LAYER)[0]
            if identities.of_token(conn, people.TOKEN, today=county_time.today()) is None:
                people.tester(conn)
            self.whole[path.name] = content(conn, newest)
        return seconds

    def settled(self) -> psycopg.Connection[Any]:
        """Start the cluster if it is down and wait until nobody else works on it; return a connection."""
        self.cluster.start()
        conn = database.connect(self.cluster.url)
        conn.autocommit = True
        until(lambda: conn.execute(OTHERS).fetchone() == (0,))
        return conn

    def assert_whole(self) -> versions.VersionRecord:
        """Every version is one of the files whole, has its tables and nothing has others; return the one in force."""
        with self.settled() as conn:
            records = versions.history(conn, LAYER)
            for record in records:
                assert content(conn, record) == self.whole[record.dataset.source_name], record
            numbers = sorted(record.dataset.version for record in records)
            named = sorted(f"{kind}_{number}" for kind in ("feature", "piece") for number in numbers)
            assert [row[0] for row in conn.execute(TABLES).fetchall()] == named
            assert [row[0] for row in conn.execute(ATTACHED).fetchall()] == named
            published = {act.version for act in version_acts.listed(conn, layer=LAYER) if act.act == "publish"}
            assert published == {record.dataset.version for record in records if record.status == "published"}
            current = [record for record in records if record.status == "published" and record.dataset.known_to is None]
            assert len(current) == 1, current
            found: versions.VersionRecord = current[0]
            return found


def run_command(arguments: list[str], environment: dict[str, str], said: str) -> None:
    """Be the command `cuntu` in this process; what it says goes to a file."""
    from api.cli import main

    with Path(said).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    sys.argv = ["cuntu", *arguments]
    main()


def content(conn: psycopg.Connection[Any], record: versions.VersionRecord) -> Content:
    """Work out anew what identifies the content of a version."""
    asked = {"version": record.dataset.version}
    rows = [conn.execute(query, asked).fetchone() for query in (CONTENT, PIECES)]
    features, pieces = (str(row[0]) for row in rows if row)
    return Content(record.checksum, features, pieces)


def killed(pids: list[int]) -> None:
    """Kill processes that may be gone by now."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def lives(pid: int) -> bool:
    """Whether a process is there and has not ended; one that waits to be collected has."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> list[int]:
    """A process and everything it started."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(found for child in children for found in descendants(child))]


def backends(cluster: Cluster) -> list[int]:
    """The processes of the server, the postmaster first."""
    pid = cluster.status().pid
    return descendants(pid) if pid else []


def workers(service: Running) -> list[int]:
    """The processes of a service, the master first."""
    return descendants(service.process.pid)
