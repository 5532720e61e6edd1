"""What changes something comes from a page of this service, shown to this browser, in this session."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute
from visitors import PASSWORD, Visitor, somebody

from api.access import csrf
from api.routes import account_factor, account_pages, account_password, sign_in
from layers import database

SIGNED_IN = [
    ("/account/seat", {"seat": "1"}),
    ("/account/sessions/end", {"session": "00000000-0000-0000-0000-000000000000"}),
    ("/account/sessions/end-others", {}),
    ("/account/tokens", {"title": "x", "days": "1", "permission": "maps.view"}),
    ("/account/tokens/revoke", {"token": "00000000-0000-0000-0000-000000000000"}),
    ("/account/password", {"current": PASSWORD, "password": "quite another thing", "again": "quite another thing"}),
    ("/account/second-factor/begin", {"password": PASSWORD}),
    ("/account/second-factor/confirm", {"code": "000000"}),
    ("/account/second-factor/prove", {"code": "000000"}),
    ("/account/second-factor/codes", {"password": PASSWORD, "code": "000000"}),
    ("/account/second-factor/drop", {"password": PASSWORD, "code": "000000"}),
    ("/sign-out", {}),
]

ELSEWHERE = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
)


@pytest.fixture
def visitor(client, county_url) -> Visitor:
    somebody(county_url)
    return Visitor(client)


def test_every_form_is_in_this_list():
    routers = (account_factor.router, account_pages.router, account_password.router, sign_in.router)
    posts = {
        route.path
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and "POST" in route.methods
    }
    assert posts == {path for path, _ in SIGNED_IN} | {"/sign-in", "/link"}


def test_a_form_without_this_sessions_token_does_nothing(visitor, client, county_url):
    other = Visitor(client)
    other.sign_in()
    visitor.sign_in()
    foreign = other.token_on("/account")
    for path, fields in SIGNED_IN:
        for given in ("", "x", foreign, csrf.of_form(visitor.session), "令牌"):
            refused = visitor.post(path, fields, csrf=given)
            assert refused.status_code == 403, (path, given)
            assert "表单已失效" in refused.text
    with database.connect(county_url) as conn:
        assert conn.execute("SELECT count(*) FROM session WHERE ended_at IS NULL").fetchone()[0] == 2
        assert conn.execute("SELECT count(*) FROM api_token WHERE title = 'x'").fetchone()[0] == 0
        assert conn.execute("SELECT count(*) FROM account WHERE totp_secret IS NOT NULL").fetchone()[0] == 0


def test_not_even_the_right_token_helps_a_page_of_another_site(visitor):
    visitor.sign_in()
    token = visitor.token_on("/account")
    for path, fields in SIGNED_IN:
        for sent in ELSEWHERE:
            assert visitor.post(path, fields, csrf=token, headers=sent).status_code == 403, (path, sent)
    assert visitor.get("/account").status_code == 200


def test_nobody_is_signed_in_by_a_form_they_did_not_ask_for(visitor, client):
    fields = {"login": "zhangsan", "password": PASSWORD, "code": "", "next": "/"}
    stranger = Visitor(client)
    theirs = stranger.token_on("/sign-in")
    assert visitor.post("/sign-in", fields, csrf=theirs).status_code == 403  # without any cookie
    visitor.get("/sign-in")
    assert visitor.post("/sign-in", fields, csrf=theirs).status_code == 403  # with another one
    assert visitor.post("/sign-in", fields, csrf="").status_code == 403
    assert visitor.session is None
    assert visitor.post("/sign-in", fields).status_code == 303


def test_a_token_of_before_the_session_is_worth_nothing_in_it(visitor):
    before = visitor.token_on("/sign-in")
    visitor.sign_in()
    assert visitor.post("/account/sessions/end-others", {}, csrf=before).status_code == 403


def test_the_token_gives_nothing_of_the_secret_away(visitor):
    visitor.sign_in()
    page = visitor.get("/account").text
    assert visitor.session not in page
    tokens = set(re.findall(r'name="csrf" value="([^"]+)"', page))
    assert tokens == {csrf.token(visitor.session, "session")}


def test_a_form_takes_its_own_fields_only(visitor):
    visitor.sign_in()
    more = visitor.post("/account/password", {"current": PASSWORD, "must_change": "false", "account": "1"})
    assert more.status_code == 400
    assert "must_change：没有这一项" in more.text
    twice = visitor.client.post("/account/seat", data={"csrf": visitor.token_on("/account"), "seat": ["1", "2"]})
    assert "只能给一次" in twice.text
    assert visitor.client.post("/account/seat", json={"seat": "1"}).status_code == 415
    assert (
        visitor.client.post(
            "/account/seat", content=b"\xff=%ff", headers={"content-type": "application/x-www-form-urlencoded"}
        ).status_code
        == 400
    )
    assert visitor.client.post("/account/seat", data={"seat": "x" * 30_000}).status_code == 413


def test_no_page_of_signing_in_can_be_framed(visitor):
    for path in ("/sign-in", "/account", "/account/password"):
        answer = visitor.get(path)
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        visitor.sign_in() if visitor.session is None else None
