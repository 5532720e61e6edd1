"""The database a bench works on: one of its own, so that what it stores stays out of the bureau's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from api.database import ready_url, running_url
from api.moment import Moment
from api.settings import Settings
from layers import database, versions
from layers.databases import create_database, drop_database, url_of_database
from spatial.errors import CuntuError
from spatial.layer import DatasetVersion


class DatabaseBusyError(CuntuError):
    """数据库正在使用，无法为测速复制一份。请先停止服务，或加上 load 一项（重新载入示例县）。"""


class NothingToMeasureError(CuntuError):
    """数据库中没有可供测速的图层（至少要有自然幢）。请加上 load 一项，先载入示例县。"""


@dataclass(frozen=True)
class Place:
    """A database to measure in, and the settings to work on it with."""

    url: str
    settings: Settings

    def in_force(self) -> dict[str, DatasetVersion]:
        """The versions in force now."""
        now = Moment.now()
        with database.connect(self.url) as conn:
            return versions.in_force(conn, valid_on=now.valid_on, known_at=now.known_at)


    def require_layers(self) -> None:
        """Raise NothingToMeasureError where there are no buildings to take sites from."""
        if "building" not in self.in_force():
            raise NothingToMeasureError


@contextmanager
def scratch(settings: Settings, *, empty: bool) -> Iterator[Place]:
    """Give a database that goes away afterwards: an empty migrated one, or a copy of the deployment's."""
    ready_url(settings)
    url = running_url(settings)
    name = f"cuntu_bench_{os.getpid()}"
    server = url_of_database(url, "postgres")
    source = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    try:
        made = create_database(server, name, template=None if empty else str(source))
    except psycopg.errors.ObjectInUse as error:
        raise DatabaseBusyError from error
    try:
        database.upgrade(made)
        yield Place(made, settings.model_copy(update={"database_url": made, "allow_owner": True}))
    finally:
        drop_database(server, name)
