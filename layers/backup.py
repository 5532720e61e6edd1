"""The whole store in one file, and back: PostgreSQL's own dump, put back beside what is there and then exchanged for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from layers.database import upgrade
from layers.databases import create_database, drop_database, url_of_database
from layers.postgres import Programs, last_lines
from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("backup")


class BackupError(CuntuError):
    """备份失败。"""


class RestoreError(CuntuError):
    """恢复失败，现有数据没有改变。"""


def backup(url: str, file: Path) -> None:
    """Write everything cuntu keeps in the database at `url` to `file`, which appears only when it is complete.

    The extension PostGIS itself is not in it. Raises BackupError.
    """
    half = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        _run("pg_dump", "--format=custom", "--schema=public", "--no-owner", "--no-privileges", f"--file={half}", f"--dbname={url}", raises=BackupError)
        half.rename(file)
    finally:
        half.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Replace the database at `url` by what `backup` wrote: put beside it first, then exchanged; open connections are ended.

    A backup of an earlier version is brought up to date. Raises RestoreError; then nothing has changed.
    """
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    fresh = f"{name}_restore_{os.getpid()}"
    server = url_of_database(url, "postgres")
    made = create_database(server, fresh)
    try:
        _run("pg_restore", *_FLAGS, f"--dbname={made}", str(file), raises=RestoreError)
        upgrade(made)
        _exchange(server, name, fresh)
    finally:
        drop_database(server, fresh)


_FLAGS = ("--schema=public", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")


def _exchange(server: str, name: str, fresh: str) -> None:
    """Let the two databases exchange their names, in one transaction."""
    old, new, aside = (sql.Identifier(text) for text in (name, fresh, f"{fresh}_aside"))
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(SQL["close"].format(database=old))
        try:
            conn.execute(SQL["end_connections"], {"database": name})
            with conn.transaction():
                for database, called in ((old, aside), (new, old), (aside, new)):
                    conn.execute(SQL["rename"].format(database=database, name=called))
        finally:
            for called_now in (name, fresh):
                conn.execute(SQL["reopen"].format(database=sql.Identifier(called_now)))


def _run(program: str, *arguments: str, raises: type[CuntuError]) -> str:
    command = [str(Programs.find_clients().folder / program), *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise raises(problems=last_lines(done.stderr))
    return done.stdout
