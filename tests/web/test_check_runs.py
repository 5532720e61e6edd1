"""Runs over many subjects: done chunk by chunk, broken off and taken up again, written as files."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import replace
from uuid import UUID

import openpyxl
import orjson
import pyogrio
import pytest
from applications import application, ring
from frames import EPSG, frame_of_parcels, meta, published, square
from service_jobs import finished
from standing_houses import ON_FARMLAND, cuntu, publish_houses

from api.checks.checking import Checker
from api.moment import Moment
from api.runs import running
from api.runs.running import CheckRuns, PackChangedError
from api.snapshots import Snapshots
from layers import acting, applications, checks, database, households
from layers import check_runs as store
from layers.applications import Application
from layers.check_runs import RunBusyError
from layers.households import Household
from spatial.errors import InputError

HOSTILE = "{{ 7*7 }}<script>alert(1)</script>"
PLOTS = [f"421223100201JC{number:05d}" for number in (1, 2, 3)]


@pytest.fixture(autouse=True)
def at_work():
    """What is done here without a request is the service's own work."""
    with acting.on_behalf(acting.SERVICE):
        yield


@pytest.fixture
def pool(county_url):
    with database.pool(county_url, max_size=5) as opened:
        yield opened


@pytest.fixture
def runs(pool, settings):
    return CheckRuns(pool, Snapshots(pool, epsg=EPSG), settings)


@pytest.fixture
def at(county_url):
    """One moment for a whole test, after the county was loaded."""
    return Moment.now().fixed()


def silent(share, doing=""):
    pass


def given(runs, count, at):
    features = [application(case_no=f"C-{row}", coordinates=[ring(60 + 12 * row, 20)]) for row in range(count)]
    return Checker(runs.pool, runs.snapshots, runs.settings).read(features, epsg_in=EPSG, moment=at)


def answers(pool, run_id):
    """Every result of a run as bytes, without what names the run itself."""
    with pool.connection() as conn:
        found = list(store.every_result(conn, run_id))
    told = []
    for item in found:
        report = {name: value for name, value in orjson.loads(item.report).items() if name not in ("id", "checked_at")}
        told.append((item.position, item.kind, item.name, item.verdict, item.geometry.wkb, orjson.dumps(report, option=orjson.OPT_SORT_KEYS)))
    return told


def test_a_run_over_a_file_stores_a_check_for_each_application(runs, pool, at):
    run = runs.go_on(runs.begin_file(given(runs, 5, at), title="a.geojson", moment=at).id, report=silent)
    assert (run.done, run.total, run.finished_at is not None) == (5, 5, True)
    with pool.connection() as conn:
        found = store.results(conn, run.id)
        assert checks.count(conn) == 5
        for item in found:
            stored = checks.get(conn, item.check_id)
            assert (stored.verdict, stored.case_no, stored.checked_at) == (item.verdict, item.name, run.created_at)
            assert orjson.loads(stored.report)["id"] == str(item.check_id)


def test_a_run_taken_up_again_has_the_same_bytes_as_an_unbroken_one(runs, pool, monkeypatch, at):
    monkeypatch.setattr(running, "CHUNK", 3)
    one = runs.begin_file(given(runs, 10, at), title="a", moment=at)
    for done in (3, 6, 9, 10):
        assert runs.go_on(one.id, report=silent, stop_after=1).done == done
    monkeypatch.setattr(running, "CHUNK", 500)
    two = runs.go_on(runs.begin_file(given(runs, 10, at), title="a", moment=at).id, report=silent)
    assert answers(pool, one.id) == answers(pool, two.id)
    with pool.connection() as conn:
        assert store.get(conn, one.id).summary == store.get(conn, two.id).summary


def test_a_finished_run_is_left_as_it_is(runs, at):
    run = runs.go_on(runs.begin_file(given(runs, 2, at), title="a", moment=at).id, report=silent)
    assert runs.go_on(run.id, report=silent) == run


def test_nothing_that_changes_after_the_beginning_changes_a_run(runs, pool, monkeypatch, county_url, at):
    monkeypatch.setattr(running, "CHUNK", 2)
    run = runs.begin_file(given(runs, 4, at), title="a", moment=at)
    runs.go_on(run.id, report=silent, stop_after=1)
    with database.connect(county_url) as conn:
        published(conn, _farmland(square(5_000, 5_000, 10)), meta("basic_farmland"))
    whole = runs.go_on(run.id, report=silent)
    with pool.connection() as conn:
        versions = {entry["version"] for item in store.results(conn, run.id) for entry in orjson.loads(item.report)["datasets"] if entry["layer"] == "basic_farmland"}
    assert versions == {whole.versions["basic_farmland"]}


def _farmland(shape):
    import geopandas as gpd

    return gpd.GeoDataFrame({"BSM": ["J9"]}, geometry=[shape], crs=EPSG)


def test_a_run_is_not_gone_on_with_under_another_pack(runs, pool, monkeypatch, at):
    run = runs.begin_file(given(runs, 2, at), title="a", moment=at)
    from api.checks.judging import Judging

    other = replace(Judging(pool, runs.snapshots, runs.settings).pack, sha256="0" * 64)
    monkeypatch.setattr(Judging, "pack", property(lambda self: other))
    with pytest.raises(PackChangedError):
        runs.go_on(run.id, report=silent)


def test_two_that_take_up_a_run_at_once_do_it_once(runs, pool, at):
    run = runs.begin_file(given(runs, 3, at), title="a", moment=at)
    inside, go = threading.Event(), threading.Event()
    told = []

    def slow(share, doing=""):
        inside.set()
        go.wait(10)

    worker = threading.Thread(target=lambda: told.append(runs.go_on(run.id, report=slow).done))
    worker.start()
    assert inside.wait(10)
    with pytest.raises(RunBusyError):
        runs.go_on(run.id, report=silent)
    go.set()
    worker.join(timeout=90)
    assert told == [3]


def test_a_run_killed_half_way_goes_on_and_finds_the_same(runs, pool, county_url):
    with pool.connection() as conn:
        publish_houses(conn, 12_000)
    broken = cuntu(county_url, "check", "--houses")
    run_id = _under_way(pool, broken)
    os.kill(broken.pid, signal.SIGKILL)
    broken.communicate()
    with pool.connection() as conn:
        left = store.get(conn, run_id)
        written = sum(store.result_counts(conn, run_id).values())
    assert 0 < left.done < left.total
    assert (left.finished_at, written) == (None, left.done)
    resumed = cuntu(county_url, "check", "--resume", str(run_id), "--json")
    out, err = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, err
    assert json.loads(out)["run"]["done"] == left.total
    whole = runs.go_on(runs.begin_houses(moment=Moment.now()).id, report=silent)
    assert answers(pool, run_id) == answers(pool, whole.id)
    with pool.connection() as conn:
        assert store.get(conn, run_id).summary == whole.summary


def _under_way(pool, process):
    """The run that a process has begun, as soon as its first results are written down."""
    until = time.monotonic() + 180
    while time.monotonic() < until and process.poll() is None:
        with pool.connection() as conn:
            found = store.latest(conn, limit=1)
        if found and found[0].done:
            return found[0].id
        time.sleep(0.01)
    raise AssertionError(process.communicate()[1])


def test_open_applications_are_those_that_are_live(runs, pool):
    shape = {"geometry": square(300, 300, 12), "epsg": EPSG}
    stated = application()["properties"]
    with pool.connection() as conn:
        made = [Application(case_no=f"B-{row}", properties={**stated, "case_no": f"B-{row}"}, **shape) for row in range(3)]
        wrong = Application(case_no="B-9", properties={**stated, "case_no": "B-9", "storeys": "two"}, **shape)
        applications.save(conn, [*made, wrong])
        applications.settle(conn, ["B-1"])
    run = runs.go_on(runs.begin_open(moment=Moment.now()).id, report=silent)
    with pool.connection() as conn:
        assert [item.name for item in store.results(conn, run.id)] == ["B-0", "B-2"]
    assert run.summary["unreadable"] == 1
    assert run.summary["unreadable_first"][0]["case_no"] == "B-9"


def test_the_radar_of_a_county_without_houses_says_what_is_not_loaded(runs, at):
    run = runs.go_on(runs.begin_houses(moment=at).id, report=silent)
    assert (run.total, run.finished_at is not None) == (0, True)
    assert run.summary["not_loaded"] == ["building", "parcel"]


def test_houses_and_plots_are_told_and_the_household_never(runs, pool):
    with pool.connection() as conn:
        publish_houses(conn, 30)
        published(conn, frame_of_parcels(PLOTS), meta("parcel"))
        held = {"zddm": PLOTS[0], "other_zddm": [PLOTS[1]]}
        households.save(conn, [Household(household_no="HH-SECRET", village_code="1", properties=held)])
    run = runs.go_on(runs.begin_houses(moment=Moment.now()).id, report=silent)
    with pool.connection() as conn:
        found = {item.name: orjson.loads(item.report) for item in store.results(conn, run.id)}
        assert "HH-SECRET" not in " ".join(item.report for item in store.results(conn, run.id))
    on_farmland = [name for name, report in found.items() if any(hit["rule"] == "HB-001a" for hit in report["hits"])]
    assert len(on_farmland) == ON_FARMLAND
    assert found[PLOTS[0]]["hits"][0]["message"] == f"同一户另有 1 宗宅基地：{PLOTS[1]}。"
    assert found[PLOTS[1]]["hits"][0]["plots"] == [PLOTS[0]]
    assert "HB-020a" in found[PLOTS[2]]["not_checked"]
    assert "HB-040" in found["F00020"]["not_checked"]
    assert found["F00020"]["verdict"] == "unclear"


def test_a_run_left_by_a_stopped_service_is_taken_up_over_http(client, runs, pool, monkeypatch, at):
    run = runs.begin_file(given(runs, 4, at), title="a", moment=at)
    monkeypatch.setattr(running, "CHUNK", 1)
    runs.go_on(run.id, report=silent, stop_after=2)
    assert client.get(f"/api/v1/runs/{run.id}").json()["state"] == "open"
    assert "未完成" in client.get("/runs").text
    assert finished(client, client.post(f"/api/v1/runs/{run.id}/resume").headers["location"])["state"] == "done"
    assert client.get(f"/api/v1/runs/{run.id}").json()["done"] == 4


def test_two_versions_of_one_layer_cannot_be_compared_at_once(runs, pool, at):
    with pool.connection() as conn:
        one = publish_houses(conn, 1)
        two = publish_houses(conn, 2)
    with pytest.raises(InputError, match="同一图层"):
        runs.begin_plan_difference([one, two], moment=at)


@pytest.mark.parametrize("ending", ["xlsx", "gpkg", "json"])
def test_a_run_is_written_as_a_file_in_which_text_stays_text(runs, pool, tmp_path, county_url, ending, at):
    features = [application(case_no="=1+1", coordinates=[ring(95, 20)]), application(case_no=HOSTILE, coordinates=[ring(300, 20)])]
    read = Checker(pool, runs.snapshots, runs.settings).read(features, epsg_in=EPSG, moment=at)
    run = runs.go_on(runs.begin_file(read, title="=2+2", moment=at).id, report=silent)
    target = tmp_path / f"run.{ending}"
    from layers.run_export import write_run

    with pool.connection() as conn:
        write_run(target, conn, run)
    if ending == "xlsx":
        book = openpyxl.load_workbook(target)
        assert [row[2].value for row in book["结果"].iter_rows(min_row=2)] == ["=1+1", HOSTILE]
        assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
        assert "HB-001a" in {row[3].value for row in book["逐条意见"].iter_rows(min_row=2)}
    elif ending == "gpkg":
        frame = pyogrio.read_dataframe(target)
        assert (frame["name"].tolist(), frame.crs.to_epsg()) == (["=1+1", HOSTILE], EPSG)
    else:
        written = json.loads(target.read_text(encoding="utf-8"))
        assert [item["report"]["case_no"] for item in written["results"]] == ["=1+1", HOSTILE]
        assert UUID(written["run"]["id"]) == run.id
