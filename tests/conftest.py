"""Fixtures for every room: a PostGIS server, a migrated database of its own for each test, and the reference data beside the project."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import invented
import log_scan
import people
import psycopg
import pytest

from layers import database
from layers.databases import create_database, drop_database

PROJECT = Path(__file__).resolve().parents[1]
ROOM_BYTES = 4 * 1024**3

# How long one example takes says something about the machine, nothing about the code.
hypothesis.settings.register_profile("cuntu", deadline=None)
hypothesis.settings.load_profile("cuntu")


@pytest.fixture(scope="session", autouse=True)
def logs_of_all_tests() -> Iterator[log_scan.Logs]:
    """Hear everything that is logged while tests run; after the last one nothing that identifies their people may stand in it."""
    with log_scan.collecting(log_scan.ALL) as logs:
        yield logs
    leaks = logs.leaks(invented.PLANTED)
    assert leaks == [], f"{len(leaks)} lines of the logs hold personal data"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server to make databases on: that of CUNTU_TEST_DATABASE_URL, or an embedded cluster for this run."""
    given = os.environ.get("CUNTU_TEST_DATABASE_URL")
    if given:
        yield given
        return
    from layers.cluster import Cluster

    folder = Path(tempfile.mkdtemp(prefix="cuntu-test-", dir=_quick_folder()))
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg", durable=False)
    try:
        yield cluster.start()
    finally:
        cluster.stop()
        log_scan.ALL.texts.append(cluster.log.read_text(encoding="utf-8", errors="replace"))
        shutil.rmtree(folder)


def _quick_folder() -> str:
    """Where a throw-away cluster lies: in memory where there is room, since each test makes a database of some thousand files."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ROOM_BYTES
    return str(shared) if roomy else "/tmp"


@pytest.fixture(scope="session")
def template_database(server_url: str) -> Iterator[str]:
    """The name of a migrated database that each test copies."""
    name = f"cuntu_template_{uuid4().hex[:12]}"
    url = create_database(server_url, name)
    database.upgrade(url)
    with database.connect(url) as conn:
        people.tester(conn)
    yield name
    drop_database(server_url, name)


@pytest.fixture
def db_url(server_url: str, template_database: str) -> Iterator[str]:
    """The URL of a migrated, empty database of this test's own."""
    name = f"cuntu_test_{uuid4().hex[:12]}"
    yield create_database(server_url, name, template=template_database)
    drop_database(server_url, name)


@pytest.fixture
def db(db_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to this test's database; what is not committed goes with it."""
    with database.connect(db_url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of reference data beside the project; a test that needs it is skipped where there is none."""
    folder = PROJECT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"参考数据不在 {folder}：这项检查没有运行")
    return folder
