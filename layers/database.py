"""Connections to the PostGIS data base, and its structure brought up to date.

Every connection tells the database on whose behalf it is used (`layers.acting`); row-level security goes by that. It is told outside of
any transaction, so that no rollback takes it back, and again only when somebody else acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

from layers import audit, roles
from layers.acting import SERVICE, as_service, current
from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("database")


class Session(psycopg.Connection[Any]):
    """A connection that remembers what it told the database of who acts."""

    told: dict[str, str] | None = None


class Pool(ConnectionPool[Session]):
    """Connections that have told the database who acts before they are handed out."""

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Session]:
        """Lend a connection. Where the block fails, what it was told is forgotten: nobody knows what was done on it."""
        with super().connection(timeout) as conn:
            try:
                yield conn
            except BaseException:
                conn.told = None
                raise


def connect(
    url: str, *, autocommit: bool = False, timeout_s: int = 10, role: str | None = None, statement_timeout_s: int = 0
) -> Session:
    """Open a connection for whoever acts here and now, as a role of the database where one is named, else as the URL says.

    `url` is `postgresql://…`; raises psycopg.OperationalError where nothing answers in so many seconds.
    """
    conninfo = roles.conninfo_as(libpq_url(url), role, **_limits(statement_timeout_s))
    conn = Session.connect(conninfo, autocommit=autocommit, connect_timeout=timeout_s)
    try:
        tell(conn)
    except BaseException:
        conn.close()
        raise
    return conn


def pool(
    url: str, *, role: str | None = None, min_size: int = 1, max_size: int = 8, timeout_s: float = 5.0,
    statement_timeout_s: int = 0, lock_timeout_s: int = 0,
) -> Pool:  # fmt: skip
    """Return an open pool of connections as a role of the database; a caller waits at most `timeout_s` seconds for one.

    Each is lent for whoever acts when it is asked for. Statements and waits for locks end after so many seconds, 0 means never.
    """
    return Pool(
        roles.conninfo_as(libpq_url(url), role, **_limits(statement_timeout_s, lock_timeout_s)),
        min_size=min_size,
        max_size=max_size,
        timeout=timeout_s,
        connection_class=Session,
        check=_ready,
        open=True,
    )


def tell(conn: psycopg.Connection[Any], *, for_a_block: bool = False) -> bool:
    """Tell the database on whose behalf this connection is used from now on; return whether that took a round trip.

    Within a transaction it holds to its end: for a connection that goes from one person to another while it is being used. `for_a_block`
    begins one (not in autocommit), so that nothing of it can outlast that.
    """
    wanted = current().settings
    named = {"names": list(wanted), "values": list(wanted.values())}
    if conn.info.transaction_status is not TransactionStatus.IDLE or (for_a_block and not conn.autocommit):
        conn.execute(SQL["tell"].format(within=sql.Literal(True)), named)
        return True
    if getattr(conn, "told", None) == wanted:
        return False
    committed = conn.autocommit
    conn.autocommit = True
    try:
        conn.execute(SQL["tell"].format(within=sql.Literal(False)), named)
    finally:
        conn.autocommit = committed
    if isinstance(conn, Session):
        conn.told = wanted
    return True


@contextmanager
def seeing_all(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """For the length of a block, see and change on a connection what the service itself may, whoever acts.

    For what depends on rows that whoever acts does not see, such as which version is in force: what is hidden must not make way for what
    is not. What is then shown of it is for the caller to decide.
    """
    if _sees_all(current().settings) and _sees_all(getattr(conn, "told", None) or {}):
        yield
        return
    try:
        with as_service():
            tell(conn, for_a_block=True)
            yield
    finally:
        if conn.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS):  # else all that was told in it ends with it
            tell(conn)


def _sees_all(told: Mapping[str, str]) -> bool:
    return all(told.get(name) == SERVICE.settings[name] for name in ("cuntu.secrecy", "cuntu.places", "cuntu.permissions"))


def _ready(conn: Session) -> None:
    """Look whether a connection still stands, which telling who acts shows as well."""
    if not tell(conn):
        ConnectionPool.check_connection(conn)


def _limits(statement_timeout_s: int = 0, lock_timeout_s: int = 0) -> dict[str, str | int]:
    limits = {"statement_timeout": statement_timeout_s, "lock_timeout": lock_timeout_s}
    return {name: f"{seconds}s" for name, seconds in limits.items() if seconds}


class NewerStructureError(CuntuError):
    """数据库结构比本版本的程序新：请装回写成它的版本，或用升级前的备份恢复。"""


def upgrade(url: str) -> None:
    """Bring the structure to the newest migration, and write down in the same transaction that an earlier one was.

    Running it again changes nothing; two at once wait for each other. Raises NewerStructureError.
    """
    engine = sqlalchemy.create_engine(libpq_url(url).replace("postgresql://", "postgresql+psycopg://", 1), poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(SQL["lock_migrations"].as_string())
        driver: Any = connection.connection.driver_connection
        roles.make(driver)
        earlier = migration(driver)
        if earlier is not None and not is_known(earlier):
            raise NewerStructureError(f"{NewerStructureError.__doc__}（{earlier}）")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        roles.trust_boxes(driver)
        if earlier not in (None, _head()):
            audit.note(driver, "database.upgrade", "database", details={"from": earlier, "to": _head()})
    engine.dispose()


def migration(conn: psycopg.Connection[Any]) -> str | None:
    """Return the number of the newest migration that a structure has been through, None for a database without one."""
    row = conn.execute(SQL["has_migration_table"]).fetchone()
    if row is None or not row[0]:
        return None
    row = conn.execute(SQL["migration"]).fetchone()
    return None if row is None else str(row[0])


def is_migrated(conn: psycopg.Connection[Any]) -> bool:
    """Tell whether the structure is that of the newest migration."""
    return migration(conn) == _head()


def is_known(revision: str) -> bool:
    """Tell whether a structure is one that this version can bring up to date."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


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
