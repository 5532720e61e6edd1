"""Backup and restoration: the same rows with the same guards, from one moment, out of a whole file or not at all."""

from __future__ import annotations

import os
import random
import threading
from uuid import uuid4

import psycopg
import pytest

from layers import audit, backup, backup_content, backup_file, database
from layers.backup import BackupDiffersError, BackupError, RestoreError
from layers.backup_content import TableContent
from layers.backup_file import BackupFileError

WRITE = "INSERT INTO sign_in_try (address, login_sha256, succeeded) VALUES (%s, '\\x00', true)"
SEED = 20260601


def written(conn, number):
    """One act and its entry, in a transaction of their own."""
    with conn.transaction():
        conn.execute(WRITE, [f"10.0.0.{number}"])
        audit.note(conn, "test.write", f"try/{number}", details={"说明": "中文 ' \\ 文本"})


@pytest.fixture
def filled(db_url):
    with database.connect(db_url, autocommit=True) as conn:
        for number in range(40):
            written(conn, number)
    return db_url


def content(url):
    with backup_content.frozen(url) as conn:
        return backup_content.read(conn)


def oid(url):
    with database.connect(url) as conn:
        return conn.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()


def left_over(url):
    with database.connect(url) as conn:
        return conn.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE current_database() || '\\_restore%'"
        ).fetchall()


def test_a_restored_database_has_every_table_with_the_same_rows_and_one_entry_that_says_so(filled, tmp_path):
    before, first = content(filled), oid(filled)
    file = tmp_path / "cuntu.dump"
    told = backup.backup(filled, file)
    assert told.differences(before) == []
    assert {"public.sign_in_try", "audit.entry", "public.seat"} <= set(told.tables)
    assert told.tables["public.sign_in_try"].rows == 40
    with database.connect(filled, autocommit=True) as conn:
        written(conn, 99)
        [left] = conn.execute("SELECT count(*) FROM audit.entry").fetchone()
    backup.restore(filled, file)
    after = content(filled)
    assert oid(filled) != first
    changed = {line.partition("：")[0] for line in before.differences(after)}
    assert changed == {"audit.entry", "audit.head"}
    with database.connect(filled, autocommit=True) as conn:
        entries = conn.execute("SELECT payload::jsonb FROM audit.entry ORDER BY id").fetchall()
        assert len(entries) == 41
        assert entries[-1][0]["action"] == "database.restore"
        assert entries[-1][0]["details"]["left_entry"] == left
        written(conn, 100)  # numbering goes on
    assert left_over(filled) == []


def test_who_may_see_what_is_restored_with_the_rows(filled, tmp_path):
    role = f"cuntu_test_{uuid4().hex[:8]}"
    with database.connect(filled, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {role} NOLOGIN")
    try:
        with database.connect(filled, autocommit=True) as conn:
            conn.execute(f"GRANT SELECT ON sign_in_try TO {role}")
            conn.execute(f"GRANT USAGE ON SCHEMA audit TO {role}")
            conn.execute("ALTER TABLE sign_in_try ENABLE ROW LEVEL SECURITY")
            conn.execute("ALTER TABLE sign_in_try FORCE ROW LEVEL SECURITY")
            conn.execute(f"CREATE POLICY few ON sign_in_try FOR SELECT TO {role} USING (address = '10.0.0.7')")
            conn.execute("REVOKE EXECUTE ON FUNCTION audit.append(text[]) FROM PUBLIC")
        before = content(filled)
        assert f"policy public.sign_in_try few PERMISSIVE SELECT {{{role}}}" in before.guards
        assert f"grant public.sign_in_try SELECT {role}" in before.guards
        backup.backup(filled, tmp_path / "b")
        backup.restore(filled, tmp_path / "b")
        assert list(content(filled).guards) == list(before.guards)
        with database.connect(filled) as conn:
            conn.execute(f"SET ROLE {role}")
            assert conn.execute("SELECT address FROM sign_in_try").fetchall() == [("10.0.0.7",)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute("SELECT audit.append(ARRAY['{}'])")
    finally:
        with database.connect(filled, autocommit=True) as conn:
            conn.execute(f"DROP OWNED BY {role}")
            conn.execute(f"DROP ROLE {role}")
    with pytest.raises(RestoreError, match=role):
        backup.rehearse(filled, tmp_path / "b")


def test_a_file_that_is_cut_off_or_altered_anywhere_is_refused_in_words_and_nothing_changes(filled, tmp_path):
    file, broken = tmp_path / "whole", tmp_path / "broken"
    backup.backup(filled, file)
    whole, first = file.read_bytes(), oid(filled)
    rng = random.Random(SEED)
    cut = [whole[:length] for length in (0, 1, 63, 64, 1000, len(whole) // 2, len(whole) - 64, len(whole) - 1)]
    places = [0, len(whole) - 1, len(whole) - 65, *rng.sample(range(len(whole)), 40)]
    altered = [whole[:place] + bytes([whole[place] ^ 1 << rng.randrange(8)]) + whole[place + 1 :] for place in places]
    for bad in [*cut, *altered, whole + b"\0", b"PGDMP" + whole]:
        broken.write_bytes(bad)
        with pytest.raises(BackupFileError, match="没有做任何改动"):
            backup.restore(filled, broken)
    assert (oid(filled), left_over(filled)) == (first, [])
    assert backup.rehearse(filled, file).content.tables["public.sign_in_try"].rows == 40


def test_only_its_owner_can_read_the_file_and_a_failed_backup_leaves_none(filled, tmp_path, monkeypatch):
    before = os.umask(0)
    try:
        backup.backup(filled, tmp_path / "b")
    finally:
        os.umask(before)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    kept = (tmp_path / "b").read_bytes()
    monkeypatch.setattr(backup_content, "read", lambda conn: conn.execute("SELECT 1/0"))
    with pytest.raises(psycopg.Error):
        backup.backup(filled, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def resealed(file, tables):
    """The same dump with another list of contents, sealed as if it were right."""
    found = backup_file.opened(file)
    other = file.with_name("other")
    with backup_file.writing(other) as archive:
        with found.dump() as dump:
            backup_file.add(archive, backup_file.DUMP, dump)
        told = found.content
        backup_file.add_content(archive, type(told)(**{**told.__dict__, **tables}))
    return other


def test_a_dump_that_does_not_give_what_its_list_says_is_not_taken(filled, tmp_path):
    file = tmp_path / "b"
    told, first = backup.backup(filled, file), oid(filled)
    short = {**told.tables, "public.sign_in_try": TableContent(41, "0" * 32)}
    same_count = {**told.tables, "audit.entry": TableContent(told.tables["audit.entry"].rows, "0" * 32)}
    for changed, words in (
        ({"tables": short}, r"public\.sign_in_try.*41.*40"),
        ({"tables": same_count}, r"audit\.entry.*校验值"),
        ({"guards": [*told.guards, "policy x"]}, "policy x"),
    ):
        with pytest.raises(BackupDiffersError, match=words):
            backup.restore(filled, resealed(file, changed))
    with pytest.raises(RestoreError, match="9999"):
        backup.restore(filled, resealed(file, {"migration": "9999"}))
    assert (oid(filled), left_over(filled)) == (first, [])


def test_a_backup_beside_writers_holds_one_moment(filled, tmp_path):
    """Each writer notes its act in the same transaction: as many acts as entries, and the chain without a gap."""
    ended, wrote = threading.Event(), []

    def writer():
        with database.connect(filled, autocommit=True) as conn:
            while not ended.is_set():
                written(conn, len(wrote) + 1000)
                wrote.append(1)

    threads = [threading.Thread(target=writer) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        while len(wrote) < 20:
            ended.wait(0.01)
        before = len(wrote)
        told = backup.backup(filled, tmp_path / "b")
        during = len(wrote) - before
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert during > 0
    rows = told.tables["public.sign_in_try"].rows
    assert (told.tables["audit.entry"].rows, 40 + before <= rows <= 40 + len(wrote)) == (rows, True)
    backup.restore(filled, tmp_path / "b")
    with database.connect(filled) as conn:
        found = conn.execute("SELECT count(*), max(id), count(DISTINCT id) FROM audit.entry").fetchone()
        assert found == (rows + 1, rows + 1, rows + 1)
        broken = (
            "SELECT count(*) FROM audit.entry AS e JOIN audit.entry AS p ON p.id = e.id - 1 WHERE e.previous <> p.hash"
        )
        assert conn.execute(broken).fetchone() == (0,)


def test_rows_that_the_role_may_not_see_are_no_silent_gap(filled, tmp_path, server_url):
    role = f"cuntu_test_{uuid4().hex[:8]}"
    with database.connect(filled, autocommit=True) as conn:
        conn.execute("ALTER TABLE sign_in_try ENABLE ROW LEVEL SECURITY")
        conn.execute(f"CREATE ROLE {role} NOLOGIN")
        conn.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public, audit TO {role}")
        conn.execute(f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
        conn.execute(f"GRANT USAGE ON SCHEMA audit TO {role}")
        name = conn.info.dbname
        conn.execute(f"ALTER ROLE cuntu IN DATABASE {name} SET role = '{role}'")
    try:
        with pytest.raises(BackupError):
            backup.backup(filled, tmp_path / "b")
        assert list(tmp_path.iterdir()) == []
    finally:
        with database.connect(server_url, autocommit=True) as conn:
            conn.execute(f"ALTER ROLE cuntu IN DATABASE {name} RESET role")
        with database.connect(filled, autocommit=True) as conn:
            conn.execute(f"DROP OWNED BY {role}")
            conn.execute(f"DROP ROLE {role}")


def test_the_order_of_rows_does_not_matter_and_every_bit_of_them_does(filled):
    before = content(filled).tables["public.sign_in_try"]
    with database.connect(filled, autocommit=True) as conn:
        conn.execute("CREATE INDEX tries ON sign_in_try (tried_at DESC)")
        conn.execute("CLUSTER sign_in_try USING tries")
        assert content(filled).tables["public.sign_in_try"] == before
        conn.execute("UPDATE sign_in_try SET tried_at = tried_at + interval '1 microsecond' WHERE id = 17")
    assert content(filled).tables["public.sign_in_try"].checksum != before.checksum
