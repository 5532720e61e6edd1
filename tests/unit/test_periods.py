"""Reporting periods, from the month asked for to the month a figure was due in."""

from __future__ import annotations

from datetime import date

import pytest

from spatial.errors import InputError
from spatial.periods import due_period, due_periods, month_label, months_before, parse_month


@pytest.mark.parametrize(
    ("cadence", "asked", "due"),
    [
        ("month", "2026-11", "2026-11"),
        ("quarter", "2026-08", "2026-06"),
        ("quarter", "2026-09", "2026-09"),
        ("quarter", "2026-10", "2026-09"),
        ("quarter", "2026-02", "2025-12"),
        ("half-year", "2026-05", "2025-12"),
        ("half-year", "2026-06", "2026-06"),
        ("half-year", "2026-11", "2026-06"),
        ("year", "2026-11", "2025-12"),
        ("year", "2026-12", "2026-12"),
    ],
)
def test_a_month_shows_the_period_that_was_due_last(cadence: str, asked: str, due: str) -> None:
    assert month_label(due_period(parse_month(asked), cadence=cadence)) == due


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "26-11", "2026/11", "2026-11-02", "", "202611", "0000-01", "２０２６-11-"])
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="不是月份"):
        parse_month(text)


def test_a_month_may_be_written_as_its_first_day() -> None:
    assert parse_month("2026-11-01") == parse_month(" 2026-11 ") == date(2026, 11, 1)


def test_due_periods_include_both_ends() -> None:
    assert [month_label(period) for period in due_periods(date(2025, 12, 1), date(2026, 7, 1), cadence="quarter")] == ["2025-12", "2026-03", "2026-06"]
    assert len(due_periods(date(2024, 12, 1), date(2026, 11, 1), cadence="month")) == 24
    assert due_periods(date(2026, 1, 1), date(2026, 2, 1), cadence="quarter") == ()


def test_months_before_cross_the_year() -> None:
    assert months_before(date(2026, 1, 1), 1) == date(2025, 12, 1)
    assert months_before(date(2026, 11, 1), 23) == date(2024, 12, 1)
