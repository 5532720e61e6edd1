from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import orjson
import psycopg
import pytest
from frames import EPSG, moment, square

from layers import checks, database
from layers.checks import StoredCheck
from layers.packed_reports import DamagedReportError, Packing

FINDINGS = [
    {"rule_id": f"HB-{number:03d}", "branch": None, "outcome": "pass", "message": f"第 {number} 条：符合《村庄和集镇规划建设管理条例》。"}
    for number in range(1, 90)
]


def a_check(number: int = 0, **changes) -> StoredCheck:
    check_id = uuid4()
    findings = [{**FINDINGS[0], "branch": "a", "outcome": "fail", "measured": number / 7}, *FINDINGS]
    base = {
        "id": check_id,
        "case_no": f"A-{number}",
        "verdict": "refused",
        "report": orjson.dumps({"id": str(check_id), "findings": findings}),
        "geometry": square(side=12),
        "epsg": EPSG,
        "subject_sha256": "ab" * 32,
        "valid_on": date(2024, 5, 1),
        "known_at": moment("2024-05-02"),
        "checked_at": moment("2024-05-02T08:30"),
        "pack_id": "house-building",
        "pack_version": "1.0",
        "pack_sha256": "cd" * 32,
        "datasets": [{"layer": "road", "version": 3}],
    }
    return StoredCheck(**base | changes)


def dictionaries(db) -> int:
    return db.execute("SELECT count(*) FROM report_dictionary").fetchone()[0]


def test_reports_that_say_the_same_take_a_hundredth_of_their_size_and_come_back_byte_for_byte(db):
    made = [a_check(number) for number in range(30)]
    checks.save(db, made)
    assert [checks.get(db, check.id).report for check in made] == [check.report for check in made]
    [size] = db.execute("SELECT avg(length(packed)) FROM stored_check").fetchone()
    assert size < len(made[0].report) / 50
    assert dictionaries(db) == 1


def test_other_rules_or_other_versions_have_a_dictionary_of_their_own(db):
    checks.save(db, [a_check(1), a_check(2, pack_sha256="ee" * 32), a_check(3, datasets=[{"layer": "road", "version": 4}])])
    assert dictionaries(db) == 3
    checks.save(db, [a_check(4), a_check(5, pack_sha256="ee" * 32)])
    assert dictionaries(db) == 3


def test_the_rules_that_failed_are_read_from_the_report_where_they_are_not_given(db):
    told, read = a_check(1, failed=["HB-001b", "HB-007"]), a_check(2)
    checks.save(db, [told, read])
    assert checks.get(db, told.id).failed == ["HB-001b", "HB-007"]
    assert checks.get(db, read.id).failed == ["HB-001a"]


def test_a_dictionary_made_in_a_transaction_that_failed_is_made_again(db):
    packing = Packing()
    checks.save(db, [a_check(1)], packing=packing)
    db.rollback()
    check = a_check(2)
    checks.save(db, [check])
    assert checks.get(db, check.id).report == check.report


def test_a_dictionary_is_never_changed_or_removed(db):
    checks.save(db, [a_check(1)])
    for statement in ("UPDATE report_dictionary SET content = ''", "DELETE FROM report_dictionary", "TRUNCATE report_dictionary"):
        with pytest.raises(psycopg.errors.RestrictViolation), db.transaction():
            db.execute(statement)


def test_a_damaged_report_is_said_to_be_damaged(db):
    made = [a_check(1), a_check(2)]
    checks.save(db, made)
    db.execute("ALTER TABLE stored_check DISABLE TRIGGER stored_check_immutable")
    db.execute("UPDATE stored_check SET packed = overlay(packed PLACING '\\x00ff'::bytea FROM 12) WHERE id = %s", [made[1].id])
    assert checks.get(db, made[0].id).report == made[0].report
    with pytest.raises(DamagedReportError):
        checks.get(db, made[1].id)
    db.execute("UPDATE stored_check SET dictionary = sha256('x') WHERE id = %s", [made[1].id])
    with pytest.raises(DamagedReportError):
        checks.get(db, made[1].id)


def test_a_report_stored_as_text_before_is_read_as_it_is(db):
    check = a_check(1)
    checks.save(db, [check])
    db.execute("ALTER TABLE stored_check DISABLE TRIGGER stored_check_immutable")
    db.execute("UPDATE stored_check SET report = %s, packed = NULL, dictionary = NULL, failed = NULL", [check.report.decode()])
    assert checks.get(db, check.id) == replace(checks.get(db, check.id), report=check.report, failed=None)
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute("UPDATE stored_check SET report = NULL")


def test_what_one_connection_packed_another_reads(db_url):
    check = a_check(1)
    with database.connect(db_url) as first:
        checks.save(first, [check])
    with database.connect(db_url) as second:
        checks.save(second, [other := a_check(2)])
        assert [checks.get(second, made.id).report for made in (check, other)] == [check.report, other.report]
        assert dictionaries(second) == 1


def test_checks_that_are_not_there_are_told(db):
    check, absent = a_check(1), uuid4()
    checks.save(db, [check])
    assert checks.missing(db, [check.id, absent]) == [absent]
