"""Passwords: what is kept of them, and which are refused."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from api.access import passwords

GOOD = "三月的雨下在大市河边"
WHO = {"login": "li.wei", "name": "李未名"}


def problems(text, **told):
    return passwords.problems(text, **WHO, **told)


def test_a_hash_is_argon2id_with_the_parameters_told():
    found = extract_parameters(passwords.hash_password(GOOD))
    assert (found.type.name, found.memory_cost, found.time_cost, found.parallelism) == ("ID", 19_456, 2, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)


def test_only_the_password_itself_is_verified():
    kept = passwords.hash_password(GOOD + "，1998")
    assert passwords.verify(kept, GOOD + "，1998")
    assert not passwords.verify(kept, GOOD + "，1999")
    assert not passwords.verify(kept, "")


def test_the_same_password_is_hashed_differently_each_time():
    assert passwords.hash_password(GOOD) != passwords.hash_password(GOOD)


@pytest.mark.parametrize("kept", [None, "", "plain", "$argon2id$v=19$m=1"])
def test_without_a_hash_that_can_be_read_nothing_is_verified(kept):
    assert not passwords.verify(kept, "nobody's password")


def test_a_text_longer_than_a_password_may_be_is_never_one():
    kept = passwords.hash_password("x" * 128)
    assert passwords.verify(kept, "x" * 128)
    assert not passwords.verify(kept, "x" * 129)


def test_a_hash_of_other_parameters_is_to_be_made_anew_and_still_verifies():
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    assert passwords.verify(old, GOOD)
    assert passwords.needs_rehash(old)
    assert not passwords.needs_rehash(passwords.hash_password(GOOD))


@settings(max_examples=5)
@given(st.text(min_size=12, max_size=40))
def test_any_characters_do(text):
    assert passwords.verify(passwords.hash_password(text), text)


def test_an_accent_typed_in_two_ways_is_the_same_password():
    assert passwords.verify(passwords.hash_password("caf\u00e9 au lait 7"), "cafe\u0301 au lait 7")


@pytest.mark.parametrize(("length", "refused"), [(11, True), (12, False), (128, False), (129, True)])
def test_length_has_both_bounds(length, refused):
    text = ("k7 雨Qp-2z" * 20)[:length]
    assert bool(problems(text)) == refused


@pytest.mark.parametrize("text", ["123qweasdzxc", "1QAZ2wsx3edc", "Qwerty123456", "123456123456"])
def test_breached_passwords_are_refused_in_capitals_or_not(text):
    assert any("已泄露" in problem for problem in problems(text))


def test_the_list_holds_more_than_the_three_thousand_most_common_that_are_long_enough():
    common = passwords._common()
    assert len(common) > 40_000
    assert {len(text) >= passwords.SHORTEST and text == text.lower() for text in common} == {True}


@pytest.mark.parametrize("text", ["aaaaaaaaaaaab", "abcdabcdabcdabcd", "哈哈哈哈哈哈哈哈哈哈哈哈"])
def test_a_repetition_is_refused(text):
    assert problems(text) == ["密码至少要有 5 个不同的字符"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("rain LI.WEI river", "账户名"),
        ("大河边的李未名在数星星呢吗", "姓名"),
        ("my CunTu password 7", "系统名称"),
        ("我的村图密码是什么来着", "系统的中文名称"),
        ("崇阳县的春天来得很早啊", "县名"),
    ],
)
def test_what_everybody_would_try_first_is_refused(text, what):
    assert f"密码中不能有{what}" in problems(text, county="崇阳县")


def test_every_problem_is_told_at_once():
    assert len(problems("cuntu 李未名")) == 3


def test_a_good_password_has_no_problem():
    assert problems("河边三棵柳树, 1 rowing boat", county="崇阳县") == []
