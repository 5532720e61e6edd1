"""The whole demo county in the store: every planted application gets its written verdict, by every way in, with the same findings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from uuid import uuid4

import geopandas as gpd
import numpy as np
import openpyxl
import orjson
import people
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import commands
from api.demo import county as demo_county
from api.settings import Settings
from layers import applications, database
from layers.databases import create_database, drop_database

pytestmark = pytest.mark.slow

RUN_OF_ITS_OWN = ("id", "checked_at", "known_at")
"""What differs between two checks of the same application with the same data."""


@pytest.fixture(scope="module")
def full_url(server_url: str, template_database: str) -> Iterator[str]:
    name = f"cuntu_full_{uuid4().hex[:12]}"
    yield create_database(server_url, name, template=template_database)
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def full(full_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    with database.pool(full_url) as pool:
        loaded = demo_county.load(pool, full_url, settings, report=lambda *_: None)
        assert loaded == demo_county.Loaded(layers=True, typed=True, checked=398)
        again = demo_county.load(pool, full_url, settings, report=lambda *_: None)
        assert again == demo_county.Loaded(layers=False, typed=False, checked=0)
    with TestClient(create_app(settings, database_url=full_url), headers=people.HEADERS) as service:
        yield service


@pytest.fixture(scope="module")
def planted(full_url: str, full: TestClient) -> list[applications.Application]:
    with database.connect(full_url) as conn:
        return list(applications.everything(conn))


@pytest.fixture
def cuntu(full_url, monkeypatch, capsys):
    monkeypatch.setenv("CUNTU_DATABASE_URL", full_url)

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["cuntu", *arguments])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        told = capsys.readouterr()
        assert not ended.value.code, told.err
        return told.out

    return run


def feature(item: applications.Application) -> dict:
    geometry = orjson.loads(shapely.to_geojson(item.geometry))
    return {"type": "Feature", "geometry": geometry, "properties": dict(item.properties)}


def lasting(report: dict) -> dict:
    return {name: value for name, value in report.items() if name not in RUN_OF_ITS_OWN}


@pytest.fixture(scope="module")
def answers(full: TestClient, planted) -> dict[str, dict]:
    found = {}
    for item in planted:
        answer = full.post("/api/v1/checks", params={"crs": "EPSG:4547"}, json=feature(item))
        assert answer.status_code == 201, answer.text
        found[item.case_no] = answer.json()
    return found


def test_there_are_nearly_four_hundred_with_every_verdict_among_them(planted):
    assert len(planted) == 398
    verdicts = [item.expected["verdict"] for item in planted]
    assert set(verdicts) == {"refused", "incomplete", "needs_approval", "needs_correction", "needs_review", "passed"}
    assert all(item.expected["reason"] for item in planted)


def test_each_gets_the_written_verdict_for_the_written_rules_over_http(planted, answers):
    wrong = {}
    for item in planted:
        report = answers[item.case_no]
        failed = sorted(f["rule_id"] + (f["branch"] or "") for f in report["findings"] if f["outcome"] == "fail")
        if (report["verdict"], failed) != (item.expected["verdict"], sorted(item.expected["findings"])):
            wrong[item.case_no] = (item.expected, report["verdict"], failed)
    assert not wrong


def test_the_checks_made_while_loading_say_the_same(full, planted, answers):
    for item in planted:
        stored = full.get(f"/api/v1/checks/{item.check_id}").json()
        assert lasting(stored) == lasting(answers[item.case_no])


def test_the_command_says_the_same(cuntu, planted, answers, tmp_path):
    names = sorted({name for item in planted for name in item.properties})
    columns = {name: [item.properties.get(name) for item in planted] for name in names}
    frame = gpd.GeoDataFrame(columns, geometry=np.array([item.geometry for item in planted], dtype=object), crs=4547)
    path = tmp_path / "applications.gpkg"
    frame.to_file(path)
    reports = json.loads(cuntu("check", str(path), "--json"))["reports"]
    assert len(reports) == len(planted)
    for report in reports:
        assert lasting(report) == lasting(answers[report["case_no"]])


def test_the_list_of_villages_and_the_exported_types_agree(full, cuntu, tmp_path):
    served = {f["properties"]["village_code"]: f["properties"] for f in full.get("/api/v1/villages").json()["features"]}
    assert len(served) >= 203
    assert all(row["village_type"] and row["reason"] for row in served.values())
    path = tmp_path / "types.xlsx"
    cuntu("classify", "--output", str(path))
    rows = list(openpyxl.load_workbook(path).worksheets[0].values)
    flat = {str(cell): row for row in rows for cell in row if str(cell) in served}
    assert set(flat) == set(served)
    assert all(served[code]["village_type_label"] in row for code, row in flat.items())
