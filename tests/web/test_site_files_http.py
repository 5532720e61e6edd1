from __future__ import annotations

import json

import pytest
from applications import IN_ZONE, application, ring
from frames import EAST, NORTH
from site_files import dxf, here, land_txt

READ = "/api/v1/sites/read"


def sent(client, raw, *, name="宗地.txt", **fields):
    content = raw.encode() if isinstance(raw, str) else raw
    return client.post(READ, files={"file": (name, content)}, data=fields)


def test_a_land_txt_comes_back_as_a_polygon_with_area_and_corners(client):
    answer = sent(client, land_txt().encode("gbk"))
    assert answer.status_code == 200, answer.text
    read = answer.json()
    assert (read["kind"], read["encoding"], read["epsg_in"], read["epsg"]) == ("txt", "gb18030", 4526, 4547)
    [site] = read["sites"]
    assert site["area_m2"] == 140.0
    assert site["geometry"]["type"] == "Polygon"
    assert [corner["label"] for corner in site["corners"]] == ["J1", "J2", "J3", "J4"]
    assert (site["corners"][0]["x_m"], site["corners"][0]["y_m"]) == (NORTH + 314, EAST + 300)


def test_a_drawing_needs_the_sender_to_name_the_coordinate_system(client):
    refused = sent(client, dxf(), name="a.dxf")
    assert refused.status_code == 400
    assert "请选择坐标系" in refused.json()["detail"]
    assert sent(client, dxf(), name="a.dxf", crs="EPSG:4547").json()["sites"][0]["name"] == "宅基地"


def test_pasted_longitudes_and_latitudes_are_read_as_such(client):
    [site] = sent(client, land_txt()).json()["sites"]
    rows = "\n".join(f"{lon} {lat}" for lon, lat in site["geometry"]["coordinates"][0])
    assert sent(client, rows, crs="CRS84").json()["sites"][0]["area_m2"] == pytest.approx(140.0, abs=1e-3)


def test_every_problem_stands_in_the_answer_with_its_place(client):
    answer = sent(client, land_txt().replace("J2,1,", "J2,x,"))
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    places = {item["place"] for item in answer.json()["errors"]}
    assert "/第 12 行" in places


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"", {}),
        (b"\x00" * 100, {}),
        (b"[" * 15_000, {}),
        (b'{"type": "Feature"}', {}),
        (b"1 2\n" * 4_000, {"crs": "CRS84"}),
        (b"=cmd|' /C calc'!A0 1 2", {"crs": "EPSG:4547"}),
        (b"<script>alert(1)</script>", {"crs": "EPSG:4547"}),
        (b"1 2\n3 4\n5 6", {"crs": "EPSG:3857"}),
        (b"1 2\n3 4\n5 6", {"crs": "moon"}),
        (b"0\nSECTION\n2\nENTITIES\n0\nLWPOLYLINE\n90\n99999999\n10\n1e308\n20\nnan\n0\nEOF\n", {"crs": "EPSG:4547"}),
    ],
)
def test_hostile_files_get_one_clear_refusal(client, raw, fields):
    answer = sent(client, raw, **fields)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert len(answer.content) < 10_000


def test_a_file_over_the_limit_is_not_read(client, settings):
    assert sent(client, b"1 2\n" * settings.max_body_bytes).status_code == 413


def test_a_form_without_a_file_is_told_what_is_missing(client):
    answer = client.post(READ, data={"crs": "CRS84"})
    assert answer.status_code == 400
    assert "file" in answer.json()["detail"]


def test_a_site_written_as_txt_comes_back_the_same_to_the_millimetre(client):
    corners = [[east, north] for east, north in here(((0.1234, 14.4321), (10.5, 14.25), (10.001, 0.0), (0.0, 0.999)))]
    body = application(coordinates=[[*corners, corners[0]]], case_no="甲,乙\n丙".replace("\n", " "))
    text = client.post("/api/v1/sites/txt", params=IN_ZONE, json=body)
    assert text.status_code == 200, text.text
    assert text.headers["content-disposition"] == 'attachment; filename="corners.txt"'
    [site] = sent(client, text.content).json()["sites"]
    assert site["name"] == "甲 乙 丙"
    for corner, (east, north) in zip(site["corners"], corners, strict=True):
        assert corner["y_m"] == pytest.approx(east, abs=0.00051)
        assert corner["x_m"] == pytest.approx(north, abs=0.00051)


def test_holes_survive_the_way_through_txt(client):
    hole = list(reversed(ring(302, 302, 4, 4)))
    text = client.post("/api/v1/sites/txt", params=IN_ZONE, json=application(coordinates=[ring(), hole]))
    [site] = sent(client, text.content).json()["sites"]
    assert site["area_m2"] == 124.0
    assert {corner["ring"] for corner in site["corners"]} == {1, 2}


def test_writing_refuses_what_a_check_would_refuse(client):
    answer = client.post("/api/v1/sites/txt", params=IN_ZONE, json=application(geometry=None))
    assert answer.status_code == 400
    assert client.post("/api/v1/sites/txt", content=json.dumps([1]), headers={"content-type": "application/json"}).status_code == 400


def test_picking_a_place_gives_the_feature_there_with_its_corners(client):
    [site] = sent(client, land_txt(((-290.0, -290.0), (-285.0, -290.0), (-285.0, -285.0), (-290.0, -285.0)))).json()["sites"]
    lon, lat = site["geometry"]["coordinates"][0][0]
    answer = client.get("/api/v1/layers/basic_farmland/at", params={"lon": lon, "lat": lat})
    assert answer.status_code == 200, answer.text
    [feature] = answer.json()["features"]
    assert feature["id"] == "J1"
    assert feature["area_m2"] == 10_000.0
    assert {(corner["x_m"] - NORTH, corner["y_m"] - EAST) for corner in feature["corners"]} == {(0, 0), (0, 100), (100, 100), (100, 0)}
    assert answer.json()["in_force"]["version"] > 0


def test_a_radius_finds_what_lies_near_and_nothing_lies_at_a_place_outside(client):
    [site] = sent(client, land_txt()).json()["sites"]
    lon, lat = site["geometry"]["coordinates"][0][0]
    near = {"lon": lon, "lat": lat}
    assert client.get("/api/v1/layers/basic_farmland/at", params=near).json()["features"] == []
    assert client.get("/api/v1/layers/basic_farmland/at", params=near | {"radius_m": 200}).json()["features"] == []
    assert client.get("/api/v1/layers/village/at", params=near).json()["features"][0]["properties"]["ZLDWMC"] == "东村"
    assert client.get("/api/v1/layers/village/at", params={"lon": 180, "lat": 90}).json()["features"] == []


@pytest.mark.parametrize(
    ("layer", "parameters", "status"),
    [
        ("parcel", {"lon": 114.2, "lat": 29.5}, 404),
        ("nonsense", {"lon": 114.2, "lat": 29.5}, 404),
        ("village", {"lon": 114.2}, 400),
        ("village", {"lon": 200, "lat": 0}, 400),
        ("village", {"lon": "nan", "lat": 0}, 400),
        ("village", {"lon": 114.2, "lat": 29.5, "radius_m": 5_000}, 400),
    ],
)
def test_a_place_that_cannot_be_asked_for_is_refused(client, layer, parameters, status):
    assert client.get(f"/api/v1/layers/{layer}/at", params=parameters).status_code == status
