"""`cuntu doctor`: what is wrong is named with what to do, and said by the exit status; nothing secret is told."""

from __future__ import annotations

import json
import os
from datetime import date
from urllib.parse import urlsplit

import people
import pytest

from api.audit import keeper
from api.personal import cipher_of
from api.settings import Settings
from layers import audit, database, households, seats

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture
def doctor(cuntu, tmp_path, monkeypatch):
    """Run the doctor; returns exit status and findings by name."""
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(0o400)
    monkeypatch.setenv("CUNTU_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("CUNTU_UPLOAD_DIR", str(tmp_path / "uploads"))
    monkeypatch.setenv("CUNTU_DISK_RESERVE_BYTES", "1000")

    def run():
        code, out, err = cuntu("doctor", "--json")
        assert KEY not in out + err
        told = json.loads(out)
        assert all(item["advice"] for item in told["findings"] if item["state"] != "ok")
        assert told["wrong"] == sum(item["state"] == "wrong" for item in told["findings"])
        return code, {item["name"]: item for item in told["findings"]}

    return run


@pytest.fixture
def administered(county_url):
    with database.connect(county_url) as conn:
        people.person_with(conn, "管理员甲", ("administrator",), token="cuntu_" + "a".ljust(43, "0"))
        people.person_with(conn, "审计员乙", ("auditor",), token="cuntu_" + "b".ljust(43, "0"))
    return county_url


def states(found, state):
    return {name for name, item in found.items() if item["state"] == state}


def test_a_sound_deployment_has_nothing_wrong(doctor, administered, cuntu, tmp_path):
    assert cuntu("db", "backup", "b.dump")[0] == 0
    code, found = doctor()
    assert states(found, "wrong") <= {"断电保护"}, "only that the cluster of these tests does not wait for the disk"
    assert code == bool(states(found, "wrong"))
    assert {
        "PostgreSQL",
        "PostGIS",
        "数据库结构",
        "服务的数据库角色",
        "审计记录",
        "意见书字体",
        "密钥文件",
        "备份",
        "管理员",
    } <= states(found, "ok")
    assert "地图审图号" in states(found, "notice")


def test_nobody_to_administer_and_people_with_excluding_roles_are_named(doctor, county_url):
    with database.connect(county_url) as conn:
        account = people.person_with(conn, "甲", ("administrator",), token="cuntu_" + "a".ljust(43, "0"))
        [person] = conn.execute("SELECT person_id FROM account WHERE id = %s", [account]).fetchone()
        both = seats.new_seat(
            conn, title="审计席", unit="县局", roles=("auditor",), place_code=None, secrecy="internal"
        )
        seats.appoint(conn, seat=both, person=person, held_from=date(2020, 1, 1))
        seats.new_seat(conn, title="空席", unit="县局", roles=("viewer",), place_code=None, secrecy="internal")
    code, found = doctor()
    assert code == 1
    assert {"互斥的角色"} <= states(found, "wrong")
    assert "管理员" in found["互斥的角色"]["said"]
    assert "县局 空席" in found["无人任职的席位"]["said"]
    with database.connect(county_url) as conn:
        conn.execute("UPDATE account SET disabled_at = now() WHERE id = %s", [account])
    assert "管理员" in states(doctor()[1], "wrong")


def test_a_key_that_others_can_read_is_wrong_and_so_is_none(doctor, administered, tmp_path, monkeypatch):
    (tmp_path / "key").chmod(0o644)
    code, found = doctor()
    assert (code, found["密钥文件"]["state"]) == (1, "wrong")
    assert "chmod 400" in found["密钥文件"]["advice"]
    (tmp_path / "key").unlink()
    assert doctor()[1]["密钥文件"]["state"] == "wrong"
    monkeypatch.delenv("CUNTU_KEY_FILE")
    assert "CUNTU_KEY_FILE" in doctor()[1]["密钥文件"]["advice"]


def test_rights_somebody_gave_in_passing_are_found(doctor, administered):
    with database.connect(administered, autocommit=True) as conn:
        conn.execute("GRANT DELETE ON stored_check TO cuntu_app")
    code, found = doctor()
    assert (code, found["服务的数据库角色"]["state"]) == (1, "wrong")


def test_policies_that_are_gone_are_found(doctor, administered, cuntu):
    with database.connect(administered, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO household (household_no, village_code, properties, synthetic) VALUES ('H', '421223100201', '{}', true)"
        )
        conn.execute("ALTER TABLE household DISABLE ROW LEVEL SECURITY")
        conn.execute("GRANT SELECT ON household TO cuntu_app")
    code, found = doctor()
    assert (code, found["未登录者经服务角色所见"]["state"]) == (1, "wrong")


@pytest.mark.parametrize("table", ["applicant", "audit.entry", "feature"])
def test_one_table_without_row_level_security_is_named(doctor, administered, table):
    with database.connect(administered, autocommit=True) as conn:
        conn.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    code, found = doctor()
    assert (code, found["行级安全"]["state"], table in found["行级安全"]["said"]) == (1, "wrong", True)


def test_a_trigger_that_was_switched_off_is_named(doctor, administered):
    with database.connect(administered, autocommit=True) as conn:
        conn.execute("ALTER TABLE stored_check DISABLE TRIGGER stored_check_immutable")
    code, found = doctor()
    assert (code, found["保护历史的触发器"]["state"]) == (1, "wrong") and "stored_check_immutable" in found["保护历史的触发器"]["said"]


def test_what_a_restoration_that_was_cut_off_left_is_named(doctor, administered):
    name = urlsplit(administered).path[1:] + "_restore_17"
    with database.connect(administered, autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{name}"')
        try:
            found = doctor()[1]
        finally:
            conn.execute(f'DROP DATABASE "{name}"')
    assert found["中断的恢复"]["state"] == "notice" and name in found["中断的恢复"]["said"]
    assert doctor()[1]["中断的恢复"]["state"] == "ok"


def test_records_that_the_key_does_not_open_are_found(doctor, administered, tmp_path, monkeypatch):
    """A key file may be there, its owner's alone, and not the one that the restored database was written with."""
    assert doctor()[1]["密钥与申请人信息"]["state"] == "ok"
    with database.connect(administered) as conn:
        conn.execute("INSERT INTO household (household_no, village_code, properties, synthetic) VALUES ('H', '421223100201', '{}', true)")
        households.save_persons(conn, cipher_of(Settings()), [households.Person(household_no="H", part="head", name="某")])
    assert doctor()[1]["密钥与申请人信息"]["state"] == "ok"
    (tmp_path / "earlier").write_text(KEY)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "key").write_text(KEY.swapcase())
    code, found = doctor()
    assert (code, found["密钥与申请人信息"]["state"]) == (1, "wrong")
    monkeypatch.setenv("CUNTU_OLD_KEY_FILES", str(tmp_path / "earlier"))
    found = doctor()[1]["密钥与申请人信息"]
    assert (found["state"], "rekey" in found["advice"]) == ("notice", True)


def test_a_server_whose_log_holds_rows_is_named(doctor, administered):
    assert doctor()[1]["数据库日志"]["state"] == "ok"
    with database.connect(administered, autocommit=True) as conn:
        conn.execute(f'ALTER DATABASE "{urlsplit(administered).path[1:]}" SET log_error_verbosity = verbose')
    assert doctor()[1]["数据库日志"]["state"] == "notice"


def test_an_altered_audit_is_found(doctor, administered):
    with database.connect(administered, autocommit=True) as conn:
        for number in range(3):
            audit.note(conn, "test.act", f"thing/{number}")
    assert doctor()[1]["审计记录"]["state"] == "ok"
    with database.connect(administered, autocommit=True) as conn:
        conn.execute("ALTER TABLE audit.entry DISABLE TRIGGER USER")
        conn.execute("UPDATE audit.entry SET payload = replace(payload, 'thing/1', 'thing/7')")
    code, found = doctor()
    assert (code, found["审计记录"]["state"]) == (1, "wrong")


def test_an_audit_cut_off_together_with_its_head_is_found_by_the_heads_that_the_service_kept(doctor, administered):
    with database.connect(administered, autocommit=True) as conn:
        for number in range(3):
            audit.note(conn, "test.act", f"thing/{number}")
        keeper.keep_head(conn, Settings())
    assert doctor()[1]["审计记录"]["state"] == "ok"
    with database.connect(administered, autocommit=True) as conn:
        conn.execute("ALTER TABLE audit.entry DISABLE TRIGGER USER")
        conn.execute("DELETE FROM audit.entry WHERE id = (SELECT max(id) FROM audit.entry)")
        conn.execute("UPDATE audit.head SET (id, hash) = (SELECT id, hash FROM audit.entry ORDER BY id DESC LIMIT 1)")
        conn.execute("ALTER TABLE audit.entry ENABLE TRIGGER USER")
    code, found = doctor()
    assert (code, found["审计记录"]["state"]) == (1, "wrong")


@pytest.mark.parametrize("change", ["ALTER ROLE cuntu_analyst BYPASSRLS", "GRANT cuntu TO cuntu_tiles"])
def test_any_role_that_stands_above_the_policies_is_named(doctor, administered, change):
    with database.connect(administered, autocommit=True) as conn:
        conn.execute(change)
        try:
            code, found = doctor()
        finally:
            conn.execute("ALTER ROLE cuntu_analyst NOBYPASSRLS")
            conn.execute("REVOKE cuntu FROM cuntu_tiles")
    assert (code, found["数据库角色"]["state"]) == (1, "wrong")
    assert change.split()[2 if "ALTER" in change else 3] in found["数据库角色"]["said"]


def test_a_full_disk_and_an_outdated_structure_are_found(doctor, administered, monkeypatch):
    monkeypatch.setenv("CUNTU_DISK_RESERVE_BYTES", str(10**18))
    with database.connect(administered, autocommit=True) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '0011'")
    code, found = doctor()
    assert code == 1
    assert {"上传文件夹所在磁盘", "数据库结构"} <= states(found, "wrong")


def test_a_database_that_is_away_is_one_finding_and_the_others_are_told(doctor, monkeypatch):
    monkeypatch.setenv("CUNTU_DATABASE_URL", "postgresql://nobody@/nothing?host=/tmp/no-such-socket")
    code, found = doctor()
    assert code == 1
    assert found["数据库"]["state"] == "wrong"
    assert {"意见书字体", "图层目录"} <= set(found)


def test_the_table_says_what_to_do(cuntu, administered):
    code, out, err = cuntu("doctor")
    assert code == 1
    assert "CUNTU_KEY_FILE" in "".join(out.split())
    assert "项有问题" in err
    assert os.environ["CUNTU_DATABASE_URL"] not in out
