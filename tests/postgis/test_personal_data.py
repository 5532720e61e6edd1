from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import invented
import orjson
import psycopg
import pytest
import shapely
from psycopg.types.json import Jsonb

from layers import applicants, applications, county_time, households, personal_records
from layers.applicants import Applicant, Member
from layers.applications import Application
from layers.households import Household, Person
from layers.personal_cipher import Cipher, PersonalKeyError, Place, SealBrokenError, key_id
from layers.personal_fields import fields, retentions
from layers.personal_rekeying import rekey
from spatial.errors import CuntuError

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))
INDEX_FIRST, INDEX_SECOND = bytes(range(64, 96)), bytes(range(96, 128))
CIPHER = Cipher([FIRST], [INDEX_FIRST])
NUMBER, CHILD = invented.number("19800101", 11), invented.number("20200303", 33)


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


def stored(conn, *people, cipher=CIPHER):
    site = shapely.box(0, 0, 10, 10)
    applications.save(
        conn,
        [
            Application(case_no=item.case_no, properties={}, geometry=site, epsg=4547, village_code="421223100201")
            for item in people
        ],
    )
    applicants.save(conn, cipher, people)


def audited(conn):
    conn.commit()  # entries are chained when a transaction ends
    return [orjson.loads(row[0]) for row in conn.execute("SELECT payload FROM audit.entry ORDER BY id")]


def test_what_is_stored_comes_back_and_lies_in_no_row_in_clear(db):
    stored(db, person())
    assert applicants.get(db, CIPHER, "S1") == person()
    assert applicants.get(db, CIPHER, "S9") is None
    for table in ("applicant", "applicant_member"):
        for row in db.execute(f"SELECT * FROM {table}").fetchall():
            values = [bytes(value) for value in row if isinstance(value, bytes | memoryview)]
            assert values and not any(text.encode() in value for value in values for text in invented.PLANTED)


def test_the_same_value_is_never_written_the_same_way_twice(db):
    stored(db, person("S1"), person("S2"))
    names = {bytes(row[0]) for row in db.execute("SELECT name FROM applicant")}
    assert len(names) == 2


@pytest.mark.parametrize(
    "move",
    [
        "UPDATE applicant SET name = (SELECT name FROM applicant WHERE case_no = 'S2') WHERE case_no = 'S1'",
        "UPDATE applicant SET name = phone WHERE case_no = 'S1'",
        "UPDATE applicant SET name = (SELECT name FROM applicant_member WHERE case_no = 'S1')  WHERE case_no = 'S1'",
        "UPDATE applicant SET name = set_byte(name, length(name) - 1, 255 - get_byte(name, length(name) - 1)) WHERE case_no = 'S1'",
        "UPDATE applicant SET name = set_byte(name, 8, 255 - get_byte(name, 8)) WHERE case_no = 'S1'",
        "UPDATE applicant_member SET position = 2 WHERE case_no = 'S1'",
        "UPDATE applicant SET name = substring(name FOR 9) WHERE case_no = 'S1'",
    ],
    ids=[
        "another row",
        "another column",
        "another table",
        "a changed byte",
        "a changed nonce",
        "another position",
        "cut off",
    ],
)
def test_a_value_that_was_moved_or_changed_does_not_open(db, move):
    stored(db, person("S1"), person("S2"))
    assert db.execute(move).rowcount == 1
    with pytest.raises(SealBrokenError):
        applicants.get(db, CIPHER, "S1")
    assert applicants.get(db, CIPHER, "S2") == person("S2")


def test_a_wrong_key_is_one_clear_error(db):
    stored(db, person())
    with pytest.raises(PersonalKeyError, match=f"{key_id(FIRST).hex()}.*{key_id(SECOND).hex()}"):
        applicants.get(db, Cipher([SECOND], [INDEX_SECOND]), "S1")


def test_an_earlier_key_opens_while_it_is_listed_and_is_not_needed_after_everything_was_sealed_anew(db):
    stored(db, person())
    households.save(db, [Household(household_no="H1", village_code="421223100201")])
    head = Person(household_no="H1", part="head", name="吴若澈澈", identity_number=NUMBER)
    households.save_persons(db, CIPHER, [head])
    both = Cipher([SECOND, FIRST], [INDEX_SECOND, INDEX_FIRST])
    assert applicants.get(db, both, "S1") == person()
    assert applicants.cases_of(db, both, NUMBER) == ["S1"]
    assert rekey(db, both) == {"applicant": (1, 1), "applicant_member": (1, 1), "household_person": (1, 1)}
    only = Cipher([SECOND], [INDEX_SECOND])
    assert applicants.get(db, only, "S1") == person()
    assert households.persons(db, only, "H1") == [head]
    assert (applicants.cases_of(db, only, CHILD), applicants.cases_of(db, CIPHER, CHILD)) == (["S1"], [])
    assert rekey(db, both) == {"applicant": (0, 1), "applicant_member": (0, 1), "household_person": (0, 1)}
    with pytest.raises(PersonalKeyError):
        applicants.get(db, CIPHER, "S1")


def test_somebody_is_found_by_number_through_an_index_that_says_nothing_without_its_key(db):
    stored(db, person("S1"), person("S2", identity_number=invented.number("19700101", 5), members=()))
    assert applicants.cases_of(db, CIPHER, NUMBER) == applicants.cases_of(db, CIPHER, CHILD) == ["S1"]
    assert applicants.cases_of(db, Cipher([FIRST], [INDEX_SECOND]), NUMBER) == []
    assert CIPHER.index(NUMBER) != CIPHER.index(CHILD)


def test_a_value_that_is_not_known_is_not_sealed():
    assert CIPHER.seal(None, Place("t", "r", "c")) is None is CIPHER.open(None, Place("t", "r", "c"))
    assert applicants.fingerprint(CIPHER, person()) != applicants.fingerprint(CIPHER, person(sex="男"))


def close(conn, case_no, days_ago):
    applications.settle(conn, [case_no])
    at = datetime.now(UTC) - timedelta(days=days_ago)
    conn.execute("ALTER TABLE application_record DISABLE TRIGGER USER")  # as if the case had been closed so long ago
    conn.execute("UPDATE application_record SET known_from = %s, known_to = %s WHERE case_no = %s", (at, at, case_no))
    conn.execute("ALTER TABLE application_record ENABLE TRIGGER USER")


def due(conn, on=None):
    return [
        (item.case_no, item.retention)
        for item in personal_records.due(conn, on=on or county_time.today())
    ]


def test_only_closed_cases_fall_due_and_on_the_very_day(db):
    stored(db, person("S1"), person("S2"), person("S3"))
    days = retentions()["case"].days
    close(db, "S1", days)
    close(db, "S2", days - 1)
    assert due(db) == [("S1", "contact"), ("S1", "case")]
    assert [
        item.case_no
        for item in personal_records.due(db, on=county_time.today() + timedelta(days=1))
    ].count("S2") == 2


def test_retention_leaves_the_case_without_the_person_and_the_audit_whole(db):
    stored(db, person("S1"))
    close(db, "S1", 400)
    for item in personal_records.due(db, on=county_time.today()):
        personal_records.apply(db, CIPHER, item)
    left = applicants.get(db, CIPHER, "S1")
    assert (left.name, left.phone, left.members, left.erased_at is not None) == (None, None, (), True)
    assert applicants.cases_of(db, CIPHER, NUMBER) == [] and due(db) == []
    assert applications.get(db, "S1").case_no == "S1"
    entries = [entry for entry in audited(db) if entry["action"] == "personal.erase"]
    assert [entry["details"]["retention"] for entry in entries] == ["contact", "case"] and entries[0]["before"]
    assert not any(text in orjson.dumps(entries).decode() for text in invented.PLANTED)


def test_a_case_that_was_taken_up_again_meanwhile_keeps_its_applicant(db):
    stored(db, person("S1"))
    close(db, "S1", 400)
    [item, *_] = personal_records.due(db, on=county_time.today())
    applications.save(db, [Application(case_no="S1", properties={}, geometry=shapely.box(0, 0, 10, 10), epsg=4547)])
    assert personal_records.apply(db, CIPHER, item) is False
    assert applicants.get(db, CIPHER, "S1") == person("S1")


def test_a_person_is_erased_from_every_record_and_the_others_stay(db):
    stored(db, person("S1"), person("S2", identity_number=invented.number("19700101", 5)))
    households.save(db, [Household(household_no="H1", village_code="421223100201")])
    households.save_persons(db, CIPHER, [Person(household_no="H1", part="head", name="某", identity_number=CHILD)])
    assert audited(db)[-1]["action"] == "households.save_persons"
    found = personal_records.of_number(db, CIPHER, CHILD)
    assert [(item.part, item.key, item.is_open) for item in found] == [
        ("member", "S1", True),
        ("member", "S2", True),
        ("head", "H1", False),
    ]
    personal_records.erase(db, CIPHER, found, reason="依本人申请")
    assert personal_records.of_number(db, CIPHER, CHILD) == [] == households.persons(db, CIPHER, "H1")
    assert applicants.get(db, CIPHER, "S1") == person(members=())


def test_every_sealed_column_has_a_class_a_purpose_a_basis_and_a_retention():
    assert tuple(fields()["applicant"]) == applicants.SEALED
    assert tuple(fields()["member"]) == applicants.SEALED_OF_MEMBERS
    assert tuple(fields()["household"]) == households.SEALED
    for field in (field for group in fields().values() for field in group.values()):
        assert field.class_label and field.purpose and "个人信息保护法" in field.basis and field.retention.source


def test_an_unknown_case_cannot_be_erased(db):
    with pytest.raises(CuntuError, match="S9"):
        personal_records.of_case(db, "S9")


def test_the_servers_own_log_says_which_statement_was_refused_and_nothing_of_the_row(db, server_url):
    folder = Path(db.execute("SHOW data_directory").fetchone()[0]).parent
    if not (folder / "server.log").exists():
        pytest.skip("这个数据库服务器的日志不在内嵌数据库的文件夹中")
    for value in ("周某某", "周某某\n郑某某"):
        with pytest.raises(psycopg.errors.NotNullViolation), db.transaction():
            db.execute("INSERT INTO household (household_no, village_code, properties, synthetic) VALUES ('H-logged', NULL, %s, true)", [Jsonb({"x": value})])
        with pytest.raises(psycopg.errors.CheckViolation), db.transaction():
            db.execute("INSERT INTO seat (title, unit, place_code) VALUES (%s, 'H-logged', 'x')", [value])
    text = (folder / "server.log").read_text(encoding="utf-8")
    assert "null value in column" in text and "H-logged" in text
    assert "周某某" not in text and "郑某某" not in text
