"""`cuntu personal` as it is run: through the service's own role of the database, with a key file."""

from __future__ import annotations

import gc
import sys
from datetime import UTC, date, datetime, timedelta

import invented
import orjson
import psycopg
import pytest
import shapely

from api.access import totp
from api.cli import commands
from api.personal import cipher_of
from api.settings import Settings
from layers import applicants, applications, credentials, database, households
from layers.acting import SERVICE, on_behalf
from layers.applicants import Applicant, Member
from layers.applications import Application
from layers.households import Household, Person

NUMBER, CHILD = invented.number("19800101", 11), invented.number("20200303", 33)
KEY_FILE_BYTES = b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


def person(case_no="S1", **stated):
    child = Member(name=invented.planted("吴承晏晏"), relation="子", birth=date(2020, 3, 3), identity_number=CHILD)
    told = {
        "name": invented.planted("吴若澈澈"),
        "phone": invented.planted("12011112222"),
        "identity_number": NUMBER,
        "birth": date(1980, 1, 1),
        "members": (child,),
    }
    return Applicant(case_no=case_no, **told | stated)


def stored(conn, *people, cipher):
    site = shapely.box(0, 0, 10, 10)
    applications.save(
        conn,
        [
            Application(case_no=item.case_no, properties={}, geometry=site, epsg=4547, village_code="421223100201")
            for item in people
        ],
    )
    applicants.save(conn, cipher, people)


def close(conn, case_no, days_ago):
    applications.settle(conn, [case_no])
    at = datetime.now(UTC) - timedelta(days=days_ago)
    conn.execute("ALTER TABLE application_record DISABLE TRIGGER USER")  # as if the case had been closed so long ago
    conn.execute("UPDATE application_record SET known_from = %s, known_to = %s WHERE case_no = %s", (at, at, case_no))
    conn.execute("ALTER TABLE application_record ENABLE TRIGGER USER")


@pytest.fixture
def command(db_url, tmp_path, monkeypatch, capsys):
    key_file = tmp_path / "key"
    key_file.write_bytes(KEY_FILE_BYTES)
    key_file.chmod(0o600)
    monkeypatch.setenv("CUNTU_DATABASE_URL", db_url)
    monkeypatch.setenv("CUNTU_KEY_FILE", str(key_file))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["cuntu", "personal", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return run


@pytest.fixture
def kept(db_url, command):
    cipher = cipher_of(Settings())
    with database.connect(db_url) as conn:
        stored(conn, person(), cipher=cipher)
        close(conn, "S1", 400)
    return cipher


def test_nothing_is_erased_without_apply(command, kept, db_url):
    status, out, _ = command("retention", "--json")
    assert (status, [item["retention"] for item in orjson.loads(out)["due"]]) == (0, ["contact", "case"])
    assert command("erase", "--case", "S1", "--reason", "依本人申请")[0] == 0
    with database.connect(db_url) as conn:
        assert applicants.get(conn, kept, "S1") == person()
    status, out, _ = command("retention", "--apply", "--json")
    assert (status, orjson.loads(out)["applied"]) == (0, True)
    with database.connect(db_url) as conn:
        assert applicants.get(conn, kept, "S1").name is None
    assert orjson.loads(command("retention", "--json")[1])["due"] == []


def test_a_person_is_erased_by_a_number_that_is_read_from_a_file(command, kept, db_url, tmp_path):
    file = tmp_path / "number"
    file.write_text(CHILD + "\n")
    status, out, err = command("erase", "--id-number-file", file, "--reason", "依本人申请", "--apply", "--json")
    assert (status, [item["part"] for item in orjson.loads(out)["found"]]) == (0, ["member"])
    assert CHILD not in out + err
    with database.connect(db_url) as conn:
        assert applicants.get(conn, kept, "S1") == person(members=())
    file.write_text(CHILD[:17] + "?")
    status, out, err = command("erase", "--id-number-file", file, "--reason", "依本人申请", "--apply")
    assert (status, CHILD[:17] in out + err) == (1, False)
    assert command("erase", "--case", "S1", "--reason", f"{CHILD} 申请", "--apply")[0] == 1


def test_an_open_case_is_erased_only_where_that_is_said(command, db_url, kept):
    with database.connect(db_url) as conn:
        stored(conn, person("S2", identity_number=invented.number("19700101", 5), members=()), cipher=kept)
    assert command("erase", "--case", "S2", "--reason", "依本人申请", "--apply")[0] == 1
    assert command("erase", "--case", "S2", "--reason", "依本人申请", "--apply", "--open-too")[0] == 0


def test_a_person_gets_a_copy_with_purposes_and_who_looked(command, kept, tmp_path, db_url):
    file = tmp_path / "copy.json"
    assert command("access", "--case", "S1", "--output", file)[0] == 0
    told = orjson.loads(file.read_bytes())
    assert (told["applicant"]["身份证号"], told["members"][0]["姓名"]) == (NUMBER, person().members[0].name)
    assert file.stat().st_mode & 0o777 == 0o600 and len(told["notices"]) == 13
    again = orjson.loads(command("access", "--case", "S1")[1])
    assert [look["action"] for look in again["uses"]] == ["personal.copy"]
    assert command("access", "--case", "S9")[0] == 1


def test_the_command_seals_anew_and_without_the_earlier_key_says_which_one_is_missing(
    command, kept, tmp_path, monkeypatch, db_url
):
    earlier = tmp_path / "earlier"
    (tmp_path / "key").rename(earlier)
    (tmp_path / "key").write_bytes(KEY_FILE_BYTES.swapcase())
    (tmp_path / "key").chmod(0o600)
    status, _, err = command("rekey")
    assert status == 1 and "CUNTU_OLD_KEY_FILES" in err
    monkeypatch.setenv("CUNTU_OLD_KEY_FILES", str(earlier))
    status, out, _ = command("rekey", "--json")
    assert (status, orjson.loads(out)["applicant"]) == (0, {"resealed": 1, "rows": 1})
    monkeypatch.delenv("CUNTU_OLD_KEY_FILES")
    assert orjson.loads(command("access", "--case", "S1")[1])["applicant"]["姓名"] == person().name


def vacuums(url):
    with psycopg.connect(url) as conn:
        return dict(conn.execute("SELECT relname, vacuum_count FROM pg_stat_user_tables WHERE relname ~ '^(applicant|household_person)'").fetchall())


def test_what_was_erased_is_vacuumed_by_the_owner_and_where_that_cannot_be_it_is_said(command, kept, db_url, monkeypatch):
    status, _, err = command("erase", "--case", "S1", "--reason", "依本人申请", "--apply")
    assert (status, "VACUUM" in err, vacuums(db_url)) == (0, False, dict.fromkeys(("applicant", "applicant_member", "household_person"), 1))
    with database.connect(db_url) as conn:
        stored(conn, person("S2"), cipher=kept)
        close(conn, "S2", 400)
    monkeypatch.setenv("CUNTU_DATABASE_URL", db_url.replace("//cuntu@", "//cuntu_app@"))
    status, _, err = command("retention", "--apply")
    assert (status, "VACUUM" in err, vacuums(db_url)["applicant"]) == (0, True, 1)


def test_the_head_of_a_household_is_erased(command, kept, db_url, tmp_path):
    file = tmp_path / "number"
    file.write_text(NUMBER)
    with database.connect(db_url) as conn:
        households.save(conn, [Household(household_no="H1", village_code="421223100201")])
        households.save_persons(conn, kept, [Person(household_no="H1", part="head", name="某", identity_number=NUMBER)])
    status, out, _ = command("erase", "--id-number-file", file, "--reason", "依本人申请", "--apply", "--json")
    assert (status, [item["part"] for item in orjson.loads(out)["found"]]) == (0, ["applicant", "head"])
    with database.connect(db_url) as conn:
        assert households.persons(conn, kept, "H1") == []


@pytest.mark.filterwarnings("ignore:.*Exception ignored in.*:pytest.PytestUnraisableExceptionWarning")  # psycopg leaves open what could not be committed
def test_no_copy_lies_in_a_file_of_which_the_audit_does_not_know(command, kept, tmp_path, db_url):
    with psycopg.connect(db_url) as conn:
        conn.execute("ALTER TABLE audit.entry ADD CONSTRAINT full_disk CHECK (action <> 'personal.copy')")
    status, _, err = command("access", "--case", "S1", "--output", tmp_path / "copy.json")
    gc.collect()
    assert (status, "full_disk" in err, "personal.copy" in err) == (1, True, False)  # PostgreSQL's details are rows
    assert not (tmp_path / "copy.json").exists()


@pytest.mark.parametrize("command_line", [("retention",), ("erase", "--case", "S1", "--reason", "依本人申请")], ids=["retention", "erase"])
def test_one_record_that_cannot_be_read_keeps_nobody_from_being_erased(command, kept, db_url, command_line):
    """A person's right does not depend on whether what is kept of them can still be opened."""
    with database.connect(db_url) as conn:
        stored(conn, person("S0"), cipher=kept)
        close(conn, "S0", 400)
        conn.execute("UPDATE applicant SET name = set_byte(name, 20, get_byte(name, 20) # 1) WHERE case_no = 'S1'")
    assert command(*command_line, "--apply")[0] == 0
    with database.connect(db_url) as conn:
        assert applicants.get(conn, kept, "S1").erased_at is not None
        told = [orjson.loads(row[0])["details"] for row in conn.execute("SELECT payload FROM audit.entry WHERE action = 'personal.erase' AND object = 'application/S1'")]
    assert told[0]["unreadable"] is True


def test_second_factors_outlive_the_key_they_were_sealed_with(command, kept, tmp_path, monkeypatch, db_url):
    settings = Settings()
    with on_behalf(SERVICE), database.connect(db_url) as conn:
        account = conn.execute("SELECT id FROM account ORDER BY id LIMIT 1").fetchone()[0]
        credentials.draft_totp(conn, account, totp.seal(settings, "JBSWY3DPEHPK3PXP", account=account))
    earlier = tmp_path / "earlier"
    (tmp_path / "key").rename(earlier)
    (tmp_path / "key").write_bytes(KEY_FILE_BYTES.swapcase())
    (tmp_path / "key").chmod(0o600)

    def secret():
        with database.connect(db_url) as conn:
            return totp.unseal(Settings(), credentials.of_account(conn, account).totp_secret, account=account)

    monkeypatch.setenv("CUNTU_OLD_KEY_FILES", str(earlier))
    assert secret() == "JBSWY3DPEHPK3PXP"
    status, out, _ = command("rekey", "--json")
    assert (status, orjson.loads(out)["account"]) == (0, {"resealed": 1, "rows": 1})
    assert orjson.loads(command("rekey", "--json")[1])["account"] == {"resealed": 0, "rows": 1}
    monkeypatch.delenv("CUNTU_OLD_KEY_FILES")
    assert secret() == "JBSWY3DPEHPK3PXP"
