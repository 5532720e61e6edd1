"""Sessions: a new secret whenever its worth changes, and an end that is effective at once."""

from __future__ import annotations

import re
from datetime import date

import pytest
from visitors import PASSWORD, Visitor, entries, somebody

from layers import database, seats
from layers.identities import digest

OTHER = "quite another thing entirely"


@pytest.fixture
def account(county_url) -> int:
    return somebody(county_url)


@pytest.fixture
def visitor(client, account) -> Visitor:
    return Visitor(client)


def holds(visitor: Visitor, secret: str | None = None) -> bool:
    """Whether a session's secret still opens the page of the account, for somebody who has nothing else."""
    probe = Visitor(visitor.client)
    probe.client.cookies.set("cuntu_session", secret or visitor.session or "")
    return probe.get("/account").status_code == 200


def test_a_secret_from_before_is_never_taken_over(visitor, client, county_url):
    planted, form = "P" * 43, visitor.token_on("/sign-in")
    cookie = f"cuntu_session={planted}; cuntu_form={visitor.client.cookies['cuntu_form']}"
    fields = {"csrf": form, "login": "zhangsan", "password": PASSWORD, "code": "", "next": "/"}
    entered = Visitor(client).client.post("/sign-in", data=fields, headers={"cookie": cookie})
    assert entered.status_code == 303
    given = entered.cookies["cuntu_session"]
    assert given != planted
    assert holds(visitor, given)
    assert not holds(visitor, planted)
    with database.connect(county_url) as conn:
        assert conn.execute("SELECT secret_sha256 FROM session").fetchall() == [(digest(given),)]


def test_signing_in_again_makes_a_new_secret_and_ends_the_old_session(visitor, county_url):
    visitor.sign_in()
    first = visitor.session
    assert (
        visitor.client.post("/sign-in", data={"csrf": "x"}).status_code == 403
    )  # the form's cookie was for one sign-in
    token = Visitor(visitor.client)
    form = token.token_on("/sign-in")
    visitor.client.cookies.set("cuntu_form", token.client.cookies["cuntu_form"])
    again = visitor.post("/sign-in", {"login": "zhangsan", "password": PASSWORD, "code": "", "next": "/"}, csrf=form)
    assert again.status_code == 303
    second = again.cookies["cuntu_session"]
    assert second != first
    assert holds(visitor, second)
    assert not holds(visitor, first)


def test_what_signing_in_anew_ends_has_ended_before_anybody_asks_again_who_somebody_is(visitor, county_url, monkeypatch):
    """Another process that asked earlier would find the old session, and remember it."""
    visitor.sign_in()
    ended = []

    def look() -> None:
        with database.connect(county_url) as conn:
            ended.append(conn.execute("SELECT count(*) FROM session WHERE ended_at IS NOT NULL").fetchone()[0])

    other = Visitor(visitor.client)
    form = other.token_on("/sign-in")
    visitor.client.cookies.set("cuntu_form", other.client.cookies["cuntu_form"])
    monkeypatch.setattr(visitor.client.app.state.epoch, "turn", look)
    again = visitor.post("/sign-in", {"login": "zhangsan", "password": PASSWORD, "code": "", "next": "/"}, csrf=form)
    assert (again.status_code, ended) == (303, [1])


def test_only_a_hash_of_the_secret_is_kept(visitor, county_url):
    visitor.sign_in()
    with database.connect(county_url) as conn:
        row = conn.execute("SELECT secret_sha256, session::text FROM session").fetchone()
    assert row[0] == digest(visitor.session)
    assert visitor.session not in row[1]


def test_a_session_nobody_uses_ends(visitor, county_url, settings):
    visitor.sign_in()
    with database.connect(county_url) as conn:
        conn.execute(
            "UPDATE session SET seen_at = now() - make_interval(mins => %s, secs => -60)", [settings.idle_minutes]
        )
    visitor.client.app.state.epoch.turn()
    assert holds(visitor)
    with database.connect(county_url) as conn:
        conn.execute(
            "UPDATE session SET seen_at = now() - make_interval(mins => %s, secs => 1)", [settings.idle_minutes]
        )
    visitor.client.app.state.epoch.turn()
    assert not holds(visitor)


def test_a_session_ends_after_its_hours_however_busy(visitor, county_url, settings):
    visitor.sign_in()
    with database.connect(county_url) as conn:
        hours = conn.execute("SELECT extract(epoch FROM ends_at - started_at) / 3600 FROM session").fetchone()[0]
        assert hours == settings.session_hours
        conn.execute("UPDATE session SET ends_at = now() - interval '1 second', seen_at = now()")
    visitor.client.app.state.epoch.turn()
    assert not holds(visitor)


def test_a_change_of_seat_changes_the_secret_and_what_may_be_done(visitor, county_url, account):
    visitor.sign_in()
    with database.connect(county_url) as conn:
        person = conn.execute("SELECT person_id FROM account WHERE id = %s", [account]).fetchone()[0]
        second = seats.new_seat(conn, title="审核席", unit="测试单位", roles=["reviewer"], place_code="421223100")
        seats.appoint(conn, seat=second, person=person, held_from=date(2020, 1, 1))
        foreign = seats.new_seat(conn, title="别人的席位", unit="测试单位", roles=["administrator"])
    before = visitor.session
    page = visitor.get("/account").text
    assert "审核席" in page
    assert "别人的席位" not in page
    assert visitor.post("/account/seat", {"seat": str(foreign)}, page="/account").status_code == 404
    assert visitor.post("/account/seat", {"seat": str(second)}, page="/account").status_code == 303
    assert visitor.session != before
    assert not holds(visitor, before)
    told = visitor.get("/api/v1/account", headers={"accept": "application/json"}).json()
    assert (told["seat"]["title"], told["seat"]["places"], told["seat"]["roles"]) == (
        "审核席",
        ["421223100"],
        ["reviewer"],
    )
    assert "checks.override" in told["permissions"]
    assert "layers.deliver" not in told["permissions"]
    chosen = entries(county_url, "account.choose_seat")
    assert [(entry["object"], entry["details"]["after"]) for entry in chosen] == [(f"seat/{second}", second)]
    visitor.sign_out()
    visitor.sign_in()
    assert visitor.get("/api/v1/account").json()["seat"]["title"] == "审核席"  # the seat of last time


def test_a_new_password_changes_the_secret_and_ends_all_others(visitor, client, county_url):
    visitor.sign_in()
    elsewhere = Visitor(client)
    elsewhere.sign_in()
    before = visitor.session
    assert (
        visitor.post("/account/password", {"current": PASSWORD, "password": OTHER, "again": OTHER}).status_code == 303
    )
    assert holds(visitor)
    assert not holds(visitor, before)
    assert not holds(elsewhere)
    assert entries(county_url, "account.change_password")[0]["details"] == {"sessions_ended": 1, "tokens_revoked": 0}


def test_one_session_or_all_others_can_be_ended_from_the_list(visitor, client):
    visitor.sign_in()
    others = [Visitor(client) for _ in range(3)]
    for other in others:
        other.sign_in()
    listed = re.findall(r'name="session" value="([^"]+)"', visitor.get("/account").text)
    assert len(listed) == 3
    assert visitor.post("/account/sessions/end", {"session": listed[0]}, page="/account").status_code == 303
    assert sorted(holds(other) for other in others) == [False, True, True]
    assert visitor.post("/account/sessions/end-others", {}, page="/account").status_code == 303
    assert not any(holds(other) for other in others)
    assert holds(visitor)


def test_nobody_ends_the_session_of_somebody_else(visitor, client, county_url):
    somebody(county_url, "lisi", name="李四", token="2")
    other = Visitor(client)
    other.sign_in("lisi")
    with database.connect(county_url) as conn:
        number = conn.execute(
            "SELECT session.id FROM session JOIN account ON account.id = account_id WHERE login = 'lisi'"
        ).fetchone()[0]
    visitor.sign_in()
    assert visitor.post("/account/sessions/end", {"session": str(number)}, page="/account").status_code == 404
    assert visitor.post("/account/sessions/end", {"session": "no uuid"}, page="/account").status_code == 404
    assert holds(other)


def test_who_holds_no_seat_any_more_may_only_see_to_their_account(visitor, county_url):
    visitor.sign_in()
    with database.connect(county_url) as conn:
        conn.execute("UPDATE seat SET ended_on = current_date WHERE title = '张三之席'")
    visitor.client.app.state.epoch.turn()
    assert visitor.get("/api/v1/checks").status_code == 403
    led = visitor.get("/checks")
    assert (led.status_code, led.headers["location"]) == (303, "/account")
    page = visitor.get("/account")
    assert page.status_code == 200
    assert "没有席位" in page.text


def test_a_disabled_account_is_out_at_once(visitor, county_url, account):
    visitor.sign_in()
    with database.connect(county_url) as conn:
        conn.execute("UPDATE account SET disabled_at = now() WHERE id = %s", [account])
    visitor.client.app.state.epoch.turn()
    assert not holds(visitor)


def test_an_odd_cookie_is_no_error(client, account):
    for value in (b"", b"x", b"a" * 43 + b"!", b"%00", "√".encode(), b"a=b; c", b"a" * 43):
        answer = Visitor(client).get("/account", headers={"cookie": b"cuntu_session=" + value})
        assert answer.status_code == 303
