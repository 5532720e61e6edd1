from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from applications import application, ring

from api.checks.checking import Checker
from api.checks.desk import CheckDesk
from api.checks.writer import CheckWriter
from api.moment import Times
from api.snapshots import Snapshots
from layers import checks, database


@pytest.fixture
def writer(county_url):
    made = CheckWriter(county_url)
    yield made
    made.stop()


@pytest.fixture
def a_check(county_url, settings):
    """One check as it would be stored."""
    with database.pool(county_url, max_size=2) as pool:
        checker = Checker(pool, Snapshots(pool, epsg=settings.epsg), settings)
        applications = checker.read([application(coordinates=[ring(95, 20)])], epsg_in=settings.epsg, moment=Times().moment())
        made = checker.check(applications, moment=Times().moment())
        with pool.connection() as conn:
            return checks.get(conn, made[0].id)


async def outcomes(writer, new):
    return await asyncio.gather(*(writer.store(check) for check in new), return_exceptions=True)


def stored(url):
    with database.connect(url) as conn:
        return {line.id for line in checks.latest(conn, limit=1000)}


def commits(url):
    with database.connect(url, autocommit=True) as conn:
        return conn.execute("SELECT count(DISTINCT xmin::text) FROM stored_check").fetchone()[0]


def test_checks_that_come_together_share_a_transaction_and_all_are_stored(writer, a_check, county_url):
    new = [replace(a_check, id=uuid4()) for _ in range(40)]

    async def together():
        waiting = asyncio.gather(*(writer.store(check) for check in new))
        await asyncio.sleep(0)
        writer.start()
        await waiting

    asyncio.run(together())
    assert stored(county_url) == {check.id for check in new} | {a_check.id}
    assert commits(county_url) == 2


def test_one_check_that_the_database_refuses_does_not_take_the_others_with_it(writer, a_check, county_url):
    new = [replace(a_check, id=uuid4()) for _ in range(4)]
    new.insert(2, replace(a_check, case_no="a\x00b", id=uuid4()))
    new.append(a_check)

    async def together():
        waiting = asyncio.ensure_future(outcomes(writer, new))
        await asyncio.sleep(0)
        writer.start()
        return await waiting

    found = asyncio.run(together())
    assert [type(item) for item in found] == [type(None), type(None), psycopg.errors.CharacterNotInRepertoire, type(None), type(None), psycopg.errors.UniqueViolation]
    assert stored(county_url) == {new[row].id for row in (0, 1, 3, 4, 5)}


def test_after_its_connection_was_ended_the_writer_makes_another_and_nobody_is_refused(writer, a_check, county_url):
    writer.start()
    new = [replace(a_check, id=uuid4()) for _ in range(4)]
    for check in new:
        assert asyncio.run(outcomes(writer, [check])) == [None]
        with database.connect(county_url, autocommit=True) as conn:
            ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            assert conn.execute(ended).fetchall() == [(True,)]
    assert stored(county_url) >= {check.id for check in new}


def test_where_its_connection_ends_while_it_is_being_used_it_says_so_and_makes_another(writer, a_check, county_url, monkeypatch):
    writer.start()
    assert asyncio.run(outcomes(writer, [replace(a_check, id=uuid4())])) == [None]
    monkeypatch.setattr("api.checks.writer._was_spoken_to", lambda conn: False)
    with database.connect(county_url, autocommit=True) as conn:
        conn.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    [answer] = asyncio.run(outcomes(writer, [lost := replace(a_check, id=uuid4())]))
    assert isinstance(answer, psycopg.OperationalError) and lost.id not in stored(county_url)
    assert asyncio.run(outcomes(writer, [replace(a_check, id=uuid4())])) == [None]


def test_a_client_that_has_gone_does_not_disturb_the_others(writer, a_check, county_url):
    async def one_leaves():
        gone = asyncio.ensure_future(writer.store(replace(a_check, id=uuid4())))
        stays = asyncio.ensure_future(writer.store(kept))
        await asyncio.sleep(0)
        gone.cancel()
        writer.start()
        await stays

    kept = replace(a_check, id=uuid4())
    asyncio.run(one_leaves())
    assert kept.id in stored(county_url)


def test_a_basis_slow_to_come_holds_nobody_up_unless_something_was_published(county_url, settings, monkeypatch):
    held, whole = threading.Event(), Checker.basis

    def slow(self, moment, **more):
        held.wait(10)
        return whole(self, moment, **more)

    async def run(desk):
        first = await desk._now()
        assert await desk._now() is first
        monkeypatch.setattr(Checker, "basis", slow)
        monkeypatch.setattr("api.checks.desk.FRESH_S", -1.0)
        assert await desk._now() is first
        desk.checker.snapshots.published()
        waiting = asyncio.ensure_future(desk._now())
        await asyncio.sleep(0.3)
        assert not waiting.done()
        monkeypatch.setattr("api.checks.desk.FRESH_S", 10.0)
        held.set()
        second = await waiting
        assert second.seen.moment.known_at > first.seen.moment.known_at
        assert await desk._now() is second

    with database.pool(county_url, max_size=2) as pool:
        checker = Checker(pool, Snapshots(pool, epsg=settings.epsg), settings)
        asyncio.run(run(CheckDesk(checker, CheckWriter(county_url))))


def test_what_counts_is_read_anew_ahead_of_time_while_a_check_is_stored(county_url, settings, monkeypatch):
    """By looking, not by taking what somebody saw a moment ago for what counts now: that would make it twice as old."""

    async def run(desk):
        first = await desk._now()
        desk._look_ahead()
        assert await desk._now() is first  # only just read
        monkeypatch.setattr("api.checks.desk.FRESH_S", 0.0)
        desk._look_ahead()
        assert desk.checker.snapshots.recent() is first.seen
        second = await desk._reading
        assert second.seen.moment.known_at > first.seen.moment.known_at
        monkeypatch.setattr("api.checks.desk.FRESH_S", 10.0)
        assert (await desk._now()).seen is second.seen

    monkeypatch.setattr("api.snapshots.FRESH_S", 10.0)
    with database.pool(county_url, max_size=2) as pool:
        checker = Checker(pool, Snapshots(pool, epsg=settings.epsg), settings)
        asyncio.run(run(CheckDesk(checker, CheckWriter(county_url))))
