"""Which rows each role sees through the database's own role, asked by SQL: exactly what `roles.yaml`, place and secrecy say."""

from __future__ import annotations

import guarded_rows
import psycopg
import pytest
from guarded_rows import HERE, LEVELS, SEEN, TOWN, VILLAGE, Seen

from api.access.permissions import granted, roles
from layers import database
from layers.acting import NOBODY, SERVICE, Acting, on_behalf
from layers.databases import create_database, drop_database
from layers.roles import ANALYST, APP, TILES

ALL = {**dict.fromkeys(SEEN), "audit.pending": None}
NOT_OURS = {"alembic_version", "spatial_ref_sys"}
OF_ANALYSTS = {"dataset_version": 2, "feature": 2, "piece": 2, "overview": 2, "classification_run": 1, "classification_result": 1, "progress_value": 1,
               "place_code_change": 1}  # fmt: skip
TOLD = ("secrecy", "places", "permissions")


@pytest.fixture(scope="module")
def filled(server_url, template_database):
    """The URL of a database with the rows; the tests only read it, or roll back."""
    url = create_database(server_url, "cuntu_test_rows", template=template_database)
    with database.connect(url) as conn:
        guarded_rows.fill(conn)
    yield url
    drop_database(server_url, "cuntu_test_rows")


@pytest.fixture(scope="module")
def there(filled):
    with database.connect(filled) as conn:
        return {table: count(conn, table) for table in SEEN}


def count(conn, table):
    return conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def seen_by(url, acting, role=APP):
    with on_behalf(acting), database.connect(url, role=role) as conn:
        return {table: count(conn, table) for table in SEEN}


def test_there_is_something_to_be_hidden_in_every_table(there):
    assert [table for table, rows in there.items() if rows == 0] == []


@pytest.mark.parametrize("secrecy", LEVELS)
@pytest.mark.parametrize("place", [None, TOWN, VILLAGE], ids=["county", "town", "village"])
@pytest.mark.parametrize("role", sorted(roles()))
def test_each_role_sees_exactly_its_rows(filled, there, role, place, secrecy):
    asked = Seen((role,), place, secrecy)
    assert seen_by(filled, asked.acting) == {table: int(expected(asked, there[table])) for table, expected in SEEN.items()}


@pytest.mark.parametrize("role", [APP, TILES, ANALYST])
def test_what_was_never_asked_in_anybodys_name_shows_nothing(filled, role):
    """A connection on which nothing was said at all, not even that nobody acts."""
    conninfo = database.roles.conninfo_as(filled, role)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        shown = {table: rows_or_refused(conn, table) for table in ALL}
    assert {table: rows for table, rows in shown.items() if rows} == (OF_ANALYSTS if role == ANALYST else {})


def rows_or_refused(conn, table):
    try:
        return count(conn, table)
    except psycopg.errors.InsufficientPrivilege:
        return None


def test_nobody_and_the_service(filled, there):
    assert set(seen_by(filled, NOBODY).values()) == {0}
    assert seen_by(filled, SERVICE) == there


@pytest.mark.parametrize("broken", ["", "4", "421223", "%", "42122310020", ",", "421223100,", "*,"])
def test_a_place_that_is_no_code_of_a_town_or_village_opens_nothing(filled, broken):
    said = {"cuntu.secrecy": "secret", "cuntu.permissions": "*", "cuntu.places": broken}
    with psycopg.connect(database.roles.conninfo_as(filled, APP)) as conn:
        for name, value in said.items():
            conn.execute("SELECT set_config(%s, %s, false)", [name, value])
        assert count(conn, "stored_check") == (1 if broken == "421223100," else 0)


def test_the_cases_of_a_town_are_those_of_its_villages(filled):
    asked = Seen(("town_clerk",), TOWN, "internal")
    with on_behalf(asked.acting), database.connect(filled, role=APP) as conn:
        found = {table: conn.execute(f"SELECT village_code FROM {table}").fetchall() for table in ("stored_check", "application", "household")}
    assert found == {table: [(HERE,)] for table in found}


def test_one_sees_ones_own_account_jobs_and_seat_but_no_others(filled):
    with database.connect(filled) as conn:
        account, seat = conn.execute("SELECT a.id, h.seat_id FROM account AS a JOIN seat_holder AS h ON h.person_id = a.person_id").fetchone()
        guarded = ("account", "session", "recovery_code", "api_token", "person", "seat", "seat_holder", "job")
    mine = Acting(channel="http", account_id=account, seat_id=seat, permissions=granted(["viewer"]), secrecy="internal", places=None)
    others = Acting(channel="http", account_id=9_001, seat_id=9_002, permissions=granted(["viewer"]), secrecy="internal", places=None)
    own, foreign = seen_by(filled, mine), seen_by(filled, others)
    assert {table: own[table] for table in guarded} == dict.fromkeys(guarded, 1) | {"job": 0}
    assert {table: foreign[table] for table in guarded} == dict.fromkeys(guarded, 0) | {"job": 1}


@pytest.mark.parametrize("secrecy", [None, *LEVELS])
def test_tiles_show_published_versions_of_a_level_and_no_other_table(filled, secrecy):
    levels = 0 if secrecy is None else LEVELS.index(secrecy) + 1
    with on_behalf(Acting(channel="http", secrecy=secrecy)), database.connect(filled, role=TILES, autocommit=True) as conn:
        shown = {table: rows_or_refused(conn, table) for table in ALL}
    assert {table: rows for table, rows in shown.items() if rows is not None} == dict.fromkeys(["dataset_version", "feature", "overview"], levels)


def test_analysts_read_layers_villages_and_progress_whatever_they_say_of_themselves(filled):
    with on_behalf(SERVICE), database.connect(filled, role=ANALYST, autocommit=True) as conn:
        shown = {table: rows_or_refused(conn, table) for table in ALL}
    assert {table: rows for table, rows in shown.items() if rows is not None} == OF_ANALYSTS


def test_every_table_is_under_policies_and_in_the_table_of_this_test(filled):
    with database.connect(filled) as conn:
        found = dict(conn.execute(
            "SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.relrowsecurity FROM pg_class AS c"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'audit', 'access') AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        ).fetchall())  # fmt: skip
    assert set(found) - NOT_OURS == set(ALL)
    assert [table for table, guarded in found.items() if not guarded and table not in NOT_OURS] == []
