"""Progress figures in the store: known periods, the roster."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import psycopg
import pytest
from villages import COUNTY, KNOWN, VILLAGES, publish_villages

from layers.errors import VersionStateError
from layers.progress import Figure, read_figures, read_report, read_roster, read_trend, record, reported_periods
from spatial.progress import EmptyRosterError
from spatial.progress_pack import load_progress_pack

PACK = load_progress_pack(county="421223")
TODAY = date(2026, 11, 22)
NOVEMBER = date(2026, 11, 1)
A, B, C, D, GONE = VILLAGES
FIRST = datetime(2026, 11, 5, tzinfo=UTC)
LATER = FIRST + timedelta(days=7)


def figure(code=A, indicator="R01", period=NOVEMBER, numerator=90.0, denominator=100.0):
    return Figure(village_code=code, indicator=indicator, period=period, numerator=numerator, denominator=denominator)


@pytest.fixture
def conn(db):
    publish_villages(db)
    return db


@pytest.fixture
def roster(conn):
    return read_roster(conn, valid_on=TODAY, known_at=datetime.now(UTC), county=COUNTY)


def stored(conn):
    return conn.execute("SELECT count(*) FROM progress_value").fetchone()[0]


def test_the_roster_is_the_village_layer_without_removed_villages(roster):
    assert list(roster.village_codes) == [A, B, C, D]
    assert list(roster.town_names) == ["天城镇", "天城镇", "沙坪镇", "沙坪镇"]


def test_without_a_village_layer_nobody_knows_who_has_to_report(db):
    with pytest.raises(EmptyRosterError):
        read_roster(db, valid_on=TODAY, known_at=datetime.now(UTC), county=COUNTY)


def test_without_the_village_layer_as_known_then_there_is_no_roster(conn):
    with pytest.raises(EmptyRosterError):
        read_roster(conn, valid_on=TODAY, known_at=KNOWN - timedelta(seconds=1), county=COUNTY)


def test_a_figure_is_read_back_and_the_others_are_not_reported(conn, roster):
    record(conn, [figure(B)], source_name="十一月.csv", at=FIRST)
    found = read_figures(conn, "R01", periods=[NOVEMBER], known_at=LATER, roster=roster)[NOVEMBER]
    np.testing.assert_array_equal(found.numerator, [np.nan, 90, np.nan, np.nan])
    assert not found.synthetic


@pytest.mark.parametrize(
    "statement", ["UPDATE progress_value SET numerator = 99", "UPDATE progress_value SET known_to = NULL", "DELETE FROM progress_value", "TRUNCATE progress_value"]
)
def test_a_figure_once_reported_is_corrected_by_another_never_changed(conn, statement):
    record(conn, [figure()], source_name="一报.csv", at=FIRST)
    record(conn, [figure(numerator=80)], source_name="二报.csv", at=LATER)
    with pytest.raises(psycopg.errors.RestrictViolation), conn.transaction():
        conn.execute(statement)
    assert stored(conn) == 2


def test_a_correction_keeps_what_was_known_before(conn, roster):
    record(conn, [figure(numerator=90), figure(B, numerator=50)], source_name="一报.csv", at=FIRST)
    done = record(conn, [figure(numerator=80), figure(B, numerator=50), figure(C)], source_name="二报.csv", at=LATER)
    assert (done.new, done.corrected, done.unchanged) == (1, 1, 1)

    def known(at):
        found = read_figures(conn, "R01", periods=[NOVEMBER], known_at=at, roster=roster)[NOVEMBER]
        return np.nan_to_num(found.numerator, nan=-1).tolist()

    assert known(FIRST - timedelta(seconds=1)) == [-1, -1, -1, -1]
    assert known(FIRST) == known(LATER - timedelta(seconds=1)) == [90, 50, -1, -1]
    assert known(LATER) == [80, 50, 90, -1]


def test_what_was_known_is_not_rewritten(conn):
    record(conn, [figure()], source_name="一报.csv", at=LATER)
    with pytest.raises(VersionStateError):
        record(conn, [figure(numerator=1)], source_name="二报.csv", at=FIRST)


def test_made_up_figures_are_marked(conn, roster):
    record(conn, [figure()], source_name="示例", synthetic=True, at=FIRST)
    found = read_report(conn, "R01", asked=NOVEMBER, pack=PACK, roster=roster, known_at=LATER)
    assert found.as_dict()["synthetic"] is True


def test_a_report_rolls_up_what_is_stored(conn, roster):
    record(conn, [figure(A, numerator=90), figure(B, numerator=10, denominator=50), figure(C)], source_name="一报.csv", at=FIRST)
    found = read_report(conn, "R01", asked=NOVEMBER, pack=PACK, roster=roster, known_at=LATER).as_dict()
    assert [(town["name"], town["rate_label"], town["completeness"]) for town in found["towns"]] == [
        ("天城镇", "66.67%", "2/2"), ("沙坪镇", "90.00%", "1/2"),
    ]  # fmt: skip
    assert found["county"]["status"] == "incomplete"


def test_a_figure_of_a_removed_village_takes_no_part_and_is_named(conn, roster):
    record(conn, [figure(GONE), figure(A)], source_name="一报.csv", at=FIRST)
    found = read_report(conn, "R01", asked=NOVEMBER, pack=PACK, roster=roster, known_at=LATER)
    assert (found.as_dict()["unlisted"], found.as_dict()["county"]["reported"]) == ([GONE], 1)


def test_a_quarter_figure_is_found_from_a_later_month(conn, roster):
    record(conn, [figure(indicator="R05", period=date(2026, 9, 1), numerator=1, denominator=1)], source_name="三季度.csv", at=FIRST)
    found = read_report(conn, "R05", asked=NOVEMBER, pack=PACK, roster=roster, known_at=LATER).as_dict()
    assert (found["figures_period"], found["villages"][0]["rate"]) == ("2026-09", 1)


def test_a_trend_has_every_due_period(conn, roster):
    record(conn, [figure(period=date(2026, 9, 1)), figure(period=date(2026, 11, 1))], source_name="一报.csv", at=FIRST)
    points = read_trend(conn, "R01", unit=A, span=(date(2026, 8, 1), NOVEMBER), pack=PACK, roster=roster, known_at=LATER)
    assert [(point.period.month, point.rate) for point in points] == [(8, None), (9, 0.9), (10, None), (11, 0.9)]
    assert reported_periods(conn, known_at=LATER) == {"R01": [date(2026, 9, 1), NOVEMBER]}
