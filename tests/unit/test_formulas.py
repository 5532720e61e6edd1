from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.formulas import fitting, guarded, looks_like_formula, unguarded, write_text

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1+1",
    "　=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠A1",
    '=HYPERLINK("x")',
]
PLAIN = ["崇阳县", "0702", "a=b", "'", "''", "湾'塆", "1-2", "", "（=）"]

near_formulas = st.text(alphabet="'=+-@＝ 　\t\nA1村,\"", max_size=8)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_looks_like_a_formula_does_not_stand_in_a_csv_as_one(number):
    text = HOSTILE[number]
    assert looks_like_formula(text)
    sink = io.StringIO(newline="")
    csv.writer(sink).writerow([guarded(text)])
    [[cell]] = csv.reader(io.StringIO(sink.getvalue(), newline=""))
    assert cell == f"'{text}"
    assert unguarded(cell) == text


@pytest.mark.parametrize("number", range(len(PLAIN)))
def test_a_plain_text_is_left_alone(number):
    assert guarded(PLAIN[number]) == unguarded(PLAIN[number]) == PLAIN[number]


@given(st.one_of(st.text(), near_formulas))
def test_every_text_comes_back_from_a_csv_and_none_is_run(text):
    assert unguarded(guarded(text)) == text
    assert not looks_like_formula(guarded(text))


@given(near_formulas)
def test_taking_the_guard_away_changes_only_what_stands_before_a_formula(text):
    if unguarded(text) != text:
        assert text == f"'{unguarded(text)}"
        assert looks_like_formula(text.lstrip("'"))


def test_a_cell_of_a_workbook_keeps_its_text_as_text(tmp_path):
    workbook = openpyxl.Workbook()
    texts = [*HOSTILE, "#REF!", "0702", "2026-01-01", "1e5"]
    for row, text in enumerate(texts, start=1):
        write_text(workbook.active.cell(row, 1), text)
    workbook.save(tmp_path / "texts.xlsx")
    cells = [row[0] for row in openpyxl.load_workbook(tmp_path / "texts.xlsx").active.iter_rows()]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert [cell.value.replace("\r", "\n") for cell in cells] == [text.replace("\r", "\n") for text in texts]


def test_what_a_cell_cannot_hold_is_left_out_and_no_character_is_cut_in_two():
    assert fitting("a\0b\x0bc\ufffe") == "abc"
    assert fitting("村" * 40_000) == "村" * 32_767
    assert fitting("𡐓" * 20_000) == "𡐓" * 16_383
