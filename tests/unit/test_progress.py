"""Roll-up, status, ranks and trends, and what always holds of them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spatial.errors import InputError
from spatial.progress import EmptyRosterError, Figures, Roster, Units, county, percent, ranks, towns, villages
from spatial.progress_pack import load_progress_pack
from spatial.progress_report import report, trend
from spatial.progress_status import STATUS_LABELS, judge
from spatial.progress_targets import Goal, goal

Pair = tuple[int, int] | None
TOWN_COUNT = 3
WORST_FIRST = list(STATUS_LABELS)
PACK = load_progress_pack(county="421223")


def roster(count: int) -> Roster:
    codes = np.array([f"421223{100 + row % TOWN_COUNT}{row:03d}" for row in range(count)], dtype=object)
    town_codes = np.array([code[:9] for code in codes], dtype=object)
    named = np.array([f"村{row}" for row in range(count)], dtype=object)
    return Roster(codes, named, town_codes, np.array([f"镇{code[-1]}" for code in town_codes], dtype=object), "421223", "某县")


def figures(of: Roster, pairs: list[Pair]) -> Figures:
    told = [(code, pair) for code, pair in zip(of.village_codes, pairs, strict=True) if pair is not None]
    return Figures.align(of, codes=[code for code, _ in told], numerators=[pair[0] for _, pair in told], denominators=[pair[1] for _, pair in told])


shares = st.integers(0, 500).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))
reports = st.lists(st.none() | shares, min_size=1, max_size=12)
lines = st.builds(
    lambda line, step, better: Goal(PACK.targets["R01"][0], better, "year_end", False, line, line + step if better == "higher" else line - step),
    st.floats(0, 1),
    st.floats(0, 0.2),
    st.sampled_from(["higher", "lower"]),
)


def same(one: Units, other: Units) -> None:
    assert list(one.codes) == list(other.codes)
    assert list(one.names) == list(other.names)
    for name in ("numerator", "denominator", "reported", "due", "rated"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_allclose(one.rate_sum, other.rate_sum, rtol=1e-12)


@given(reports)
def test_the_county_is_the_same_rolled_up_from_villages_or_from_towns(pairs: list[Pair]) -> None:
    of = roster(len(pairs))
    each = villages(of, figures(of, pairs))
    same(county(of, each), county(of, towns(of, each)))


@given(reports)
def test_sums_are_those_of_the_reported_villages_alone(pairs: list[Pair]) -> None:
    of = roster(len(pairs))
    whole = county(of, villages(of, figures(of, pairs)))
    told = [pair for pair in pairs if pair is not None]
    assert (whole.reported[0], whole.due[0]) == (len(told), len(pairs))
    if not told:
        assert np.isnan([whole.numerator[0], whole.denominator[0], whole.rate[0], whole.mean_rate[0]]).all()
        return
    assert (whole.numerator[0], whole.denominator[0]) == (sum(pair[0] for pair in told), sum(pair[1] for pair in told))
    rates = [pair[0] / pair[1] for pair in told if pair[1]]
    assert whole.mean_rate[0] == pytest.approx(np.mean(rates)) if rates else np.isnan(whole.mean_rate[0])


@given(reports, lines, st.sampled_from(["sum_ratio", "mean_and_sum"]), st.data())
def test_taking_a_report_away_never_helps_and_invents_nothing(pairs: list[Pair], line: Goal, rollup: str, data: st.DataObject) -> None:
    told = [row for row, pair in enumerate(pairs) if pair is not None]
    assume(told)
    gone = data.draw(st.sampled_from(told))
    of = roster(len(pairs))
    before = villages(of, figures(of, pairs))
    after = villages(of, figures(of, [None if row == gone else pair for row, pair in enumerate(pairs)]))
    for first, second in ((before, after), (towns(of, before), towns(of, after)), (county(of, before), county(of, after))):
        assert (second.reported <= first.reported).all()
        assert (second.due == first.due).all()
        assert not (np.isnan(first.numerator) & ~np.isnan(second.numerator)).any()
        was, now = judge(first, goal=line, rollup=rollup), judge(second, goal=line, rollup=rollup)
        for old, new in zip(was.status, now.status, strict=True):
            assert WORST_FIRST.index(new) <= WORST_FIRST.index(old)
    assert np.isnan(after.rate[gone])


@given(reports, lines, st.data())
def test_taking_a_report_away_gives_its_town_no_better_rank(pairs: list[Pair], line: Goal, data: st.DataObject) -> None:
    told = [row for row, pair in enumerate(pairs) if pair is not None]
    assume(told)
    gone = data.draw(st.sampled_from(told))
    of = roster(len(pairs))
    each = towns(of, villages(of, figures(of, [None if row == gone else pair for row, pair in enumerate(pairs)])))
    rank = ranks(each.rate, ranked=each.complete & ~np.isnan(each.rate), better=line.better)
    assert rank[list(each.codes).index(of.town_codes[gone])] is None


@given(reports, st.permutations(range(12)))
def test_the_order_of_the_villages_does_not_matter(pairs: list[Pair], order: list[int]) -> None:
    of = roster(len(pairs))
    rows = np.array([row for row in order if row < len(pairs)])
    mixed = Roster(of.village_codes[rows], of.village_names[rows], of.town_codes[rows], of.town_names[rows], "421223", "某县")
    shuffled = figures(mixed, [pairs[row] for row in rows])
    same(towns(of, villages(of, figures(of, pairs))), towns(mixed, villages(mixed, shuffled)))


def test_an_empty_roster_is_no_county_without_villages() -> None:
    nobody = np.array([], dtype=object)
    with pytest.raises(EmptyRosterError):
        Roster(nobody, nobody, nobody, nobody, "421223", "某县")


def test_a_village_twice_on_the_roster_is_refused() -> None:
    twice = np.array(["421223100201", "421223100201"], dtype=object)
    with pytest.raises(InputError, match="421223100201"):
        Roster(twice, twice, twice, twice, "421223", "某县")


@pytest.mark.parametrize("pair", [(-1.0, 2.0), (1.0, float("inf"))])
def test_a_figure_that_is_no_count_is_refused(pair: tuple[float, float]) -> None:
    of = roster(1)
    with pytest.raises(InputError, match="负或无穷"):
        Figures.align(of, codes=[of.village_codes[0]], numerators=[pair[0]], denominators=[pair[1]])


def test_a_village_that_reports_twice_is_refused() -> None:
    of = roster(1)
    with pytest.raises(InputError, match="两次"):
        Figures.align(of, codes=[of.village_codes[0]] * 2, numerators=[1, 2], denominators=[3, 3])


def test_a_figure_with_one_number_is_not_reported_and_one_without_a_village_is_named() -> None:
    of = roster(2)
    told = Figures.align(of, codes=[of.village_codes[0], "421223999001"], numerators=[1, 1], denominators=[None, 2])
    assert np.isnan(told.numerator).all() and np.isnan(told.denominator).all()
    assert told.unlisted == ("421223999001",)


@pytest.mark.parametrize(("share", "shown"), [(0.66666, 66.67), (0.123445, 12.34), (0.123450, 12.35), (0.99995, 100.0), (2 / 3, 66.67), (0.0, 0.0)])
def test_per_cent_is_rounded_half_up_to_two_decimals(share: float, shown: float) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("values", "better", "expected"),
    [
        ([0.9, 0.8, 0.9, 0.7], "higher", [1, 3, 1, 4]),
        ([0.9, 0.8, 0.9, 0.7], "lower", [3, 2, 3, 1]),
        ([0.66666, 0.66674, 0.6], "higher", [1, 1, 3]),
        ([0.66664, 0.66666, 0.6], "higher", [2, 1, 3]),
    ],
)
def test_equal_figures_share_a_rank_and_the_next_is_left_out(values: list[float], better: str, expected: list[int]) -> None:
    assert ranks(np.array(values), ranked=np.ones(len(values), dtype=bool), better=better) == expected


def test_a_count_is_set_for_the_county_and_judges_no_village() -> None:
    of = roster(3)
    each = villages(of, figures(of, [(1, 1), (0, 1), (1, 1)]))
    share = PACK.targets["R01"][0]
    count = share.__class__(**{**share.__dict__, "unit": "村", "low": share.low.__class__(2)})
    line = goal([count], period=date(2023, 12, 1), better="higher")
    assert list(judge(each, goal=line, rollup="sum_ratio").status) == ["no_target"] * 3
    whole = judge(county(of, each), goal=line, rollup="sum_ratio", whole_county=True)
    assert (whole.status[0], whole.margin[0]) == ("on_track", 0)


def test_a_quarter_figure_asked_for_between_quarters_says_which_period_it_shows() -> None:
    of = roster(3)
    found = report("R05", asked=date(2026, 11, 1), pack=PACK, roster=of, figures=figures(of, [(1, 1), (0, 1), None])).as_dict()
    assert (found["period"], found["figures_period"]) == ("2026-11", "2026-09")
    assert "2026-09" in found["note"]
    assert report("R05", asked=date(2026, 9, 1), pack=PACK, roster=of, figures=figures(of, [None] * 3)).note is None


def test_a_report_gives_the_villages_their_towns_and_the_town_its_rank() -> None:
    of = roster(6)
    found = report("R01", asked=date(2026, 12, 1), pack=PACK, roster=of, figures=figures(of, [(9, 10), (8, 10), (1, 10), (9, 10), None, (1, 10)])).as_dict()
    assert [(row["name"], row["completeness"], row["rank"], row["status"]) for row in found["towns"]] == [
        ("镇0", "2/2", 1, "ahead"),
        ("镇1", "1/2", None, "incomplete"),
        ("镇2", "2/2", 2, "behind"),
    ]
    assert found["villages"][4] | {"target": None} == {
        "village_code": "421223101004", "name": "村4", "town_code": "421223101", "town": "镇1", "numerator": None, "denominator": None,
        "rate": None, "rate_label": "—", "reported": 0, "due": 1, "completeness": "0/1", "status": "unreported", "status_label": "未报",
        "provisional_status": "unreported", "provisional_label": "未报", "target": None, "margin": None,
    }  # fmt: skip
    assert found["county"]["completeness"] == "5/6"
    assert found["county"]["rate"] == pytest.approx(28 / 50)
    assert found["target"]["line"] == pytest.approx(0.87)


def test_rankings_put_towns_that_have_not_fully_reported_last() -> None:
    of = roster(6)
    ranked = report("R13", asked=date(2026, 12, 1), pack=PACK, roster=of, figures=figures(of, [(9, 10), None, (1, 10), (9, 10), (0, 10), (1, 10)])).rankings()
    assert [(row["name"], row["rank"]) for row in ranked] == [("镇2", 1), ("镇0", 2), ("镇1", None)]


def test_a_report_can_be_cut_to_one_town_beside_the_whole_county() -> None:
    of = roster(6)
    found = report("R01", asked=date(2026, 12, 1), pack=PACK, roster=of, figures=figures(of, [(1, 2)] * 6))
    cut = found.as_dict(town="421223101")
    assert {row["town_code"] for row in cut["villages"]} == {"421223101"} == {row["town_code"] for row in cut["towns"]}
    assert cut["county"] == found.as_dict()["county"]
    with pytest.raises(InputError, match="421223999"):
        found.as_dict(town="421223999")


def test_green_cover_shows_the_mean_of_villages_beside_the_share_of_area() -> None:
    of = roster(2)
    whole = report("R09", asked=date(2026, 12, 1), pack=PACK, roster=of, figures=figures(of, [(1800, 10000), (250, 1000)])).as_dict()["county"]
    assert (whole["rate"], whole["mean_rate"]) == (pytest.approx(2050 / 11000), pytest.approx(0.215))
    assert (whole["rate_label"], whole["status"]) == ("21.50%", "behind")


def test_a_trend_has_every_due_period_and_no_change_across_a_gap() -> None:
    of = roster(3)
    months = [date(2026, month, 1) for month in (1, 2, 3, 4)]
    told = [[(5, 10)] * 3, [(6, 10), (6, 10), None], [(7, 10)] * 3, [(8, 10)] * 3]
    points = trend("R01", unit="421223", pack=PACK, roster=of, figures={month: figures(of, pairs) for month, pairs in zip(months, told, strict=True)})
    assert [(point.rate, point.reported, point.change) for point in points] == [
        (0.5, 3, None), (0.6, 2, None), (0.7, 3, None), (0.8, 3, pytest.approx(0.1)),
    ]  # fmt: skip
    assert [point.status for point in points] == ["behind", "incomplete", "behind", "behind"]


@pytest.mark.parametrize(("unit", "rate"), [("421223100000", 0.5), ("421223101", 0.25), ("421223", 0.5)])
def test_a_trend_follows_village_town_or_county(unit: str, rate: float) -> None:
    of = roster(3)
    points = trend("R01", unit=unit, pack=PACK, roster=of, figures={date(2026, 1, 1): figures(of, [(2, 4), (1, 4), (3, 4)])})
    assert points[0].rate == rate


def test_a_trend_of_nobody_is_refused() -> None:
    of = roster(3)
    with pytest.raises(InputError, match="421224"):
        trend("R01", unit="421224", pack=PACK, roster=of, figures={date(2026, 1, 1): figures(of, [None] * 3)})
