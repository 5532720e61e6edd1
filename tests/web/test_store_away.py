"""PostgreSQL away, or with no connection to spare: whoever asks is told to come again, open pages stay, and all is well afterwards."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import people
import psycopg
import pytest
from applications import IN_ZONE, application
from fastapi.testclient import TestClient
from psycopg import sql

from api.access.identities import REMEMBERED_S
from api.app import create_app
from layers.databases import url_of_database

SITE = application()


@pytest.fixture
def client(county_url, settings):
    with TestClient(create_app(settings, database_url=county_url), headers=people.HEADERS) as service:
        yield service


@contextmanager
def altered(url, during, after):
    """Change something about the test's database from outside for the length of the block; its connections are ended."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url_of_database(url, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL(during).format(sql.Identifier(name)))
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            conn.execute(sql.SQL(after).format(sql.Identifier(name)))


def away(url):
    return altered(url, "ALTER DATABASE {} ALLOW_CONNECTIONS false", "ALTER DATABASE {} ALLOW_CONNECTIONS true")


def assert_told_to_come_again(answer):
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 503
    assert "FATAL" not in answer.text
    assert "psycopg" not in answer.text


def answers_again(client):
    end = time.monotonic() + 60
    while client.get("/api/v1/checks").status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.2)


def test_without_the_database_nobody_is_recognised_and_nothing_is_written_and_afterwards_all_is_well(client, county_url):
    made = client.post("/api/v1/checks", params=IN_ZONE, json=SITE)
    with away(county_url):
        client.app.state.epoch.turn()  # nobody is remembered
        assert_told_to_come_again(client.get("/api/v1/layers"))
        assert_told_to_come_again(client.get(made.headers["location"]))
        assert_told_to_come_again(client.post("/api/v1/checks", params=IN_ZONE, json=SITE))
        assert_told_to_come_again(client.get("/api/v1/layers", headers={"Authorization": "Bearer cuntu_" + "x" * 43}))
        assert client.get("/healthz").status_code == 200
        assert client.get("/static/vendor/none.js").status_code == 404
        assert_told_to_come_again(client.get("/readyz"))
    answers_again(client)
    assert client.get("/api/v1/checks").json()["total"] == 1
    assert client.get(made.headers["location"]).content == made.content
    assert client.post("/api/v1/checks", params=IN_ZONE, json=SITE).status_code == 201


def test_somebody_remembered_is_not_let_in_for_longer_than_that(client, county_url):
    """Rights are not taken away later only because the database is away: what is remembered is short, and reads need the database."""
    assert REMEMBERED_S <= 10
    assert client.get("/api/v1/checks").status_code == 200
    with away(county_url):
        assert_told_to_come_again(client.get("/api/v1/checks"))
        assert_told_to_come_again(client.post("/api/v1/checks", params=IN_ZONE, json=SITE))
    answers_again(client)


def test_no_connection_to_be_had_from_the_server_is_told_and_over_when_it_is_over(client, county_url):
    assert client.get("/api/v1/checks").status_code == 200
    with altered(county_url, "ALTER DATABASE {} CONNECTION LIMIT 0", "ALTER DATABASE {} CONNECTION LIMIT -1"):
        for answer in (client.get("/api/v1/checks"), client.post("/api/v1/checks", params=IN_ZONE, json=SITE)):
            assert_told_to_come_again(answer)
    answers_again(client)
    assert client.get("/api/v1/checks").json()["total"] == 0


def test_a_pool_that_is_used_up_is_told_to_every_caller_and_none_is_left_waiting(client):
    pool = client.app.state.pool
    client.get("/api/v1/layers")  # remembered from here on
    held = [pool.getconn() for _ in range(pool.max_size)]
    try:
        found = []
        callers = [threading.Thread(target=lambda: found.append(client.get("/api/v1/checks"))) for _ in range(8)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(timeout=60)
        assert len(found) == 8
        for answer in found:
            assert_told_to_come_again(answer)
        assert client.get("/healthz").status_code == 200
    finally:
        for conn in held:
            pool.putconn(conn)
    answers_again(client)
    assert pool.get_stats()["requests_waiting"] == 0
