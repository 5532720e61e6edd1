"""A correction published later and a successor valid later: what each of the four combinations of the two times answers, at every door.

First the county knows one survey, valid from 2020. Then a successor valid from 2025 is published. Then the survey is corrected.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pytest
import shapely
from applications import IN_ZONE, application, ring
from frames import EAST, EPSG, NORTH, meta, published, square
from ogc import county_with, serving

from layers import database
from spatial.crs import CRS84, reproject

FIELD = "basic_farmland"
THEN, NOW = "2023-06-01", "2026-06-01"
CASES = [(THEN, "then", "survey"), (THEN, "now", "corrected"), (NOW, "then", "survey"), (NOW, "now", "successor")]
IDS = ["valid then known then", "valid then known now", "valid now known then", "valid now known now"]
PLACES = {"survey": square(300, 300, 60), "corrected": square(2_000, 300, 60), "successor": square(4_000, 300, 60)}


def published_field(conn, name, **changes):
    frame = gpd.GeoDataFrame({"BSM": [f"field-{name}"]}, geometry=[PLACES[name]], crs=EPSG)
    return published(conn, frame, meta(FIELD, title=f"基本农田 {name}", **changes))


@pytest.fixture(scope="module")
def told(server_url, county_template):
    """Publish the three versions one after the other; give a client, their numbers, and the moment after the first."""
    numbers, between = {}, []

    def publish(conn):
        numbers["survey"] = published_field(conn, "survey", valid_from=date(2020, 1, 1))
        conn.commit()
        between.append(datetime.now(UTC))
        numbers["successor"] = published_field(conn, "successor", valid_from=date(2025, 1, 1))
        numbers["corrected"] = published_field(conn, "corrected", valid_from=date(2020, 1, 1), valid_to=date(2025, 1, 1))

    with county_with(server_url, county_template, publish) as url, serving(url) as reader:
        yield reader, numbers, between[0]


def times(valid_on, known, between):
    """The two times as parameters of a request."""
    return {"valid_on": valid_on} | ({"known_at": between.isoformat()} if known == "then" else {})


def degrees(name):
    [point] = reproject(np.array([PLACES[name].centroid], dtype=object), source=EPSG, target=CRS84)
    return point.x, point.y


def by_catalogue(client, times):
    [entry] = [item for item in client.get("/api/v1/layers", params=times).json()["layers"] if item["id"] == FIELD]
    return entry["in_force"]["version"]


def by_versions(client, times):
    return client.get(f"/api/v1/layers/{FIELD}/versions", params=times).json()["in_force"]


def by_identifying(client, times):
    found = set()
    for name in PLACES:
        lon, lat = degrees(name)
        answer = client.get(f"/api/v1/layers/{FIELD}/at", params={"lon": lon, "lat": lat, **times}).json()
        found |= {answer["in_force"]["version"]} if answer["features"] else set()
    [version] = found
    return version


def by_tile(client, times):
    """Texts stand in a vector tile as they are."""
    shown = set()
    for name in PLACES:
        lon, lat = degrees(name)
        x, y = int((lon + 180) / 360 * 2**14), int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**14)
        body = client.get(f"/tiles/{FIELD}/14/{x}/{y}.mvt", params=times).content
        shown |= {item for item in PLACES if f"field-{item}".encode() in body}
    [name] = shown
    return name


def by_map_page(client, times):
    page = client.get("/maps/village-types", params=times).text
    [version] = set(re.findall(rf"/tiles/{FIELD}/[^\"]*?v=(\d+)", page))
    return int(version)


def by_layers_page(client, times):
    page = client.get("/layers", params=times).text
    row = re.search(rf'<a href="/layers/{FIELD}/history">.*?</tr>', page, re.DOTALL)[0]
    return int(re.search(r'<td class="num">(\d+)</td>', row)[1])


def by_start_page(client, times):
    page = client.get("/", params=times).text
    row = re.search(rf'<a href="/layers/{FIELD}/history">.*?</tr>', page, re.DOTALL)[0]
    return int(re.search(r'<td class="num">(\d+)</td>', row)[1])


def by_check(client, times):
    found = set()
    for name, place in PLACES.items():
        west, south, *_ = place.bounds
        body = application(coordinates=[ring(west + 5 - EAST, south + 5 - NORTH)])
        report = client.post("/api/v1/checks/preview", params=IN_ZONE | times, json=body).json()
        hit = [item for item in report["findings"] if item["outcome"] == "fail" and item["dataset"]]
        found |= {name} if any(item["dataset"]["layer"] == FIELD for item in hit) else set()
    [name] = found
    return name


def by_collection(client, times):
    """OGC API Features calls the day `datetime`."""
    named = {"datetime" if name == "valid_on" else name: value for name, value in times.items()}
    answer = client.get(f"/ogc/collections/{FIELD}/items", params=named).json()
    [feature] = answer["features"]
    return feature["id"].removeprefix("field-")


DOORS = [by_catalogue, by_versions, by_identifying, by_tile, by_map_page, by_layers_page, by_start_page, by_check, by_collection]


@pytest.mark.parametrize(("valid_on", "known", "expected"), CASES, ids=IDS)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_each_of_the_four_cases_has_its_version_at_every_door(told, door, valid_on, known, expected):
    reader, numbers, between = told
    assert door(reader, times(valid_on, known, between)) in (expected, numbers[expected])


VILLAGE = "421223100201"


def test_a_village_has_the_type_and_the_evidence_of_the_four_times(client, county_url):
    """Classified anew after each publication: the run that counts is that of the day and of what was known."""
    west = shapely.box(EAST - 10_000, NORTH - 10_000, EAST + 10_000, NORTH + 30_000)

    def published_village(name, **changes):
        town = {"XZQDM": ["421223100"], "XZQMC": ["天城镇"]}
        frame = gpd.GeoDataFrame({"ZLDWDM": [VILLAGE], "ZLDWMC": [f"东村 {name}"], **town}, geometry=[west], crs=EPSG)
        with database.connect(county_url) as conn:
            published(conn, frame, meta("village", **changes))
        client.app.state.snapshots.published()

    def classified(day):
        made = client.post("/api/v1/classifications", json={"valid_on": day})
        assert made.status_code == 201, made.text

    published_village("survey", valid_from=date(2020, 1, 1))
    classified(THEN)
    between = datetime.now(UTC)
    published_village("successor", valid_from=date(2025, 1, 1))
    published_village("corrected", valid_from=date(2020, 1, 1), valid_to=date(2025, 1, 1))
    classified(THEN)
    classified(NOW)
    for valid_on, known, expected in CASES:
        village = client.get(f"/api/v1/villages/{VILLAGE}", params=times(valid_on, known, between)).json()
        assert village["properties"]["name"] == f"东村 {expected}", (valid_on, known)


def test_a_correction_changes_todays_answer_and_not_yesterdays_stored_one(client, county_url):
    """The verdict stored before the correction stays to the byte; the same question asked again is answered from the correction."""
    body = application(coordinates=[ring(305, 305)])
    first = client.post("/api/v1/checks", params=IN_ZONE, json=body)
    stored = client.get(first.headers["location"]).content
    before = client.get("/api/v1/layers").json()
    with database.connect(county_url) as conn:
        number = published_field(conn, "survey", valid_from=date(2020, 1, 1))
    client.app.state.snapshots.published()
    assert client.get(first.headers["location"]).content == stored == first.content
    again = client.post("/api/v1/checks", params=IN_ZONE, json=body).json()
    rested = {name: next(item["version"] for item in report["datasets"] if item["layer"] == FIELD) for name, report in (("old", first.json()), ("new", again))}
    assert rested["new"] == number != rested["old"]
    assert [item["rule_id"] for item in first.json()["findings"] if hit(item)] == []
    assert [item["rule_id"] for item in again["findings"] if hit(item)] != []
    at = {"known_at": before["known_at"]}
    then = client.post("/api/v1/checks/preview", params=IN_ZONE | at, json=body).json()
    assert [item["rule_id"] for item in then["findings"] if hit(item)] == []


def hit(item):
    return item["outcome"] == "fail" and item["dataset"] is not None and item["dataset"]["layer"] == FIELD
