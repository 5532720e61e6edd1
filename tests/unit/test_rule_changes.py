from __future__ import annotations

from datetime import date, timedelta

import pytest

from spatial.rule_changes import changes_in_force
from spatial.rules.pack import load_pack

PACK = load_pack("house-building", county="421223")
ROADS_FROM = date(2011, 7, 1)


def test_on_one_day_nothing_changes():
    assert changes_in_force(PACK, ROADS_FROM, ROADS_FROM) == ()


@pytest.mark.parametrize("forward", [True, False])
def test_a_number_that_comes_into_force_between_two_days_is_named(forward):
    days = (ROADS_FROM - timedelta(days=1), ROADS_FROM)
    assert "公路建筑控制区宽度" in changes_in_force(PACK, *(days if forward else days[::-1]))


def test_two_days_under_the_same_law_do_not_differ():
    assert changes_in_force(PACK, date(2026, 11, 1), date(2026, 11, 2)) == ()
