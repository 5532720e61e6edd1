"""SIGTERM under a load of writes: what was taken is answered, what was answered is there, and what was not finished is marked."""

from __future__ import annotations

import json
import signal

import pytest
from applications import IN_ZONE, application, ring
from running_service import running, until
from write_load import Written, assert_all_there_and_nothing_half, writer, writing

from layers import database


@pytest.fixture
def written_url(county_url):
    with database.connect(county_url) as conn:
        writer(conn)
    return county_url


def test_everybody_who_wrote_got_an_answer_and_every_answer_holds(written_url):
    written = Written()
    with running("--workers", "2", CUNTU_DATABASE_URL=written_url, CUNTU_RATE_SIGN_IN="6000/min") as service:
        until(lambda: service.ready(snapshot="loaded") and len(service.children(jobs=False)) == 2)
        with writing(service, written):
            until(lambda: written.total >= 30)
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(timeout=90) == 0
    assert written.refused == {}
    assert assert_all_there_and_nothing_half(written_url, written) == 0, "nobody is left without the answer to what was done"


def test_a_job_under_way_is_marked_interrupted_and_what_it_did_not_finish_is_not_there(written_url):
    many = [application(case_no=f"J-{n}", coordinates=[ring(95 + n % 50, 20)]) for n in range(3000)]
    options = {"CUNTU_DATABASE_URL": written_url, "CUNTU_BATCH_LIMIT": "10000", "CUNTU_MAX_BATCH_BYTES": "50000000"}
    slowly = "import api.jobs; api.jobs.REPORT_EVERY_S = 0.0"
    with running("--workers", "1", first=slowly, **options) as service:
        until(lambda: service.ready(snapshot="loaded") and service.children(jobs=True))
        status, headers, body = service.ask("POST", f"/api/v1/checks/batch?crs={IN_ZONE['crs']}", {"type": "FeatureCollection", "features": many})
        assert status == 202, body
        until(lambda: json.loads(service.ask("GET", headers["location"])[2])["state"] != "queued")
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=90) == 0
    with database.connect(written_url) as conn:
        [state] = conn.execute("SELECT state FROM job").fetchone()
        [stored] = conn.execute("SELECT count(*) FROM stored_check").fetchone()
        [noted] = conn.execute("SELECT count(*) FROM audit.entry WHERE action = 'checks.make'").fetchone()
    assert state in ("interrupted", "done")
    assert (stored == 3000) if state == "done" else (stored < 3000)
    assert noted in (stored, 0)
