"""Hostile text in every place of every address that takes one, as the application itself describes them: none of it comes alive.

Whatever is sent, the answer is that of a value nobody knows (2xx or 4xx, one problem document), nothing of the database's own words is in it,
and all tables are as they were.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
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
from layers import database
from layers.databases import create_database, drop_database

PROBLEM = "application/problem+json"
GENEROUS = dict.fromkeys(("rate_caller", "rate_address", "rate_sign_in", "rate_refused"), "1000000/s")
TEXTS = {
    "drop": "'; DROP TABLE stored_check; --", "or": "' OR 1=1 --", "union": "x' UNION SELECT secret_sha256 FROM api_token --", "sleep": "1'; SELECT pg_sleep(9); --",
    "copy": "'; COPY api_token TO PROGRAM 'id' --", "dollar": "$$; DROP TABLE job; $$", "percent": "%", "placeholder": "%(id)s %s {} {0}", "underscore": "_", "backslash": "\\", "quote": '"',
    "nul": "a\0b", "line": "a\r\nX-Injected: yes", "script": "</script><script>alert(1)</script>", "template": "{{ 7*7 }}{% raw %}${7*7}", "surrogate": "\ud800",
    "override": "\u202egpj.exe\u2066", "zero width": "a\u200b\u2060b", "path": "../../../../etc/passwd", "long": "长" * 33_000,
}  # fmt: skip
PROJECT = Path(api.__file__).parents[1]
INSIDE = re.compile(r"Traceback|psycopg|syntax error|SELECT .* FROM|pg_catalog|relation \"|\.py\b|site-packages|root:x:|" + re.escape(str(PROJECT)))
DATABASE_SAYS = re.compile(r"unterminated|invalid input syntax|at or near")


@pytest.fixture(scope="module")
def url(server_url, county_template) -> Iterator[str]:
    name = f"cuntu_hostile_{uuid4().hex[:12]}"
    yield create_database(server_url, name, template=county_template)
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def service(url, tmp_path_factory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), **GENEROUS)
    with TestClient(create_app(settings, database_url=url), headers=people.HEADERS, raise_server_exceptions=False, follow_redirects=False) as client:
        made = client.post("/api/v1/checks", params=IN_ZONE, json=application())
        assert made.status_code == 201
        yield client


def counted(url: str) -> dict[str, int]:
    """How many rows each table has."""
    with database.connect(url) as conn:
        names = [row[0] for row in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
        return {name: conn.execute(f'SELECT count(*) FROM public."{name}"').fetchone()[0] for name in names}


GUARDED = ("account", "seat", "person", "seat_role", "seat_holder", "dataset_version", "village_succession", "layer")
"""Tables whose rows no request of these may change in number."""


def assert_intact(before: dict[str, int], after: dict[str, int]) -> None:
    """No table is gone, no row is gone; a request that was in order may have added some."""
    assert after.keys() == before.keys()
    assert {name: count for name, count in before.items() if after[name] < count} == {}
    assert {name: after[name] for name in GUARDED if name in before} == {name: before[name] for name in GUARDED if name in before}


def sent(service: TestClient, place: addresses.Text, text: str):
    """Send a text to one place; an address takes no more than the client can send."""
    if place.where in ("path", "query"):
        text = text[:6_000]
    try:
        encoded = quote(text.encode("utf-8", "surrogatepass"), safe="")
    except UnicodeEncodeError:
        encoded = ""
    path = addresses.address(place.path, **({place.name: encoded} if place.where == "path" else {}))
    if place.where == "query":
        path += f"?{quote(place.name)}={encoded}"
    if place.where in ("path", "query"):
        return service.request(place.method, path)
    body = text.encode("utf-8", "surrogatepass")
    if place.where == "multipart":
        part = f'--b\r\nContent-Disposition: form-data; name="{place.name}"\r\n\r\n'.encode() + body + b"\r\n--b--\r\n"
        return service.request(place.method, path, content=part, headers={"content-type": "multipart/form-data; boundary=b"})
    if place.where == "form":
        return service.request(place.method, path, content=f"{place.name}={encoded}".encode(), headers={"content-type": "application/x-www-form-urlencoded"})
    written = b'{"' + place.name.encode() + b'":"' + (body if text == "\ud800" else orjson.dumps(text)[1:-1]) + b'"}'
    return service.request(place.method, path, content=written, headers={"content-type": "application/json"})


def trouble(place: addresses.Text, name: str, answer, took_s: float) -> str | None:
    """Say what is wrong with an answer."""
    if answer.status_code >= 500 or answer.status_code in (401, 429):
        return f"{place} [{name}]: {answer.status_code}"
    if answer.status_code >= 400 and answer.headers.get("content-type") != PROBLEM and not answer.headers["content-type"].startswith("text/html"):
        return f"{place} [{name}]: {answer.status_code} is no problem document"
    if (INSIDE.search(answer.text) and name not in ("union", "sleep")) or DATABASE_SAYS.search(answer.text):
        return f"{place} [{name}]: tells of the inside: {answer.text[:200]}"
    if "x-injected" in answer.headers or ("<script>alert(1)" in answer.text and answer.headers["content-type"].startswith("text/html")):
        return f"{place} [{name}]: came alive"
    return f"{place} [{name}]: took {took_s:.0f} s" if took_s > 8 else None


@pytest.mark.parametrize("name", TEXTS)
def test_in_every_place_that_takes_a_text(service, url, name):
    before = counted(url)
    places = list(addresses.texts(service.get("/openapi.json").json()))
    assert len(places) > 200
    found = []
    for place in places:
        began = time.monotonic()
        answer = sent(service, place, TEXTS[name])
        found.append(trouble(place, name, answer, time.monotonic() - began))
    assert [line for line in found if line] == []
    assert_intact(before, counted(url))
    assert service.get("/api/v1/checks").json()["total"] >= 1


@pytest.mark.parametrize("name", sorted(set(TEXTS) - {"long", "surrogate", "nul", "line"}))
def test_in_headers_and_cookies(service, name):
    value = TEXTS[name].encode()
    for header in ("user-agent", "accept", "accept-language", "referer", "x-forwarded-for", "x-request-id", "cookie", "if-none-match", "accept-encoding"):
        answer = service.get("/checks", headers=[(header.encode(), value)])
        assert answer.status_code < 500, header
        assert "alert(1)" not in answer.text and "x-injected" not in answer.headers, header
    cookie = b"cuntu_session=" + value
    assert service.get("/", headers=[(b"cookie", cookie), (b"authorization", b"")]).status_code < 500


def test_a_hostile_host_is_not_repeated(service):
    for host in ("evil.example", "evil.example\"><script>alert(1)</script>", "{{7*7}}"):
        answer = service.get("/checks", headers=[(b"host", host.encode())])
        assert answer.status_code < 500 and "evil.example" not in answer.text.replace(host, "") and "<script>alert(1)" not in answer.text
        assert "evil.example" not in answer.headers.get("location", "")


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1", 'a"; filename="b.exe', "../../etc/passwd", "‮gpj.exe", "<img src=x onerror=alert(1)>", "{{7*7}}.geojson", "长" * 300, "con.geojson", "-rf.geojson"])
def test_in_the_name_of_a_file(service, name):
    part = 'Content-Disposition: form-data; name="file"; filename="' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "%0D").replace("\n", "%0A") + '"'
    body = f"--b\r\n{part}\r\n\r\n".encode() + b'{"type":"FeatureCollection","features":[]}\r\n--b--\r\n'
    answer = service.post("/api/v1/deliveries", content=body, headers={"content-type": "multipart/form-data; boundary=b"})
    assert answer.status_code in (202, 400), answer.text
    assert "set-cookie" not in answer.headers
    if answer.status_code == 202:
        page = service.get(f"/layers/import/{answer.json()['delivery_id']}")
        assert page.status_code == 200
        assert "<img src=x" not in page.text and "/etc/passwd" not in page.text and "49.geojson" not in page.text
        told = service.get(answer.json()["delivery_location"]).json()["file_name"]
        assert "/" not in told and "\r" not in told and "\n" not in told and len(told.encode()) <= 200


def test_a_case_number_names_a_downloaded_file_and_breaks_no_header(service):
    for case_no in ("a\u2028b", 'a"; filename="evil.exe', "../../evil", "‮exe.pdf", "甲" * 50, "a;b=c", "%0d%0aSet-Cookie: x=1"):
        made = service.post("/api/v1/checks", params=IN_ZONE, json=application(case_no=case_no))
        if made.status_code != 201:
            continue
        for kind in ("pdf", "xlsx"):
            answer = service.get(f"/api/v1/checks/{made.json()['id']}.{kind}")
            assert answer.status_code == 200, answer.text[:200]
            told = answer.headers.get("content-disposition", "")
            assert "set-cookie" not in answer.headers and "evil.exe" not in told.replace("%22", '"').split("filename*")[0] and "/" not in told
