"""Seats, people and accounts over HTTP: everything the administrator does, and nothing for anybody else."""

from __future__ import annotations

from datetime import timedelta

import offices
import people
import pytest
from fastapi.testclient import TestClient
from offices import TODAY

from api.app import create_app
from layers import accounts, database, seats

TOKEN = "cuntu_" + "administering-only-".ljust(43, "0")
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
BASE = "/api/v1/admin"
SEAT = {"title": "经办岗", "unit": "天城镇人民政府", "place_code": "421223100", "roles": ["town_clerk"]}


@pytest.fixture
def admin(db_url, settings):
    """The service as the one administrator sees it, with no way to sign in but this token and a password."""
    with database.connect(db_url) as conn:
        people.person_with(conn, "管理某", ["administrator"], token=TOKEN, password_hash="kept", login="guanli")
    with TestClient(create_app(settings, database_url=db_url), headers=ADMIN) as service:
        yield service


def made(admin, **told):
    answer = admin.post(f"{BASE}/seats", json=SEAT | told)
    assert answer.status_code == 201, answer.text
    return answer.json()


def person(admin, name="甲某"):
    return admin.post(f"{BASE}/people", json={"name": name}).json()["id"]


def refused(answer, status, text):
    assert answer.status_code == status, answer.text
    assert text in answer.json()["detail"], answer.text


def test_a_seat_is_made_filled_changed_and_ended(admin):
    seat = made(admin)
    assert (seat["place_code"], seat["roles"], seat["person"]) == ("421223100", ["town_clerk"], None)
    at = f"{BASE}/seats/{seat['id']}"
    appointed = admin.post(f"{at}/holders", json={"person": "甲某"}).json()
    assert (appointed["person"], appointed["held_from"], appointed["held_to"]) == ("甲某", TODAY.isoformat(), None)
    assert admin.put(f"{at}/roles/reviewer").json()["roles"] == ["reviewer", "town_clerk"]
    assert admin.delete(f"{at}/roles/reviewer").json()["roles"] == ["town_clerk"]
    later = (TODAY + timedelta(days=30)).isoformat()
    ended = admin.post(f"{at}/holders/{appointed['holding_id']}/end", json={"on": later})
    assert (ended.status_code, ended.json()["held_to"]) == (200, later)
    second = admin.post(f"{at}/holders", json={"person_id": person(admin, "乙某"), "held_from": later})
    assert [held["person"] for held in second.json()["holdings"]] == ["乙某", "甲某"]
    assert admin.post(f"{at}/end", json={}).json()["ended_on"] == TODAY.isoformat()
    assert admin.get(at).json()["person"] is None
    assert [found["id"] for found in admin.get(f"{BASE}/seats").json()["seats"]][-1] == seat["id"]


def test_the_roles_are_told_with_what_they_may_do_and_exclude(admin):
    found = {role["id"]: role for role in admin.get(f"{BASE}/roles").json()["roles"]}
    assert set(found) == {"viewer", "town_clerk", "planner", "publisher", "reviewer", "auditor", "administrator"}
    assert found["auditor"]["excludes"] == ["administrator"] and found["town_clerk"]["of_town"]
    assert "accounts.manage" in found["administrator"]["permissions"]


def test_an_account_is_opened_closed_and_opened_again(admin, db_url):
    opened = admin.post(f"{BASE}/accounts", json={"person_id": person(admin), "login": "jia.mou"})
    assert opened.status_code == 201 and opened.headers["cache-control"] == "no-store"
    number, secret = opened.json()["account_id"], opened.json()["link"].removeprefix("/link#")
    at = f"{BASE}/accounts/{number}"
    listed = {account["login"]: account for account in admin.get(f"{BASE}/accounts").json()["accounts"]}
    assert not listed["jia.mou"]["has_password"] and listed["jia.mou"]["link_until"]
    assert admin.post(f"{at}/disable").json()["disabled_at"]
    refused(admin.post(f"{at}/password-link"), 409, "已停用")
    assert admin.post(f"{at}/enable").json()["disabled_at"] is None
    assert admin.post(f"{at}/unlock").json()["locked_until"] is None
    refused(admin.delete(f"{at}/second-factor"), 409, "没有设置第二因素")
    assert admin.put(f"{at}/subject", json={"subject": "sub-7"}).json()["oidc_subject"] == "sub-7"
    again = admin.post(f"{at}/password-link").json()["link"].removeprefix("/link#")
    with database.connect(db_url) as conn:
        with pytest.raises(accounts.LinkSpentError):
            accounts.use_link(conn, secret, "password")
        assert accounts.use_link(conn, again, "password").account_id == number


def test_what_takes_rights_away_counts_for_the_next_request(admin, db_url):
    other = "cuntu_" + "somebody-elses-".ljust(43, "0")
    with database.connect(db_url) as conn:
        account = people.person_with(conn, "查看某", ["viewer"], token=other, unit="查看单位")
        seat = seats.named(conn, unit="查看单位", title="查看某之席")
    theirs = {"Authorization": f"Bearer {other}"}
    assert admin.get("/api/v1/deliveries", headers=theirs).status_code == 200
    admin.delete(f"{BASE}/seats/{seat}/roles/viewer")
    assert admin.get("/api/v1/deliveries", headers=theirs).status_code == 403
    admin.put(f"{BASE}/seats/{seat}/roles/viewer")
    assert admin.get("/api/v1/deliveries", headers=theirs).status_code == 200
    admin.post(f"{BASE}/accounts/{account}/disable")
    assert admin.get("/api/v1/deliveries", headers=theirs).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "unknown"),
    [
        ("/seats", SEAT | {"ended_on": None}, "/ended_on"),
        ("/seats", SEAT | {"id": 7}, "/id"),
        ("/people", {"name": "甲某", "account_id": 1}, "/account_id"),
        ("/accounts", {"person_id": 1, "login": "jia", "password_hash": "x"}, "/password_hash"),
        ("/accounts", {"person_id": 1, "login": "jia", "must_change": False}, "/must_change"),
        ("/accounts/1/subject", {"subject": "x", "login": "root"}, "/login"),
    ],
)
def test_nothing_can_be_set_that_is_not_asked_for(admin, path, body, unknown):
    send = admin.put if path.endswith("subject") else admin.post
    answer = send(BASE + path, json=body)
    assert answer.status_code == 400
    assert {"place": unknown, "message": "没有这个参数"} in answer.json()["errors"]


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/seats", SEAT | {"title": " "}, "/title"),
        ("/seats", SEAT | {"title": "a\nb"}, "/title"),
        ("/seats", SEAT | {"unit": "\u202e倒写"}, "/unit"),
        ("/seats", SEAT | {"place_code": "4212"}, "/place_code"),
        ("/seats", SEAT | {"place_code": "110101001"}, "/place_code"),
        ("/seats", SEAT | {"place_code": None}, "/roles"),
        ("/seats", SEAT | {"secrecy": "top"}, "/secrecy"),
        ("/seats", SEAT | {"roles": ["king"]}, "/roles"),
        ("/accounts", {"person_id": 1, "login": "Jia"}, "/login"),
        ("/accounts", {"person_id": "1", "login": "jia"}, "/person_id"),
        ("/seats/1/holders", {}, "/"),
        ("/seats/1/holders", {"person": "甲", "person_id": 1}, "/"),
        ("/seats/1/holders", {"person": "甲", "held_from": "2020-01-01"}, "/held_from"),
        ("/seats/1/end", {"on": 20260101}, "/on"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(admin, path, body, place):
    answer = admin.post(BASE + path, json=body)
    assert answer.status_code == 400, answer.text
    assert place in [error["place"] for error in answer.json()["errors"]]


def test_what_is_half_done_leaves_nothing(admin):
    seat = made(admin, roles=["auditor"], place_code=None)["id"]
    mine = next(person["id"] for person in admin.get(f"{BASE}/people").json()["people"] if person["name"] == "管理某")
    refused(admin.post(f"{BASE}/seats/{seat}/holders", json={"person_id": mine}), 409, "管理员与审计员")
    refused(admin.post(f"{BASE}/seats/9999/holders", json={"person": "无席某"}), 404, "没有席位")
    assert "无席某" not in admin.get(f"{BASE}/people").text
    assert admin.get(f"{BASE}/seats/{seat}").json()["holdings"] == []


def test_the_last_administrator_cannot_shut_themselves_out(admin):
    [mine] = [account for account in admin.get(f"{BASE}/accounts").json()["accounts"] if account["login"] == "guanli"]
    [seat] = [seat for seat in admin.get(f"{BASE}/seats").json()["seats"] if "administrator" in seat["roles"]]
    at = f"{BASE}/seats/{seat['id']}"
    for answer in (
        admin.post(f"{BASE}/accounts/{mine['id']}/disable"),
        admin.delete(f"{at}/roles/administrator"),
        admin.post(f"{at}/end", json={}),
        admin.post(f"{at}/holders/{seat['holding_id']}/end", json={}),
    ):
        refused(answer, 409, "没有能登录的管理员")
    assert admin.get(at).json()["person"] == "管理某"


def test_a_holding_of_another_seat_is_not_ended_through_this_one(admin):
    seat, other = made(admin)["id"], made(admin, title="又一岗")["id"]
    held = admin.post(f"{BASE}/seats/{seat}/holders", json={"person": "甲某"}).json()["holding_id"]
    refused(admin.post(f"{BASE}/seats/{other}/holders/{held}/end", json={}), 400, "不属于席位")


@pytest.mark.parametrize("path", ["/roles", "/seats", "/people", "/accounts"])
def test_nobody_else_sees_any_of_it(admin, path):
    assert admin.get(BASE + path, headers=people.HEADERS).status_code == 403
    assert admin.get(BASE + path, headers={"Authorization": ""}).status_code == 401


def test_the_pages_show_names_as_text(admin):
    seat = made(admin, title="<script>alert(1)</script>", unit="{{ 7*7 }}")["id"]
    admin.post(f"{BASE}/seats/{seat}/holders", json={"person": "<img src=x>"})
    for path in ("/admin/accounts", f"/admin/seats/{seat}"):
        answer = admin.get(path)
        assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
        assert "<script>alert" not in answer.text and "&lt;script&gt;alert(1)" in answer.text
        assert "{{ 7*7 }}" in answer.text and "<img src=x>" not in answer.text
    assert admin.get("/admin/accounts", headers=people.HEADERS).status_code == 403
    assert admin.get("/admin/seats/9999").status_code == 404


def test_every_act_is_in_the_audit_with_who_did_it(admin, db_url):
    seat = made(admin)["id"]
    admin.post(f"{BASE}/seats/{seat}/holders", json={"person": "甲某"})
    with database.connect(db_url) as conn:
        entries = offices.noted(conn)
    assert [entry["action"] for entry in entries[-3:]] == [
        "accounts.make_seat",
        "accounts.note_person",
        "accounts.appoint",
    ]
    assert {(entry["person"], entry["seat"], entry["channel"]) for entry in entries[-3:]} == {
        ("管理某", "管理某之席", "http")
    }
