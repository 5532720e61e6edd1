"""What a database holds, in a form that can be compared: rows and checksums of every table, and what guards them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from layers import database
from layers.sql import queries

SQL = queries("backup_content")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class TableContent:
    """How many rows a table has, and a checksum that does not depend on their order (hex)."""

    rows: int
    checksum: str


@dataclass(frozen=True)
class Content:
    """Everything that a restored database must have again.

    `guards` are one line each: who is granted what, row-level security and its policies, triggers, functions that run as their owner.
    `roles` are the server's roles they name.
    """

    made_at: datetime
    migration: str
    server: str
    postgis: str
    tables: Mapping[str, TableContent]
    guards: Sequence[str]
    roles: Sequence[str]

    def differences(self, other: Content) -> list[str]:
        """Say where another database differs from this one, table by table and guard by guard."""
        found = []
        if other.migration != self.migration:
            found.append(f"数据库结构：应为 {self.migration}，实际是 {other.migration}")
        for name in sorted({*self.tables, *other.tables}):
            mine, theirs = self.tables.get(name), other.tables.get(name)
            if mine is None or theirs is None:
                found.append(f"{name}：{'多出这个表' if mine is None else '缺少这个表'}")
            elif mine.rows != theirs.rows:
                found.append(f"{name}：应有 {mine.rows} 行，实际 {theirs.rows} 行")
            elif mine.checksum != theirs.checksum:
                found.append(f"{name}：内容的校验值不同")
        found += [f"缺少权限设置：{line}" for line in sorted(set(self.guards) - set(other.guards))]
        return found + [f"多出权限设置：{line}" for line in sorted(set(other.guards) - set(self.guards))]

    def to_json(self) -> dict[str, Any]:
        """Write it down."""
        tables = {name: {"rows": item.rows, "checksum": item.checksum} for name, item in self.tables.items()}
        return {
            "made_at": self.made_at.isoformat(), "migration": self.migration, "server": self.server, "postgis": self.postgis,
            "tables": tables, "guards": list(self.guards), "roles": list(self.roles),
        }  # fmt: skip

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Content:
        """Read what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
        tables = {name: TableContent(int(item["rows"]), str(item["checksum"])) for name, item in told["tables"].items()}
        return cls(
            datetime.fromisoformat(told["made_at"]), str(told["migration"]), str(told["server"]), str(told["postgis"]),
            tables, list(told["guards"]), list(told["roles"]),
        )  # fmt: skip


@contextmanager
def frozen(url: str) -> Iterator[Connection]:
    """Give a connection that sees the database as it is at this moment, whatever is written meanwhile; no table can go away.

    Raises psycopg.errors.InsufficientPrivilege later on, instead of leaving rows out, where row-level security would hide some.
    """
    with database.connect(url, autocommit=True) as conn:
        conn.execute(SQL["begin"])
        conn.execute(SQL["plain_output"])
        for schema, name in _tables(conn):
            conn.execute(SQL["lock"].format(table=sql.Identifier(schema, name)))
        yield conn
        conn.execute("ROLLBACK")


def read(conn: Connection) -> Content:
    """Read everything there is, once (a frozen connection)."""
    server, postgis = _one(conn, SQL["server"])
    tables = {}
    for schema, name in _tables(conn):
        rows, first, second = conn.execute(SQL["checksum"].format(table=sql.Identifier(schema, name))).fetchone() or (
            0,
            0,
            0,
        )
        tables[f"{schema}.{name}"] = TableContent(int(rows), f"{int(first) % 2**64:016x}{int(second) % 2**64:016x}")
    guards, roles = ([str(row[0]) for row in conn.execute(query).fetchall()] for query in (SQL["guards"], SQL["roles"]))
    return Content(
        datetime.now(UTC), str(_one(conn, SQL["migration"])[0]), str(server), str(postgis), tables, guards, roles
    )


def _tables(conn: Connection) -> list[tuple[str, str]]:
    return [(str(schema), str(name)) for schema, name in conn.execute(SQL["tables"]).fetchall()]


def _one(conn: Connection, query: sql.SQL) -> tuple[Any, ...]:
    row = conn.execute(query).fetchone()
    assert row is not None
    return tuple(row)
