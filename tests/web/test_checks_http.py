from __future__ import annotations

import time

import orjson
import people
import pytest
from applications import IN_ZONE, application, ring
from service_jobs import finished

PROBLEM = "application/problem+json"


def stored(client) -> int:
    return client.get("/api/v1/checks").json()["total"]


def assert_problem(answer, status, *places):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    document = answer.json()
    assert document["status"] == status
    assert document["title"] and document["detail"] and document["instance"].startswith("/")
    assert [item["place"] for item in document.get("errors", [])] == list(places)
    return document


def wait_for_snapshot(client):
    until = time.monotonic() + 90
    while client.get("/readyz").json()["snapshot"] != "loaded":
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_check_is_stored_and_comes_back_byte_for_byte(client):
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=[ring(95, 20)]))
    assert made.status_code == 201
    report = made.json()
    assert report["verdict"] == "refused"
    farmland = next(item for item in report["findings"] if item["rule_id"] == "HB-001" and item["outcome"] == "fail")
    assert farmland["measured"]["value"] == 70.0
    assert made.headers["location"] == f"/api/v1/checks/{report['id']}"
    assert client.get(made.headers["location"]).content == made.content


def test_from_memory_and_through_postgis_the_report_is_the_same(client, county_url, settings):
    from fastapi.testclient import TestClient

    from api.app import create_app

    def report(service):
        times = {**IN_ZONE, "valid_on": "2026-05-01", "known_at": "2099-01-01T00:00:00Z"}
        made = service.post("/api/v1/checks", params=times, json=application(coordinates=[ring(95, 20)]))
        return {name: value for name, value in made.json().items() if name not in ("id", "checked_at")}

    wait_for_snapshot(client)
    without = settings.model_copy(update={"snapshot": False})
    with TestClient(create_app(without, database_url=county_url), headers=people.HEADERS) as other:
        assert other.get("/readyz").json()["snapshot"] == "off"
        assert orjson.dumps(report(client)) == orjson.dumps(report(other))


def test_longitude_and_latitude_are_the_default(client):
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application())
    outline = made.json()["subject"]["geometry"]
    again = client.post("/api/v1/checks", json=application(coordinates=outline["coordinates"]))
    assert again.status_code == 201
    assert again.json()["subject"]["area_m2"] == pytest.approx(140.0, abs=0.01)


@pytest.mark.parametrize(
    ("feature", "places"),
    [
        pytest.param(application(storeys="2"), ["/properties/storeys"], id="wrong type"),
        pytest.param(application(storeys=2.5), ["/properties/storeys"], id="not whole"),
        pytest.param(application(colour="red"), ["/properties/colour"], id="unknown property"),
        pytest.param(application(build_kind="castle"), ["/properties/build_kind"], id="unknown value"),
        pytest.param(application(applied_on="2026-02-30"), ["/properties/applied_on"], id="no such day"),
        pytest.param(application(geometry=None), ["/geometry"], id="missing geometry"),
        pytest.param(application(geometry={"type": "Point", "coordinates": [1, 2]}), ["/geometry/type"], id="a point"),
        pytest.param(application(coordinates=[]), ["/geometry/coordinates"], id="empty geometry"),
        pytest.param(application(coordinates=[[*ring()[:3], [1, 2, 3], ring()[0]]]), ["/geometry/coordinates/0/3"], id="3-D"),
        pytest.param(application(coordinates=[[*ring()[:3], [1, "x"], ring()[0]]]), ["/geometry/coordinates/0/3"], id="not numbers"),
        pytest.param(application(coordinates=[[ring()[i] for i in (0, 2, 1, 3, 0)]]), ["/geometry"], id="self-crossing"),
        pytest.param(application(coordinates=[ring(90_000, 0)]), ["/geometry"], id="outside the county"),
        pytest.param(application(storeys="2", colour="red", household_size=0), None, id="all at once"),
    ],
)
def test_what_is_wrong_with_an_application_is_named_with_its_place_and_nothing_is_stored(client, feature, places):
    answer = client.post("/api/v1/checks", params=IN_ZONE, json=feature)
    places = places or ["/properties/storeys", "/properties/colour", "/properties/household_size"]
    found = {item["place"] for item in answer.json().get("errors", [])}
    assert found == set(places), answer.text
    assert answer.status_code == 400
    assert answer.headers["content-type"] == PROBLEM
    assert stored(client) == 0


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "-Infinity"])
def test_a_number_that_is_none_is_refused(client, text):
    body = orjson.dumps(application(height_m=-1.0)).replace(b'"height_m":-1.0', f'"height_m":{text}'.encode())
    answer = client.post("/api/v1/checks", params=IN_ZONE, content=body, headers={"content-type": "application/json"})
    assert "第 1 行" in assert_problem(answer, 400)["detail"]
    assert stored(client) == 0


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/geo+json", 400),
        (b"[" * 3000, "application/json", 400),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"{}", None, 415),
    ],
)
def test_a_body_that_is_not_json_is_refused(client, body, kind, status):
    headers = {"content-type": kind} if kind else {}
    answer = client.post("/api/v1/checks", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert stored(client) == 0


def test_projected_coordinates_without_their_crs_are_refused(client):
    answer = client.post("/api/v1/checks", json=application())
    assert "EPSG:4547" in assert_problem(answer, 400, "/geometry")["detail"]


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:32650", "Beijing54", "4547", "EPSG:999999"])
def test_an_unsupported_crs_is_refused(client, crs):
    answer = client.post("/api/v1/checks", params={"crs": crs}, json=application())
    assert answer.status_code == 400
    assert crs in answer.json()["detail"]
    assert stored(client) == 0


def test_a_crs_member_that_says_something_else_is_refused(client):
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    assert_problem(client.post("/api/v1/checks", json={**application(), "crs": named}), 400, "/crs")
    assert client.post("/api/v1/checks", params=IN_ZONE, json={**application(), "crs": named}).status_code == 201


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"valid_onn": "2026-01-01"}, "?valid_onn"),
        ({"valid_on": "2026-13-01"}, "?valid_on"),
        ({"known_at": "yesterday"}, "?known_at"),
        ({"known_at": "2026-01-01T00:00:00"}, "?known_at"),
        ({"valid_on": "20260101"}, "?valid_on"),
        ({"valid_on": "1.5"}, "?valid_on"),
        ({"known_at": "1767225600"}, "?known_at"),
        ({"known_at": "1e9"}, "?known_at"),
        ({"known_at": "9999-12-31T23:59:59Z"}, "?known_at"),
        ({"known_at": "0001-01-01T00:00:00Z"}, "?known_at"),
        ([("valid_on", "2026-01-01"), ("valid_on", "2026-01-02")], "?valid_on"),
    ],
)
def test_a_bad_or_unknown_parameter_is_400(client, query, place):
    params = [*IN_ZONE.items(), *(query.items() if isinstance(query, dict) else query)]
    assert_problem(client.post("/api/v1/checks", params=params, json=application()), 400, place)
    assert stored(client) == 0


def test_a_body_over_the_limit_is_413_whether_it_says_its_length_or_not(client, settings):
    large = b'{"type":"Feature","x":"' + b"a" * settings.max_body_bytes + b'"}'
    headers = {"content-type": "application/json"}
    read = 0

    def pieces():
        nonlocal read
        for _ in range(1000):
            read += 10_000
            yield b"a" * 10_000

    assert_problem(client.post("/api/v1/checks", content=large, headers=headers), 413)
    assert_problem(client.post("/api/v1/checks", content=pieces(), headers=headers), 413)
    assert stored(client) == 0


def test_a_past_moment_is_answered_with_what_was_known_then(client):
    before = {**IN_ZONE, "known_at": "2001-01-01T00:00:00Z"}
    report = client.post("/api/v1/checks", params=before, json=application(coordinates=[ring(95, 20)])).json()
    assert report["verdict"] == "incomplete"
    assert {item["state"] for item in report["datasets"]} == {"not_loaded"}
    assert report["known_at"].startswith("2001-01-01")


def test_checks_are_listed_page_by_page_and_by_verdict(client):
    for number in range(5):
        client.post("/api/v1/checks", params=IN_ZONE, json=application(case_no=f"A-{number}", coordinates=[ring(95, 20)]))
    page = client.get("/api/v1/checks", params={"limit": 2, "offset": 1}).json()
    assert (page["total"], [item["case_no"] for item in page["checks"]]) == (5, ["A-3", "A-2"])
    assert client.get("/api/v1/checks", params={"verdict": "passed"}).json()["total"] == 0
    assert client.get("/api/v1/checks", params={"case_no": "A-4"}).json()["total"] == 1
    assert_problem(client.get("/api/v1/checks", params={"limit": 0}), 400, "?limit")
    assert_problem(client.get("/api/v1/checks", params={"verdict": "fine"}), 400, "?verdict")


def test_a_report_that_is_not_there_is_404(client):
    assert_problem(client.get("/api/v1/checks/00000000-0000-0000-0000-000000000000"), 404)
    assert_problem(client.get("/api/v1/checks/7"), 400, "/check_id")
    assert_problem(client.get("/api/v1/checks/00000000-0000-0000-0000-000000000000.pdf"), 404)


def test_a_batch_is_a_job_whose_reports_are_those_of_single_checks(client):
    features = [application(case_no=f"B-{number}", coordinates=[ring(95 + 10 * number, 20)]) for number in range(3)]
    answer = client.post("/api/v1/checks/batch", params=IN_ZONE, json={"type": "FeatureCollection", "features": features})
    assert answer.status_code == 202
    job = finished(client, answer.headers["location"])
    assert (job["state"], job["progress"], job["problem"]) == ("done", 1.0, None)
    assert [item["case_no"] for item in job["result"]["checks"]] == ["B-0", "B-1", "B-2"]
    single = client.post("/api/v1/checks", params=IN_ZONE, json=features[0]).json()
    batch = client.get(f"/api/v1/checks/{job['result']['checks'][0]['id']}").json()
    assert batch["findings"] == single["findings"]
    assert client.get("/api/v1/jobs").json()["jobs"][0]["id"] == job["id"]


def test_a_batch_with_one_bad_feature_makes_no_job(client):
    features = [application(), application(storeys="two")]
    answer = client.post("/api/v1/checks/batch", params=IN_ZONE, json={"type": "FeatureCollection", "features": features})
    assert_problem(answer, 400, "/features/1/properties/storeys")
    too_many = {"type": "FeatureCollection", "features": [{}] * 21}
    assert_problem(client.post("/api/v1/checks/batch", json=too_many), 400, "/features")
    assert_problem(client.post("/api/v1/checks/batch", json={"type": "FeatureCollection", "features": []}), 400, "/features")
    assert_problem(client.post("/api/v1/checks/batch", json=application()), 400, "/")
    assert client.get("/api/v1/jobs").json()["jobs"] == []
