"""The service as several processes: what a crash, a publication or a stop may and may not do to those who are asking."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import people
import pytest
from applications import IN_ZONE, application, ring
from crashes import lives
from frames import meta, published, red_lines, square
from running_service import load, running, until

from layers import checks, database
from layers.cluster import Cluster

CHECKS = f"/api/v1/checks?crs={IN_ZONE['crs']}"
SITE = application(coordinates=[ring(1500, 0)])


@pytest.fixture
def service(county_url):
    with running("--workers", "2", CUNTU_DATABASE_URL=county_url) as made:
        until(lambda: made.ready(snapshot="loaded"))
        until(lambda: (len(made.children(jobs=False)), len(made.children(jobs=True))) == (2, 1))
        yield made


def all_stored(url):
    with database.connect(url) as conn:
        return {str(line.id): checks.get(conn, line.id) for line in checks.latest(conn, limit=100_000)}


def assert_each_is_stored_whole(url, answered):
    kept = all_stored(url)
    assert {name: kept[name].report for name in answered} == answered
    for name, check in kept.items():
        report = json.loads(check.report)
        assert (report["id"], report["verdict"]) == (name, check.verdict)
        assert report["findings"] and report["subject"]["sha256"] == check.subject_sha256


def test_one_socket_two_workers_one_process_for_jobs(service):
    assert (len(service.children(jobs=False)), len(service.children(jobs=True))) == (2, 1)
    with load(service, CHECKS, SITE, clients=6) as seen:
        until(lambda: len(seen.answers) >= 30)
    assert {status for status, _, _ in seen.answers} == {201}
    assert seen.cut_off == 0


def test_a_worker_that_is_killed_is_replaced_and_what_was_answered_is_stored(service, county_url):
    victim = service.children(jobs=False)[0]
    with load(service, CHECKS, SITE) as seen:
        until(lambda: len(seen.answers) >= 20)
        os.kill(victim, signal.SIGKILL)
        before = len(seen.answers)
        until(lambda: len(service.children(jobs=False)) == 2 and victim not in service.children(jobs=False))
        until(lambda: len(seen.answers) >= before + 20)
    assert {status for status, _, _ in seen.answers} == {201}
    assert seen.cut_off <= 4
    assert_each_is_stored_whole(county_url, seen.stored())


def test_a_worker_that_stands_still_is_replaced(county_url):
    impatient = "import api.processes.master; api.processes.master.SILENT_S = 6.0"
    with running("--workers", "2", first=impatient, CUNTU_DATABASE_URL=county_url) as service:
        until(lambda: service.ready(snapshot="loaded") and len(service.children(jobs=False)) == 2)
        stuck = service.children(jobs=False)[0]
        os.kill(stuck, signal.SIGSTOP)
        until(lambda: len(service.children(jobs=False)) == 2 and stuck not in service.children(jobs=False))
        assert service.ask("POST", CHECKS, SITE)[0] == 201


def test_a_runner_of_jobs_that_is_killed_is_replaced_and_its_job_marked(service):
    runner = service.children(jobs=True)
    os.kill(runner[0], signal.SIGKILL)
    until(lambda: service.children(jobs=True) not in (runner, []))
    body = {"type": "FeatureCollection", "features": [application(coordinates=[ring(95, 20)])]}
    status, headers, _ = service.ask("POST", f"/api/v1/checks/batch?crs={IN_ZONE['crs']}", body)
    assert status == 202
    until(lambda: json.loads(service.ask("GET", headers["location"])[2])["state"] == "done")


def test_what_was_answered_before_everything_was_killed_is_stored_and_nothing_is_half_stored(service, county_url):
    with load(service, CHECKS, SITE) as seen:
        until(lambda: len(seen.answers) >= 40)
        workers = service.children(jobs=False) + service.children(jobs=True)
        service.process.kill()
        until(lambda: not any(lives(pid) for pid in workers))
    assert {status for status, _, _ in seen.answers} == {201}
    assert_each_is_stored_whole(county_url, seen.stored())


def test_who_asks_while_something_is_published_gets_the_old_or_the_new_version_whole_and_is_never_cut_off(service, county_url):
    def version(report):
        [found] = [entry["version"] for entry in json.loads(report)["datasets"] if entry["layer"] == "ecological_redline"]
        return found

    def redline(report):
        about = [item for item in json.loads(report)["findings"] if (item["dataset"] or {}).get("layer") == "ecological_redline"]
        return "fail" in {item["outcome"] for item in about}

    first = set(service.children(jobs=False))
    with load(service, CHECKS, SITE) as seen:
        until(lambda: len(seen.answers) >= 10)
        with database.connect(county_url) as conn:
            number = published(conn, red_lines([square(1400, -100, 500)], zone=["core"]), meta())
        until(lambda: version(seen.answers[-1][2]) == number)
        until(lambda: len(service.children(jobs=False)) == 2 and not first & set(service.children(jobs=False)))
        done = len(seen.answers)
        until(lambda: len(seen.answers) >= done + 20)
    assert {status for status, _, _ in seen.answers} == {201}
    assert seen.cut_off == 0
    pairs = {(version(body), redline(body)) for _, _, body in seen.answers}
    assert len(pairs) == 2, pairs
    assert (number, True) in pairs
    assert service.ready(snapshot="loaded")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_service_told_to_stop_answers_what_it_has_taken_and_leaves_no_process(service, county_url, how):
    with load(service, CHECKS, SITE) as seen:
        until(lambda: len(seen.answers) >= 10)
        processes = service.children(jobs=False) + service.children(jobs=True)
        service.process.send_signal(how)
        assert service.process.wait(timeout=90) == 0
    assert not any(lives(pid) for pid in processes)
    assert {status for status, _, _ in seen.answers} == {201}
    assert_each_is_stored_whole(county_url, seen.stored())


@pytest.mark.slow
def test_while_its_postgresql_is_killed_the_service_answers_503_and_is_back_by_itself():
    folder = Path(tempfile.mkdtemp(prefix="cuntu-test-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg", durable=False)
    try:
        with running("--workers", "1", CUNTU_DATA_DIR=str(folder), CUNTU_DATABASE_URL="") as service:
            until(lambda: service.ready(status="ready"))
            with database.connect(cluster.url) as conn:
                people.tester(conn)
            assert service.ask("POST", CHECKS, SITE)[0] == 201
            postmaster = cluster.status().pid
            os.kill(postmaster, signal.SIGKILL)
            statuses = []

            def back():
                statuses.append(service.ask("POST", CHECKS, SITE)[0])
                return statuses[-1] == 201 and cluster.status().pid not in (None, postmaster)

            until(back)
            assert set(statuses) <= {201, 503}
            assert service.ask("GET", "/healthz")[0] == 200
    finally:
        time.sleep(0.1)
        cluster.stop()
        shutil.rmtree(folder)
