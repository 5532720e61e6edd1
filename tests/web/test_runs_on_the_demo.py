"""Runs on the demo county, whose planted houses, plots, households and draft plan say what must be found."""

from __future__ import annotations

import json
from uuid import uuid4

import orjson
import people
import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import conninfo_to_dict
from service_jobs import finished

from api.app import create_app
from api.moment import Moment
from api.runs.running import CheckRuns
from api.settings import Settings
from api.snapshots import Snapshots
from layers import acting, checks, database, versions
from layers import check_runs as store
from layers.databases import create_database, drop_database
from layers.demo import build
from spatial.rules.pack import PACKS


@pytest.fixture(autouse=True)
def at_work():
    """What is done here without a request is the service's own work."""
    with acting.on_behalf(acting.SERVICE):
        yield


def silent(share, doing=""):
    pass


@pytest.fixture(scope="module")
def planted():
    """The demo county as it was made, with what must be found in it."""
    return build(scale="small")


@pytest.fixture(scope="module")
def own_url(server_url, demo_url):
    """A copy of the demo county's database that may be written to."""
    name = f"cuntu_runs_{uuid4().hex[:12]}"
    yield create_database(server_url, name, template=str(conninfo_to_dict(demo_url)["dbname"]))
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def runs(own_url):
    with database.pool(own_url, max_size=5) as pool:
        yield CheckRuns(pool, Snapshots(pool, epsg=4547), Settings(database_url=own_url))


def results(runs, run):
    with runs.pool.connection() as conn:
        return list(store.every_result(conn, run.id))


@pytest.fixture(scope="module")
def houses(runs):
    """What the radar found, by the names of houses and plots."""
    run = runs.go_on(runs.begin_houses(moment=Moment.now()).id, report=silent)
    return {(item.kind, item.name): orjson.loads(item.report) for item in results(runs, run)}


def hit_by(houses, kind, rule):
    return {name for (of, name), report in houses.items() if of == kind and any(hit["rule"] == rule for hit in report["hits"])}


def test_the_houses_planted_on_basic_farmland_are_found_and_no_others(houses, planted):
    assert hit_by(houses, "building", "HB-001a") == set(planted.standing.farmland_houses)


def test_the_plots_planted_over_two_zones_are_found_and_no_others(houses, planted):
    assert hit_by(houses, "parcel", "control_zone") == set(planted.standing.split_plots)


def test_the_households_planted_with_several_plots_are_found_by_their_plots(houses, planted):
    held = planted.households.set_index("household_id").loc[list(planted.standing.large_holders)]
    expected = {plot for one, others in zip(held["zddm"], held["other_zddm"], strict=True) for plot in (one, *others)}
    assert hit_by(houses, "parcel", "HB-020a") == expected
    assert not any(number in json.dumps(list(houses.values())) for number in planted.standing.large_holders)


def test_zones_of_a_split_plot_add_up_to_the_plot(houses, planted):
    areas = dict(zip(planted.layers["parcel"]["ZDDM"], planted.layers["parcel"].geometry.area, strict=True))
    for name in planted.standing.split_plots:
        zones = next(hit["zones"] for hit in houses["parcel", name]["hits"] if hit["rule"] == "control_zone")
        assert len(zones) > 1
        assert sum(zones.values()) == pytest.approx(areas[name], abs=0.01)


def test_under_the_draft_exactly_the_planted_applications_change_and_as_planted(runs, planted):
    with runs.pool.connection() as conn:
        drafts = [record.dataset.version for layer in planted.drafts for record in versions.history(conn, layer) if record.status == "staged"]
    run = runs.go_on(runs.begin_plan_difference(drafts, moment=Moment.now()).id, report=silent)
    found = results(runs, run)
    decided = {item.name: item.verdict for item in found if item.kind == "application" and item.verdict != item.before}
    expected = dict(zip(planted.expected_under_draft["case_no"], planted.expected_under_draft["verdict"], strict=True))
    before = dict(zip(planted.expected["case_no"], planted.expected["verdict"], strict=True))
    assert decided == {case: verdict for case, verdict in expected.items() if verdict != before[case]}
    for item in found:
        rules = orjson.loads(item.report)["rules"]
        assert rules
        assert all(rule["before"] != rule["after"] for rule in rules)
    assert run.summary["unchanged"] + run.summary["changed"] == run.total


LOWER = {"jurisdiction": "421223", "parameters": {"storeys_max": {"title": "农村住房层数上限", "unit": "storey", "rows": [
    {"value": 2, "citation": {"source": "拟议", "confidence": "N"}}]}}}  # fmt: skip


def test_a_backtest_over_http_tells_which_stored_checks_a_lower_limit_would_refuse(own_url, planted):
    settings = Settings(database_url=own_url)
    with TestClient(create_app(settings, database_url=own_url), headers=people.HEADERS) as client:
        begun = client.post("/api/v1/runs/backtest", json=LOWER)
        job = finished(client, begun.headers["location"])
        assert job["state"] == "done", job
        run = client.get(begun.json()["run_location"]).json()
        found = client.get(f"/api/v1/runs/{run['id']}/results", params={"limit": 500}).json()["results"]
    with database.connect(own_url) as conn:
        stored = [checks.get(conn, check_id) for check_id in store.check_ids(conn, pack_id="house-building")]
    assert run["summary"]["same_bytes"] == run["total"] == len(stored)
    three = {str(check.id) for check in stored if check.properties.get("storeys") == 3}
    assert three
    assert {item["check_id"] for item in found} >= three
    for item in found:
        if item["check_id"] in three:
            assert (item["verdict"], [rule["rule"] for rule in item["report"]["rules"]]) == ("refused", ["HB-034a"])
            assert item["report"]["rules"][0]["after"]["threshold"]["value"] == 2


def test_a_backtest_says_which_checks_cannot_be_proved(runs, tmp_path):
    with runs.pool.connection() as conn:
        [first, *_] = store.check_ids(conn, pack_id="house-building")
        made = checks.get(conn, first)
        from dataclasses import replace

        other_pack = replace(made, id=uuid4(), pack_sha256="0" * 64)
        forged = replace(made, id=uuid4(), report=made.report.replace("符合".encode(), "合乎".encode()))
        checks.save(conn, [other_pack, forged])
    text = (PACKS / "house-building" / "parameters" / "421223.yaml").read_text(encoding="utf-8")
    run = runs.begin_backtest({"house-building/parameters/421223.yaml": text + "# 拟议\n"}, moment=Moment.now())
    run = runs.go_on(run.id, report=silent)
    unproved = {item.check_id: orjson.loads(item.report)["reason"] for item in results(runs, run) if item.verdict == "unproved"}
    assert set(unproved) == {other_pack.id, forged.id}
    assert "另一版本" in unproved[other_pack.id]
    assert "不一致" in unproved[forged.id]
    assert (run.summary["other_pack"], run.summary["not_same_bytes"], run.summary["changed"]) == (1, 1, 0)
