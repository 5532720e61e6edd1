"""Connections to the PostGIS data base, and its structure brought up to date."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg_pool import ConnectionPool

from layers.sql import queries

SQL = queries("database")


def connect(url: str, *, autocommit: bool = False, timeout_s: int = 10) -> psycopg.Connection[Any]:
    """Open a connection. `url` is `postgresql://…`; raises psycopg.OperationalError where nothing answers in so many seconds."""
    return psycopg.connect(libpq_url(url), autocommit=autocommit, application_name="cuntu", connect_timeout=timeout_s)


def pool(url: str, *, min_size: int = 1, max_size: int = 8, timeout_s: float = 5.0) -> ConnectionPool[psycopg.Connection[Any]]:
    """Return an open pool of connections; a caller waits at most `timeout_s` seconds for one."""
    return ConnectionPool(
        libpq_url(url),
        min_size=min_size,
        max_size=max_size,
        timeout=timeout_s,
        kwargs={"application_name": "cuntu"},
        check=ConnectionPool.check_connection,
        open=True,
    )


def upgrade(url: str) -> None:
    """Bring the structure to the newest migration. Running it again changes nothing; two at once wait for each other."""
    engine = sqlalchemy.create_engine(libpq_url(url).replace("postgresql://", "postgresql+psycopg://", 1), poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(SQL["lock_migrations"].as_string())
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def is_migrated(conn: psycopg.Connection[Any]) -> bool:
    """Tell whether the structure is that of the newest migration."""
    row = conn.execute(SQL["has_migration_table"]).fetchone()
    if row is None or not row[0]:
        return False
    row = conn.execute(SQL["migration"]).fetchone()
    return row is not None and row[0] == _head()


def libpq_url(url: str) -> str:
    """Return the URL without SQLAlchemy's driver name, as libpq reads it."""
    for prefix in ("postgresql+psycopg://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql://" + url.removeprefix(prefix)
    return url


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("layers").joinpath("migrations")))
    config.set_main_option("path_separator", "os")
    return config


@lru_cache(maxsize=1)
def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
