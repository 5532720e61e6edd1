"""A one-time link: its secret is in no address that is asked for, it holds once, and only a good password uses it up."""

from __future__ import annotations

from html import unescape
from urllib.parse import urlsplit

import pytest
from visitors import Visitor, entries, somebody

from api.access.administration_accounts import reset_password
from layers import acting, database

GOOD = "quite another thing entirely"


@pytest.fixture
def link(client, county_url) -> str:
    account = somebody(county_url)
    with acting.as_service(), database.connect(county_url) as conn:
        return reset_password(conn, account).path


def secret_of(link: str) -> str:
    return urlsplit(link).fragment


def test_what_is_sent_for_a_link_does_not_hold_its_secret(link):
    assert secret_of(link)
    assert secret_of(link) not in urlsplit(link)._replace(fragment="").geturl()


def test_a_password_is_chosen_by_a_link_once(link, client, county_url):
    visitor, secret = Visitor(client), secret_of(link)
    form = visitor.post("/link", {"secret": secret}, page="/link")
    assert form.status_code == 200 and f'name="secret" value="{secret}"' in unescape(form.text)
    assert form.headers["cache-control"] == "no-store"
    for fields, said in (
        ({"password": GOOD, "again": GOOD + "!"}, "不一致"),
        ({"password": "123", "again": "123"}, "字符"),
    ):
        wrong = visitor.post("/link", {"secret": secret, **fields}, page="/link")
        assert wrong.status_code == 400 and said in wrong.text
    done = visitor.post("/link", {"secret": secret, "password": GOOD, "again": GOOD}, page="/link")
    assert done.status_code == 200 and "密码已设置" in done.text
    assert len(entries(county_url, "account.set_password_by_link")) == 1
    assert secret not in str(entries(county_url))
    assert Visitor(client).sign_in(password=GOOD).status_code == 303
    for fields in ({}, {"password": GOOD, "again": GOOD}):
        spent = visitor.post("/link", {"secret": secret, **fields}, page="/link")
        assert spent.status_code == 409 and "链接" in spent.text


def test_a_link_does_nothing_without_the_token_of_the_form(link, client, county_url):
    visitor, fields = Visitor(client), {"secret": secret_of(link), "password": GOOD, "again": GOOD}
    visitor.get("/link")
    for token in ("", "x"):
        assert visitor.post("/link", fields, csrf=token).status_code == 403
    assert entries(county_url, "account.set_password_by_link") == []
    assert visitor.post("/link", fields, page="/link").status_code == 200


def test_addresses_as_they_once_were_are_unknown(link, client):
    assert Visitor(client).get(f"/link/{secret_of(link)}").status_code == 404
