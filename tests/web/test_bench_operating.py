"""The benches of access and of an hour's load measure what they say: the bare application writes no entry, the other one each."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from api.bench import access, load
from api.bench.place import Place
from api.settings import Settings
from layers.databases import create_database, drop_database


@pytest.fixture
def place(server_url, demo_url, tmp_path, monkeypatch):
    monkeypatch.setenv("CUNTU_DATA_DIR", str(tmp_path))
    name = f"cuntu_test_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=psycopg.conninfo.conninfo_to_dict(demo_url)["dbname"])
    yield Place(url, Settings(database_url=url, upload_dir=tmp_path / "kept"))
    drop_database(server_url, name)


def made(place):
    with psycopg.connect(place.url) as conn:
        return conn.execute(
            "SELECT (SELECT count(*) FROM stored_check), (SELECT count(*) FROM audit.entry WHERE action = 'checks.make')"
        ).fetchone()


@pytest.mark.slow
def test_the_bare_application_asks_nobody_and_writes_no_entry(place, monkeypatch):
    monkeypatch.setattr(access, "ROUNDS", 4)
    before = made(place)
    found = {figure.name: figure for figure in access.run(place, lambda share, doing="": None).found}
    after = made(place)
    assert after[0] - before[0] == 2 * 24 + 1
    assert after[1] - before[1] == 24
    for name in ("读图层目录", "读一个村", "审查一件并存档"):
        assert found[f"{name}，中位数"].value > 0
        assert found[f"{name}：多用的时间"].met in (True, False)


@pytest.mark.slow
def test_a_short_load_has_no_errors_and_keeps_what_it_was_told(place):
    found = {figure.name: figure for figure in load.run(place, lambda share, doing="": None, seconds=10.0).found}
    assert found["出错的请求"].value == 0
    assert found["核对无误的新审查"].value > 0
    assert {f"{title}，p99" for title in load.TITLES.values()} <= set(found)
