"""Deadlines and units as sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from spatial.periods import parse_month, ten_day_span
from spatial.units import m2_to_hectare, m2_to_mu, mu_to_m2
from spatial.working_days import due_calendar_days, load_calendar

HERE = Path(__file__).parent


def cases(name: str, key: str) -> list[Any]:
    found = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    chosen = [pytest.param(case, id=f"{case['id']} {case['name']}") for case in found if key in case]
    assert chosen
    return chosen


@pytest.mark.parametrize("case", cases("deadlines.yaml", "due"))
def test_the_last_day_of_a_period(case: dict[str, Any]) -> None:
    if "calendar_days" in case:
        assert due_calendar_days(case["start"], days=case["calendar_days"]) == case["due"]
    else:
        assert load_calendar().due(case["start"], working_days=case["working_days"]) == case["due"]


@pytest.mark.parametrize("case", cases("deadlines.yaml", "late"))
def test_working_days_too_late(case: dict[str, Any]) -> None:
    assert load_calendar().late(case["start"], case["done"], working_days=case["working_days"]) == case["late"]


@pytest.mark.parametrize("case", cases("deadlines.yaml", "span"))
def test_ten_day_parts_of_a_month(case: dict[str, Any]) -> None:
    month = parse_month(case["month"])
    assert list(ten_day_span(month.year, month.month, case["part"])) == case["span"]


@pytest.mark.parametrize("case", cases("units.yaml", "mu"))
def test_mu_in_square_metres(case: dict[str, Any]) -> None:
    assert round(mu_to_m2(case["mu"]) / case.get("households", 1), 2) == case["m2"]


def test_mu_and_square_metres_undo_each_other() -> None:
    assert m2_to_mu(mu_to_m2(97.0)) == pytest.approx(97.0, rel=1e-15)
    assert m2_to_hectare(mu_to_m2(15.0)) == pytest.approx(1.0)
