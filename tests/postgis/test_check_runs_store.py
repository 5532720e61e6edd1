from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import psycopg
import pytest
import shapely
from frames import EPSG, moment, square

from layers import check_runs as store
from layers import database, households
from layers.check_runs import Result, Run, RunBusyError, Subject
from layers.errors import UnknownRecordError
from layers.households import Household

HOSTILE = "{{ 7*7 }}\t<script>\\N\n'\"=1+1"


def a_run(total=3, **changes):
    base = {"id": uuid4(), "kind": "houses", "title": HOSTILE, "parameters": {"a": [1]}, "valid_on": date(2026, 1, 1), "known_at": moment("2026-01-02"),
            "pack_version": "2026.01.1", "pack_sha256": "ab" * 32, "versions": {"building": 7}, "classification_id": None, "total": total,
            "created_at": moment("2026-01-02")}  # fmt: skip
    return Run(**base | changes)


def subject(position, **changes):
    base = {"position": position, "kind": "building", "name": f"F{position}", "properties": {"storeys": 2}, "geometry": square(position * 20, 0, 10), "epsg": EPSG}
    return Subject(**base | changes)


def result(position, **changes):
    base = {"position": position, "kind": "building", "name": f"F{position}", "verdict": "clear", "report": '{"hits":[]}', "geometry": square(0, 0, 10), "epsg": EPSG}
    return Result(**base | changes)


@pytest.fixture
def run(db):
    made = a_run()
    store.create(db, made, [subject(0), subject(1, name=HOSTILE, properties={"x": HOSTILE, "n": None}), subject(2, name=None)])
    db.commit()
    return made


def test_a_run_and_its_subjects_come_back_as_they_were_written(db, run):
    assert store.get(db, run.id) == run
    found = store.subjects(db, run.id, 0, 3)
    assert [item.name for item in found] == ["F0", HOSTILE, None]
    assert found[1].properties == {"x": HOSTILE, "n": None}
    assert shapely.equals_exact(found[2].geometry, square(40, 0, 10), 0)
    assert [item.position for item in store.subjects(db, run.id, 1, 2)] == [1]


def test_results_and_progress_move_together_or_not_at_all(db_url, db, run):
    with pytest.raises(psycopg.errors.UniqueViolation), database.connect(db_url) as conn:
        store.advance(conn, run, stop=2, results=[result(0), result(0)], summary={})
    assert (store.get(db, run.id).done, store.results(db, run.id)) == (0, [])
    store.advance(db, run, stop=2, results=[result(0), result(1, verdict="conflict", name=HOSTILE)], summary={"verdicts": {"clear": 1}})
    moved = store.get(db, run.id)
    assert (moved.done, moved.finished_at, moved.summary) == (2, None, {"verdicts": {"clear": 1}})
    assert [item.name for item in store.results(db, run.id)] == ["F0", HOSTILE]
    store.advance(db, moved, stop=3, results=[], summary={})
    assert store.get(db, run.id).finished_at is not None


def test_two_that_do_the_same_chunk_write_it_once(db_url, db, run):
    with database.connect(db_url) as other:
        store.advance(other, run, stop=2, results=[result(0)], summary={})
    with pytest.raises(RunBusyError):
        store.advance(db, run, stop=2, results=[result(1)], summary={})


def test_a_run_is_done_by_one_at_a_time_and_is_free_when_its_connection_ends(db_url, db, run):
    with database.connect(db_url) as first, store.alone(first, run.id):
        with pytest.raises(RunBusyError), store.alone(db, run.id):
            pass
        other = a_run()
        with store.alone(db, other.id):
            pass
    with database.connect(db_url) as gone:
        gone.execute("SELECT 1")
        store.alone(gone, run.id).__enter__()
    with store.alone(db, run.id):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE check_run SET title = 'x'",
        "UPDATE check_run SET versions = '{}'",
        "DELETE FROM check_run",
        "UPDATE check_run SET done = 0",
        "UPDATE check_run_subject SET name = 'x'",
        "DELETE FROM check_run_subject",
        "UPDATE check_run_result SET verdict = 'clear'",
        "DELETE FROM check_run_result",
        "TRUNCATE check_run_result",
    ],
)
def test_what_a_run_has_found_cannot_be_changed(db, run, statement):
    store.advance(db, run, stop=2, results=[result(0)], summary={})
    with pytest.raises(psycopg.errors.RestrictViolation):
        db.execute(statement)


def test_a_finished_run_moves_no_more(db, run):
    store.advance(db, run, stop=3, results=[], summary={})
    with pytest.raises(psycopg.errors.RestrictViolation):
        db.execute("UPDATE check_run SET summary = '{}'")


def test_a_run_without_subjects_is_finished_at_once(db):
    made = a_run(total=0)
    store.create(db, made, [])
    assert store.get(db, made.id).finished_at is not None


def test_results_are_read_piece_by_piece_and_by_verdict(db):
    made = a_run(total=1_200)
    store.create(db, made, [subject(row) for row in range(1_200)])
    verdicts = ["conflict" if row % 3 == 0 else "clear" for row in range(1_200)]
    store.advance(db, made, stop=1_200, results=[result(row, verdict=verdict) for row, verdict in enumerate(verdicts)], summary={})
    assert [item.position for item in store.every_result(db, made.id)] == list(range(1_200))
    assert [item.position for item in store.results(db, made.id, after=3, limit=2, verdict="conflict")] == [6, 9]
    assert {item.verdict for item in store.worst(db, made.id, ["conflict", "clear"], limit=400)} == {"conflict"}
    assert store.result_counts(db, made.id) == {"conflict": 400, "clear": 800}


def test_an_unknown_run_is_named(db):
    missing = uuid4()
    with pytest.raises(UnknownRecordError, match=str(missing)):
        store.get(db, missing)


def test_runs_are_listed_newest_first(db):
    made = [a_run(created_at=moment(f"2026-01-0{day}")) for day in (1, 3, 2)]
    for item in made:
        store.create(db, replace(item, total=0), [])
    assert [item.id for item in store.latest(db, limit=2)] == [made[1].id, made[2].id]
    assert store.count(db) == 3


def test_the_plots_of_a_household_are_read_from_both_columns_once_each(db):
    held = [{"zddm": "A", "other_zddm": ["B", "A"]}, {"zddm": ["C", "D"]}, {"zddm": None, "other_zddm": []}, {"persons": 3}, {"zddm": ""}]
    households.save(db, [Household(household_no=f"H{row}", village_code="1", properties=value) for row, value in enumerate(held)])
    assert store.plots_of_households(db) == [("A", "B"), ("C", "D")]
