from __future__ import annotations

from datetime import date

import invented
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial import identity_numbers, personal_numbers

TODAY = date(2026, 6, 1)
GOOD = invented.number("19800101", 11)


def with_check(body):
    return body + identity_numbers.check_digit(body)


def test_the_check_digit_is_that_of_the_standard():
    # GB 11643-1999, the two examples of its annex, without their last sign
    assert identity_numbers.check_digit("11010519491231002") == "X"
    assert identity_numbers.check_digit("44052418800101001") == "4"


def test_a_right_number_has_no_problem_and_says_birth_and_sex():
    assert identity_numbers.problem(GOOD, today=TODAY) is None
    assert (identity_numbers.birth(GOOD), identity_numbers.sex(GOOD)) == (date(1980, 1, 1), "男")
    assert identity_numbers.sex(with_check("42999919800101012")) == "女"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (GOOD[:17], "18 位"), (GOOD + "1", "18 位"), ("X" * 18, "18 位"), ("４２" + GOOD[2:], "18 位"), ("", "18 位"),
        (with_check("99999919800101011"), "行政区划"), (with_check("42000019800101011"), "行政区划"),
        (with_check("42999919800230011"), "出生日期"), (with_check("42999918991231011"), "出生日期"), (with_check("42999920260602011"), "出生日期"),
        (GOOD[:17] + ("0" if GOOD[17] != "0" else "1"), "校验码"),
    ],
)  # fmt: skip
def test_a_wrong_number_is_told_by_its_part_and_never_repeated(number, said):
    problem = identity_numbers.problem(number, today=TODAY)
    assert said in problem
    assert not number or number not in problem


def test_somebody_born_today_has_a_number():
    assert identity_numbers.problem(with_check("42999920260601011"), today=TODAY) is None


def test_a_number_of_no_region_is_for_invented_people_only():
    number = invented.number("19800101", 11, region=identity_numbers.INVENTED_REGION)
    assert identity_numbers.problem(number, today=TODAY) is not None
    assert identity_numbers.problem(number, today=TODAY, invented=True) is None


def test_one_changed_digit_is_always_noticed():
    for place in range(17):
        changed = GOOD[:place] + str((int(GOOD[place]) + 1) % 10) + GOOD[place + 1 :]
        assert identity_numbers.check_digit(changed[:17]) != GOOD[17]


@pytest.mark.parametrize(
    ("born", "child"), [(date(2012, 6, 2), True), (date(2012, 6, 1), False), (date(2012, 5, 31), False), (None, False)]
)
def test_on_the_fourteenth_birthday_nobody_is_a_child(born, child):
    assert identity_numbers.is_child(born, TODAY) is child


def test_who_was_born_on_the_29th_of_february_is_fourteen_on_the_first_of_march():
    assert identity_numbers.is_child(date(2012, 2, 29), date(2026, 2, 28))
    assert not identity_numbers.is_child(date(2012, 2, 29), date(2026, 3, 1))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"申请人{GOOD}的材料", ("身份证号",)), (GOOD[:6] + " " + GOOD[6:14] + " " + GOOD[14:], ("身份证号",)),
        ("".join(chr(ord(sign) + 0xFEE0) for sign in GOOD), ("身份证号",)), (with_check("42999919800101008").lower(), ("身份证号",)),
        ("电话139 1234 5678。", ("手机号码",)), ("+8613912345678", ("手机号码",)), ("１３９１２３４５６７８", ("手机号码",)), ("tel:139-1234-5678", ("手机号码",)),
        (f"{GOOD}，13912345678", ("身份证号", "手机号码")),
        ("421223100201", ()), ("SQ20260001", ()), ("0.13912345678", ()), ("13912345678.25", ()), ("1391234567890", ()), ("a13912345678", ()),
        (GOOD[:17] + ("0" if GOOD[17] != "0" else "1"), ()), ("42122319809999011X", ()), ("38512345.678 3291234.5", ()), ("", ()),
        ("d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35", ()), ("宗地 421223100201JC00012F00010001", ()),
    ],
)  # fmt: skip
def test_personal_numbers_are_found_in_texts_and_other_numbers_are_not(text, named):
    assert personal_numbers.named_in(text) == named
    assert (personal_numbers.refusal(text) is None) == (not named)
    assert personal_numbers.named_in(personal_numbers.scrub(text)) == ()
    if not named:
        assert personal_numbers.scrub(text) == text


def test_what_is_scrubbed_keeps_its_other_words():
    assert personal_numbers.scrub(f"缺少材料：{GOOD}") == "缺少材料:〔身份证号已隐去〕"
    told = personal_numbers.scrubbed({"a": ["13912345678", 3, None], GOOD: True})
    assert told == {"a": ["〔电话号码已隐去〕", 3, None], "〔身份证号已隐去〕": True}


@given(st.text())
def test_scrubbing_never_leaves_a_number_and_never_fails(text):
    assert personal_numbers.named_in(personal_numbers.scrub(text)) == ()
    assert personal_numbers.named_in(personal_numbers.scrub(f"{text} {GOOD} {text}")) == ()
