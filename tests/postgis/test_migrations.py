from __future__ import annotations

import psycopg
import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers

from layers import database
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
