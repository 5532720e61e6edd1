"""Siting over HTTP and on the command line: buildable land, places that pass, and one clear answer to what cannot be used."""

from __future__ import annotations

import json

import numpy as np
import people
import pytest
from fastapi.testclient import TestClient
from frames import EAST, NORTH
from planning import PROPERTIES

from api.app import create_app

PROBLEM = "application/problem+json"
IN_ZONE = {"crs": "EPSG:4547"}
VILLAGE = "421223100201"
HOUSE = {"width_m": 10, "depth_m": 14}
STATED = {name: value for name, value in PROPERTIES.items() if name not in ("case_no", "plot_area_m2")}


def box(east=0.0, north=0.0, width=300.0, height=300.0):
    x, y = EAST + east, NORTH + north
    return {"type": "Polygon", "coordinates": [[[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]]]}


def test_where_most_layers_are_missing_nothing_is_buildable_and_it_says_why(client):
    answer = client.post("/api/v1/sites", params=IN_ZONE, json={"area": box(), "house": HOUSE, "application": STATED})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["buildable"]["area_m2"] == 0
    assert found["unknown"]["area_m2"] == pytest.approx(90_000 - 10_000, rel=1e-6), "the field of basic farmland is known"
    assert {item["rule_id"] for item in found["taken"] if item["area_m2"]} == {"HB-001"}
    assert any("未入库" in (item["reason"] or "") for item in found["taken"])
    assert (found["sites"], found["reachable"]) == ([], None)
    assert found["pack"]["id"] == "house-building"


def test_a_village_is_asked_for_by_its_code(client):
    found = client.post("/api/v1/sites", json={"village": VILLAGE, "house": {"area_m2": 140}}).json()
    assert (found["area"]["village_code"], found["area"]["village_name"]) == (VILLAGE, "东村")
    assert found["area"]["area_m2"] == pytest.approx(20_000 * 40_000)
    assert found["house"]["area_m2"] == pytest.approx(140)


HOSTILE = {
    "across the county border": (IN_ZONE, {"area": box(-10_100, 0, 300, 300)}, "/area", "在本县以外"),
    "in the sea": ({}, {"area": {"type": "Polygon", "coordinates": [[[122.5, 28.0], [122.6, 28.0], [122.6, 28.1], [122.5, 28.0]]]}}, "/area", "不在本县"),
    "axes reversed": ({}, {"area": {"type": "Polygon", "coordinates": [[[29.5, 114.2], [29.6, 114.2], [29.6, 114.3], [29.5, 114.2]]]}}, "/area", "经纬度"),
    "empty": (IN_ZONE, {"area": {"type": "Polygon", "coordinates": []}}, "/area/coordinates", "图形为空"),
    "no such village": ({}, {"village": "421223999999"}, "/village", "没有这个村"),
    "neither village nor area": ({}, {}, "/", "二者之一"),
    "both": (IN_ZONE, {"village": VILLAGE, "area": box()}, "/", "二者之一"),
    "unknown member": ({}, {"village": VILLAGE, "sea_view": True}, "/sea_view", "没有这一项"),
    "unknown property": ({}, {"village": VILLAGE, "application": {"colour": "red"}}, "/application/colour", "未知属性"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_used_is_one_problem_document(client, name):
    params, body, place, words = HOSTILE[name]
    answer = client.post("/api/v1/sites", params=params, json={"house": HOUSE} | body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == PROBLEM
    (error,) = answer.json()["errors"]
    assert error["place"] == place and words in error["message"]


def test_a_hundred_thousand_vertices_are_refused_whatever_the_limit_of_the_body(client, county_url, settings):
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    ring = np.round(np.column_stack([EAST + 500 * np.cos(angle), NORTH + 500 * np.sin(angle)]), 2).tolist()
    body = {"area": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, "house": HOUSE}
    assert client.post("/api/v1/sites", params=IN_ZONE, json=body).status_code == 413
    wide = settings.model_copy(update={"max_body_bytes": 20_000_000})
    with TestClient(create_app(wide, database_url=county_url), headers=people.HEADERS) as service:
        answer = service.post("/api/v1/sites", params=IN_ZONE, json=body)
    assert answer.status_code == 400
    assert [error["message"] for error in answer.json()["errors"]] == ["顶点超过 5000 个"]


def test_it_must_be_json(client):
    assert client.post("/api/v1/sites", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert client.post("/api/v1/sites", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415


@pytest.fixture(scope="module")
def demo_village(demo_url) -> str:
    """A village of the demo county with idle homesteads in it."""
    from layers import database

    statement = """
        SELECT substr(f.identifier, 1, 12) FROM feature f JOIN dataset_version v ON v.id = f.version_id
        WHERE v.layer_id = 'parcel' AND f.attributes->>'state' = 'idle' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
    """
    with database.connect(demo_url) as conn:
        return str(conn.execute(statement).fetchone()[0])


def test_every_place_proposed_in_a_village_of_the_demo_county_stands_up_to_the_check(demo_url, demo_village, settings):
    with TestClient(create_app(settings, database_url=demo_url), headers=people.HEADERS) as service:
        found = service.post("/api/v1/sites", json={"village": demo_village, "house": HOUSE, "application": STATED}).json()
        assert found["buildable"]["area_m2"] > 0
        assert found["buildable"]["area_m2"] + found["unknown"]["area_m2"] <= found["area"]["area_m2"]
        assert found["sites"] and found["sites"][0]["kind"] == "idle_plot"
        for item in found["sites"]:
            taken = {"type": "Feature", "geometry": item["geometry"], "properties": item["properties"]}
            report = service.post("/api/v1/checks/preview", json=taken).json()
            assert report["verdict"] == item["verdict"] == found["reachable"]
        assert found["reachable"] not in ("refused", "incomplete")


def test_the_command_gives_the_answer_of_http(cuntu, client, tmp_path):
    (tmp_path / "area.geojson").write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": box()}))
    (tmp_path / "form.json").write_text(json.dumps(STATED))
    times = ("--valid-on", "2026-05-01", "--known-at", "2099-01-01T00:00:00Z")
    code, out, err = cuntu("site", "--area", "area.geojson", "--crs", "EPSG:4547", "--width", 10, "--depth", 14, "--application", "form.json", "--json", *times)
    assert code == 0, err
    params = IN_ZONE | {"valid_on": "2026-05-01", "known_at": "2099-01-01T00:00:00Z"}
    assert json.loads(out) == client.post("/api/v1/sites", params=params, json={"area": box(), "house": HOUSE, "application": STATED}).json()


def test_the_command_writes_a_table_and_files(cuntu, tmp_path):
    code, out, err = cuntu("site", "--village", VILLAGE, "--plot-area", 140, "--output", "sites.geojson")
    assert code == 0 and "可建地" in err and "不可建的地" in out
    assert json.loads((tmp_path / "sites.geojson").read_text()) == {"type": "FeatureCollection", "features": []}
    code, _, err = cuntu("site", "--village", VILLAGE, "--plot-area", 140, "--output", "sites.pdf")
    assert code == 1 and ".geojson" in err
    code, _, err = cuntu("site", "--village", "1", "--plot-area", 140)
    assert code == 1 and "没有这个村" in err
    code, _, err = cuntu("site", "--village", VILLAGE)
    assert code == 1 and "面积" in err


def test_a_file_is_checked_with_its_proposals(cuntu, tmp_path):
    from applications import application, ring

    (tmp_path / "one.geojson").write_text(json.dumps(application(coordinates=[ring(95, 20)])))
    code, out, err = cuntu("check", "one.geojson", "--crs", "EPSG:4547", "--proposals", "--json")
    assert code == 0, err
    (found,) = json.loads(out)["proposals"]
    assert found["proposals"][0]["changes"][0]["kind"] == "move"
    code, out, _ = cuntu("check", "one.geojson", "--crs", "EPSG:4547", "--proposals")
    assert code == 0 and "平移 5.0" in out
    code, _, err = cuntu("check", "--open", "--proposals")
    assert code == 1 and "--proposals" in err
