"""The service over HTTP: whether it is ready, what it refuses and how, layers, uploads, classifications."""

from __future__ import annotations

import time

import people
import psycopg
import pytest
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from frames import EPSG, meta, published, red_lines, square
from service_jobs import finished
from tiles_at import tile_of

from api.app import create_app
from layers import database
from layers.databases import create_database

PROBLEM = "application/problem+json"


def test_alive_and_ready(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["database"]) == ("ready", "ok")
    assert not [value for value in ready.values() if isinstance(value, int)]  # how many layers there are, hidden ones too, is nobody's business


def test_without_its_tables_the_service_is_not_ready(server_url, settings):
    name = f"cuntu_bare_{time.monotonic_ns()}"
    url = create_database(server_url, name)
    with TestClient(create_app(settings, database_url=url), headers=people.HEADERS) as bare:
        answer = bare.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    assert "cuntu db upgrade" in answer.json()["detail"]


def test_while_the_database_is_away_the_answer_is_503_and_tells_nothing_of_the_inside(settings):
    url = "postgresql://nobody@/nothing?host=/nowhere/at/all"
    with TestClient(create_app(settings.model_copy(update={"snapshot": False}), database_url=url), headers=people.HEADERS) as away:
        assert away.get("/healthz").status_code == 200
        answer = away.get("/readyz")
        assert (answer.status_code, answer.headers["content-type"], answer.headers["retry-after"]) == (503, PROBLEM, "3")
        assert "nowhere" not in answer.text


def test_unexpected_errors_tell_nothing_of_the_inside(county_url, settings, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("api.routes.layers.versions.history", broken)
    with TestClient(create_app(settings, database_url=county_url), headers=people.HEADERS, raise_server_exceptions=False) as service:
        answer = service.get("/api/v1/layers/road/versions")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("DELETE", "/api/v1/checks", 405),
        ("PUT", "/healthz", 405),
        ("GET", "/api/v1/layers/nowhere/versions", 404),
        ("GET", "/api/v1/jobs/00000000-0000-0000-0000-000000000000", 404),
        ("GET", "/api/v1/classifications/00000000-0000-0000-0000-000000000000", 404),
        ("GET", "/api/v1/villages/421223100201", 404),
        ("GET", "/static/nowhere.js", 404),
        ("GET", "/api/v1/layers?colour=red", 400),
        ("GET", "/healthz?verbose=1", 400),
    ],
)
def test_every_refusal_is_a_problem_document(client, method, path, status):
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status
    if status == 405:
        assert answer.headers["allow"]


def test_every_answer_has_the_security_headers(client):
    for path in ("/", "/healthz", "/nowhere", "/api/v1/layers", "/static/js/map.js"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
    nonces = {client.get("/").headers["content-security-policy"] for _ in range(3)}
    assert len(nonces) == 3


def test_the_catalogue_says_what_is_loaded_and_what_is_not(client):
    found = {layer["id"]: layer for layer in client.get("/api/v1/layers").json()["layers"]}
    assert len(found) == 37
    assert (found["village"]["state"], found["village"]["in_force"]["synthetic"]) == ("loaded", True)
    assert (found["road"]["state_label"], found["road"]["in_force"], found["road"]["tiles"]) == ("未入库", None, None)
    earlier = client.get("/api/v1/layers", params={"known_at": "2001-01-01T00:00:00Z"}).json()["layers"]
    assert {layer["state"] for layer in earlier} == {"not_loaded"}


def test_a_published_version_counts_at_once(client, county_url):
    site = {"params": IN_ZONE, "json": application(coordinates=[ring(1500, 0)])}
    before = client.post("/api/v1/checks", **site).json()
    with database.connect(county_url) as conn:
        number = published(conn, red_lines([square(1400, -100, 500)], zone=["core"]), meta())
    client.app.state.snapshots.published()
    after = client.post("/api/v1/checks", **site).json()
    versions = [next(item["version"] for item in report["datasets"] if item["layer"] == "ecological_redline") for report in (before, after)]
    assert versions[0] != versions[1] == number
    again = client.post("/api/v1/checks", params={**IN_ZONE, "known_at": before["known_at"]}, json=site["json"]).json()
    assert again["findings"] == before["findings"]


def test_tiles_are_cut_cached_and_told_apart_by_version(client):
    number = client.get("/api/v1/layers/village/versions").json()["versions"][0]["version"]
    found = next(layer for layer in client.get("/api/v1/layers").json()["layers"] if layer["id"] == "village")
    assert found["tiles"].endswith(f"?v={number}")
    z, x, y = tile_of(EPSG, zoom=10)
    plain = client.get(f"/tiles/village/{z}/{x}/{y}.mvt")
    assert plain.status_code == 200
    assert b"village" in plain.content
    assert plain.headers["cache-control"] == "private, no-cache"
    fixed = client.get(f"/tiles/village/{z}/{x}/{y}.mvt", params={"v": number})
    assert fixed.content == plain.content
    assert "immutable" in fixed.headers["cache-control"]
    again = client.get(f"/tiles/village/{z}/{x}/{y}.mvt", headers={"if-none-match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"/tiles/road/{z}/{x}/{y}.mvt").status_code == 404
    assert client.get(f"/tiles/road/{z}/{x}/{y}.mvt", params={"v": number}).status_code == 404
    assert client.get("/tiles/village/2/9/0.mvt").status_code == 404


def upload(client, tmp_path, frame, *, layer="ecological_redline", name="红线.gpkg", **fields):
    path = tmp_path / "upload.gpkg"
    frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio")
    with path.open("rb") as stream:
        return client.post(f"/api/v1/layers/{layer}/imports", files={"file": (name, stream)}, data={"authority": "县局", **fields})


def test_an_upload_becomes_a_version_and_counts_once_it_is_published(client, tmp_path):
    answer = upload(client, tmp_path, red_lines([square(5000, 5000)]), publish="true", coverage="county", valid_from="2020-01-01")
    job = finished(client, answer.headers["location"])
    assert job["state"] == "done", job
    listed = client.get("/api/v1/layers/ecological_redline/versions").json()["versions"]
    assert [item["status"] for item in listed] == ["published", "published"]
    assert listed[0]["version"] == job["result"]["version"]
    assert listed[0]["source_name"] == "红线.gpkg"
    assert listed[1]["known_to"] is not None
    staged = finished(client, upload(client, tmp_path, red_lines()).headers["location"])
    assert staged["result"]["status"] == "staged"


def test_a_bad_upload_fails_with_its_places_and_stores_nothing(client, tmp_path):
    bad = upload(client, tmp_path, red_lines([square(5000, 5000), square(7000, 7000)], BSM=["H1", "H1"]))
    job = finished(client, bad.headers["location"])
    assert (job["state"], job["result"]) == ("failed", None)
    assert job["problem"]["status"] == 400
    assert [item["place"] for item in job["problem"]["errors"]] == ["QC-A08"]
    assert "第 1 行" in job["problem"]["detail"]
    away = finished(client, upload(client, tmp_path, red_lines([square(500_000, 0)])).headers["location"])
    assert [item["place"] for item in away["problem"]["errors"]] == ["crs"]
    assert len(client.get("/api/v1/layers/ecological_redline/versions").json()["versions"]) == 1
    for data, files in (({}, {"file": ("a.gpkg", b"x")}), ({"authority": "县局"}, {})):
        answer = client.post("/api/v1/layers/road/imports", data=data, files=files)
        assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    odd = finished(client, client.post("/api/v1/layers/road/imports", data={"authority": "县局"}, files={"file": ("../../a.exe", b"x")}).headers["location"])
    assert odd["problem"]["status"] == 415


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://testserver.evil.example", "http://testserver:81"])
def test_a_form_on_another_site_can_send_nothing(client, origin):
    sent = {"data": {"authority": "县局", "publish": "true"}, "files": {"file": ("a.gpkg", b"x")}}
    answer = client.post("/api/v1/layers/road/imports", headers={"origin": origin}, **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)
    assert client.get("/api/v1/jobs").json()["jobs"] == []
    assert client.post("/api/v1/layers/road/imports", headers={"origin": "http://testserver"}, **sent).status_code == 202
    assert client.get("/healthz", headers={"origin": origin}).status_code == 200


@pytest.mark.parametrize("name", ["..", "../..", "/", ".", "红" * 150 + ".gpkg", "..\\..\\a.gpkg"])
def test_any_file_name_is_taken_and_none_leads_out_of_the_uploads_folder(client, tmp_path, settings, name):
    job = finished(client, upload(client, tmp_path, red_lines(), name=name).headers["location"])
    assert job["state"] == "done" if name.endswith(".gpkg") else job["problem"]["status"] == 415, job
    kept = [path for path in settings.uploads.rglob("*") if path.is_file()]
    assert [path.parent.parent for path in kept] == ([settings.uploads] if name.endswith(".gpkg") else [])


def test_an_upload_that_cannot_be_queued_leaves_no_file(client, tmp_path, settings, monkeypatch):
    def away(*_args, **_options):
        raise psycopg.OperationalError

    monkeypatch.setattr("api.jobs.records.add", away)
    assert upload(client, tmp_path, red_lines()).status_code == 503
    assert list(settings.uploads.iterdir()) == []


def test_a_classification_is_stored_shown_and_used(client):
    before = client.get("/api/v1/villages").json()
    states = {item["layer"]: item["state"] for item in before["datasets"]}
    assert (before["features"], states["village"], states["hazard"]) == ([], "loaded", "not_loaded")
    made = client.post("/api/v1/classifications", json={"note": "试运行"})
    assert made.status_code == 201
    run = made.json()
    assert client.get(made.headers["location"]).json() == run
    assert sum(run["counts"].values()) == len(run["villages"]) == 2
    assert run["parameters"]["note"] == "试运行"
    villages = client.get("/api/v1/villages").json()
    assert villages["classification"] == run["id"]
    assert [item["properties"]["village_type"] for item in villages["features"]] == [item["village_type"] for item in run["villages"]]
    assert villages["features"][1]["properties"]["name"] == "{{ 7*7 }}<script>alert(1)</script>"
    one = client.get("/api/v1/villages/421223100201").json()
    assert one["properties"]["evidence"][0]["conditions"]
    assert one["geometry"]["type"] in ("Polygon", "MultiPolygon")
    assert client.get("/api/v1/villages", params={"town": "421223100"}).json()["features"] == villages["features"]
    assert client.get("/api/v1/villages", params={"town": "无此镇"}).json()["features"] == []
    assert client.get("/api/v1/villages", params={"village_type": "castle"}).status_code == 400
    listed = client.get("/api/v1/classifications").json()["classifications"]
    assert [item["id"] for item in listed] == [run["id"]]


@pytest.mark.parametrize("body", [{"valid_on": "soon"}, {"colour": 1}, {"known_at": "2026-01-01T00:00:00"}, [], {"note": 5}])
def test_a_bad_classification_request_is_refused(client, body):
    answer = client.post("/api/v1/classifications", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert client.get("/api/v1/classifications").json()["classifications"] == []


def test_no_villages_no_classification(empty_client):
    answer = empty_client.post("/api/v1/classifications", json={})
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
