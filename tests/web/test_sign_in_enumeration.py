"""Whoever asks does not learn which accounts there are, nor how they stand: not by words, status or headers, and not by the work done."""

from __future__ import annotations

import re
from html import escape

import psycopg
import pytest
from fastapi.testclient import TestClient
from visitors import PASSWORD, Visitor, kept, plain, somebody

from api.access import passwords, totp
from api.app import create_app
from layers import database
from layers.sql import queries

STATES = ("unknown", "wrong", "locked", "locked_right", "disabled", "no_password", "no_code", "odd")
OURS = {
    id(query): f"{file}.{name}"
    for file in ("credentials", "lock_out", "sessions", "audit")
    for name, query in queries(file).items()
}
VARYING = {"content-security-policy", "x-request-id"}


@pytest.fixture
def accounts(county_url, settings):
    somebody(county_url, "wrong", name="甲一", token="2")
    locked = somebody(county_url, "locked", name="甲二", token="3")
    disabled = somebody(county_url, "disabled", name="甲三", token="4")
    somebody(county_url, "nopassword", name="甲四", token="5", password_hash=None)
    coded = somebody(county_url, "coded", name="甲五", token="6")
    sealed = totp.seal(settings, totp.new_secret(), account=coded)
    with database.connect(county_url) as conn:
        conn.execute(
            "UPDATE account SET failed = 5, locked_until = now() + interval '10 minutes' WHERE id = %s", [locked]
        )
        conn.execute("UPDATE account SET disabled_at = now() WHERE id = %s", [disabled])
        conn.execute("UPDATE account SET totp_secret = %s, totp_confirmed_at = now() WHERE id = %s", [sealed, coded])


TYPED = {
    "unknown": ("nobodyhere", PASSWORD),
    "wrong": ("wrong", "not the password"),
    "locked": ("locked", "not the password"),
    "locked_right": ("locked", PASSWORD),
    "disabled": ("disabled", PASSWORD),
    "no_password": ("nopassword", PASSWORD),
    "no_code": ("coded", PASSWORD),
    "odd": ("'; DROP TABLE account; --", "x" * 3_000),
}


@pytest.fixture
def answers(client, county_url, accounts, monkeypatch):
    """What each state is answered, and which passwords and statements it cost."""
    work: dict[str, list[str]] = {}
    hasher, real = passwords._HASHER, type(passwords._HASHER).verify
    found = {}
    for state in STATES:
        login, password = TYPED[state]
        seen = work.setdefault(state, [])
        monkeypatch.setattr(
            type(hasher), "verify", lambda self, kept, text, seen=seen: seen.append("argon2") or real(self, kept, text)
        )
        visitor = Visitor(client)
        token = visitor.token_on("/sign-in")
        found[state] = visitor.post(
            "/sign-in", {"login": login, "password": password, "code": "", "next": "/"}, csrf=token
        )
    return found, work


def test_all_are_answered_the_same(answers):
    found, _ = answers
    assert {answer.status_code for answer in found.values()} == {403}
    pages = {state: plain(_without_form(answer.text, TYPED[state][0])) for state, answer in found.items()}
    assert len(set(pages.values())) == 1
    assert "登录没有成功" in pages["unknown"]
    headers = {
        frozenset(
            (name, value)
            for name, value in answer.headers.items()
            if name not in VARYING | {"set-cookie", "content-length"}
        )
        for answer in found.values()
    }
    assert len(headers) == 1
    assert {
        tuple(sorted(line.split("=")[0] for line in answer.headers.get_list("set-cookie"))) for answer in found.values()
    } == {("cuntu_form",)}


def test_all_cost_one_verification_of_a_password(answers):
    _, work = answers
    assert {state: len(seen) for state, seen in work.items()} == dict.fromkeys(STATES, 1)


def test_the_same_statements_are_run_for_a_login_that_there_is_and_one_that_there_is_not(
    county_url, settings, accounts
):
    with TestClient(create_app(settings, database_url=county_url)) as service:
        counts = {state: _statements(service, *TYPED[state]) for state in STATES}
    assert len({frozenset(each.items()) for each in counts.values()}) == 1, counts
    assert counts["unknown"]["credentials.of_login"] == counts["unknown"]["lock_out.count"] == 1


@pytest.mark.parametrize("code", ["123456", "ABCD-EFGH-IJKL-MNOP-QRST-UVWX", "nonsense"])
def test_a_code_costs_the_same_statements_whether_or_not_the_account_has_a_second_factor(county_url, settings, accounts, code):
    with TestClient(create_app(settings, database_url=county_url)) as service:
        counts = {login: _statements(service, login, "not the password", code) for login in ("nobodyhere", "wrong", "coded")}
    assert len({frozenset(each.items()) for each in counts.values()}) == 1, counts


def test_an_address_that_failed_too_often_is_told_so_whatever_it_asks_for(client, county_url, accounts):
    with database.connect(county_url) as conn:
        conn.execute(
            "INSERT INTO sign_in_try (address, login_sha256, succeeded) SELECT 'testclient', sha256('x'), false FROM generate_series(1, 30)"
        )
    pages = set()
    for state in STATES:
        answer = Visitor(client).sign_in(*TYPED[state])
        assert answer.status_code == 429
        pages.add(plain(_without_form(answer.text, TYPED[state][0])))
    assert len(pages) == 1


def test_a_link_tells_no_more_of_an_account_than_that_it_does_not_hold(client, county_url):
    answers = set()
    for secret in "ab":
        visitor = Visitor(client)
        answers.add(plain(visitor.post("/link", {"secret": secret * 43}, page="/link").text).replace(secret * 43, ""))
    assert len(answers) == 1


def _without_form(text: str, typed: str) -> str:
    """A page without the token of its form and what was typed into it."""
    text = re.sub(r'name="csrf" value="[^"]*"', "csrf", text)
    return text.replace(f'value="{escape(typed).replace("&#x27;", "&#39;")}"', "typed")


def _statements(service: TestClient, login: str, password: str, code: str = "") -> dict[str, int]:
    """How often each kind of statement is run for one try to sign in."""
    seen: dict[str, int] = {}
    real = psycopg.Cursor.execute

    def noted(self, query, *told, **more):
        name = OURS.get(id(query))
        if name:  # others belong to the service's own work in the background
            seen[name] = seen.get(name, 0) + 1
        return real(self, query, *told, **more)

    visitor = Visitor(service)
    token = visitor.token_on("/sign-in")
    psycopg.Cursor.execute = noted
    try:
        visitor.post("/sign-in", {"login": login, "password": password, "code": code, "next": "/"}, csrf=token)
    finally:
        psycopg.Cursor.execute = real
    return seen


def test_the_accounts_hash_is_a_real_one():
    assert passwords.verify(kept(), PASSWORD)
