"""What connections tell the database of whoever acts: told when it changes, not taken back by a rollback, never left to the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from layers import database, roles
from layers.acting import NOBODY, SERVICE, Acting, on_behalf
from layers.roles import ANALYST, APP, TILES

CLERK = Acting(channel="http", account_id=7, seat_id=8, secrecy="internal", places=frozenset({"421223100"}), permissions=frozenset({"checks.read"}))
PLANNER = Acting(channel="http", account_id=9, secrecy="public", places=None, permissions=frozenset({"maps.view", "checks.read"}))


@pytest.fixture
def pool(db_url):
    with database.pool(db_url, role=APP, max_size=1) as made:
        yield made


def said(conn):
    names = list(NOBODY.settings)
    row = conn.execute("SELECT " + ", ".join(f"current_setting('{name}', true)" for name in names)).fetchone()
    return dict(zip(names, row, strict=True))


def test_each_block_is_lent_the_connection_for_whoever_acts(pool):
    for acting in (CLERK, PLANNER, NOBODY, SERVICE, CLERK):
        with on_behalf(acting), pool.connection() as conn:
            assert said(conn) == acting.settings
    with pool.connection() as conn:
        assert said(conn) == NOBODY.settings


def test_nothing_is_told_twice(pool, monkeypatch):
    asked = []
    execute = psycopg.Connection.execute
    monkeypatch.setattr(psycopg.Connection, "execute", lambda conn, query, *more, **named: (asked.append(query), execute(conn, query, *more, **named))[1])
    for _ in range(3):
        with on_behalf(CLERK), pool.connection():
            pass
    told = [query for query in asked if "set_config" in (query.as_string() if hasattr(query, "as_string") else query)]
    assert len(told) == 1


def test_a_rollback_does_not_take_back_what_was_told(pool):
    with on_behalf(CLERK):
        with pytest.raises(ZeroDivisionError), pool.connection() as conn:
            conn.execute("SELECT 1")
            raise ZeroDivisionError
        with pool.connection() as conn:
            conn.rollback()
            assert said(conn) == CLERK.settings
            conn.rollback()
            assert said(conn) == CLERK.settings


def test_what_was_changed_on_a_connection_that_failed_is_told_anew(pool):
    with on_behalf(CLERK):
        with pytest.raises(ZeroDivisionError), pool.connection() as conn:
            conn.execute("SELECT set_config('cuntu.places', '*', false)")
            conn.commit()
            raise ZeroDivisionError
        with pool.connection() as conn:
            assert said(conn) == CLERK.settings


def test_within_a_transaction_it_holds_to_its_end(db_url):
    with on_behalf(CLERK), database.connect(db_url, role=APP) as conn:
        conn.execute("SELECT 1")
        with on_behalf(SERVICE):
            database.tell(conn)
            assert said(conn) == SERVICE.settings
        database.tell(conn)
        assert said(conn) == CLERK.settings
        conn.rollback()
        assert said(conn) == CLERK.settings


def test_a_rolled_back_transaction_leaves_what_was_told_before_it(db_url):
    with on_behalf(CLERK), database.connect(db_url, role=APP) as conn:
        conn.execute("SELECT 1")
        with on_behalf(SERVICE):
            database.tell(conn)
        conn.rollback()
        assert said(conn) == CLERK.settings
        assert database.tell(conn) is True  # the transaction that `said` began: told for its length
        conn.rollback()
        assert database.tell(conn) is False


@pytest.mark.parametrize("autocommit", [False, True], ids=["transactions", "autocommit"])
@pytest.mark.parametrize("end", ["commit", "rollback"])
@pytest.mark.parametrize("fails", [False, True], ids=["well", "with an error"])
def test_what_is_seen_for_the_length_of_a_block_is_not_seen_after_it(db_url, autocommit, end, fails):
    """Neither at once nor in the transactions that follow on the same connection."""
    with on_behalf(CLERK), database.connect(db_url, role=APP, autocommit=autocommit) as conn:
        try:
            with database.seeing_all(conn):
                assert said(conn)["cuntu.places"] == "*"
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert said(conn) == CLERK.settings
        getattr(conn, end)()
        assert said(conn) == CLERK.settings


def test_a_block_that_sees_all_does_so_after_an_error_that_was_caught_in_it(db_url):
    with on_behalf(CLERK), database.connect(db_url, role=APP) as conn:
        conn.execute("SELECT 1")
        with database.seeing_all(conn), conn.transaction():
            with pytest.raises(psycopg.errors.DivisionByZero), conn.transaction():
                conn.execute("SELECT 1 / 0")
            assert said(conn)["cuntu.places"] == "*"
        assert said(conn) == CLERK.settings


def test_a_broken_connection_is_replaced_while_it_is_told(pool, db):
    with on_behalf(CLERK), pool.connection() as conn:
        pid = conn.info.backend_pid
    db.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with on_behalf(PLANNER), pool.connection() as conn:
        assert conn.info.backend_pid != pid
        assert said(conn) == PLANNER.settings


def test_two_threads_act_each_for_their_own(db_url):
    """What a thread says of itself is not what another one's connection is lent for."""
    with database.pool(db_url, role=APP, max_size=2) as pool, ThreadPoolExecutor(2) as threads:

        def ask(acting):
            with on_behalf(acting), pool.connection() as conn:
                return said(conn)

        asked = [CLERK, PLANNER, NOBODY, SERVICE] * 10
        assert list(threads.map(ask, asked)) == [acting.settings for acting in asked]


@pytest.mark.parametrize("role", [APP, TILES, ANALYST])
def test_in_the_embedded_cluster_one_logs_in_as_the_role(db_url, role):
    with database.connect(db_url, role=role) as conn:
        assert conn.execute("SELECT session_user, current_user").fetchone() == (role, role)


def test_elsewhere_whoever_the_url_names_becomes_the_role(db_url):
    conninfo = roles.conninfo_as("postgresql://keeper:secret@db.example:5433/maps?sslmode=require", APP, statement_timeout="30s")
    told = psycopg.conninfo.conninfo_to_dict(conninfo)
    assert (told["user"], told["password"], told["host"], told["port"], told["sslmode"]) == ("keeper", "secret", "db.example", "5433", "require")
    assert told["options"] == "-c role=cuntu_app -c statement_timeout=30s"
    with psycopg.connect(db_url, options="-c role=cuntu_app") as conn:
        assert conn.execute("SELECT session_user, current_user").fetchone() == ("cuntu", APP)


def test_the_app_that_logged_in_becomes_no_more_than_tiles(db_url):
    with psycopg.connect(roles.url_as(db_url, APP), options="-c role=cuntu_tiles") as conn:
        assert conn.execute("SELECT session_user, current_user").fetchone() == (APP, TILES)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SELECT count(*) FROM stored_check")


def test_statements_and_waits_for_locks_end_in_time(db_url):
    with database.pool(db_url, role=APP, max_size=1, statement_timeout_s=30, lock_timeout_s=5) as pool, pool.connection() as conn:
        assert conn.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')").fetchone() == ("30s", "5s")
    with database.pool(db_url, role=APP, max_size=1) as pool, pool.connection() as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_a_statement_that_takes_too_long_is_cancelled_and_the_connection_lives(db_url):
    with database.connect(db_url, role=APP, statement_timeout_s=1) as conn:
        with pytest.raises(psycopg.errors.QueryCanceled):
            conn.execute("SELECT pg_sleep(20)")
        conn.rollback()
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_a_password_reaches_the_server_as_its_verifier(db, monkeypatch):
    sent = []
    monkeypatch.setattr(type(db), "execute", lambda conn, query: sent.append(query.as_string(conn)))
    roles.give_password(db, APP, "correct horse")
    assert len(sent) == 1 and "correct horse" not in sent[0] and "SCRAM-SHA-256$" in sent[0]


def test_url_as_keeps_the_place_and_drops_the_password():
    assert roles.url_as("postgresql://cuntu:geheim@db.example:5433/maps?sslmode=require", APP) == "postgresql://cuntu_app@db.example:5433/maps?sslmode=require"
    assert roles.url_as("postgresql://cuntu@/cuntu?host=/run/x&port=5432", TILES) == "postgresql://cuntu_tiles@/cuntu?host=/run/x&port=5432"
    assert roles.url_for("postgresql://cuntu_app@h/d", APP) == "postgresql://cuntu_app@h/d"
