"""Working days: the year's count, years without a notice, and what always holds."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import PackError
from spatial.working_days import UnknownYearError, load_calendar

DAYS = [date(2022, 1, 1) + timedelta(days=day) for day in range(365)]
NOTICE = """\
year: 2023
source: 通知
confidence: K
days:
  - {date: 2023-01-02, kind: holiday, name: 元旦}
"""


def test_2022_has_249_working_days() -> None:
    """GN-024."""
    assert sum(load_calendar().is_working_day(day) for day in DAYS) == 249


@pytest.mark.parametrize("day", [date(2021, 12, 31), date(2023, 1, 1)])
def test_a_year_without_a_notice_is_not_guessed(day: date) -> None:
    with pytest.raises(UnknownYearError, match=str(day.year)):
        load_calendar().is_working_day(day)


def test_a_deadline_that_runs_into_such_a_year_is_not_guessed() -> None:
    with pytest.raises(UnknownYearError, match="2023"):
        load_calendar().due(date(2022, 12, 30), working_days=5)


@given(st.sampled_from(DAYS[:250]), st.integers(1, 60))
def test_a_deadline_is_a_working_day_with_as_many_before_it(start: date, count: int) -> None:
    calendar = load_calendar()
    due = calendar.due(start, working_days=count)
    assert calendar.is_working_day(due)
    assert calendar.between(start, due) == count
    assert calendar.late(start, due, working_days=count) == 0


def test_nothing_is_late_before_its_deadline() -> None:
    assert load_calendar().late(date(2022, 3, 1), date(2022, 3, 2), working_days=20) == 0


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        (NOTICE.replace("2023-01-02", "2022-01-02"), 1, "2022-01-02"),
        (NOTICE.replace("kind: holiday", "kind: worked"), 5, "本来就是工作日"),
        (NOTICE.replace("kind: holiday", "kind: half"), 5, "kind"),
        (NOTICE + "  - {date: 2023-01-02, kind: holiday, name: 元旦}\n", 1, "两次"),
        (NOTICE.replace("source: 通知\n", ""), 1, "source"),
        (NOTICE.replace("year: 2023", "year: 2024").replace("2023-01-02", "2024-01-01"), 1, "文件名"),
    ],
)
def test_a_mistake_in_a_notice_is_named_by_file_and_line(tmp_path: Path, wrong: str, line: int, words: str) -> None:
    (tmp_path / "2023.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(PackError) as refused:
        load_calendar(folder=tmp_path)
    assert refused.value.problems[0].startswith(f"2023.yaml:{line} ") and words in refused.value.problems[0]
