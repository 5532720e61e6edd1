"""Hostile applications at every door: huge, malformed, misplaced, ambiguous. Each gets one clear answer, and nothing falls over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import uuid4

import numpy as np
import people
import pytest
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from frames import EAST, NORTH
from openpyxl import load_workbook
from service_jobs import finished

from api.app import create_app
from api.settings import Settings
from layers.databases import create_database, drop_database
from layers.paper.verification import verify

PROBLEM = "application/problem+json"
JSON = {"content-type": "application/json"}
SINGLE = ("/api/v1/checks", "/api/v1/checks/preview", "/api/v1/proposals", "/api/v1/sites/txt")
MANY = ("/api/v1/checks/batch", "/api/v1/runs/file")
DOORS = (*SINGLE, *MANY, "/api/v1/sites", "/api/v1/sites/read")
LARGEST_ANSWER = 200_000


@pytest.fixture(scope="module")
def service(server_url: str, county_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The small county with limits wide enough that not the size of a body alone refuses it; shared, for nothing here reads what is stored."""
    name = f"cuntu_test_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=county_template)
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), max_body_bytes=20_000_000, max_batch_bytes=50_000_000)
    with TestClient(create_app(settings, database_url=url), headers=people.HEADERS) as client:
        yield client
    drop_database(server_url, name)


@dataclass(frozen=True)
class Bad:
    """A feature nobody can check, as text, and words of the answer."""

    text: str
    words: str
    query: dict[str, str] = field(default_factory=lambda: dict(IN_ZONE))


def feature(coordinates: Any = None, **more: Any) -> str:
    return json.dumps(application(**({"coordinates": coordinates} if coordinates is not None else {}), **more))


def with_geometry(text: str) -> str:
    """An application whose geometry is this very text."""
    return feature(geometry="@").replace('"@"', text)


def circle(vertices: int, *, radius: float = 40.0) -> list[list[float]]:
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    points = np.round(np.column_stack([EAST + 400 + radius * np.cos(angle), NORTH + 400 + radius * np.sin(angle)]), 4).tolist()
    return [*points, points[0]]


def squares(count: int) -> list[list[list[list[float]]]]:
    return [[ring(300 + 0.05 * (row % 200), 300 + 0.05 * (row // 200), 0.02, 0.02)] for row in range(count)]


SEA = [[[122.5, 28.0], [122.5001, 28.0], [122.5001, 28.0001], [122.5, 28.0]]]
REVERSED = [[[29.5, 114.2], [29.5001, 114.2], [29.5001, 114.2001], [29.5, 114.2]]]

BAD = {
    "a hundred thousand vertices in one ring": Bad(feature([circle(100_000)]), "顶点超过"),
    "a hundred thousand vertices in small squares": Bad(with_geometry(json.dumps({"type": "MultiPolygon", "coordinates": squares(20_000)})), "顶点超过"),
    "a hundred thousand bad points": Bad(feature([[["x", 1]] * 5_000] * 20), "顶点超过"),
    "a county-wide site": Bad(feature([ring(0, 0, 9_000, 9_000)]), "不像一处宅基地"),
    "in the sea": Bad(feature(SEA), "不在本县", {}),
    "axes reversed, in degrees": Bad(feature(REVERSED), "不是经纬度", {}),
    "axes reversed, in metres": Bad(feature([[[y, x] for x, y in ring()]]), "本县"),
    "metres as degrees": Bad(feature(), "经纬度", {}),
    "degrees as metres": Bad(feature(SEA), "经纬度"),
    "at the pole": Bad(feature([[[0, 90], [1, 90], [1, 89], [0, 90]]]), "", {}),
    "the other side of the earth": Bad(feature([[[-66, -29], [-65.9999, -29], [-66, -28.9999], [-66, -29]]]), "", {}),
    "NaN": Bad(with_geometry('{"type":"Polygon","coordinates":[[[NaN,1],[2,3],[4,5],[NaN,1]]]}'), "JSON"),
    "Infinity": Bad(with_geometry('{"type":"Polygon","coordinates":[[[Infinity,1],[2,3],[4,5],[Infinity,1]]]}'), "JSON"),
    "minus Infinity": Bad(with_geometry('{"type":"Polygon","coordinates":[[[-Infinity,1],[2,3],[4,5],[-Infinity,1]]]}'), "JSON"),
    "a number too large for a float": Bad(with_geometry('{"type":"Polygon","coordinates":[[[1e999,1],[2,3],[4,5],[1e999,1]]]}'), "JSON"),
    "a number of a thousand digits": Bad(with_geometry('{"type":"Polygon","coordinates":[[[%s,1],[2,3],[4,5],[1,1]]]}' % ("9" * 1_000)), ""),
    "the largest float": Bad(with_geometry('{"type":"Polygon","coordinates":[[[1e308,1],[2,3],[4,5],[1e308,1]]]}'), ""),
    "deep nesting": Bad(with_geometry("[" * 100_000 + "]" * 100_000), "JSON"),
    "nesting that the reader still takes": Bad(with_geometry('{"type":"Polygon","coordinates":' + "[" * 500 + "1" + "]" * 500 + "}"), ""),
    "nested objects": Bad(with_geometry('{"a":' * 500 + "1" + "}" * 500), ""),
    "a bow tie": Bad(feature([[ring()[row] for row in (0, 2, 1, 3, 0)]]), "自相交"),
    "a line there and back": Bad(feature([[ring()[0], ring()[1], ring()[0], ring()[1], ring()[0]]]), "自相交"),
    "one point four times": Bad(feature([[ring()[0]] * 4]), ""),
    "a hole beside the outer ring": Bad(feature([ring(), ring(320)]), "自相交或不合规"),
    "a hole as large as the ring": Bad(feature([ring(), ring()]), "自相交或不合规"),
    "parts that overlap": Bad(with_geometry(json.dumps({"type": "MultiPolygon", "coordinates": [[ring()], [ring(305)]]})), "自相交或不合规"),
    "a ring that is open": Bad(feature([ring()[:4]]), "没有闭合"),
    "three dimensions": Bad(feature([[[*point, 30.0] for point in ring()]]), "三维"),
    "truth as a coordinate": Bad(feature([[[True, False], [1, 2], [3, 4], [True, False]]]), "坐标应为两个数"),
    "a collection of geometries": Bad(with_geometry('{"type":"GeometryCollection","geometries":[]}'), "Polygon"),
    "a type that is a list": Bad(with_geometry('{"type":["Polygon"],"coordinates":[]}'), "Polygon"),
    "coordinates that are an object": Bad(with_geometry('{"type":"Polygon","coordinates":{"0":[]}}'), "图形为空"),
    "no geometry": Bad(feature(geometry=None), "缺少图形"),
}


def sent(service: TestClient, door: str, bad: Bad) -> Any:
    """Bring one feature to a door, in the dress that door asks for."""
    if door.endswith("/sites/read"):
        fields = {"crs": bad.query.get("crs", "CRS84")}
        return service.post(door, files={"file": ("site.geojson", bad.text.encode(), "application/geo+json")}, data=fields)
    body = bad.text
    if door in MANY:
        body = f'{{"type":"FeatureCollection","features":[{bad.text}]}}'
    elif door.endswith("/sites"):
        start = bad.text.index('"geometry":') + len('"geometry":')
        area = bad.text[start : bad.text.rindex(', "properties"')]
        body = f'{{"area":{area}}}'
    return service.post(door, params=bad.query, content=body.encode(), headers=JSON)


def assert_one_clear_answer(answer: Any, words: str) -> None:
    assert answer.status_code == 400, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"].startswith(PROBLEM)
    told = answer.json()
    assert told["detail"] and told["status"] == 400
    assert words in answer.text, answer.text[:500]
    assert len(answer.content) < LARGEST_ANSWER, len(answer.content)


TAKEN = {
    ("three dimensions", "/api/v1/sites/read"): "heights are left out, and the answer says so",
}
OWN_WORDS = ("/api/v1/sites/read", "/api/v1/sites")
"""Doors that say some of this in words of their own: which edge meets which, which way the axes go."""


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_checked_is_refused_at_every_door_with_one_clear_answer(service: TestClient, door: str, name: str) -> None:
    answer = sent(service, door, BAD[name])
    if (name, door) in TAKEN:
        assert answer.status_code == 200
    else:
        assert_one_clear_answer(answer, "" if door in OWN_WORDS else BAD[name].words)


def collection(features: list[dict[str, Any]]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def test_an_answer_does_not_grow_with_the_number_of_problems(service: TestClient) -> None:
    """Half a million bad points in a body: their number is told, the first of them with their places, the rest is not read."""
    bad = application(coordinates=[[["x", 1]] * 4_999])
    for door in MANY:
        answer = service.post(door, params=IN_ZONE, content=collection([bad] * 100), headers=JSON)
        assert_one_clear_answer(answer, "坐标应为两个数")
        assert "；等共 " in answer.json()["detail"] and len(answer.json()["errors"]) == 1_000


def test_ten_thousand_tiny_sites_come_in_one_body_and_not_one_more(service: TestClient) -> None:
    tiny = [application(case_no=f"T-{row}", coordinates=[ring(300 + 0.3 * (row % 100), 300 + 0.3 * (row // 100), 0.1, 0.1)], plot_area_m2=1) for row in range(10_001)]
    for door in MANY:
        assert_one_clear_answer(service.post(door, params=IN_ZONE, content=collection(tiny), headers=JSON), "最多 10000 件，实为 10001 件")
        last = [*tiny[:9_999], application(case_no="T-9999", storeys="many")]
        answer = service.post(door, params=IN_ZONE, content=collection(last), headers=JSON)
        assert_one_clear_answer(answer, "/features/9999/properties/storeys")


@pytest.mark.slow
def test_ten_thousand_tiny_sites_are_all_checked(service: TestClient) -> None:
    tiny = [application(case_no=f"T-{row}", coordinates=[ring(300 + 0.3 * (row % 100), 300 + 0.3 * (row // 100), 0.1, 0.1)], plot_area_m2=1) for row in range(10_000)]
    begun = service.post("/api/v1/runs/file", params=IN_ZONE, content=collection(tiny), headers=JSON)
    assert begun.status_code == 202
    assert finished(service, begun.headers["location"], within_s=300)["state"] == "done"
    run = service.get(begun.json()["run_location"]).json()
    assert (run["state"], run["done"]) == ("finished", 10_000)


def test_a_site_too_small_to_be_measured_is_refused(service: TestClient) -> None:
    for door in (*SINGLE, *MANY):
        tiny = Bad(feature([ring(300, 300, 0.01, 0.01)]), "小于 10 平方厘米")
        assert_one_clear_answer(sent(service, door, tiny), tiny.words)


@pytest.mark.parametrize("door", SINGLE[:3])
def test_a_site_across_the_border_of_the_county_is_not_cleared_for_what_lies_beyond(service: TestClient, door: str) -> None:
    """5 m of 10 lie outside: the layers say nothing about those."""
    answer = service.post(door, params=IN_ZONE, json=application(coordinates=[ring(-10_005, 0)]))
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["verdict"] == "incomplete"
    if door != "/api/v1/proposals":
        found = {item["rule_id"] + (item["branch"] or ""): item for item in answer.json()["findings"]}
        assert found["HB-001a"]["outcome"] == "no_data" and "70.00 ㎡ 超出" in found["HB-001a"]["message"]


def test_as_many_vertices_as_are_allowed_get_a_report(service: TestClient) -> None:
    holes = [ring(305 + 0.1 * (row % 30), 305 + 0.1 * (row // 30), 0.05, 0.05) for row in range(998)]
    for coordinates in ([circle(4_999)], [ring(300, 300, 20, 20), *holes]):
        answer = service.post("/api/v1/checks/preview", params=IN_ZONE, json=application(coordinates=coordinates))
        assert answer.status_code == 200, answer.text[:300]
        assert answer.json()["verdict"] == "incomplete"


@pytest.mark.parametrize("door", SINGLE[:2])
def test_of_a_name_given_twice_the_last_counts_and_the_report_says_what_was_taken(service: TestClient, door: str) -> None:
    twice = feature(storeys=2).replace('"storeys": 2', '"storeys": 9, "storeys": 2')
    assert twice.count("storeys") == 2
    told = service.post(door, params=IN_ZONE, content=twice.encode(), headers=JSON)
    assert told.status_code in (200, 201)
    assert told.json()["subject"]["properties"]["storeys"] == 2


BAD_FORMS: dict[str, dict[str, Any]] = {
    "a number in a text": {"case_no": 5}, "an empty text": {"case_no": ""}, "a long text": {"case_no": "长" * 100_000}, "a line break": {"side_east": "a\nb"},
    "a zero byte": {"household_id": "a\0b"}, "an escape": {"side_west": "\x1b[2J"}, "a lone surrogate": {"side_north": "\ud800"}, "a huge number": {"height_m": 1e300},
    "an integer of many digits": {"storeys": 10**18}, "a negative area": {"plot_area_m2": -1}, "a word for yes": {"is_member": "yes"}, "one for yes": {"is_member": 1},
    "a list": {"terrain": ["hill"]}, "an object": {"terrain": {"hill": 1}}, "a day that never was": {"applied_on": "2026-02-30"},
    "a moment for a day": {"applied_on": "2026-02-03T04:05:06Z"}, "a year of five digits": {"applied_on": "12026-01-01"}, "an unknown field": {"x" * 10_000: 1},
    "a field with a hostile name": {"<script>{{7*7}}": 1},
}  # fmt: skip


@pytest.mark.parametrize("door", (*SINGLE, *MANY))
@pytest.mark.parametrize("name", BAD_FORMS)
def test_a_form_filled_with_nonsense_is_refused_with_one_clear_answer(service: TestClient, door: str, name: str) -> None:
    answer = sent(service, door, Bad(feature(**BAD_FORMS[name]), ""))
    assert_one_clear_answer(answer, "")
    assert len(answer.content) < 2_000


@pytest.mark.parametrize("text", ["[]", "null", "5", '"x"', "{}", '{"type":"Feature"}', '{"type":"FeatureCollection","features":[]}', '{"type":"FeatureCollection","features":{}}',
                                  '{"type":"FeatureCollection","features":[null,5,"x",[]]}', '{"type":"Feature","geometry":[],"properties":[]}', "{", "[[[[", "\ufeff{}", "{} {}"])  # fmt: skip
@pytest.mark.parametrize("door", DOORS[:-1])
def test_a_body_of_another_form_is_refused_with_one_clear_answer(service: TestClient, door: str, text: str) -> None:
    assert_one_clear_answer(service.post(door, params=IN_ZONE, content=text.encode(), headers=JSON), "")


@pytest.mark.parametrize("query", [{"valid_on": "0001-01-01"}, {"valid_on": "9999-12-31"}, {"known_at": "0001-01-01T00:00:00Z"}, {"known_at": "9999-12-31T23:59:59-12:00"},
                                   {"known_at": "9999-12-31T23:59:59.999999+00:00"}, {"valid_on": "1-1-1"}, {"known_at": "2026-01-01T00:00:00"}, {"crs": "EPSG:4547\0"}, {"crs": "x" * 1_000}])  # fmt: skip
@pytest.mark.parametrize("door", DOORS[:-1])
def test_dates_at_the_ends_of_time_get_one_clear_answer(service: TestClient, door: str, query: dict[str, str]) -> None:
    answer = sent(service, door, Bad(feature(), "", IN_ZONE | query))
    assert answer.status_code in (200, 201, 202, 400), answer.text[:300]
    assert answer.status_code != 400 or answer.headers["content-type"].startswith(PROBLEM)


TEXTS = {
    "markup": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;",
    "templates": "x{{ 7*7 }}x{% raw %}x${7*7}x#{7*7}x<%= 7*7 %>x",
    "a formula": "=cmd|' /C calc'!A0",
    "another formula": "+SUM(A1:A9)*cmd|' /C calc'!A0",
    "typesetting": '#import "x.typ": * $x^2$ \\u{41} *b* _i_ `r` // c',
    "other directions": "\u202egnp.exe\u2066\u200b\u2028\u0301",
    "no characters": "\uffff\ufffe\ue000",
    "rare characters": "𠮷𪚥👨‍👩‍👧‍👦ﷺ",
    "statements": "'; DROP TABLE check_result; --",
    "places": "../../../etc/passwd%00",
}
FIELDS = ("case_no", "household_id", "side_east", "side_south", "side_west", "side_north")


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_in_every_field_is_only_text_at_every_way_out(service: TestClient, name: str) -> None:
    text = TEXTS[name]
    # On the field of basic farmland, so that findings have something to show.
    made = service.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=[ring(20, 20)], **dict.fromkeys(FIELDS, text)))
    assert made.status_code == 201, made.text[:300]
    address = f"/api/v1/checks/{made.json()['id']}"
    assert service.get(address).json()["case_no"] == text
    assert {made.json()["subject"]["properties"][field] for field in FIELDS} == {text}
    assert service.get("/api/v1/checks", params={"case_no": text}).json()["checks"][0]["case_no"] == text
    assert_text_is_inert(service.get(f"/maps/checks/{made.json()['id']}"))
    assert_workbook_holds_text(service.get(f"{address}.xlsx"), text)
    paper = service.get(f"{address}.pdf")
    assert paper.status_code == 200
    assert verify(paper.content).ok


def assert_text_is_inert(page: Any) -> None:
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text and "<img src=x" not in page.text
    assert "x49x" not in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"].split("style-src")[0]


def assert_workbook_holds_text(answer: Any, text: str) -> None:
    assert answer.status_code == 200
    book = load_workbook(BytesIO(answer.content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert text in {cell.value for cell in cells} or any(ord(sign) > 0xFFFD for sign in text)
