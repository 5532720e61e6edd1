from __future__ import annotations

from datetime import date
from uuid import uuid4

import psycopg
import pytest
import shapely
from frames import EPSG, moment, square

from layers import applications, checks, classifications, households, jobs
from layers.applications import Application
from layers.checks import StoredCheck
from layers.classifications import Run, VillageResult
from layers.errors import UnknownRecordError
from layers.households import Household

REPORT = '{"findings":[],"message":"“不通过”\\n\\\\ 0.30000000000000004","verdict":"refused"}'.encode()


def a_check(**changes):
    base = {
        "id": uuid4(),
        "case_no": "2024-001",
        "verdict": "refused",
        "report": REPORT,
        "geometry": square(side=12),
        "epsg": EPSG,
        "subject_sha256": "ab" * 32,
        "valid_on": date(2024, 5, 1),
        "known_at": moment("2024-05-02"),
        "checked_at": moment("2024-05-02T08:30"),
        "pack_id": "house-building",
        "pack_version": "1.0",
        "pack_sha256": "cd" * 32,
        "applied_on": date(2024, 4, 30),
        "properties": {"household_size": 4},
        "datasets": [{"layer": "road", "version": 3}],
    }
    return StoredCheck(**base | changes)


def test_a_stored_check_comes_back_byte_for_byte(db):
    check = a_check()
    checks.save(db, [check])
    found = checks.get(db, check.id)
    assert found.report == REPORT
    assert shapely.equals_exact(found.geometry, check.geometry, 0)
    assert (found.epsg, found.known_at, found.properties) == (EPSG, moment("2024-05-02"), {"household_size": 4})
    assert found.datasets == [{"layer": "road", "version": 3}]


def test_checks_are_listed_newest_first_and_by_verdict(db):
    made = [a_check(case_no=str(day), verdict=verdict, checked_at=moment(f"2024-05-0{day}")) for day, verdict in [(1, "passed"), (2, "refused"), (3, "passed")]]
    checks.save(db, made)
    assert [entry.case_no for entry in checks.latest(db)] == ["3", "2", "1"]
    assert [entry.case_no for entry in checks.latest(db, limit=1, offset=1)] == ["2"]
    assert [entry.case_no for entry in checks.latest(db, verdict="passed")] == ["3", "1"]
    assert [entry.id for entry in checks.latest(db, case_no="2")] == [made[1].id]
    assert checks.count_by_verdict(db) == {"passed": 2, "refused": 1}


def test_an_unknown_check_is_named(db):
    missing = uuid4()
    with pytest.raises(UnknownRecordError, match=str(missing)):
        checks.get(db, missing)


def test_a_check_is_stored_once(db):
    check = a_check()
    checks.save(db, [check])
    with pytest.raises(psycopg.errors.UniqueViolation):
        checks.save(db, [check])


def test_a_classification_run_keeps_every_village(db):
    run = Run(
        id=uuid4(), pack_id="village-types", pack_version="1", pack_sha256="x", valid_on=date(2024, 1, 1), known_at=moment("2024-01-02"), datasets=[{"layer": "village"}]
    )
    results = [VillageResult("421223100201", "retain_improve", b'{"a":1}'), VillageResult("421223100200", "undetermined", b"{}")]
    assert classifications.latest(db) is None
    classifications.save(db, run, results)
    assert classifications.get(db, run.id).datasets == [{"layer": "village"}]
    assert classifications.latest(db) == classifications.get(db, run.id) == classifications.recent(db)[0]
    assert classifications.results(db, run.id) == sorted(results, key=lambda item: item.village_code)
    with pytest.raises(UnknownRecordError):
        classifications.get(db, uuid4())


@pytest.mark.parametrize("table", ["stored_check", "classification_run", "classification_result"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_a_stored_result_cannot_be_changed(db, table, statement):
    checks.save(db, [a_check()])
    run = Run(id=uuid4(), pack_id="village-types", pack_version="1", pack_sha256="x", valid_on=date(2024, 1, 1), known_at=moment("2024-01-02"), datasets=[])
    classifications.save(db, run, [VillageResult("421223100201", "retain_improve", b"{}")])
    column, value = ("pack_version", "'2'") if table == "classification_run" else ("report", "report || ' '")
    with pytest.raises(psycopg.errors.RestrictViolation, match=f"不能改动：.* {table}"), db.transaction():
        db.execute(statement.format(table, column, value))
    assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


def test_applications_carry_their_newest_verdict(db):
    case = Application(case_no="2024-001", properties={"storeys": 2}, geometry=square(side=12), epsg=EPSG, expected={"verdict": "passed"}, synthetic=True)
    applications.save(db, [case, Application(case_no="2024-002", properties={}, geometry=square(), epsg=EPSG)])
    assert [(item.case_no, item.verdict) for item in applications.everything(db)] == [("2024-001", None), ("2024-002", None)]
    newest = a_check(verdict="passed", checked_at=moment("2024-06-01"))
    checks.save(db, [newest, a_check()])
    found = applications.get(db, "2024-001")
    assert (found.check_id, found.verdict, found.expected, found.properties) == (newest.id, "passed", {"verdict": "passed"}, {"storeys": 2})
    assert shapely.equals_exact(found.geometry, case.geometry, 0)
    applications.save(db, [Application(case_no="2024-002", properties={"storeys": 3}, geometry=square(), epsg=EPSG)])
    assert applications.get(db, "2024-002").properties == {"storeys": 3}
    with pytest.raises(UnknownRecordError, match="2024-003"):
        applications.get(db, "2024-003")


def test_households_are_counted_by_village(db):
    made = [Household(household_no=f"{village}-{number}", village_code=village, synthetic=True) for village in ("A", "B") for number in range(2)]
    households.save(db, made[:3])
    assert households.counts(db) == {"A": 2, "B": 1}
    assert households.of_village(db, "A") == made[:2]


def test_a_job_goes_from_queued_to_done(db):
    job = jobs.add(db, "import")
    assert (job.state, job.progress) == ("queued", 0)
    jobs.report(db, job.id, progress=0.4, message="写入")
    assert (jobs.get(db, job.id).state, jobs.get(db, job.id).progress) == ("running", 0.4)
    jobs.finish(db, job.id, result={"version": 3})
    done = jobs.get(db, job.id)
    assert (done.state, done.progress, done.result) == ("done", 1.0, {"version": 3})
    assert done.finished_at is not None
    jobs.report(db, job.id, progress=0.1, message="迟到")
    assert jobs.get(db, job.id) == done
    assert jobs.recent(db) == [done]


def test_a_failed_job_says_why(db):
    job = jobs.add(db, "import")
    jobs.fail(db, job.id, message="坐标系不明", result={"problems": ["第 1 行"]})
    assert (jobs.get(db, job.id).state, jobs.get(db, job.id).message) == ("failed", "坐标系不明")


def test_jobs_left_by_a_stopped_service_are_marked(db):
    left, done = jobs.add(db, "batch"), jobs.add(db, "batch")
    jobs.finish(db, done.id, result={})
    assert jobs.interrupt_unfinished(db) == 1
    assert jobs.get(db, left.id).state == "interrupted"
    with pytest.raises(UnknownRecordError):
        jobs.get(db, uuid4())
