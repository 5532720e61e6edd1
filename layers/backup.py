"""The whole store in one file, and back: PostgreSQL's own dump, put back beside what is there, compared, and then exchanged for it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from layers import audit, backup_content, backup_file, database, roles
from layers.backup_content import Content
from layers.backup_file import BackupFile
from layers.databases import create_database, drop_database, url_of_database
from layers.postgres import Programs, last_lines
from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("backup")


TRIES = 5
"""So often the exchange is tried; PostgreSQL waits five seconds each time for others to go."""


class BackupError(CuntuError):
    """备份失败。"""


class RestoreError(CuntuError):
    """恢复失败，现有数据没有改变。"""


class BackupDiffersError(RestoreError):
    """恢复出来的内容与备份时不一致，现有数据没有改变。"""


def backup(url: str, file: Path) -> Content:
    """Write everything kept in the database at `url` to `file`, as it was at one moment, whatever is written meanwhile.

    The file is its owner's alone and appears only when it is complete. Tables, checksums, grants and policies are in it; PostGIS itself,
    passwords of roles, keys and uploaded files are not. The audit, where there is one, gets an entry afterwards with the digest of the file.
    Raises BackupError.
    """
    try:
        with backup_file.writing(file) as archive, backup_content.frozen(url) as conn:
            row = conn.execute(SQL["export_snapshot"]).fetchone()
            _dump(url, archive, str(row[0] if row else ""))
            content = backup_content.read(conn)
            backup_file.add_content(archive, content)
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupError("备份需要能看到全部行的数据库角色（超级用户，或有 BYPASSRLS）。", problems=[str(error).strip()]) from error
    with database.connect(url) as conn:
        if _has_audit(conn):
            told = {"rows": sum(item.rows for item in content.tables.values()), "tables": len(content.tables), "bytes": file.stat().st_size}
            audit.note(conn, "database.backup", "database", after=backup_file.seal(file), details=told)
    return content


def _dump(url: str, archive: zipfile.ZipFile, snapshot: str) -> None:
    command = [_program("pg_dump"), "--format=custom", "--no-owner", "--no-comments", f"--snapshot={snapshot}", f"--dbname={_without_password(url)}"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=_with_password(url)) as process:
            assert process.stdout is not None
            try:
                backup_file.add(archive, backup_file.DUMP, process.stdout)
            except BaseException:
                process.kill()
                raise
        said.seek(0)
        if process.returncode:
            raise BackupError(problems=last_lines(said.read().decode("utf-8", "replace")))


def restore(url: str, file: Path) -> BackupFile:
    """Replace the database at `url` by what `backup` wrote: put beside it, compared table by table, then exchanged; connections are ended.

    A backup of an earlier version is brought up to date after the comparison. Raises BackupFileError and RestoreError; then nothing has changed.
    """
    found = backup_file.opened(file)
    name = str(psycopg.conninfo.conninfo_to_dict(database.libpq_url(url))["dbname"])
    with _put_beside(url, found) as fresh:
        database.upgrade(fresh)
        _note(url, fresh, found)
        _exchange(url_of_database(url, "postgres"), name, str(psycopg.conninfo.conninfo_to_dict(fresh)["dbname"]))
    return found


def rehearse(url: str, file: Path) -> BackupFile:
    """Put a backup into a database of its own on the server at `url`, compare it table by table, bring it up to date, and drop it again.

    Raises BackupFileError and RestoreError where that does not succeed.
    """
    found = backup_file.opened(file)
    with _put_beside(url, found) as fresh:
        database.upgrade(fresh)
    return found


@contextmanager
def _put_beside(url: str, found: BackupFile) -> Iterator[str]:
    """Give the URL of a new database with the backup's content, which goes away at the end of the block if it still has its name."""
    name = str(psycopg.conninfo.conninfo_to_dict(database.libpq_url(url))["dbname"])
    fresh = f"{name}_restore_{os.getpid()}"
    server = url_of_database(database.libpq_url(url), "postgres")
    _require_known(found)
    _require_roles(server, found)
    made = create_database(server, fresh)
    try:
        _fill(made, found)
        with backup_content.frozen(made) as conn:
            different = found.content.differences(backup_content.read(conn))
        if different:
            raise BackupDiffersError(problems=different[:20])
        yield made
    finally:
        drop_database(server, fresh)


def _fill(made: str, found: BackupFile) -> None:
    """Feed the dump to pg_restore, in one transaction."""
    command = [_program("pg_restore"), "--no-owner", "--no-comments", "--single-transaction", "--exit-on-error", f"--dbname={_without_password(made)}"]
    with tempfile.TemporaryFile() as said, found.dump() as dump:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=_with_password(made)) as process:
            assert process.stdin is not None
            try:
                while block := dump.read(backup_file.BLOCK):
                    process.stdin.write(block)
                process.stdin.close()
            except BrokenPipeError:
                pass  # it has ended before its time; it says why
        said.seek(0)
        if process.returncode:
            raise RestoreError(problems=last_lines(said.read().decode("utf-8", "replace")))


def _without_password(url: str) -> str:
    """How a program is told of a database on its command line, which everybody on the machine can read."""
    told: dict[str, Any] = {**psycopg.conninfo.conninfo_to_dict(database.libpq_url(url)), "password": None}
    return psycopg.conninfo.make_conninfo(**told)


def _with_password(url: str) -> dict[str, str]:
    """The environment in which it is told of the password, where the URL has one."""
    password = psycopg.conninfo.conninfo_to_dict(database.libpq_url(url)).get("password")
    return {**os.environ, "PGPASSWORD": str(password)} if password else dict(os.environ)


def _require_known(found: BackupFile) -> None:
    if not database.is_known(found.content.migration):
        raise RestoreError(f"备份的数据库结构（{found.content.migration}）比本版本新，请先升级程序再恢复。现有数据没有改变。")


def _require_roles(server: str, found: BackupFile) -> None:
    """Roles belong to the server, not to a database: they have to be there before rights can be given to them."""
    with psycopg.connect(server, autocommit=True) as conn:
        roles.make(conn)
        there = {str(row[0]) for row in conn.execute(SQL["roles_there"]).fetchall()}
    missing = [name for name in found.content.roles if name not in there]
    if missing:
        raise RestoreError(f"服务器上没有备份中的数据库角色：{'、'.join(missing)}。请先运行 cuntu db upgrade 建立角色。现有数据没有改变。")


def _note(url: str, fresh: str, found: BackupFile) -> None:
    """Write the restoration down in the restored audit, with the last entry of the audit that it puts aside."""
    with psycopg.connect(database.libpq_url(url)) as conn:
        last = conn.execute(SQL["audit_head"]).fetchone() if _has_audit(conn) else None
    left = {"left_entry": last[0], "left_hash": last[1]} if last else {}
    with psycopg.connect(fresh) as conn:
        audit.note(conn, "database.restore", f"backup/{found.sha256[:16]}", after=found.sha256, details={"made_at": found.content.made_at.isoformat(), **left})


def _has_audit(conn: psycopg.Connection[Any]) -> bool:
    """A structure of before there was one is backed up and put aside, too."""
    row = conn.execute(SQL["has_audit"]).fetchone()
    return bool(row and row[0])


def _exchange(server: str, name: str, fresh: str) -> None:
    """Let the two databases exchange their names, in one transaction: whatever happens, there is one of the name, and it can be used.

    Programs may connect anew between the end of their connections and the renaming; then it is tried again.
    """
    old, new, aside = (sql.Identifier(text) for text in (name, fresh, f"{fresh}_aside"))
    with psycopg.connect(server, autocommit=True) as conn:
        for left in reversed(range(TRIES)):
            try:
                with conn.transaction():
                    conn.execute(SQL["end_connections"], {"database": name})
                    for database_name, called in ((old, aside), (new, old), (aside, new)):
                        conn.execute(SQL["rename"].format(database=database_name, name=called))
                return
            except psycopg.errors.ObjectInUse as error:
                if not left:
                    raise RestoreError("有程序不断连接现有数据库，不能替换它。请先停止服务。现有数据没有改变。") from error


def _program(name: str) -> str:
    return str(Programs.find_clients().folder / name)
