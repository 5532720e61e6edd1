"""Runs over HTTP: begun, listed and shown, or refused."""

from __future__ import annotations

import pytest
from applications import IN_ZONE, application, ring
from service_jobs import finished

HOSTILE = "{{ 7*7 }}<script>alert(1)</script>"


def test_over_http_a_run_is_begun_done_listed_and_shown(client, county_url):
    features = {"type": "FeatureCollection", "features": [application(case_no=f"{HOSTILE}{row}", coordinates=[ring(95 + 30 * row, 20)]) for row in range(3)]}
    begun = client.post("/api/v1/runs/file", params=IN_ZONE, json=features)
    assert begun.status_code == 202, begun.text
    job = finished(client, begun.headers["location"])
    assert job["state"] == "done", job
    run_id = begun.json()["run_id"]
    run = client.get(begun.json()["run_location"]).json()
    assert (run["state"], run["done"], run["kind"]) == ("finished", 3, "file")
    assert client.get("/api/v1/runs").json()["runs"][0]["id"] == run_id
    first = client.get(f"/api/v1/runs/{run_id}/results", params={"limit": 2}).json()
    rest = client.get(f"/api/v1/runs/{run_id}/results", params={"limit": 2, "after": first["next_after"]}).json()
    assert [item["position"] for item in first["results"] + rest["results"]] == [0, 1, 2]
    assert rest["next_after"] is None
    check_id = first["results"][0]["check_id"]
    assert client.get(f"/api/v1/checks/{check_id}").json() == first["results"][0]["report"]
    page = client.get(f"/maps/runs/{run_id}")
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert "49&lt;script" not in page.text
    assert f'href="/maps/checks/{check_id}"' in page.text
    assert run["title"] in client.get("/runs").text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/runs/file", {"type": "FeatureCollection", "features": []}, 400),
        ("/api/v1/runs/file", {"type": "FeatureCollection", "features": [application(storeys="x")]}, 400),
        ("/api/v1/runs/plan-difference", {"versions": []}, 400),
        ("/api/v1/runs/plan-difference", {"versions": [True]}, 400),
        ("/api/v1/runs/plan-difference", {"versions": [99_999]}, 404),
        ("/api/v1/runs/plan-difference", {"version": [1]}, 400),
        ("/api/v1/runs/backtest", {"jurisdiction": "421223", "parameters": {}}, 400),
        ("/api/v1/runs/backtest", {"jurisdiction": "421223", "parameters": {"no_such": {"title": "x", "unit": "m", "rows": []}}}, 400),
        ("/api/v1/runs/00000000-0000-0000-0000-000000000000/resume", {}, 404),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_nothing_is_written(client, path, body, status):
    answer = client.post(path, json=body, params=IN_ZONE if path.endswith("/file") else {})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/runs").json()["total"] == 0
