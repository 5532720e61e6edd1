"""`cuntu db upgrade`: what it changes is written down, passwords never."""

from __future__ import annotations

import json

import psycopg
import pytest

PASSWORD = "correct-horse-battery-staple"


@pytest.fixture
def upgrade(command_on, db_url):
    return lambda: command_on(db_url)("db", "upgrade", "--json")


def entries(url):
    with psycopg.connect(url) as conn:
        return [row[0] for row in conn.execute("SELECT payload FROM audit.entry ORDER BY id").fetchall()]


def test_passwords_given_to_roles_are_written_down_without_them(upgrade, db_url, tmp_path, monkeypatch):
    assert upgrade()[0] == 0 and entries(db_url) == []
    (tmp_path / "password").write_text(PASSWORD + "\n")
    monkeypatch.setenv("CUNTU_APP_PASSWORD_FILE", str(tmp_path / "password"))
    status, out, err = upgrade()
    told = [json.loads(text) for text in entries(db_url)]
    assert status == 0 and [(entry["action"], entry["channel"], entry["details"]) for entry in told] == [
        ("database.give_passwords", "command", {"roles": ["cuntu_app"]})
    ]
    assert PASSWORD not in out + err + str(told)


def test_a_structure_newer_than_the_program_is_one_clear_sentence(upgrade, db_url):
    with psycopg.connect(db_url) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    status, _, err = upgrade()
    assert (status, "9999" in err, "Traceback" in err) == (1, True, False)
