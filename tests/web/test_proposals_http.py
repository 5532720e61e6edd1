"""The lawful way over HTTP: for a stored check, for an application that is not stored, and nothing of it stored."""

from __future__ import annotations

import people
import pytest
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient

from api.app import create_app
from layers import checks, database

PROBLEM = "application/problem+json"
NEAR_FARMLAND = application(coordinates=[ring(95, 20)], height_m=6.6)
NEVER_MADE = "5febfe82-cf5a-4789-9f77-3f6570b6a786"
TIMES = {"valid_on": "2026-05-01", "known_at": "2099-01-01T00:00:00Z"}


def stored(client) -> int:
    return client.get("/api/v1/checks").json()["total"]


def test_a_check_on_farmland_is_shown_the_shift_that_leaves_it(client):
    made = client.post("/api/v1/checks", params=IN_ZONE, json=NEAR_FARMLAND).json()
    answer = client.get(f"/api/v1/checks/{made['id']}/proposals")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["check_id"], found["case_no"], found["verdict"]) == (made["id"], "A-1", "refused")
    best = found["proposals"][0]
    assert len(best["changes"]) == 1, best["title"]
    (move,) = best["changes"]
    assert (move["kind"], move["direction"]) == ("move", "东")
    assert move["distance_m"] == pytest.approx(5.0, abs=0.02)
    assert "HB-001a" in best["resolves"]
    assert found["needed"], "most layers are not loaded in this county: that is needed, not changed"
    assert "HB-" not in found["applicant"]


def test_a_proposal_taken_is_an_application_that_no_longer_hits(client):
    found = client.post("/api/v1/proposals", params=IN_ZONE, json=NEAR_FARMLAND).json()
    assert found["proposals"]
    for item in found["proposals"]:
        taken = {"type": "Feature", "geometry": item["geometry"], "properties": item["properties"]}
        report = client.post("/api/v1/checks", json=taken).json()
        assert report["verdict"] == item["verdict"]
        assert not [entry for entry in report["findings"] if entry["rule_id"] == "HB-001" and entry["outcome"] == "fail"]


def test_the_same_application_stored_or_not_has_the_same_proposals_and_none_is_stored(client):
    made = client.post("/api/v1/checks", params=IN_ZONE | TIMES, json=NEAR_FARMLAND).json()
    before = stored(client)
    of_check = client.get(f"/api/v1/checks/{made['id']}/proposals").json()
    of_feature = client.post("/api/v1/proposals", params=IN_ZONE | TIMES, json=NEAR_FARMLAND).json()
    assert of_feature.pop("check_id") is None
    assert of_check.pop("check_id") == made["id"]
    assert of_check == of_feature
    assert stored(client) == before


def test_through_postgis_the_proposals_are_those_from_memory(client, county_url, settings):
    without = settings.model_copy(update={"snapshot": False})
    with TestClient(create_app(without, database_url=county_url), headers=people.HEADERS) as other:
        answers = [service.post("/api/v1/proposals", params=IN_ZONE | TIMES, json=NEAR_FARMLAND).json() for service in (client, other)]
    assert answers[0] == answers[1]


def test_every_stored_property_comes_back_in_its_own_kind(client, county_url):
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application(notice_from="2026-02-01", notice_to="2026-02-02", neighbours_consulted=False)).json()
    found = client.get(f"/api/v1/checks/{made['id']}/proposals").json()
    assert found["verdict"] == made["verdict"]
    kinds = {change["property"] for item in (*found["proposals"], *found["lesser"]) for change in item["changes"]}
    assert {"notice_to", "neighbours_consulted"} <= kinds
    with database.connect(county_url) as conn:
        assert checks.get(conn, made["id"]).properties["notice_to"] == "2026-02-02"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", f"/api/v1/checks/{NEVER_MADE}/proposals", None, 404),
        ("get", "/api/v1/checks/one/proposals", None, 400),
        ("get", f"/api/v1/checks/{NEVER_MADE}/proposals?deep=1", None, 400),
        ("post", "/api/v1/proposals", {"type": "Feature"}, 400),
        ("post", "/api/v1/proposals", [], 400),
        ("post", "/api/v1/proposals?crs=EPSG:1", NEAR_FARMLAND, 400),
        ("post", "/api/v1/proposals", NEAR_FARMLAND, 400),
        ("post", "/api/v1/proposals", application(storeys="many"), 400),
    ],
)
def test_what_cannot_be_answered_is_one_problem_document(client, method, path, body, status):
    answer = client.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["detail"]


def test_hostile_text_comes_back_as_it_was_sent(client):
    case = "{{ 7*7 }}<script>alert(1)</script>"
    found = client.post("/api/v1/proposals", params=IN_ZONE, json=application(case_no=case, coordinates=[ring(95, 20)])).json()
    assert found["case_no"] == case
