"""The first administrator of a deployment: one link, once, for whoever keeps the server."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from offices import GOOD, noted

from api.access import administration_accounts
from api.app import create_app
from layers import database

ADDRESS = "/api/v1/first-administrator"
TOLD = {"login": "guan", "name": "管某某", "unit": "信息中心", "title": "系统管理岗", "password": GOOD}


@pytest.fixture
def nobody(db_url, settings):
    with TestClient(create_app(settings, database_url=db_url)) as service:
        yield service


def link(db_url):
    with database.connect(db_url) as conn:
        return administration_accounts.administrator_link(conn).secret


def test_the_link_makes_one_administrator(nobody, db_url):
    secret = link(db_url)
    answer = nobody.post(ADDRESS, json=TOLD | {"secret": secret})
    assert (answer.status_code, answer.json()) == (201, {"login": "guan"})
    assert nobody.post(ADDRESS, json=TOLD | {"secret": secret, "login": "other"}).status_code == 409
    with database.connect(db_url) as conn:
        assert not administration_accounts.lacks_administrator(conn)
        [entry] = [entry for entry in noted(conn) if entry["action"] == "accounts.first_administrator"]
    assert (entry["person"], entry["unit"], entry["address"]) == ("管某某", "信息中心", "testclient")
    assert GOOD not in str(entry) and secret not in str(entry)


@pytest.mark.parametrize("secret", ["x" * 43, "A" * 43])
def test_a_made_up_link_makes_nobody(nobody, db_url, secret):
    link(db_url)
    answer = nobody.post(ADDRESS, json=TOLD | {"secret": secret})
    assert answer.status_code == 409 and "一次性链接无效" in answer.json()["detail"]


def test_without_the_form_of_a_link_nothing_is_looked_up(nobody):
    answer = nobody.post(ADDRESS, json=TOLD | {"secret": "short"})
    assert answer.status_code == 400 and answer.json()["errors"][0]["place"] == "/secret"
    assert nobody.post(ADDRESS, json=TOLD).status_code == 400


def test_a_poor_password_is_refused_and_the_link_still_holds(nobody, db_url):
    secret = link(db_url)
    for password, why in (
        ("short", "不得少于"),
        ("qwerty123456", "已泄露"),
        ("我是管某某而且我很长", "姓名"),
        ("x" * 200, "不得超过"),
    ):
        answer = nobody.post(ADDRESS, json=TOLD | {"secret": secret, "password": password})
        assert answer.status_code == 400 and why in answer.text and password not in answer.text
    assert nobody.post(ADDRESS, json=TOLD | {"secret": secret}).status_code == 201


def test_nothing_but_what_is_asked_can_be_set(nobody, db_url):
    answer = nobody.post(ADDRESS, json=TOLD | {"secret": link(db_url), "roles": ["auditor"]})
    assert answer.status_code == 400 and answer.json()["errors"][0] == {"place": "/roles", "message": "没有这个参数"}


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Content-Type": "text/plain"}])
def test_a_page_of_another_site_cannot_send_it(nobody, db_url, headers):
    answer = nobody.post(ADDRESS, json=TOLD | {"secret": link(db_url)}, headers=headers)
    assert answer.status_code in (403, 415)
    with database.connect(db_url) as conn:
        assert administration_accounts.lacks_administrator(conn)


def test_the_page_is_open_and_tells_nobody_where_it_was(nobody):
    answer = nobody.get("/first-administrator")
    assert answer.status_code == 200 and "设立首任管理员" in answer.text
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
