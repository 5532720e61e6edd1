from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers

from layers import database, roles
from layers.acting import Acting, on_behalf
from layers.databases import create_database, drop_database
from layers.tables import metadata


def only_ours(thing, name, kind, reflected, compared):
    return name != "alembic_version" and alembic_helpers.include_object(thing, name, kind, reflected, compared)


def differences(url):
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": only_ours, "compare_type": True})
        return compare_metadata(context, metadata)


def test_migrations_make_exactly_the_tables_described(db_url):
    assert differences(db_url) == []


def test_a_table_that_migrations_forgot_is_noticed(db_url):
    with psycopg.connect(db_url) as connection:
        connection.execute("DROP INDEX household_village")
    assert [change[0] for change in differences(db_url)] == ["add_index"]


def test_upgrading_again_changes_nothing(db_url):
    database.upgrade(db_url)
    with database.connect(db_url) as connection:
        assert database.is_migrated(connection)


def test_a_bare_database_is_not_taken_for_a_migrated_one(server_url):
    url = create_database(server_url, "cuntu_test_bare")
    try:
        with database.connect(url) as connection:
            assert not database.is_migrated(connection)
        database.upgrade(url.replace("postgresql:", "postgresql+psycopg:"))
        with database.connect(url) as connection:
            assert database.is_migrated(connection)
    finally:
        drop_database(server_url, "cuntu_test_bare")


def test_a_pool_hands_out_working_connections(db_url):
    with database.pool(db_url, max_size=2) as pool, pool.connection() as connection:
        assert database.is_migrated(connection)


def test_an_absent_server_is_an_operational_error():
    with pytest.raises(psycopg.OperationalError):
        database.connect("postgresql://nobody@/nothing?host=/tmp/no-such-socket")


@pytest.fixture
def earlier_url(server_url):
    """A database of an earlier version that has an audit."""
    url = create_database(server_url, "cuntu_test_earlier")
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        config = database._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0019")
    yield url
    drop_database(server_url, "cuntu_test_earlier")


def entries(url):
    with psycopg.connect(url) as conn:
        return [row[0] for row in conn.execute("SELECT payload::jsonb FROM audit.entry ORDER BY id").fetchall()]


def test_two_that_bring_a_database_up_to_date_at_once_write_it_down_once_and_say_who(earlier_url):
    def upgrade(_):
        with on_behalf(Acting(channel="command", person="root")):
            database.upgrade(earlier_url)

    with ThreadPoolExecutor(2) as both:
        list(both.map(upgrade, range(2)))
    told = [(entry["action"], entry["person"], entry["details"]["from"]) for entry in entries(earlier_url)]
    assert told == [("database.upgrade", "root", "0019")]


def test_an_upgrade_that_fails_in_the_middle_leaves_the_structure_of_before_and_no_entry(earlier_url, monkeypatch):
    def fails(_):
        raise ZeroDivisionError

    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(roles, "trust_boxes", fails)
        database.upgrade(earlier_url)
    with psycopg.connect(earlier_url) as conn:
        assert conn.execute("SELECT version_num FROM alembic_version").fetchone() == ("0019",)
    assert entries(earlier_url) == []
    database.upgrade(earlier_url)
    assert len(entries(earlier_url)) == 1


def test_a_new_database_has_nothing_to_write_down_and_no_upgrade_to_an_earlier_version(db_url):
    assert entries(db_url) == []
    with psycopg.connect(db_url) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(database.NewerStructureError, match="9999"):
        database.upgrade(db_url)
