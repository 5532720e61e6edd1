"""What every answer of the service has, whatever was asked and by whom; and what the shell refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import addresses
import orjson
import people
import pytest
from applications import IN_ZONE, application
from fastapi.testclient import TestClient

import api
from api.app import create_app
from api.settings import Settings
from layers.databases import create_database, drop_database

PROBLEM = "application/problem+json"
GENEROUS = dict.fromkeys(("rate_caller", "rate_address", "rate_sign_in", "rate_refused"), "1000000/s")
PROJECT = Path(api.__file__).parents[1]
INSIDE = re.compile(r"Traceback|File \"|\.py\b|psycopg|SELECT |INSERT |UPDATE |sqlalchemy|pydantic|starlette|uvicorn|python/|/usr/|/home/|/srv/|site-packages|PostgreSQL \d|POLYGON|" + re.escape(str(PROJECT)))
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def url(server_url, county_template) -> Iterator[str]:
    name = f"cuntu_shell_{uuid4().hex[:12]}"
    yield create_database(server_url, name, template=county_template)
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def service(url, tmp_path_factory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), max_body_bytes=60_000, **GENEROUS)
    with TestClient(create_app(settings, database_url=url), headers=people.HEADERS, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def assert_shell(answer) -> None:
    """The headers of every answer."""
    headers = answer.headers
    policy = headers["content-security-policy"]
    for directive in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert directive in policy, (answer.url, directive)
    assert "unsafe" not in policy and "http:" not in policy and "*" not in policy, policy
    expected = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "cross-origin-opener-policy": "same-origin",
                "cross-origin-resource-policy": "same-origin", "x-robots-tag": "noindex, nofollow"}  # fmt: skip
    assert {name: headers.get(name) for name in expected} == expected, answer.url
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])
    assert "server" not in headers and "x-powered-by" not in headers
    kept = headers.get("cache-control", "")
    is_page = headers.get("content-type", "").startswith("text/html")
    personal = "Authorization" in answer.request.headers and answer.request.headers["Authorization"] != ""
    allowed = {"no-store"} if is_page and personal else {"no-store", "no-cache", "private, no-cache", "private, max-age=31536000, immutable"}
    assert "/static/" in str(answer.url) or kept in allowed, (answer.url, kept)


@pytest.mark.parametrize("signed", [True, False], ids=["signed in", "nobody"])
def test_every_answer_of_every_address_has_the_headers(service, signed):
    for row in addresses.ROWS:
        for method in {row.method, "DELETE", "HEAD"}:
            answer = service.request(method, addresses.address(row.path), headers={} if signed else {"Authorization": ""})
            assert_shell(answer)
            if answer.status_code >= 400 and method != "HEAD":
                assert not INSIDE.search(answer.text), (method, row.path, answer.text[:300])


REFUSED = {
    400: ("GET", "/api/v1/checks?nonsense=1", {}), 401: ("GET", "/api/v1/checks", {"headers": {"Authorization": "Bearer cuntu_x"}}), 404: ("GET", "/nowhere", {}),
    405: ("PUT", "/healthz", {}), 413: ("POST", "/api/v1/checks", {"content": b"x" * 70_000, "headers": JSON}), 414: ("GET", "/checks?" + "a" * 20_000, {}),
    415: ("POST", "/api/v1/checks", {"content": b"x", "headers": {"content-type": "text/plain"}}), 431: ("GET", "/checks", {"headers": {"x-a": "b" * 40_000}}),
    403: ("POST", "/api/v1/checks", {"json": {}, "headers": {"origin": "https://evil.example"}}),
}  # fmt: skip


@pytest.mark.parametrize("status", sorted(REFUSED))
def test_every_refusal_is_one_problem_document_with_the_headers(service, status):
    method, path, told = REFUSED[status]
    answer = service.request(method, path, **told)
    assert (answer.status_code, answer.headers["content-type"], answer.json()["status"]) == (status, PROBLEM, status), answer.text
    assert answer.json()["title"] != "" and re.search(r"[\u4e00-\u9fff]", answer.json()["detail"])
    assert_shell(answer)


def test_an_unexpected_error_has_the_headers_and_its_number_and_nothing_of_the_inside(service, monkeypatch, caplog):
    def broken(*_args, **_options):
        raise RuntimeError("SELECT secret FROM /srv/inside.py")

    monkeypatch.setattr("api.routes.layers.versions.history", broken)
    answer = service.get("/api/v1/layers/road/versions")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert_shell(answer)
    assert not INSIDE.search(answer.text)
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-request-id"] in caplog.text


def test_only_over_https_a_browser_is_told_to_stay_there(service, url, tmp_path):
    assert "strict-transport-security" not in service.get("/healthz", headers={"x-forwarded-proto": "https"}).headers
    behind = Settings(data_dir=tmp_path, snapshot=False, trusted_proxies="10.0.0.0/8")
    with TestClient(create_app(behind, database_url=url), client=("10.0.0.1", 1)) as client:
        found = client.get("/healthz", headers={"x-forwarded-proto": "https"}).headers["strict-transport-security"]
        assert int(re.search(r"max-age=(\d+)", found)[1]) >= 31_536_000 and "includeSubDomains" in found


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"geometry":{"coordinates":['])
def test_json_nested_without_end_gets_one_clear_answer(service, opening):
    content = opening.encode() * 10_000 if len(opening) < 6 else opening.encode() + b"[" * 50_000
    takes_json = {(text.method, text.path) for text in addresses.texts(service.get("/openapi.json").json()) if text.where == "json"}
    assert ("POST", "/api/v1/checks") in takes_json
    for row in addresses.ROWS:
        if row.method in ("POST", "PUT", "PATCH"):
            answer = service.request(row.method, addresses.address(row.path), content=content, headers=JSON)
            assert answer.status_code < 500, (row.path, answer.status_code, answer.text[:200])
            if (row.method, row.path) in takes_json:
                assert answer.status_code >= 400, (row.path, answer.status_code, answer.text[:200])
            assert len(answer.content) < 5_000


def limited(url, folder, **told):
    settings = Settings(data_dir=folder, snapshot=False, **told)
    return TestClient(create_app(settings, database_url=url), raise_server_exceptions=False)


def test_who_asks_too_often_is_told_when_to_come_back_and_others_are_not_concerned(url, tmp_path):
    with limited(url, tmp_path, rate_caller="3/h", rate_address="2/h", anonymous=True) as client:
        signed = [client.get("/api/v1/jobs", headers=people.HEADERS) for _ in range(5)]
        assert [answer.status_code for answer in signed] == [200] * 3 + [429] * 2
        assert signed[3].headers["content-type"] == PROBLEM and 0 < int(signed[3].headers["retry-after"]) <= 1_200
        assert_shell(signed[3])
        assert [client.get("/api/v1/layers").status_code for _ in range(3)] == [200, 200, 429]
        assert [client.get("/healthz").status_code for _ in range(5)] == [200] * 5


def test_tokens_cannot_be_tried_without_end_and_good_ones_go_on(url, tmp_path):
    with limited(url, tmp_path, rate_refused="3/h") as client:
        assert client.get("/api/v1/jobs", headers=people.HEADERS).status_code == 200
        tries = [client.get("/api/v1/jobs", headers={"Authorization": f"Bearer cuntu_{number:043d}"}).status_code for number in range(6)]
        assert tries == [401] * 3 + [429] * 3
        assert client.get("/api/v1/jobs", headers=people.HEADERS).status_code == 200


def test_signing_in_cannot_be_tried_without_end_from_one_address_whatever_it_claims_to_be(url, tmp_path):
    with limited(url, tmp_path, rate_sign_in="4/h") as client:
        for number in range(6):
            headers = {"x-forwarded-for": f"1.2.3.{number}", "origin": "http://testserver"}
            answer = client.post("/sign-in", data={"login": "a", "password": "b"}, headers=headers)
            assert (answer.status_code == 429) == (number >= 4), answer.text[:200]


def test_behind_a_trusted_proxy_each_client_is_counted_by_its_own_address(url, tmp_path):
    settings = Settings(data_dir=tmp_path, snapshot=False, rate_sign_in="1/h", trusted_proxies="testclient, 10.0.0.1".removeprefix("testclient, "))
    with TestClient(create_app(settings, database_url=url), client=("10.0.0.1", 1)) as client:
        def tried(address):
            return client.post("/sign-in", data={}, headers={"x-forwarded-for": address, "origin": "http://testserver"}).status_code == 429

        assert [tried("1.2.3.4"), tried("1.2.3.4"), tried("1.2.3.5"), tried("9.9.9.9, 1.2.3.4")] == [False, True, False, True]


@pytest.mark.parametrize("more", [{f"f{number}": "x" for number in range(80)}, {"reason": "x" * 200_000}, {f"file{number}": (f"{number}.txt", b"x") for number in range(8)}])
def test_an_upload_brings_one_file_and_a_few_short_fields(service, more):
    """What else comes with it is held in memory: a thousand fields of a megabyte are not read."""
    files = {"file": ("a.geojson", b"{}"), **{name: value for name, value in more.items() if isinstance(value, tuple)}}
    fields = {name: value for name, value in more.items() if isinstance(value, str)}
    answer = service.post("/api/v1/deliveries", files=files, data=fields)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM), answer.text
    assert_shell(answer)


def test_whether_it_is_ready_cannot_be_asked_without_end(url, tmp_path):
    """Each asks the database."""
    with limited(url, tmp_path, rate_address="2/h", anonymous=True) as client:
        assert [client.get("/readyz").status_code for _ in range(3)] == [200, 200, 429]


def test_a_day_of_one_account_has_a_measure(url, tmp_path):
    with limited(url, tmp_path, upload_bytes_per_day=10_000, open_deliveries=2) as client:
        def deliver(size):
            return client.post("/api/v1/deliveries", files={"file": ("a.geojson", b" " * size)}, headers=people.HEADERS)

        assert (deliver(20_000).status_code, deliver(4_000).status_code) == (413, 202)
        more = deliver(9_000)
        assert (more.status_code, more.headers["content-type"]) == (429, PROBLEM) and int(more.headers["retry-after"]) > 0
        deliver(100)
        assert deliver(100).status_code in (202, 429)


def test_normal_work_of_one_token_is_not_throttled(service):
    body = orjson.dumps(application())
    answers = [service.post("/api/v1/checks/preview", params=IN_ZONE, content=body, headers=JSON).status_code for _ in range(100)]
    assert answers == [200] * 100
    assert Settings().rate_caller == "3000/s"


def test_no_folder_is_listed_and_nothing_is_traced(service):
    for path in ("/static/", "/static/js/", "/static/../api/app.py", "/static/%2e%2e/app.py", "/.git/config", "/static/.git/config"):
        answer = service.get(path)
        assert answer.status_code == 404, (path, answer.status_code)
        assert answer.headers["content-type"] == PROBLEM
    for path in ("/", "/api/v1/checks", "/static/css/site.css"):
        answer = service.request("TRACE", path, headers={"x-secret": "repeated"})
        assert answer.status_code == 405 and "repeated" not in answer.text
