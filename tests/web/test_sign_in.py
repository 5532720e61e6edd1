"""Signing in and out through the pages."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from visitors import PASSWORD, Visitor, entries, somebody

from api.access import passwords
from api.app import create_app
from layers import database


@pytest.fixture
def account(county_url) -> int:
    return somebody(county_url)


@pytest.fixture
def visitor(client, account) -> Visitor:
    return Visitor(client)


def test_a_page_leads_to_the_form_and_the_form_back_to_the_page(visitor):
    asked = visitor.get("/checks?page=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Fchecks%3Fpage%3D1")
    form = visitor.get(asked.headers["location"])
    assert form.status_code == 200
    assert 'name="next" value="/checks?page=1"' in form.text
    entered = visitor.sign_in(following="/checks?page=1")
    assert (entered.status_code, entered.headers["location"]) == (303, "/checks?page=1")
    page = visitor.get("/checks?page=1")
    assert page.status_code == 200
    assert "张三" in page.text
    assert "张三之席" in page.text


def test_the_cookie_of_a_session_is_closed_to_scripts_and_to_other_sites(visitor):
    given = [line for line in visitor.sign_in().headers.get_list("set-cookie") if line.startswith("cuntu_session=")]
    assert len(given) == 1
    attributes = {part.strip().lower() for part in given[0].split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= attributes
    assert not any(part.startswith(("domain", "max-age", "expires")) for part in attributes)


def test_under_https_the_cookie_is_secure_and_of_this_host_alone(client, account, settings, county_url):
    told = settings.model_copy(update={"address": "https://testserver"})
    with TestClient(create_app(told, database_url=county_url), base_url="https://testserver") as service:
        visitor = Visitor(service)
        visitor.client = TestClient(
            service.app,
            base_url="https://testserver",
            headers={"origin": "https://testserver", "accept": "text/html"},
            follow_redirects=False,
        )
        visitor.client.portal = service.portal
        entered = visitor.sign_in()
        given = next(
            line for line in entered.headers.get_list("set-cookie") if line.startswith("__Host-cuntu_session=")
        )
        assert "secure" in given.lower()
        assert visitor.get("/account").status_code == 200
        secret = visitor.client.cookies["__Host-cuntu_session"]
        plain = TestClient(
            service.app,
            base_url="https://testserver",
            cookies={"cuntu_session": secret},
            headers={"accept": "text/html"},
            follow_redirects=False,
        )
        assert plain.get("/account").status_code == 303  # a neighbour of the domain could have set that one


def test_signing_out_ends_the_session_at_once_and_for_good(visitor):
    visitor.sign_in()
    secret = visitor.session
    left = visitor.sign_out()
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in?left=true")
    assert visitor.session is None
    assert "您已退出登录" in visitor.get("/sign-in?left=true").text
    visitor.client.cookies.set("cuntu_session", secret)
    assert visitor.get("/account").status_code == 303


def test_signing_out_twice_is_no_error(visitor):
    visitor.sign_in()
    token = visitor.token_on("/account")
    visitor.post("/sign-out", {}, csrf=token)
    assert visitor.post("/sign-out", {}, csrf=token).status_code == 303


def test_a_wrong_password_is_refused(visitor):
    refused = visitor.sign_in(password="wrong")
    assert refused.status_code == 403
    assert "登录没有成功" in refused.text
    assert visitor.session is None


def test_the_login_may_be_typed_in_capitals_and_with_spaces(visitor):
    assert visitor.sign_in(login=" ZhangSan ").status_code == 303


def test_what_was_typed_is_shown_again_as_text(visitor):
    page = visitor.sign_in(login='"><script>alert(1)</script>', password="wrong")
    assert "<script>alert(1)" not in page.text


def test_who_has_signed_in_is_not_asked_again(visitor):
    visitor.sign_in()
    again = visitor.get("/sign-in?next=/checks")
    assert (again.status_code, again.headers["location"]) == (303, "/checks")


def test_a_link_from_another_site_is_opened_once_more_from_here(visitor):
    page = visitor.get("/sign-in?next=/checks", headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/checks">' in page.text
    assert 'name="password"' in visitor.get("/sign-in?next=/checks", headers={"sec-fetch-site": "same-origin"}).text


def test_nothing_of_signing_in_is_kept_by_a_cache(visitor):
    assert visitor.get("/sign-in").headers["cache-control"] == "no-store"
    assert visitor.sign_in().headers["cache-control"] == "no-store"
    assert visitor.get("/account").headers["cache-control"] == "no-store"


def test_each_way_in_and_out_is_written_down(visitor, account, county_url):
    visitor.sign_in(password="my secret typing")
    visitor.sign_in(login="my secret login")
    visitor.sign_in()
    visitor.sign_out()
    found = [
        (entry["action"], entry["object"], entry["result"], entry["account_id"])
        for entry in entries(county_url, "account.%")
    ]
    assert found == [
        ("account.sign_in", f"account/{account}", "refused", None),
        ("account.sign_in", "account/unknown", "refused", None),
        ("account.sign_in", f"account/{account}", "done", account),
        ("account.sign_out", f"account/{account}", "done", account),
    ]
    assert {entry["address"] for entry in entries(county_url, "account.%")} == {"testclient"}
    with database.connect(county_url) as conn:
        written = conn.execute("SELECT string_agg(payload, '') FROM audit.entry").fetchone()[0]
    assert "my secret" not in written
    assert PASSWORD not in written
    with database.connect(county_url) as conn:
        tries = conn.execute("SELECT succeeded, login_sha256 FROM sign_in_try ORDER BY id").fetchall()
    assert [row[0] for row in tries] == [False, False, True]
    assert all(len(row[1]) == 32 for row in tries)


def test_a_hash_of_older_parameters_is_made_anew(client, county_url, monkeypatch):
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    account = somebody(county_url, "lisi", name="李四", token="2", password_hash=old)
    assert Visitor(client).sign_in("lisi").status_code == 303
    with database.connect(county_url) as conn:
        now = conn.execute("SELECT password_hash FROM account WHERE id = %s", [account]).fetchone()[0]
    assert now != old
    assert not passwords.needs_rehash(now)
    assert Visitor(client).sign_in("lisi").status_code == 303


def test_the_first_password_has_to_be_changed_before_anything_else(client, county_url):
    account = somebody(county_url)
    with database.connect(county_url) as conn:
        conn.execute("UPDATE account SET must_change = true WHERE id = %s", [account])
    visitor = Visitor(client)
    visitor.sign_in()
    led = visitor.get("/checks")
    assert (led.status_code, led.headers["location"]) == (303, "/account/password?next=%2Fchecks")
    refused = visitor.get("/api/v1/layers", headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "请先修改初始密码。")
    assert visitor.get("/account").status_code == 303
    fields = {
        "current": PASSWORD,
        "password": "quite another thing entirely",
        "again": "quite another thing entirely",
        "next": "/checks",
    }
    changed = visitor.post("/account/password", fields)
    assert (changed.status_code, changed.headers["location"]) == (303, "/checks")
    assert visitor.get("/checks").status_code == 200
    assert Visitor(client).sign_in().status_code == 403
    assert Visitor(client).sign_in(password="quite another thing entirely").status_code == 303


def test_an_unlucky_new_password_is_explained(visitor):
    visitor.sign_in()
    fields = {"current": PASSWORD, "password": "zhangsan1", "again": "zhangsan2", "next": "/"}
    page = visitor.post("/account/password", fields)
    assert page.status_code == 400
    for said in ("不得少于 12 个字符", "不能有账户名", "两次输入的新密码不一致"):
        assert said in page.text
    same = visitor.post("/account/password", {"current": PASSWORD, "password": PASSWORD, "again": PASSWORD})
    assert "新密码不能与原密码相同" in same.text
    wrong = visitor.post(
        "/account/password",
        {"current": "wrong", "password": "quite another thing entirely", "again": "quite another thing entirely"},
    )
    assert wrong.status_code == 403


def test_the_form_says_what_its_fields_are_to_a_reader_and_a_keeper_of_passwords(visitor):
    form = visitor.get("/sign-in").text
    assert 'autocomplete="username"' in form
    assert 'autocomplete="current-password"' in form
    assert form.count("<label") == 3
    assert "style=" not in form
    assert " on" + "click=" not in form
