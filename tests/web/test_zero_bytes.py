"""A zero byte in any text that comes in: PostgreSQL can keep none, so each is refused before it gets there."""

from __future__ import annotations

import io
import re

import people
import pytest
from applications import IN_ZONE, application, ring

NOWHERE = "00000000-0000-0000-0000-000000000000"
NUL = "a\0b"


def test_in_every_text_of_an_address(client):
    document = client.get("/openapi.json").json()
    asked = 0
    for path, item in document["paths"].items():
        for parameter in item.get("get", {}).get("parameters", []):
            if parameter["in"] == "query":
                address, params = re.sub(r"\{\w+\}", NOWHERE, path), {parameter["name"]: NUL}
            else:
                address, params = re.sub(r"\{\w+\}", NOWHERE, path.replace("{" + parameter["name"] + "}", "a%00b")), {}
            answer = client.get(address, params=params)
            assert answer.status_code in (400, 403, 404), (address, params, answer.status_code)
            assert answer.headers["content-type"] == "application/problem+json"
            asked += 1
    assert asked > 40


@pytest.fixture
def hit(client):
    """A stored check that hits a feature."""
    return client.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=[ring(20, 20)])).json()["id"]


ACT = {"rule": "HB-001a", "feature_id": "J1", "reason": "画错", "officer": people.NAME, "unit": people.UNIT, "evidence": "丙"}


@pytest.mark.parametrize("name", sorted(ACT))
def test_in_every_text_of_an_override(client, hit, name):
    answer = client.post(f"/api/v1/checks/{hit}/overrides", json=ACT | {name: NUL})
    assert answer.status_code in (400, 403, 404), answer.text
    assert client.get(f"/api/v1/checks/{hit}/overrides").json()["overrides"] == []


@pytest.mark.parametrize("name", ["reason", "officer", "unit"])
def test_in_every_text_of_a_withdrawal(client, hit, name):
    made = client.post(f"/api/v1/checks/{hit}/overrides", json=ACT)
    assert made.status_code == 201, made.text
    withdrawal = {key: ACT[key] for key in ("reason", "officer", "unit")} | {name: NUL}
    answer = client.post(f"/api/v1/checks/{hit}/overrides/{made.json()['id']}/withdrawal", json=withdrawal)
    assert answer.status_code in (400, 403), answer.text


def test_in_the_note_of_a_classification(client):
    assert client.post("/api/v1/classifications", json={"note": NUL}).status_code == 400


@pytest.mark.parametrize("name", ["authority", "title", "code_system", "source_layer", "crs", "encoding"])
def test_in_every_text_of_an_import(client, name):
    file = ("a.geojson", io.BytesIO(b'{"type":"FeatureCollection","features":[]}'), "application/geo+json")
    form = {"authority": "甲局"} | {name: NUL}
    answer = client.post("/api/v1/layers/road/imports", files={"file": file}, data=form)
    assert answer.status_code == 400, answer.text


def test_in_a_changed_rule_pack(client):
    answer = client.post("/api/v1/runs/backtest", json={"house-building/parameters/421223.yaml": NUL})
    assert answer.status_code == 400, answer.text


def test_in_the_name_of_a_file(client):
    parts = [b'Content-Disposition: form-data; name="authority"\r\n\r\nx', b'Content-Disposition: form-data; name="file"; filename="a\0b.geojson"\r\n\r\n{}']
    body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"
    answer = client.post("/api/v1/layers/road/imports", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code in (202, 400), answer.text
