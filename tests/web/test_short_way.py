"""A check answered without routing and dependencies is answered exactly as with them."""

from __future__ import annotations

import json

import orjson
import people
import psycopg
import pytest
from applications import IN_ZONE, application, ring

from api.moment import Times
from layers import database

CHECKS, PREVIEW = "/api/v1/checks", "/api/v1/checks/preview"
JSON = {"content-type": "application/json"}


@pytest.fixture
def short(client, monkeypatch):
    """The service once it has met the query strings used here; from then on the long way is closed."""
    for path in (CHECKS, PREVIEW):
        for params in (IN_ZONE, {}):
            client.post(path, params=params, json=application())

    def closed(*_):
        raise AssertionError("the long way was taken")

    monkeypatch.setattr(client.app.state.asked, "keep", closed)
    return client


BAD = [
    pytest.param(orjson.dumps(application(storeys="2", colour="red")), id="wrong and unknown properties"),
    pytest.param(orjson.dumps(application(coordinates=[ring(90_000, 0)])), id="outside the county"),
    pytest.param(orjson.dumps(application(geometry=None)), id="no geometry"),
    pytest.param(orjson.dumps({**application(), "crs": {"type": "name", "properties": {"name": "EPSG:4490"}}}), id="another crs"),
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="not JSON"),
    pytest.param(b"[]", id="no object"),
    pytest.param(b"\xff\xfe", id="not UTF-8"),
    pytest.param(b'{"x":"' + b"a" * 30_000 + b'"}', id="too large"),
]


def told(answer):
    headers = {name: value for name, value in answer.headers.items() if name not in ("content-security-policy", "x-request-id")}
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("body", BAD)
@pytest.mark.parametrize("path", [CHECKS, PREVIEW])
def test_what_is_refused_is_refused_in_the_same_words(client, path, body):
    long = client.post(path, params=IN_ZONE, content=body, headers=JSON)
    client.post(path, params=IN_ZONE, json=application())
    assert client.app.state.asked.get(b"crs=EPSG%3A4547") is not None
    short = client.post(path, params=IN_ZONE, content=body, headers=JSON)
    assert told(short) == told(long)
    assert short.status_code in (400, 413)
    assert "nonce-" in short.headers["content-security-policy"]


def test_the_short_way_is_taken_for_what_was_met_before_and_stores_as_the_long_one(short):
    made = short.post(CHECKS, params=IN_ZONE, json=application(coordinates=[ring(95, 20)]))
    assert made.status_code == 201
    assert short.get(made.headers["location"]).content == made.content
    with pytest.raises(AssertionError, match="the long way"):
        short.post(CHECKS, params={**IN_ZONE, "valid_on": "2026-05-01"}, json=application())


def test_a_page_of_another_site_is_refused_on_the_short_way_too(short):
    answer = short.post(CHECKS, params=IN_ZONE, json=application(), headers={"origin": "http://evil.example"})
    assert answer.status_code == 403


def test_other_content_goes_the_long_way_and_is_refused_there(client):
    client.post(CHECKS, params=IN_ZONE, json=application())
    assert client.post(CHECKS, params=IN_ZONE, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    charset = {"content-type": "application/json; charset=utf-8"}
    assert client.post(CHECKS, params=IN_ZONE, content=orjson.dumps(application()), headers=charset).status_code == 201


def test_a_query_string_that_names_a_past_moment_means_that_moment_each_time(client):
    past = {**IN_ZONE, "known_at": "2001-01-01T00:00:00Z"}
    first, second = (client.post(PREVIEW, params=past, json=application()).json() for _ in range(2))
    assert {entry["state"] for entry in second["datasets"]} == {"not_loaded"}
    assert second["known_at"] == first["known_at"] == "2001-01-01T00:00:00+00:00"
    assert client.post(PREVIEW, params=IN_ZONE, json=application()).json()["known_at"] > second["known_at"]


def test_a_query_string_without_times_means_now_each_time(client):
    moments = []
    for _ in range(2):
        client.app.state.snapshots.published()
        moments.append(client.post(PREVIEW, params=IN_ZONE, json=application()).json()["known_at"])
    assert moments[0] < moments[1]


def test_a_preview_is_the_report_without_an_id_and_stores_nothing(client):
    body = application(coordinates=[ring(95, 20)])
    preview = client.post(PREVIEW, params=IN_ZONE, json=body)
    assert preview.status_code == 200
    assert "location" not in preview.headers
    assert client.get(CHECKS).json()["total"] == 0
    stored = client.post(CHECKS, params=IN_ZONE, json=body).json()
    own = {"id", "checked_at", "known_at"}
    assert "id" not in preview.json()
    assert {name: value for name, value in preview.json().items() if name not in own} == {name: value for name, value in stored.items() if name not in own}
    assert preview.content == orjson.dumps(json.loads(preview.content), option=orjson.OPT_SORT_KEYS)


def test_while_the_database_does_not_take_a_check_the_answer_is_503_and_then_201_again(short, county_url, monkeypatch):
    def away(*_args, **_options):
        raise psycopg.OperationalError("the server is down")

    whole = database.connect
    short.app.state.writer._forget_connection()
    monkeypatch.setattr("api.checks.writer.database.connect", away)
    answer = short.post(CHECKS, params=IN_ZONE, json=application())
    assert (answer.status_code, answer.headers["content-type"], answer.headers["retry-after"]) == (503, "application/problem+json", "3")
    assert short.post(PREVIEW, params=IN_ZONE, json=application()).status_code == 200
    monkeypatch.setattr("api.checks.writer.database.connect", whole)
    assert short.post(CHECKS, params=IN_ZONE, json=application()).status_code == 201


def test_an_unexpected_error_on_the_short_way_tells_nothing_of_the_inside(county_url, settings, monkeypatch):
    from fastapi.testclient import TestClient

    from api.app import create_app

    def broken(*_args, **_options):
        raise RuntimeError("secret detail")

    with TestClient(create_app(settings, database_url=county_url), headers=people.HEADERS, raise_server_exceptions=False) as service:
        service.post(CHECKS, params=IN_ZONE, json=application())
        monkeypatch.setattr("api.checks.desk.application_document", broken)
        answer = service.post(CHECKS, params=IN_ZONE, json=application())
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text


def test_only_so_many_query_strings_are_remembered(client):
    memory = client.app.state.asked
    for number in range(memory.largest + 50):
        memory.keep(f"crs={number}".encode(), memory.get(b""))
    assert len(memory._known) == memory.largest
    assert memory.get(b"").times == Times()
    assert client.post(PREVIEW, params=IN_ZONE, json=application()).status_code == 200
