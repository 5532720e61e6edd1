"""A service on a small county of its own for each test; the county is loaded once and its database copied."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import geopandas as gpd
import people
import pytest
import shapely
from fastapi.testclient import TestClient
from frames import COUNTY, EAST, EPSG, NORTH, meta, published, square

from api.app import create_app
from api.cli import commands
from api.demo import county as demo_county
from api.settings import Settings
from layers import database
from layers.databases import create_database, drop_database


def frame(geometries, **columns) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(geometries), crs=EPSG)


def small_county(conn) -> None:
    """One town of two villages, a field of basic farmland, a red line; nothing else is loaded."""
    west = shapely.box(EAST - 10_000, NORTH - 10_000, EAST + 10_000, NORTH + 30_000)
    east = shapely.box(EAST + 10_000, NORTH - 10_000, EAST + 30_000, NORTH + 30_000)
    town = {"XZQDM": ["421223100"], "XZQMC": ["天城镇"]}
    published(conn, frame([COUNTY], XZQDM=["421223"], XZQMC=["崇阳县"]), meta("county"))
    published(conn, frame([COUNTY], **town), meta("town"))
    villages = {"ZLDWDM": ["421223100201", "421223100202"], "ZLDWMC": ["东村", "{{ 7*7 }}<script>alert(1)</script>"]}
    both = {name: values * 2 for name, values in town.items()}
    published(conn, frame([west, east], **villages, **both), meta("village"))
    published(conn, frame([square(0, 0, 100)], BSM=["J1"]), meta("basic_farmland"))
    published(conn, frame([square(1000, 0, 100)], BSM=["H1"], zone=["core"]), meta("ecological_redline"))
    conn.commit()


@pytest.fixture(scope="session")
def county_template(server_url: str, template_database: str) -> Iterator[str]:
    """The name of a database with the small county, which each test copies."""
    name = f"cuntu_web_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=template_database)
    with database.connect(url) as conn:
        small_county(conn)
    yield name
    drop_database(server_url, name)


@pytest.fixture
def county_url(server_url: str, county_template: str) -> Iterator[str]:
    """The URL of this test's own copy of the small county."""
    name = f"cuntu_test_{uuid4().hex[:12]}"
    yield create_database(server_url, name, template=county_template)
    drop_database(server_url, name)


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    for name in ("CUNTU_DATABASE_URL", "CUNTU_HOST", "CUNTU_PORT"):
        monkeypatch.delenv(name, raising=False)
    return Settings(data_dir=tmp_path, upload_dir=tmp_path / "kept", max_body_bytes=60_000, max_batch_bytes=60_000, batch_limit=20)


@pytest.fixture
def client(county_url: str, settings: Settings) -> Iterator[TestClient]:
    """A browser, so to speak, in front of the whole service."""
    with TestClient(create_app(settings, database_url=county_url), headers=people.HEADERS) as service:
        yield service


@pytest.fixture
def empty_client(db_url: str, settings: Settings) -> Iterator[TestClient]:
    """The service on a migrated database in which nothing is loaded."""
    with TestClient(create_app(settings, database_url=db_url), headers=people.HEADERS) as service:
        yield service


@pytest.fixture(scope="session")
def demo_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of the small demo county."""
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_bytes(base64.b64encode(bytes(range(32))))
    file.chmod(0o600)
    return file


@pytest.fixture(scope="session")
def demo_url(server_url: str, template_database: str, demo_key: Path) -> Iterator[str]:
    """The URL of a database with the small demo county, typed and checked, shared by the tests that only read it."""
    name = f"cuntu_demo_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=template_database)
    with database.pool(url, max_size=4) as pool:
        demo_county.load(pool, url, Settings(database_url=url, key_file=demo_key), report=lambda share, doing="": None, scale="small")
    yield url
    drop_database(server_url, name)


@pytest.fixture
def command_on(settings, tmp_path, monkeypatch, capsys):
    """For a data base: a function that runs a command on it, in an empty folder, and returns exit status, stdout, stderr."""

    def on(url: str):
        monkeypatch.setenv("CUNTU_DATABASE_URL", url)
        monkeypatch.chdir(tmp_path)
        return run

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["cuntu", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return on


@pytest.fixture
def cuntu(command_on, county_url):
    """Run a command on this test's own small county."""
    return command_on(county_url)
