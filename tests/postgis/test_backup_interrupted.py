"""Restorations that are killed half-way or disturbed, and backups of what an earlier version kept: there is always a database to go on with."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy
from alembic import command

from layers import audit, backup, backup_file, database
from layers.databases import create_database, drop_database

DIE = """
import os, signal, sys
from pathlib import Path
from layers import backup

class Dying(dict):
    left = int(sys.argv[3])
    def __getitem__(self, name):
        if name == "rename":
            Dying.left -= 1
            if not Dying.left:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(name)

backup.SQL = Dying(backup.SQL)
backup.restore(sys.argv[1], Path(sys.argv[2]))
"""


def put_aside(url):
    """The databases that restorations have left beside this one."""
    with database.connect(url) as conn:
        return [row[0] for row in conn.execute("SELECT datname FROM pg_database WHERE datname LIKE current_database() || '\\_%' ORDER BY 1").fetchall()]


@pytest.fixture
def backed_up(db_url, server_url, tmp_path):
    with database.connect(db_url, autocommit=True) as conn:
        audit.note(conn, "test.write", "thing/1")
    backup.backup(db_url, tmp_path / "b")
    yield db_url, tmp_path / "b"
    for name in put_aside(db_url):
        drop_database(server_url, name)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_restoration_that_is_killed_while_databases_are_exchanged_leaves_one_that_works(backed_up, step):
    url, file = backed_up
    ended = subprocess.run([sys.executable, "-c", DIE, url, str(file), str(step)], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    with database.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM audit.entry WHERE action = 'test.write'").fetchone() == (1,)
    backup.restore(url, file)
    with database.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM audit.entry WHERE action = 'database.restore'").fetchone() == (1,)


def test_a_restoration_succeeds_beside_programs_that_connect_all_the_time(backed_up):
    url, file = backed_up
    ended, lost = threading.Event(), []

    def knock():
        while not ended.is_set():
            try:
                with psycopg.connect(url) as conn:
                    conn.execute("SELECT pg_sleep(0.01)")
            except psycopg.Error as error:
                lost.append(error)

    programs = [threading.Thread(target=knock) for _ in range(3)]
    for program in programs:
        program.start()
    try:
        backup.restore(url, file)
    finally:
        ended.set()
        for program in programs:
            program.join()
    assert put_aside(url) == []
    with database.connect(url) as conn:
        assert conn.execute("SELECT count(*) FROM audit.entry WHERE action = 'database.restore'").fetchone() == (1,)


def test_the_entry_of_a_backup_names_the_digest_that_its_file_is_sealed_with(backed_up):
    url, file = backed_up
    with database.connect(url) as conn:
        [after] = conn.execute("SELECT payload::jsonb ->> 'after' FROM audit.entry WHERE action = 'database.backup'").fetchone()
    assert after == backup_file.opened(file).sha256


def test_a_structure_of_before_there_was_an_audit_is_backed_up_and_restored(server_url, tmp_path):
    """What one is told to do before `cuntu db upgrade`."""
    name = f"cuntu_test_{uuid4().hex[:12]}"
    url = create_database(server_url, name)
    try:
        engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sqlalchemy.NullPool)
        with engine.begin() as connection:
            config = database._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0011")
        assert backup.backup(url, tmp_path / "b").migration == "0011"
        backup.restore(url, tmp_path / "b")
        with database.connect(url) as conn:
            assert database.is_migrated(conn)
    finally:
        drop_database(server_url, name)
