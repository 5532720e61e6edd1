"""Jobs: interrupted by a service that stops or died, failed with their reason, done by whichever runner is there."""

from __future__ import annotations

import threading
import time

import people
from fastapi.testclient import TestClient
from frames import EPSG
from service_jobs import finished

from api.app import create_app
from api.checks.checking import Checker
from api.jobs import Jobs, Runner, Workshop
from api.snapshots import Snapshots
from layers import database, jobs
from spatial.errors import InputError


def test_work_left_by_a_service_that_died_is_interrupted_when_the_next_one_starts(db_url, settings):
    with database.connect(db_url) as conn:
        job = jobs.add(conn, "delivery-check")
        keeper = "cuntu_" + "keeper".ljust(43, "0")
        people.person_with(conn, "管理员甲", ["administrator"], token=keeper)
    with TestClient(create_app(settings, database_url=db_url), headers={"Authorization": f"Bearer {keeper}"}) as service:
        assert finished(service, f"/api/v1/jobs/{job.id}")["state"] == "interrupted"


def runner_of(pool, settings, **kinds):
    snapshots = Snapshots(pool, epsg=EPSG)
    return Runner(Workshop(settings, pool, snapshots, Checker(pool, snapshots, settings)), kinds)


def states(pool, ids):
    with pool.connection() as conn:
        return [jobs.get(conn, number).state for number in ids]


def test_a_stopping_service_interrupts_its_work(db_url, settings):
    begun, go_on = threading.Event(), threading.Event()

    def work(_workshop, _order, report):
        begun.set()
        go_on.wait(10)
        report(0.5, "halfway")
        return {}

    with database.pool(db_url) as pool:
        runner = runner_of(pool, settings, test=work)
        queue = Jobs(pool, queued=runner.wake)
        runner.start()
        ids = [queue.submit("test", {}), queue.submit("test", {})]
        assert begun.wait(10)
        stopping = threading.Thread(target=runner.stop)
        stopping.start()
        while not runner._ended.is_set():
            time.sleep(0.01)
        go_on.set()
        stopping.join(20)
        assert states(pool, ids) == ["interrupted", "interrupted"]


def test_a_job_that_fails_says_why(db_url, settings):
    def refused(_workshop, order, _report):
        raise InputError("不行：", problems=[f"/{order['at']}：错"])

    def broken(_workshop, _order, _report):
        raise RuntimeError("secret")

    with database.pool(db_url) as pool:
        runner = runner_of(pool, settings, refused=refused, broken=broken)
        runner.start()
        queue = Jobs(pool, queued=runner.wake)
        ids = [queue.submit("refused", {"at": "a"}), queue.submit("broken", {}), queue.submit("unheard-of", {})]
        until = time.monotonic() + 90
        while states(pool, ids) != ["failed"] * 3:
            assert time.monotonic() < until
            time.sleep(0.02)
        runner.stop()
        with pool.connection() as conn:
            first, second, third = (jobs.get(conn, number) for number in ids)
    assert first.result["problem"]["errors"] == [{"place": "/a", "message": "错"}]
    assert second.result["problem"]["status"] == third.result["problem"]["status"] == 500
    assert "secret" not in str(second)


def test_a_runner_that_takes_over_interrupts_what_ran_and_does_what_waits(db_url, settings):
    with database.pool(db_url) as pool:
        began = time.monotonic()
        with pool.connection() as conn:
            cut_off = jobs.add(conn, "test").id
            assert jobs.take(conn).id == cut_off
            waiting = jobs.add(conn, "test", {"n": 3}).id
        done = []
        runner = Runner(runner_of(pool, settings).workshop, {"test": lambda _w, order, _r: done.append(order) or {}}, service_began=began - 60)
        runner.start()
        until = time.monotonic() + 90
        while states(pool, [waiting]) != ["done"]:
            assert time.monotonic() < until
            time.sleep(0.02)
        runner.stop()
        assert states(pool, [cut_off]) == ["interrupted"]
    assert done == [{"n": 3}]
