from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from uuid import uuid4

import psycopg
import pytest
from frames import EPSG, moment, square

from layers import checks, database, overrides, rechecks
from layers.checks import StoredCheck
from layers.errors import UnknownRecordError
from layers.overrides import Act, AlreadyMarkedError, NotStandingError
from layers.rechecks import Link

REPORT = (
    b'{"findings":[{"rule_id":"HB-001","branch":"a","outcome":"fail"},{"rule_id":"HB-040","branch":null,"outcome":"no_data"},'
    b'{"rule_id":"HB-060","branch":null,"outcome":"pass"}],"verdict":"refused"}'
)


@pytest.fixture
def check(db):
    made = StoredCheck(
        id=uuid4(), case_no="A-1", verdict="refused", report=REPORT, geometry=square(side=12), epsg=EPSG, subject_sha256="ab" * 32,
        valid_on=date(2024, 5, 1), known_at=moment("2024-05-02"), checked_at=moment("2024-05-02"), pack_id="house-building", pack_version="1",
        pack_sha256="cd" * 32,
    )  # fmt: skip
    checks.save(db, [made])
    db.commit()
    return made.id


def act(check_id, **changes):
    base = {"check_id": check_id, "act": "mark", "rule_key": "HB-001a", "feature_id": "J1", "reason": "图斑已调出", "officer": "三号席位",
            "unit": "自然资源所", "evidence": "县局批复", "hit_features": ("J1",)}  # fmt: skip
    return Act(**base | changes)


def test_a_mark_stands_until_it_is_withdrawn_and_both_acts_stay(db, check):
    made = overrides.mark(db, act(check))
    assert overrides.standing(overrides.of_check(db, check)) == [replace(made, hit_features=["J1"])]
    overrides.withdraw(db, check, made.id, reason="看错了图", officer="五号席位", unit="自然资源局")
    acts = overrides.of_check(db, check)
    assert [item.act for item in acts] == ["mark", "withdraw"]
    assert (acts[1].withdraws, acts[1].officer, acts[1].rule_key, acts[1].feature_id) == (made.id, "五号席位", "HB-001a", "J1")
    assert overrides.standing(acts) == []
    again = overrides.mark(db, act(check, reason="另有批复"))
    assert [item.id for item in overrides.standing(overrides.of_check(db, check))] == [again.id]


def test_a_withdrawn_mark_cannot_be_withdrawn_again_nor_one_that_never_was(db, check):
    made = overrides.mark(db, act(check))
    overrides.withdraw(db, check, made.id, reason="a", officer="b", unit="c")
    for mark_id in (made.id, uuid4()):
        with pytest.raises(NotStandingError):
            overrides.withdraw(db, check, mark_id, reason="a", officer="b", unit="c")


@pytest.mark.parametrize("name", ["reason", "officer", "unit", "rule_key"])
@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_the_store_itself_refuses_a_blank(db, check, name, blank):
    with pytest.raises(psycopg.errors.CheckViolation):
        overrides.mark(db, act(check, **{name: blank}))


@pytest.mark.parametrize("evidence", [{"evidence": None}, {"evidence": "  "}, {"evidence": None, "evidence_sha256": "AB" * 32}])
def test_the_store_itself_refuses_a_mark_without_evidence(db, check, evidence):
    with pytest.raises(psycopg.errors.CheckViolation):
        overrides.mark(db, act(check, **evidence))


def test_the_hash_of_a_file_is_evidence_too(db, check):
    assert overrides.mark(db, act(check, evidence=None, evidence_sha256="ab" * 32)).id


@pytest.mark.parametrize("rule", ["HB-040", "HB-060", "HB-001", "HB-999"])
def test_the_store_itself_refuses_a_rule_that_did_not_hit(db, check, rule):
    with pytest.raises(psycopg.errors.CheckViolation, match="没有命中"):
        overrides.mark(db, act(check, rule_key=rule))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE check_override SET reason = 'x'", "DELETE FROM check_override", "TRUNCATE check_override", "UPDATE recheck SET grounds = '[]'", "DELETE FROM recheck"],
)
def test_no_act_can_be_changed_or_erased(db, check, statement):
    overrides.mark(db, act(check))
    other = replace(checks.get(db, check), id=uuid4())
    checks.save(db, [other])
    rechecks.add(db, Link(check_id=other.id, previous_id=check, grounds=[]))
    with pytest.raises(psycopg.errors.RestrictViolation):
        db.execute(statement)


def test_a_check_with_acts_stays_as_it_was(db, check):
    overrides.mark(db, act(check))
    assert checks.get(db, check).report == REPORT


def test_an_act_on_a_check_that_is_not_there_is_refused(db):
    with pytest.raises(UnknownRecordError):
        overrides.mark(db, act(uuid4()))


def test_of_two_officers_marking_the_same_hit_at_once_one_is_told_of_the_other(db_url, check):
    outcomes, start = [], threading.Barrier(2)

    def officer(name):
        with database.connect(db_url) as conn:
            start.wait()
            try:
                overrides.mark(conn, act(check, officer=name))
                conn.commit()
                outcomes.append("made")
            except AlreadyMarkedError as error:
                outcomes.append(str(error))

    threads = [threading.Thread(target=officer, args=(name,)) for name in ("甲席位", "乙席位")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert sorted(text == "made" for text in outcomes) == [False, True]
    told = next(text for text in outcomes if text != "made")
    with database.connect(db_url) as conn:
        [made] = overrides.of_check(conn, check)
    assert made.officer in told


def test_the_same_rule_can_be_marked_on_each_of_its_features(db, check):
    overrides.mark(db, act(check, hit_features=("J1", "J2")))
    overrides.mark(db, act(check, feature_id="J2", hit_features=("J1", "J2")))
    with pytest.raises(AlreadyMarkedError, match="三号席位"):
        overrides.mark(db, act(check, officer="另一席位"))
    assert len(overrides.standing(overrides.of_check(db, check))) == 2


def test_a_line_of_checks_is_found_from_each_of_them(db, check):
    line = [check]
    for _ in range(3):
        other = replace(checks.get(db, check), id=uuid4())
        checks.save(db, [other])
        rechecks.add(db, Link(check_id=other.id, previous_id=line[-1], grounds=[{"kind": "data", "text": "新版本"}]))
        line.append(other.id)
    for start in line:
        assert [link.check_id for link in rechecks.chain(db, start)] == line[1:]
    other = replace(checks.get(db, check), id=uuid4())
    checks.save(db, [other])
    with pytest.raises(psycopg.errors.UniqueViolation):
        rechecks.add(db, Link(check_id=other.id, previous_id=check, grounds=[]))
