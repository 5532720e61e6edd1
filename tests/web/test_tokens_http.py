"""Tokens of programs: limited, shown once, and dead as soon as what they rest on is."""

from __future__ import annotations

import re

import people
import pytest
from visitors import PASSWORD, Visitor, entries, somebody

from api.access import own_tokens
from api.access.permissions import granted
from layers import database
from layers.identities import digest


@pytest.fixture
def account(county_url) -> int:
    return somebody(county_url)


@pytest.fixture
def visitor(client, account) -> Visitor:
    visitor = Visitor(client)
    visitor.sign_in()
    return visitor


def made(visitor: Visitor, *permissions: str, days: str = "90") -> str:
    answer = visitor.post(
        "/account/tokens", {"title": "笔记本", "days": days, "permission": list(permissions)}, page="/account"
    )
    assert answer.status_code == 200, answer.text
    return re.search(r"cuntu_[A-Za-z0-9_-]+", answer.text)[0]


def ask(client, token: str, path: str = "/api/v1/layers"):
    return client.get(path, headers={"authorization": f"Bearer {token}", "accept": "application/json"})


def test_a_token_is_shown_once_and_only_its_hash_is_kept(visitor, client, county_url):
    token = made(visitor, "maps.view")
    assert re.fullmatch(r"cuntu_[A-Za-z0-9_-]{43}", token)
    assert token not in visitor.get("/account").text
    assert "笔记本" in visitor.get("/account").text
    with database.connect(county_url) as conn:
        row = conn.execute(
            "SELECT secret_sha256, permissions, extract(day FROM expires_at - now()), api_token::text FROM api_token WHERE title = '笔记本'"
        ).fetchone()
    assert (row[0], row[1], int(row[2])) == (digest(token), ["maps.view"], 89)
    assert token not in row[3]
    assert token not in str(entries(county_url))
    assert ask(client, token).status_code == 200


def test_a_token_may_no_more_than_it_was_given(visitor, client):
    token = made(visitor, "maps.view")
    assert ask(client, token).status_code == 200
    assert ask(client, token, "/api/v1/jobs").status_code == 403
    told = ask(client, token, "/api/v1/account").json()
    assert (told["kind"], told["person"], told["permissions"]) == ("token", "张三", ["maps.view"])


def test_what_needs_a_person_is_never_given_to_a_program(client, county_url):
    everything = [name for name in own_tokens.NEVER if name != "open"]
    somebody(county_url, "lisi", ("town_clerk", "reviewer", "auditor", "administrator"), name="李四", token="2")
    visitor = Visitor(client)
    visitor.sign_in("lisi")
    offered = re.findall(r'name="permission" value="([^"]+)"', visitor.get("/account").text)
    assert offered
    assert not set(offered) & own_tokens.NEVER
    assert set(offered) == granted(("town_clerk", "reviewer", "auditor", "administrator")) - own_tokens.NEVER
    for name in everything:
        refused = visitor.post("/account/tokens", {"title": "x", "days": "9", "permission": name}, page="/account")
        assert refused.status_code == 400
        assert f"不能授予 {name}" in refused.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"days": "0"}, "有效期为 1 至 365 天"),
        ({"days": "366"}, "有效期为 1 至 365 天"),
        ({"days": "-1"}, "有效期为 1 至 365 天"),
        ({"days": "９"}, "有效期为 1 至 365 天"),
        ({"title": "  "}, "请写明用途"),
        ({"title": "x" * 61}, "请写明用途"),
        ({"permission": []}, "至少选一项权限"),
        ({"permission": "layers.publish"}, "不能授予 layers.publish"),
        ({"permission": "everything"}, "不能授予 everything"),
    ],
    ids=[
        "none",
        "too long",
        "negative",
        "wide digit",
        "no title",
        "long title",
        "no permission",
        "not ours",
        "no such",
    ],
)
def test_a_token_out_of_bounds_is_not_made(visitor, county_url, fields, said):
    asked = {"title": "x", "days": "9", "permission": "maps.view"} | fields
    refused = visitor.post("/account/tokens", asked, page="/account")
    assert refused.status_code == 400
    assert said in refused.text
    assert entries(county_url, "account.make_token") == []


def test_a_revoked_token_is_dead_at_once(visitor, client, county_url):
    token = made(visitor, "maps.view")
    assert ask(client, token).status_code == 200
    number = re.search(r'name="token" value="([^"]+)"', visitor.get("/account").text)[1]
    assert visitor.post("/account/tokens/revoke", {"token": number}, page="/account").status_code == 303
    assert ask(client, token).status_code == 401
    assert [entry["action"] for entry in entries(county_url, "account.%token")] == [
        "account.make_token",
        "account.revoke_token",
    ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account SET disabled_at = now() WHERE login = 'zhangsan'",
        "UPDATE account SET must_change = true WHERE login = 'zhangsan'",
        "UPDATE seat SET ended_on = current_date WHERE title = '张三之席'",
        "UPDATE seat_holder SET held_to = current_date WHERE seat_id = (SELECT id FROM seat WHERE title = '张三之席')",
        "UPDATE api_token SET expires_at = now() - interval '1 second' WHERE title = '笔记本'",
    ],
    ids=["disabled", "first password", "seat ended", "no longer holds it", "expired"],
)
def test_a_token_is_dead_with_what_it_rests_on(visitor, client, county_url, change):
    token = made(visitor, "maps.view")
    assert ask(client, token).status_code == 200
    with database.connect(county_url) as conn:
        conn.execute(change)
    client.app.state.epoch.turn()
    assert ask(client, token).status_code == 401


def test_a_seat_that_loses_a_role_takes_it_from_its_tokens(visitor, client, county_url):
    token = made(visitor, "maps.view", "layers.deliver", "jobs.read")
    with database.connect(county_url) as conn:
        conn.execute(
            "UPDATE seat_role SET role = 'auditor' WHERE seat_id = (SELECT id FROM seat WHERE title = '张三之席')"
        )
    client.app.state.epoch.turn()
    assert ask(client, token, "/api/v1/account").json()["permissions"] == ["maps.view"]


def test_a_token_cannot_manage_the_account_whatever_it_was_given(client, county_url):
    for path in ("/account", "/account/password", "/account/second-factor"):
        assert client.get(path, headers=people.HEADERS).status_code == 403
    assert client.get("/api/v1/account/tokens", headers=people.HEADERS).status_code == 403
    refused = client.post(
        "/api/v1/account/tokens", headers=people.HEADERS, json={"title": "x", "permissions": ["maps.view"]}
    )
    assert refused.status_code == 403


def test_the_same_by_the_programming_interface(visitor, client):
    made = visitor.client.post("/api/v1/account/tokens", json={"title": "脚本", "permissions": ["maps.view"]})
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    token = made.json()
    assert ask(client, token["secret"]).status_code == 200
    listed = visitor.client.get("/api/v1/account/tokens").json()["tokens"]
    assert (listed[0]["id"], listed[0]["title"]) == (token["id"], "脚本")
    assert "secret" not in str(listed)
    assert visitor.client.delete(f"/api/v1/account/tokens/{token['id']}").json() == {"revoked": token["id"]}
    assert visitor.client.delete(f"/api/v1/account/tokens/{token['id']}").status_code == 404
    assert ask(client, token["secret"]).status_code == 401


def test_more_than_was_asked_for_is_not_taken(visitor):
    for more in ({"account_id": 1}, {"seat_id": 1}, {"secret": "cuntu_x"}, {"days": 400}, {"days": "9"}):
        refused = visitor.client.post(
            "/api/v1/account/tokens", json={"title": "x", "permissions": ["maps.view"]} | more
        )
        assert refused.status_code == 400, more


def test_nobody_revokes_the_token_of_somebody_else(visitor, client, county_url):
    somebody(county_url, "lisi", name="李四", token="2")
    with database.connect(county_url) as conn:
        number = conn.execute(
            "SELECT api_token.id FROM api_token JOIN account ON account.id = account_id WHERE login = 'lisi'"
        ).fetchone()[0]
    assert visitor.client.delete(f"/api/v1/account/tokens/{number}").status_code == 404
    assert visitor.post("/account/tokens/revoke", {"token": str(number)}, page="/account").status_code == 404


def test_there_are_only_so_many(visitor, monkeypatch):
    monkeypatch.setattr(own_tokens, "MOST", 3)
    made(visitor, "maps.view")
    made(visitor, "maps.view")
    refused = visitor.post("/account/tokens", {"title": "x", "days": "9", "permission": "maps.view"}, page="/account")
    assert refused.status_code == 409


def test_a_new_password_can_take_all_tokens_with_it(visitor, client):
    token = made(visitor, "maps.view")
    fields = {
        "current": PASSWORD,
        "password": "quite another thing entirely",
        "again": "quite another thing entirely",
        "revoke_tokens": "true",
    }
    assert visitor.post("/account/password", fields).status_code == 303
    assert ask(client, token).status_code == 401


def test_nobody_in_particular_is_told_so(client):
    told = Visitor(client).get("/api/v1/account").json()
    assert (told["kind"], told["person"], told["seat"], told["permissions"]) == ("anonymous", None, None, [])
