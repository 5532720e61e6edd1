"""Databases in a PostgreSQL server: making and dropping them (the tests clone a migrated template for each test)."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql


def database_exists(url: str, name: str) -> bool:
    """Tell whether the server reached by `url` has a database called `name`."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def create_database(url: str, name: str, template: str | None = None) -> str:
    """Make database `name` on the server reached by `url` and return the new one's URL.

    With `template` it is a copy of that database, to which nobody may be connected meanwhile. Without, it is an empty
    one with the extension PostGIS.
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template or "template0"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
    created = url_of_database(url, name)
    if template is None:
        with psycopg.connect(created, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    return created


def drop_database(url: str, name: str) -> None:
    """Drop database `name` if it is there, closing its connections. `url` must be of another database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of_database(url: str, name: str) -> str:
    """Return `url` with its database exchanged for `name`; server, role and options stay."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(name)}"))
