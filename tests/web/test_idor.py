"""Two towns' clerks: what one has made the other can neither read nor change, by whatever address, nor learn that it is there.

What may not be known of is answered exactly as what never was: 404, with the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import addresses
import people
import pytest
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from visitors import Visitor, somebody

from api.app import create_app
from api.settings import Settings
from layers import database
from layers.databases import create_database, drop_database

ONE, OTHER = "421223100201", "421223100202"
"""Two villages of the county; each clerk has one."""
FREE = dict.fromkeys(("rate_caller", "rate_address", "rate_sign_in", "rate_refused"), "1000000/s")
NOBODY_S = addresses.SOME_ID


@pytest.fixture(scope="module")
def url(server_url, county_template) -> Iterator[str]:
    name = f"cuntu_idor_{uuid4().hex[:12]}"
    yield create_database(server_url, name, template=county_template)
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def clerks(url) -> dict[str, dict[str, str]]:
    roles = ["town_clerk", "viewer"]
    return {"one": people.somebody(url, "clerkone", roles, place=ONE), "other": people.somebody(url, "clerkother", roles, place=OTHER)}


@pytest.fixture(scope="module")
def service(url, tmp_path_factory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), upload_dir=tmp_path_factory.mktemp("kept"), **FREE)
    with TestClient(create_app(settings, database_url=url), raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def check(service, clerks) -> str:
    """A check in the village of one clerk, made by that clerk."""
    made = service.post("/api/v1/checks", params=IN_ZONE, json=application(case_no="甲-1"), headers=clerks["one"])
    assert made.status_code == 201, made.text
    assert made.json()["subject"]["village_code"] == ONE
    return str(made.json()["id"])


def same_words(answer, absent) -> bool:
    """Whether two answers differ in nothing but the id they were asked for, and the number of the request."""
    def plain(text: str) -> str:
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16}|nonce[-=]\"?[\w-]+", "", text)

    return answer.status_code == absent.status_code and plain(answer.text) == plain(absent.text)


def test_the_clerk_who_made_it_reads_it(service, clerks, check):
    assert service.get(f"/api/v1/checks/{check}", headers=clerks["one"]).status_code == 200
    assert service.get(f"/maps/checks/{check}", headers=clerks["one"]).status_code == 200


def of_checks() -> list[tuple[str, str]]:
    return [(row.method, row.path) for row in addresses.ROWS if "{check_id}" in row.path]


@pytest.mark.parametrize(("method", "path"), of_checks(), ids=lambda part: part)
def test_no_address_of_a_check_tells_the_clerk_of_another_village_that_it_is_there(service, clerks, check, method, path):
    told = {"json": {"reason": "x", "rule": "HB-001a", "feature_id": "J1", "evidence": "x"}} if method in ("POST", "PUT", "PATCH") else {}
    absent = service.request(method, addresses.address(path, check_id=NOBODY_S), headers=clerks["other"], **told)
    answer = service.request(method, addresses.address(path, check_id=check), headers=clerks["other"], **told)
    assert answer.status_code in (400, 403, 404), answer.text[:300]
    assert same_words(answer, absent), (answer.text[:300], absent.text[:300])
    assert "甲-1" not in answer.text


def test_no_list_page_or_figure_counts_it(service, clerks, check):
    listed = service.get("/api/v1/checks", headers=clerks["other"]).json()
    assert (listed["total"], listed["checks"]) == (0, [])
    assert service.get("/api/v1/checks", params={"case_no": "甲-1"}, headers=clerks["other"]).json()["total"] == 0
    for page in ("/checks", "/"):
        assert "甲-1" not in service.get(page, headers={**clerks["other"], "accept": "text/html"}).text
    assert service.get("/api/v1/checks", headers=clerks["one"]).json()["total"] == 1


def test_no_check_of_a_site_in_another_village_is_stored(service, clerks):
    beyond = application(coordinates=[ring(12_000, 300)], case_no="乙-1")
    answer = service.post("/api/v1/checks", params=IN_ZONE, json=beyond, headers=clerks["one"])
    assert answer.status_code in (403, 404), answer.text[:300]
    preview = service.post("/api/v1/checks/preview", params=IN_ZONE, json=beyond, headers=clerks["one"])
    assert preview.status_code in (200, 403, 404), preview.text[:300]
    assert service.get("/api/v1/checks", params={"case_no": "乙-1"}, headers=people.HEADERS).json()["total"] == 0


def test_papers_of_a_check_are_not_given_away_by_their_number(service, clerks, check):
    paper = service.get(f"/api/v1/checks/{check}.pdf", headers=clerks["one"])
    assert paper.status_code == 200, paper.text[:200]
    assert service.get(f"/api/v1/checks/{check}.pdf", headers=clerks["other"]).status_code == 404


def test_a_job_is_seen_by_whoever_ordered_it(service, clerks):
    batch = {"type": "FeatureCollection", "features": [application(case_no="批-1")]}
    begun = service.post("/api/v1/checks/batch", params=IN_ZONE, json=batch, headers=people.HEADERS)
    assert begun.status_code == 202, begun.text
    address = f"/api/v1/jobs/{begun.json()['id']}"
    assert service.get(address, headers=people.HEADERS).status_code == 200
    answer, absent = (service.get(path, headers=clerks["other"]) for path in (address, f"/api/v1/jobs/{NOBODY_S}"))
    assert answer.status_code == 404 and same_words(answer, absent)
    assert begun.json()["id"] not in service.get("/api/v1/jobs", headers=clerks["other"]).text


def session_of(url: str, login: str) -> str:
    with database.connect(url) as conn:
        query = "SELECT s.id FROM session s JOIN account a ON a.id = s.account_id WHERE a.login = %s AND s.ended_at IS NULL ORDER BY s.started_at DESC LIMIT 1"
        return str(conn.execute(query, [login]).fetchone()[0])


def token_of(url: str, login: str) -> str:
    with database.connect(url) as conn:
        query = "SELECT t.id FROM api_token t JOIN account a ON a.id = t.account_id WHERE a.login = %s AND t.revoked_at IS NULL LIMIT 1"
        return str(conn.execute(query, [login]).fetchone()[0])


@pytest.fixture(scope="module")
def visitors(service, url) -> tuple[Visitor, Visitor]:
    found = []
    for number, login in enumerate(("one", "two")):
        somebody(url, f"visitor{login}", ["planner"], name=f"访客{number}", token=f"visit{number}")
        visitor = Visitor(service)
        assert visitor.sign_in(f"visitor{login}").status_code == 303
        found.append(visitor)
    return found[0], found[1]


def test_nobody_ends_the_session_or_revokes_the_token_of_another(service, url, visitors):
    mine, _ = visitors
    session, token = session_of(url, "visitortwo"), token_of(url, "visitortwo")
    ended = mine.post("/account/sessions/end", {"session": session, "id": session}, page="/account")
    revoked = mine.post("/account/tokens/revoke", {"token": token, "id": token}, page="/account")
    for answer in (ended, revoked):
        assert answer.status_code in (303, 400, 404), answer.text[:200]
    assert session_of(url, "visitortwo") == session
    assert token_of(url, "visitortwo") == token
    assert session not in mine.get("/account").text and token not in mine.get("/account").text


def roles_of(url: str, login: str) -> tuple[Any, ...]:
    with database.connect(url) as conn:
        query = ("SELECT array_agg(DISTINCT r.role ORDER BY r.role), bool_or(a.disabled_at IS NULL), count(DISTINCT h.seat_id) FROM account a JOIN seat_holder h ON h.person_id = a.person_id"
                 " JOIN seat_role r ON r.seat_id = h.seat_id WHERE a.login = %s")  # fmt: skip
        return tuple(conn.execute(query, [login]).fetchone())


def test_fields_nobody_asked_for_give_nobody_more_rights(service, url, visitors):
    """Mass assignment: a form of one's own account with the administration's fields in it."""
    mine, _ = visitors
    before = roles_of(url, "visitorone")
    more = {"roles": "administrator", "role": "administrator", "seat_id": "1", "account_id": "1", "permissions": "accounts.manage", "is_admin": "true", "secrecy": "secret", "place_code": ""}
    for path, fields in (("/account/tokens", {"title": "t", "days": "30"}), ("/account/seat", {"seat": "1"}), ("/account/password", {"password": "x", "new": "y"})):
        answer = mine.post(path, {**fields, **more}, page="/account")
        assert answer.status_code in (200, 303, 400, 403, 404, 409), (path, answer.status_code, answer.text[:300])
    assert roles_of(url, "visitorone") == before
    with database.connect(url) as conn:
        granted = conn.execute("SELECT permissions FROM api_token t JOIN account a ON a.id = t.account_id WHERE a.login = 'visitorone'").fetchall()
    assert not [row for row in granted if "accounts.manage" in row[0]]


def test_fields_of_the_service_in_an_application_are_refused(service, clerks):
    for name in ("id", "verdict", "account_id", "seat_id", "village_code", "checked_at", "officer"):
        answer = service.post("/api/v1/checks", params=IN_ZONE, json=application(**{name: "421223100202"}), headers=clerks["one"])
        assert answer.status_code == 400 and name in answer.text, (name, answer.status_code)


def test_a_token_acts_in_its_own_seat_whatever_the_request_says(service, clerks):
    for header in ("x-user", "x-seat", "x-forwarded-user", "x-account-id", "remote-user", "x-original-url", "x-rewrite-url", "x-http-method-override"):
        answer = service.get("/api/v1/audit", headers={**clerks["one"], header: "1"})
        assert answer.status_code == 403
        assert service.get("/api/v1/checks", headers={**clerks["other"], header: "/healthz"}).json()["total"] == 0


@pytest.mark.parametrize("path", ["/", "/checks", "/apply", "/sign-in", "/account"])
def test_no_page_can_be_framed(service, path):
    headers = service.get(path, headers={**people.HEADERS, "accept": "text/html"}).headers
    assert headers["x-frame-options"] == "DENY" and "frame-ancestors 'none'" in headers["content-security-policy"]
