from __future__ import annotations

import io
import re
import sqlite3

import geopandas as gpd
import openpyxl
import people
import pytest
import shapely
from delivered_files import of_a_web_map
from delivery_way import BY, delivered, done, faulty_file
from fastapi.testclient import TestClient
from frames import EAST, EPSG, NORTH, red_lines, square
from packages import geopackage, shapefile_zip

from api.app import create_app
from layers import database, versions

PROBLEM = "application/problem+json"


def in_force(url, layer="ecological_redline"):
    with database.connect(url) as conn:
        return versions.history(conn, layer)


def test_a_file_goes_all_the_way_from_drop_to_publication(client, county_url, tmp_path):
    job, address = delivered(client, faulty_file(tmp_path))
    assert (job["state"], job["result"]["state"]) == ("done", "recognised")
    seen = client.get(address).json()
    assert seen["recognition"]["layer"]["id"] == "ecological_redline"
    assert seen["recognition"]["encoding"]["codec"] == "gb18030"
    assert seen["recognition"]["sample"]["rows"][1][1].strip() == "大湖山"

    assert done(client, client.post(f"{address}/check"))["result"]["counts"]["error"] >= 1
    seen = client.get(address).json()
    assert seen["state"] == "checked"
    found = client.get(f"{address}/findings", params={"level": "error"})
    assert found.headers["content-type"] == "application/geo+json"
    [crossing] = [item for item in found.json()["features"] if item["properties"]["code"] == "QC-G05"]
    place = gpd.GeoSeries([shapely.geometry.shape(crossing["geometry"])], crs="OGC:CRS84").to_crs(EPSG).iloc[0]
    assert place.distance(shapely.Point(EAST + 5_000.1, NORTH + 5_049.95)) < 0.3
    assert crossing["properties"]["row"] == 0

    refused = done(client, client.post(f"{address}/stage", json=BY))
    assert refused["state"] == "failed"
    assert "QC-G05" in {item["place"] for item in refused["problem"]["errors"]}
    assert len(in_force(county_url)) == 1
    offered = {item["id"] for item in seen["summary"]["repairs"]}
    assert "make_valid" in offered

    staged = done(client, client.post(f"{address}/stage", json={**BY, "repairs": ["all"]}))
    assert staged["state"] == "done", staged
    seen = client.get(address).json()
    assert seen["state"] == "staged"
    record = in_force(county_url)[0]
    assert (record.status, record.dataset.version) == ("staged", seen["version"])
    made = {item["id"]: item for item in record.qa["repairs"]}
    assert [row[0] for row in made["make_valid"]["rows"]] == [0]
    assert record.qa["report"]["counts"]["error"] == 0
    assert any(item["id"] == "repeated_point" for item in record.qa["report"]["thresholds"])

    nameless = client.post(f"{address}/publish", json={"officer": " ", "unit": "县局"})
    assert (nameless.status_code, nameless.headers["content-type"]) == (400, PROBLEM)
    published = client.post(f"{address}/publish", json=BY | {"reason": "质检合格"})
    assert published.status_code == 200, published.text
    assert published.json()["state"] == "published"
    assert [item["act"] for item in published.json()["acts"]] == ["deliver", "stage", "publish"]
    assert [item.status for item in in_force(county_url)] == ["published", "published"]
    assert client.post(f"{address}/publish", json=BY).status_code == 409


def test_questions_are_told_and_answered(client, tmp_path):
    job, address = delivered(client, geopackage(tmp_path, STBHHX=red_lines(), CESHI=red_lines().rename(columns={"BSM": "编号", "zone": "区"})))
    assert job["result"]["questions"] == 1
    seen = client.get(address).json()["recognition"]
    assert [item["about"] for item in seen["questions"]] == ["dataset"]
    assert {option["value"] for option in seen["questions"][0]["options"]} == {"STBHHX", "CESHI"}
    unclear = done(client, client.post(f"{address}/check"))
    assert (unclear["state"], [item["place"] for item in unclear["problem"]["errors"]]) == ("failed", ["dataset"])

    answers = {"dataset": "CESHI", "answers": {"layer": "ecological_redline", "fields": {"BSM": "编号", "zone": "区"}}}
    assert done(client, client.put(f"{address}/answers", json=answers))["result"]["questions"] == 0
    seen = client.get(address).json()
    mapped = {item["name"]: item["source"] for item in seen["recognition"]["fields"]}
    assert (mapped["BSM"], mapped["zone"]) == ("编号", "区")
    assert seen["choice"]["answers"]["fields"] == {"BSM": "编号", "zone": "区"}
    assert done(client, client.post(f"{address}/check"))["state"] == "done"


def test_what_no_person_may_say_is_refused_with_its_place(client, tmp_path):
    _, address = delivered(client, faulty_file(tmp_path))
    for body, place in (
        ({"answers": {"axes": "up"}}, "/answers/axes"),
        ({"answers": {"epsg": "4547x"}}, "/answers/epsg"),
        ({"repairs": ["a b"]}, "/repairs/0"),
        ({"what": 1}, "/what"),
        ({"description": {"coverage": {"type": "Point", "coordinates": [114, 29]}}}, None),
        ({"description": {"coverage": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}}}, None),
        ({"description": {"title": "a\0b"}}, "/description/title"),
    ):
        answer = client.put(f"{address}/answers", json=body)
        assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM), (body, answer.text)
        if place:
            assert place in {item["place"] for item in answer.json()["errors"]}
    assert client.put(f"{address}/answers", content=b"x", headers={"content-type": "text/plain"}).status_code == 415
    unknown = done(client, client.put(f"{address}/answers", json={"answers": {"layer": "nowhere"}}))
    assert unknown["problem"]["status"] == 404
    assert "nowhere" in client.get(address).json()["problem"]


def test_coverage_is_the_county_towns_or_a_polygon(client, county_url, tmp_path):
    ring = gpd.GeoSeries([shapely.box(EAST, NORTH, EAST + 9_000, NORTH + 9_000)], crs=EPSG).to_crs("OGC:CRS84").iloc[0]
    wanted = {
        "county": 1_600e6,
        "towns": 1_600e6,
        "polygon": 81e6,
        "features": 20_000,
    }
    said = {"county": "county", "towns": ["421223100"], "polygon": shapely.geometry.mapping(ring), "features": "features"}
    for kind, coverage in said.items():
        _, address = delivered(client, shapefile_zip(tmp_path, "STBHHX", red_lines([square(5000, 5000), square(7000, 7000)])))
        assert client.patch(f"{address}/answers", json={"description": {"coverage": coverage, "title": kind}}).status_code == 200
        staged = done(client, client.post(f"{address}/stage", json=BY))
        assert staged["state"] == "done", staged
        with database.connect(county_url) as conn:
            row = conn.execute("SELECT ST_Area(coverage), title FROM dataset_version ORDER BY id DESC LIMIT 1").fetchone()
        assert row == (pytest.approx(wanted[kind], rel=1e-3), kind)
    _, address = delivered(client, shapefile_zip(tmp_path, "STBHHX", red_lines([square(5000, 5000)])))
    client.patch(f"{address}/answers", json={"description": {"coverage": ["421223999"]}})
    refused = done(client, client.post(f"{address}/stage", json=BY))
    assert "421223999" in refused["problem"]["detail"]


def test_the_report_is_paged_and_written_as_workbook_and_geopackage(client, tmp_path):
    names = [" 甲 "] * 30
    _, address = delivered(client, geopackage(tmp_path, STBHHX=red_lines([square(200 * n, 200 * n) for n in range(30)], MC=names)))
    assert client.get(f"{address}/findings").status_code == 409
    assert done(client, client.post(f"{address}/check"))["state"] == "done"
    first = client.get(f"{address}/findings", params={"code": "QC-A20", "limit": 20}).json()
    rest = client.get(f"{address}/findings", params={"code": "QC-A20", "limit": 20, "after": first["next_after"]}).json()
    rows = [item["properties"]["row"] for item in (*first["features"], *rest["features"])]
    assert rows == list(range(30))
    assert rest["next_after"] is None
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{address}/findings.xlsx").content))
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert sum("QC-A20" in cell for cell in cells) >= 30
    (tmp_path / "report.gpkg").write_bytes(client.get(f"{address}/findings.gpkg").content)
    with sqlite3.connect(tmp_path / "report.gpkg") as base:
        tables = [row[0] for row in base.execute("SELECT table_name FROM gpkg_contents")]
        listed = [row for name in tables for row in base.execute(f'SELECT * FROM "{name}"')]
    assert sum("QC-A20" in row and "H0007" in row for row in listed) == 1
    assert sum("QC-A20" in row for row in listed) >= 30


def test_a_hostile_file_is_refused_removed_and_leaves_the_service_unharmed(client, settings, tmp_path):
    (tmp_path / "a.vrt").write_text("<OGRVRTDataSource/>", encoding="utf-8")
    job, address = delivered(client, tmp_path / "a.vrt", name="../../{{ 7*1001 }}<script>alert(1)</script>.vrt")
    assert (job["state"], job["problem"]["status"]) == ("failed", 415)
    seen = client.get(address).json()
    assert (seen["state"], "/" in seen["file_name"]) == ("refused", False)
    assert list(settings.uploads.iterdir()) == []
    assert client.post(f"{address}/check").status_code == 409
    for path in ("/layers/import", seen["page"]):
        page = client.get(path)
        assert page.status_code == 200
        assert "<script>alert(1)" not in page.text
        assert "7007<" not in page.text


def test_a_delivery_put_aside_takes_its_staged_version_and_file_along(client, county_url, settings, tmp_path):
    _, address = delivered(client, shapefile_zip(tmp_path, "STBHHX", red_lines([square(5000, 5000)])))
    assert done(client, client.post(f"{address}/stage", json=BY))["state"] == "done"
    assert client.delete(address, params={"officer": "别人"}).status_code == 403
    gone = client.delete(address)
    assert (gone.status_code, gone.json()["state"]) == (200, "discarded")
    assert [item.status for item in in_force(county_url)] == ["published"]
    assert list(settings.uploads.iterdir()) == []
    assert client.delete(address, params=BY).status_code == 409
    assert client.get("/api/v1/deliveries").json()["total"] == 1


def test_what_was_delivered_outlives_a_restart(county_url, settings, tmp_path):
    with TestClient(create_app(settings, database_url=county_url), headers=people.HEADERS) as before:
        _, address = delivered(before, shapefile_zip(tmp_path, "STBHHX", red_lines([square(5000, 5000)])))
    with TestClient(create_app(settings, database_url=county_url), headers=people.HEADERS) as after:
        assert after.get(address).json()["state"] == "recognised"
        assert done(after, after.post(f"{address}/stage", json=BY))["state"] == "done"


def test_what_is_taken_from_a_web_map_is_drawn_with_a_warning_and_never_measured(client, tmp_path):
    zones = gpd.GeoDataFrame(
        {"hazard_no": [f"Z{n}" for n in range(6)], "zone": ["danger"] * 6}, geometry=[square(300 * n, 3000 + 120 * n, 80) for n in range(6)], crs=EPSG
    )
    _, address = delivered(client, geopackage(tmp_path, hazard=of_a_web_map(zones, "gcj02")))
    said = {"answers": {"display_only": True}, "description": {"coverage": "county"}}
    assert done(client, client.put(f"{address}/answers", json=said))["result"]["questions"] == 0
    assert client.get(address).json()["recognition"]["crs"]["display_only"] is True
    staged = done(client, client.post(f"{address}/stage", json=BY))
    assert staged["state"] == "done", staged
    version = client.post(f"{address}/publish", json=BY).json()["version"]
    states = {item["id"]: item["state"] for item in client.get("/api/v1/layers").json()["layers"]}
    assert states["hazard"] == "not_loaded"
    listed = client.get("/api/v1/layers/hazard/versions").json()["versions"]
    assert [(item["version"], item["status"]) for item in listed] == [(version, "published")]
    page = client.get("/maps/village-types").text
    assert re.search(rf"/tiles/hazard/[^\"]+mvt\?v={version}\"", page)
    assert "仅供显示" in page


def test_each_data_set_of_a_file_goes_its_own_way_and_the_file_is_sent_once(client, settings, tmp_path):
    _, address = delivered(client, geopackage(tmp_path, STBHHX=red_lines(), CESHI=red_lines()))
    assert client.post(f"{address}/datasets", json={"dataset": "nowhere"}).status_code == 404
    made = client.post(f"{address}/datasets", json={"dataset": "STBHHX", **BY})
    job = done(client, made)
    assert (job["result"]["questions"], job["result"]["state"]) == (0, "recognised")
    other = made.json()["delivery_location"]
    assert other != address
    assert client.delete(address, params=BY).status_code == 200
    assert len(list(settings.uploads.iterdir())) == 1
    assert done(client, client.post(f"{other}/stage", json=BY))["state"] == "done"


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b", "=cmd|' /C calc'!A0", "{{ 7*1001 }}</script>"])
def test_strange_texts_in_a_file_never_stop_the_service(client, tmp_path, text):
    path = tmp_path / "STBHHX.geojson"
    ring = "[[114.2,29.6],[114.201,29.6],[114.201,29.601],[114.2,29.6]]"
    feature = '{"type":"Feature","properties":{"BSM":"%s","zone":"%s","%s":1},"geometry":{"type":"Polygon","coordinates":[%s]}}'
    features = ",".join(feature % (text, text, text, ring) for _ in range(2))
    path.write_text('{"type":"FeatureCollection","features":[' + features + "]}", encoding="utf-8")
    job, address = delivered(client, path)
    assert job["state"] in ("done", "failed")
    assert job.get("problem") is None or job["problem"]["status"] < 500
    if job["state"] == "done":
        assert done(client, client.put(f"{address}/answers", json={"answers": {"layer": "ecological_redline"}}))["state"] == "done"
        assert done(client, client.post(f"{address}/check"))["state"] == "done"
        refused = done(client, client.post(f"{address}/stage", json=BY))
        assert refused["problem"]["status"] == 400
        assert client.get(f"{address}/findings").status_code == 200
        assert client.get(f"{address}/findings.xlsx").status_code == 200
    page = client.get(address.replace("/api/v1/deliveries", "/layers/import"))
    assert page.status_code == 200
    assert "7007</" not in page.text and "{{ 7*1001 }}</script>" not in page.text
    assert delivered(client, geopackage(tmp_path, STBHHX=red_lines()))[0]["state"] == "done"


def test_of_two_who_publish_the_same_layer_the_second_is_told(client, tmp_path):
    found = [item for item in client.get("/api/v1/layers").json()["layers"] if item["id"] == "ecological_redline"]
    basis = found[0]["in_force"]["version"]
    addresses = [delivered(client, geopackage(tmp_path, STBHHX=red_lines([square(5000 + 500 * n, 5000)])))[1] for n in range(2)]
    for address in addresses:
        assert client.patch(f"{address}/answers", json={"description": {"valid_from": "2020-01-01"}}).status_code == 200
        assert done(client, client.post(f"{address}/stage", json=BY))["state"] == "done"
    page = client.get(addresses[0].replace("/api/v1/deliveries", "/layers/import")).text
    compared = re.search(r'href="(/layers/ecological_redline/compare/[^"]+)"', page)[1]
    assert f"/{basis}/" in compared and client.get(compared).status_code == 200
    first, second = (client.post(f"{address}/publish", json=BY | {"expected_in_force": basis}) for address in addresses)
    assert first.status_code == 200, first.text
    assert (second.status_code, second.headers["content-type"]) == (409, PROBLEM)
    assert f"版本 {first.json()['version']}" in second.json()["detail"]
    assert client.get(addresses[1]).json()["state"] == "staged"
    again = client.post(f"{addresses[1]}/publish", json=BY | {"expected_in_force": first.json()["version"]})
    assert again.json()["state"] == "published"
