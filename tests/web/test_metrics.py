"""What the service tells of itself: /metrics, and one record in the log for every request."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
from contextlib import closing

import people
import pytest
from applications import IN_ZONE, application
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from running_service import running, until

from api import logs
from api.app import create_app
from api.metrics.counts import Counts
from layers import database

TOKEN = "cuntu_" + "operations-testing".ljust(43, "0")
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def operated_url(county_url):
    with database.connect(county_url) as conn:
        people.person_with(conn, "运维员", ("administrator",), token=TOKEN)
    return county_url


def samples(text):
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def value(found, name, **labels):
    return found.get((name, tuple(sorted(labels.items()))), 0.0)


@pytest.fixture
def service(operated_url, settings):
    with TestClient(create_app(settings, database_url=operated_url), headers=people.HEADERS) as made:
        yield made


def scraped(service):
    answer = service.get("/metrics", headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return samples(answer.text)


def test_requests_are_counted_by_the_template_of_their_route(service):
    made = service.post("/api/v1/checks", params=IN_ZONE, json=application())
    for _ in range(3):
        assert service.get(made.headers["location"]).status_code == 200
    service.get("/api/v1/checks/00000000-0000-0000-0000-000000000000")
    service.get("/nothing/here?name=secret")
    service.get("/static/none.css")
    found = scraped(service)
    route = "/api/v1/checks/{check_id}"
    assert value(found, "cuntu_requests_total", method="GET", route=route, status="200") == 3
    assert value(found, "cuntu_requests_total", method="GET", route=route, status="404") == 1
    assert value(found, "cuntu_requests_total", method="POST", route="/api/v1/checks", status="201") == 1
    assert value(found, "cuntu_requests_total", method="", route="(none)", status="404") == 1
    assert value(found, "cuntu_requests_total", method="GET", route="/static/{path}", status="404") == 1
    assert value(found, "cuntu_request_seconds_count", method="GET", route=route) == 4
    assert value(found, "cuntu_request_seconds_bucket", method="GET", route=route, le="+Inf") == 4
    assert value(found, "cuntu_requests_in_flight") == 1, "the scrape itself"
    assert value(found, "cuntu_checks_stored") == 1
    assert value(found, "cuntu_database_up") == 1


def test_what_the_store_and_the_disk_say_is_there(service, operated_url):
    with database.connect(operated_url) as conn:
        conn.execute(
            "INSERT INTO sign_in_try (address, login_sha256, succeeded) VALUES ('10.0.0.1', '\\x00', false), ('10.0.0.1', '\\x00', true)"
        )
        [head] = conn.execute("SELECT id FROM audit.head").fetchone()
    found = scraped(service)
    assert value(found, "cuntu_failed_sign_ins_last_hour") == 1
    assert value(found, "cuntu_audit_head") >= head
    assert value(found, "cuntu_disk_free_bytes", folder="uploads") > 0
    assert (
        value(found, "cuntu_pool_connections", state="idle") + value(found, "cuntu_pool_connections", state="in_use")
        >= 1
    )
    assert {labels for name, labels in found if name == "cuntu_jobs"} == {
        (("state", state),) for state in ("queued", "running", "done", "failed", "interrupted")
    }


def test_tiles_from_memory_are_counted(service):
    version = next(layer for layer in service.get("/api/v1/layers").json()["layers"] if layer["id"] == "village")[
        "in_force"
    ]["version"]
    where = f"/tiles/village/9/{417}/{210}.mvt?v={version}"
    for _ in range(3):
        assert service.get(where).status_code in (200, 204)
    found = scraped(service)
    assert value(found, "cuntu_tile_cache_misses_total") == 1
    assert value(found, "cuntu_tile_cache_hits_total") == 2
    assert value(found, "cuntu_requests_total", method="GET", route="/tiles/{layer}/{z}/{x}/{y}.mvt", status="200") == 3


def test_only_who_may_read_the_operation_sees_it(service):
    assert service.get("/metrics", headers={"Authorization": ""}).status_code == 401
    assert service.get("/metrics").status_code == 403


def test_every_request_is_written_down_once_without_what_was_asked(service, caplog):
    logs.ACCESS.setLevel(logging.INFO)
    try:
        with caplog.at_level(logging.INFO, logger="cuntu.access"):
            service.post("/api/v1/checks", params=IN_ZONE, json=application(case_no="机密案号"))
            service.get("/api/v1/villages/421223100201?valid_on=2026-01-01")
            service.get("/nothing/机密路径?q=机密词")
    finally:
        logs.ACCESS.setLevel(logging.NOTSET)
    told = [getattr(record, logs.FIELDS) for record in caplog.records if record.name == "cuntu.access"]
    assert [(item["method"], item["route"]) for item in told] == [
        ("POST", "/api/v1/checks"),
        ("GET", "/api/v1/villages/{code}"),
        ("GET", "(none)"),
    ]
    assert told[0]["account_id"] is not None
    assert told[0]["seat_id"] is not None
    assert all(item["request_id"] and item["duration_ms"] > 0 for item in told)
    assert len({item["request_id"] for item in told}) == 3
    assert "机密" not in json.dumps(told, ensure_ascii=False)


def test_slow_requests_are_warned_of(operated_url, settings, caplog):
    impatient = settings.model_copy(update={"slow_request_s": 1e-9})
    with (
        TestClient(create_app(impatient, database_url=operated_url), headers=people.HEADERS) as service,
        caplog.at_level(logging.WARNING),
    ):
        service.get("/healthz")
    assert [record.getMessage() for record in caplog.records if record.name == "cuntu.access"] == ["slow request"]


def test_a_worker_goes_on_from_the_counts_of_the_one_before_it():
    counts = Counts(places=2)
    first = counts.tally(0)
    first.began()
    first.answered(3, 200, 0.004)
    first.began()  # killed in the midst of this one
    counts.forget(0)
    second = counts.tally(0)
    second.began()
    second.answered(3, 200, 0.004)
    summed = counts.summed()
    assert summed.answers[3].sum() == 2
    assert summed.gauges["in_flight"] == 0


def test_all_processes_are_counted_together_and_restarts_are_told(operated_url):
    with running("--workers", "2", CUNTU_DATABASE_URL=operated_url) as service:
        until(lambda: service.ready(snapshot="loaded") and len(service.children(jobs=False)) == 2)

        def told():
            with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)) as connection:
                connection.request("GET", "/metrics", headers=OPERATOR)
                return samples(connection.getresponse().read().decode())

        def healthy():
            return value(told(), "cuntu_requests_total", method="GET", route="/healthz", status="200")

        for _ in range(20):
            assert service.ask("GET", "/healthz")[0] == 200
        assert healthy() == 20
        victim = service.children(jobs=False)[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(service.children(jobs=False)) == 2 and victim not in service.children(jobs=False))
        assert healthy() == 20
        found = told()
        assert value(found, "cuntu_process_restarts_total") == 1
        assert 0 <= value(found, "cuntu_snapshot_age_seconds") < 60
        until(lambda: value(told(), "cuntu_workers_with_layers") >= 2)
