"""Villages renamed, merged, split and gone: what stands in their place, and what becomes of figures stored under old codes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib import resources

import geopandas as gpd
import numpy as np
import psycopg
import pytest
from frames import COUNTY, EPSG, meta, moment, published

from layers import households, progress, succession, succession_file
from layers.errors import DatasetRefusedError
from layers.households import Household
from layers.progress import Figure
from layers.succession import CodeChange, Succession

A, B, C, D, E = (f"42122310020{digit}" for digit in range(5))
NOW = datetime(2099, 1, 1, tzinfo=UTC)


def change(code, kind, on="2024-03-01", *successors, **more):
    return CodeChange(code=code, kind=kind, changed_on=date.fromisoformat(on), successors=successors, **more)


def test_successors_are_followed_to_those_that_stand_on_the_day():
    history = Succession([change(A, "merge", "2020-01-01", B), change(B, "split", "2022-01-01", C, D), change(D, "merge", "2024-01-01", E)])
    days = ("2019-12-31", "2020-01-01", "2022-01-01", "2024-01-01")
    assert [history.successors(A, date.fromisoformat(day)) for day in days] == [(A,), (B,), (C, D), (C, E)]
    assert history.predecessors(B, date(2021, 1, 1)) == (A,)
    assert history.predecessors(E, date(2025, 1, 1)) == (D,)


def test_a_ring_of_mergers_ends():
    history = Succession([change(A, "merge", "2020-01-01", B), change(B, "merge", "2020-01-01", A)])
    assert history.successors(A, date(2021, 1, 1)) == ()


def test_what_the_bureau_records_later_takes_precedence_over_a_list():
    history = Succession([change(A, "vanish", "2023-01-01"), change(A, "merge", "2019-05-01", B)])
    assert history.successors(A, date(2024, 1, 1)) == (B,)
    assert history.ended(A, date(2020, 1, 1)).kind == "merge"


def test_a_code_given_out_again_stands():
    history = Succession([change(A, "vanish", "2020-01-01"), change(A, "new", "2023-01-01")])
    assert [history.successors(A, date(year, 6, 1)) for year in (2019, 2021, 2023)] == [(A,), (), (A,)]


def test_changes_are_recorded_once_known_from_their_recording_and_never_changed(db):
    changes = [change(A, "merge", "2024-03-01", B, name_before="甲村"), change(C, "rename", name_before="丙", name_after="丙新")]
    assert succession.record(db, changes, source_name="a.csv", source_sha256="0" * 64) == 2
    assert succession.record(db, changes, source_name="b.csv", source_sha256="1" * 64) == 0
    history = succession.read(db, known_at=NOW)
    assert [(item.code, tuple(item.successors), item.source_name) for item in history.changes] == [(A, (B,), "a.csv"), (C, (), "a.csv")]
    assert succession.read(db, known_at=moment("2020-01-01")).changes == ()
    for statement in ("UPDATE place_code_change SET code = code", "DELETE FROM place_code_change", "TRUNCATE place_code_change"):
        with pytest.raises(psycopg.errors.RestrictViolation), db.transaction():
            db.execute(statement)


def test_the_real_changes_of_two_counties_are_read_whole(db, shared_dir):
    changes, digest = succession_file.read(shared_dir / "data" / "reference" / "code_name_changes_2016_2023.csv")
    kinds = [(item.code[:6], item.kind) for item in changes]
    assert {pair: kinds.count(pair) for pair in set(kinds)} == {
        ("421122", "rename"): 42, ("421122", "vanish"): 8, ("421223", "new"): 3, ("421223", "rename"): 1,
    }  # fmt: skip
    assert succession.record(db, changes, source_name="x.csv", source_sha256=digest) == len(changes)
    history = succession.read(db, known_at=NOW)
    assert history.ended("421122107202", date(2024, 1, 1)).name_before == "八里湾村委会"
    assert history.ended("421122107202", date(2016, 6, 1)) is None
    assert history.successors("421122100234", date(2024, 1, 1)) == ("421122100234",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,kind,changed_on\n4212,merge,2024-01-01\n", ["第 2 行", "4212", "successors"]),
        (f"code,kind,changed_on,successors\n{A},split,2024-01-01,{B}\n", ["分设"]),
        (f"code,kind,changed_on,successors\n{A},merge,2024-13-01,{B}\n", ["changed_on"]),
        (f"code,kind,changed_on,successors\n{A},merge,2024-01-01,{A}\n", ["自己"]),
        (f"code,name_2016,name_2023,change\n{A},甲,乙,moved\n", ["change"]),
        ("a,b\n1,2\n", ["不是代码变更表"]),
    ],
)
def test_a_wrong_list_is_refused_with_row_and_reason(tmp_path, text, words):
    path = tmp_path / "变更.csv"
    path.write_text(text, encoding="gb18030")
    with pytest.raises(DatasetRefusedError) as refused:
        succession_file.read(path)
    assert all(word in str(refused.value) for word in words)


def roster_of(db, *codes):
    columns = {"ZLDWDM": list(codes), "ZLDWMC": list(codes), "XZQDM": ["421223100"] * len(codes), "XZQMC": ["天城镇"] * len(codes)}
    published(db, gpd.GeoDataFrame(columns, geometry=[COUNTY] * len(codes), crs=EPSG), meta("village"))
    return progress.read_roster(db, valid_on=date(2026, 1, 1), known_at=NOW, county=("421223", "崇阳县"))


def figures(db, roster, period):
    found = progress.read_figures(db, "P-01", periods=[period], known_at=NOW, roster=roster)[period]
    return [None if np.isnan(one) else (one, other) for one, other in zip(found.numerator, found.denominator, strict=True)]


def reported(db, period, **numbers):
    rows = [Figure(village_code=code, indicator="P-01", period=period, numerator=one, denominator=2 * one) for code, one in numbers.items()]
    progress.record(db, rows, source_name="x")


def test_figures_of_merged_villages_count_for_what_took_them_in(db):
    """B took in A in March 2024; E was made of C and D."""
    roster = roster_of(db, B, E)
    merged = [change(A, "merge", "2024-03-01", B), change(C, "merge", "2024-03-01", E), change(D, "merge", "2024-03-01", E), change(E, "new")]
    succession.record(db, merged, source_name="x", source_sha256="0")
    january, april = date(2024, 1, 1), date(2024, 4, 1)
    reported(db, january, **{A: 3, B: 10, C: 4, D: 5})
    reported(db, april, **{B: 20, E: 30})
    assert figures(db, roster, january) == [(13, 26), (9, 18)]
    assert figures(db, roster, april) == [(20, 40), (30, 60)]


def test_a_part_is_not_taken_for_the_whole_and_what_was_split_goes_to_nobody(db):
    roster = roster_of(db, B, C, D)
    succession.record(db, [change(A, "merge", "2024-03-01", B), change(E, "split", "2024-03-01", C, D)], source_name="x", source_sha256="0")
    january, february = date(2024, 1, 1), date(2024, 2, 1)
    reported(db, january, **{A: 3, E: 8})
    reported(db, february, **{B: 7, A: 1, C: 2})
    assert figures(db, roster, january) == [None, None, None]
    assert figures(db, roster, february) == [(8, 16), (2, 4), None]


def test_households_of_merged_villages_count_for_what_took_them_in(db):
    households.save(db, [Household(household_no=f"H{row}", village_code=code) for row, code in enumerate([A, A, B, E])])
    succession.record(db, [change(A, "merge", "2024-03-01", B), change(E, "split", "2024-03-01", C, D)], source_name="x", source_sha256="0")
    history = succession.read(db, known_at=NOW)
    assert households.counts(db, history=history, on=date(2024, 2, 1)) == {A: 2, B: 1, E: 1}
    assert households.counts(db, history=history, on=date(2024, 3, 1)) == {B: 3, E: 1}


def test_the_changes_of_the_demo_county_are_those_of_the_public_lists(shared_dir):
    own = resources.files("layers.demo") / "data" / "code_changes.csv"
    with resources.as_file(own) as path:
        kept, _ = succession_file.read(path)
    everything, _ = succession_file.read(shared_dir / "data" / "reference" / "code_name_changes_2016_2023.csv")
    assert kept == [item for item in everything if item.code.startswith("421223")]
