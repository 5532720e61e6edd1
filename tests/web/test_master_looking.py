"""The first process looks every two seconds what counts: on one connection, which none of its children shares."""

from __future__ import annotations

import os
import signal
import socket
import time

import psycopg
import pytest

from api.processes import master as processes
from api.processes.duties import Plan
from api.processes.master import Master
from layers import acting, database


@pytest.fixture
def master(settings, county_url):
    with socket.socket() as listening, acting.as_service():
        made = Master(Plan(settings, county_url, 1, listening, on_ready=lambda: None))
        yield made
        made._let_go()


def backend(master):
    return master._kept.info.backend_pid


def test_it_looks_again_on_the_same_connection_and_sees_what_is_new(master, county_url):
    before = master._look()
    first = backend(master)
    with database.connect(county_url) as conn:
        conn.execute("UPDATE dataset_version SET status = 'withdrawn', known_to = clock_timestamp() WHERE id = %s", [before.versions["village"].version])
    after = master._look()
    assert backend(master) == first
    assert before.versions.keys() - after.versions.keys() == {"village"}


def test_it_holds_no_transaction_open_between_two_looks(master, county_url):
    master._look()
    assert master._kept.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_where_the_connection_was_ended_it_makes_another_and_says_what_counts(master, county_url):
    before = master._look()
    with database.connect(county_url) as conn:
        conn.execute("SELECT pg_terminate_backend(%s, 5000)", [backend(master)])
    ended = backend(master)
    assert master._look().versions == before.versions
    assert backend(master) != ended


def test_a_server_that_has_gone_silent_is_not_waited_for(master, monkeypatch):
    before = master._look()
    silent = backend(master)
    monkeypatch.setattr("api.processes.duties.CONNECT_WITHIN_S", 1)
    os.kill(silent, signal.SIGSTOP)  # as when its host has lost power: nothing comes any more, and nothing says so
    try:
        began = time.monotonic()
        assert master._look().versions == before.versions
        assert 1 <= time.monotonic() - began < 30 and backend(master) != silent
    finally:
        os.kill(silent, signal.SIGCONT)


def test_no_child_is_forked_while_it_is_open(master, monkeypatch):
    open_at_fork = []

    def forked(role, run, *, number, generation):
        open_at_fork.append(master._kept)
        return processes.Child(-1, role, number, generation, None)

    monkeypatch.setattr(processes, "fork", forked)
    master._look()
    master._keep("jobs", 0)
    master._look()
    master._keep("worker", 0)
    assert open_at_fork == [None, None]
