"""What is reckoned from the form: working days as the calendar counts them, kinds of neighbour in a text, strips beside a site."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from planning import column, here

from spatial.four_sides import named_kinds, strips
from spatial.working_days import UnknownYearError, load_calendar, working_days

DAYS = st.dates(date(2021, 12, 20), date(2023, 1, 10))


@given(st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=8))
def test_working_days_of_many_are_those_the_calendar_counts_one_by_one(pairs: list[tuple[date, date]]) -> None:
    def one(first: date, last: date) -> float:
        try:
            return float(load_calendar().between(first, last))
        except UnknownYearError:
            return np.nan

    first, last = (np.array([pair[side].toordinal() for pair in pairs], dtype=np.int64) for side in (0, 1))
    np.testing.assert_array_equal(working_days(load_calendar(), first, last), [one(*pair) for pair in pairs])


def test_however_many_pairs_of_days_are_asked_no_more_than_some_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spatial.working_days._MOST_COUNTED", 5)
    calendar = replace(load_calendar(), counted={})
    first = np.arange(date(2022, 3, 1).toordinal(), date(2022, 6, 1).toordinal())
    for length in (3, 9, 9, 30):
        told = [calendar.between(date.fromordinal(day), date.fromordinal(day + length)) for day in first.tolist()]
        assert working_days(calendar, first, first + length).tolist() == told
        assert len(calendar.counted) == len(first)


def test_the_week_of_the_national_day_has_two_working_days() -> None:
    """Of 1 to 9 October 2022 only the 8th and 9th were worked, in exchange."""
    first, last = (np.array([day.toordinal()], dtype=np.int64) for day in (date(2022, 9, 30), date(2022, 10, 9)))
    assert working_days(load_calendar(), first, last).tolist() == [2.0]
    assert working_days(load_calendar(), last, first).tolist() == [0.0]
    assert np.isnan(working_days(load_calendar(), last, last + np.int64(timedelta(days=90).days))).all()


KINDS = [
    ("东至村道", {"road"}), ("邻户宅基地", {"parcel"}), ("水塘", {"river"}), ("路边水沟", {"road", "river"}), ("荒坡", {"open"}), ("空地", {"open"}),
    ("界桩", None), ("J1", None), (None, None), ("<b>路</b>", {"road"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kinds"), KINDS)
def test_the_kinds_of_neighbour_a_text_names(text: str | None, kinds: set[str] | None) -> None:
    assert named_kinds(text) == kinds


def test_the_strips_lie_beside_the_middle_of_each_side() -> None:
    (found,) = strips(column([here(0, 0, 10, 20)]), 5.0)
    beside = [here(10, 2, 5, 16), here(1, -5, 8, 5), here(-5, 2, 5, 16), here(1, 20, 8, 5)]
    assert shapely.equals_exact(found, column(beside), 1e-6, normalize=True).all()
