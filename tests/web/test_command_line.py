from __future__ import annotations

import json
import sqlite3
import sys

import geopandas as gpd
import openpyxl
import people
import pytest
import shapely
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from frames import red_lines, square
from typer.main import get_command

from api.app import create_app
from api.cli import commands
from layers.catalog import catalog
from layers.postgres import PostgresMissingError

COMMANDS = {"access", "accounts", "audit", "demo", "doctor", "serve", "db", "layers", "classify", "check", "progress", "map", "bench", "personal", "verify", "site"}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def assert_fails(result, *words, status=1):
    code, out, err = result
    assert code == status
    assert out == ""
    assert len(err.strip().splitlines()) == 1, err
    assert err.startswith("错误：")
    assert "Traceback" not in err
    for word in words:
        assert word in err


def test_the_commands_are_those_that_were_promised():
    assert set(get_command(commands.app).commands) == COMMANDS
    assert set(get_command(commands.app).commands["db"].commands) == {"start", "stop", "status", "upgrade", "backup", "restore"}
    assert set(get_command(commands.app).commands["layers"].commands) >= {"list", "import", "versions", "publish", "export", "export-set"}


def test_every_command_explains_itself_in_chinese(cuntu):
    for words in ([], ["db"], ["layers"], ["progress"], ["check"], ["demo"]):
        code, out, _ = cuntu(*words, "--help")
        assert code == 0
        assert any("一" <= letter <= "鿿" for letter in out)


def test_checks_on_the_command_line_are_those_of_http(cuntu, client, tmp_path):
    client.post("/api/v1/classifications", json={})
    features = [application(case_no=f"C-{number}", coordinates=[ring(95 + 30 * number, 20)]) for number in range(3)]
    (tmp_path / "cases.geojson").write_text(json.dumps(collection(*features)), encoding="utf-8")
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    frame = gpd.GeoDataFrame([feature["properties"] for feature in features], geometry=shapes, crs=4547)
    frame.to_file(tmp_path / "cases.gpkg", driver="GPKG", engine="pyogrio")
    code, out, _ = cuntu("check", "cases.geojson", "--crs", "EPSG:4547", "--json")
    assert code == 0
    by_geojson = json.loads(out)["reports"]
    by_gpkg = json.loads(cuntu("check", "cases.gpkg", "--json")[1])["reports"]
    by_http = [client.post("/api/v1/checks", params=IN_ZONE, json=feature).json() for feature in features]
    for one, two, three in zip(by_geojson, by_gpkg, by_http, strict=True):
        for name in ("verdict", "findings", "subject", "datasets", "pack", "not_checked", "case_no"):
            assert one[name] == two[name] == three[name], name
    assert client.get("/api/v1/checks").json()["total"] == 3


def test_a_check_can_be_stored_and_written_to_a_workbook(cuntu, client, tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(application(case_no="{{ 7*7 }}=1+1")), encoding="utf-8")
    code, out, err = cuntu("check", "one.json", "--crs", "EPSG:4547", "--output", "report.xlsx", "--store")
    assert code == 0, err
    assert "{{ 7*7 }}=1+1" in out
    sheets = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert sheets.sheetnames == ["审查结论", "逐条意见", "材料与部门", "占用地类", "分区与边界", "数据", "说明"]
    assert sheets["审查结论"]["A2"].value == "{{ 7*7 }}=1+1"
    assert sheets["审查结论"]["B2"].value == "需补充核查"
    data = {row[0]: row[1:] for row in sheets["数据"].iter_rows(min_row=2, values_only=True)}
    assert (data[catalog()["basic_farmland"].title][0], data[catalog()["basic_farmland"].title][-1]) == ("已入库", "示例数据")
    assert (data[catalog()["road"].title][0], data[catalog()["road"].title][-1]) == ("未入库", None)
    assert client.get("/api/v1/checks").json()["total"] == 1
    assert cuntu("check", "one.json", "--crs", "EPSG:4547", "--output", "report.json")[0] == 0
    assert len(json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["reports"]) == 1


def test_bad_applications_are_one_clear_line(cuntu, client, tmp_path):
    (tmp_path / "bad.geojson").write_text(json.dumps(collection(application(), application(storeys="two"))), encoding="utf-8")
    assert_fails(cuntu("check", "bad.geojson", "--crs", "EPSG:4547"), "/features/1/properties/storeys")
    (tmp_path / "broken.geojson").write_text("{", encoding="utf-8")
    assert_fails(cuntu("check", "broken.geojson"), "JSON")
    (tmp_path / "fake.gpkg").write_bytes(b"no geopackage")
    assert_fails(cuntu("check", "fake.gpkg"), "fake.gpkg")
    with pytest.warns(UserWarning, match="crs"):
        gpd.GeoDataFrame({"case_no": ["A"]}, geometry=[square()]).to_file(tmp_path / "nocrs.gpkg", driver="GPKG", engine="pyogrio")
    assert_fails(cuntu("check", "nocrs.gpkg"), "坐标系")
    assert_fails(cuntu("check", "bad.geojson", "--output", "report.pdf"), "report.pdf")
    assert_fails(cuntu("check", "bad.geojson", "--valid-on", "soon"), "--valid-on")
    assert cuntu("check", "nowhere.gpkg")[0] == 2
    assert client.get("/api/v1/checks").json()["total"] == 0


def described(path):
    """The description a GeoPackage gives of its only layer."""
    with sqlite3.connect(path) as file:
        [[text]] = file.execute("SELECT description FROM gpkg_contents")
    file.close()
    return text


def test_classify_writes_what_http_shows(cuntu, client, tmp_path):
    code, out, err = cuntu("classify", "--output", "types.xlsx", "--json")
    assert code == 0, err
    run = json.loads(out)
    client.app.state.snapshots.published()
    villages = client.get("/api/v1/villages").json()
    assert villages["classification"] == run["id"]
    data = [(row[1], row[5]) for row in openpyxl.load_workbook(tmp_path / "types.xlsx")["数据"].iter_rows(min_row=2, values_only=True)]
    assert {("已入库", "示例数据"), ("未入库", None)} == set(data)
    sheet = openpyxl.load_workbook(tmp_path / "types.xlsx")["村庄分类"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    headings = [cell.value for cell in sheet[1]]
    shown = [feature["properties"] for feature in villages["features"]]
    assert [row[headings.index("村代码")] for row in rows] == [item["village_code"] for item in shown]
    assert [row[headings.index("类别代码")] for row in rows] == [item["village_type"] for item in shown]
    assert [row[headings.index("村名")] for row in rows] == ["东村", "{{ 7*7 }}<script>alert(1)</script>"]
    assert cuntu("classify", "--no-store", "--output", "types.gpkg")[0] == 0
    frame = gpd.read_file(tmp_path / "types.gpkg")
    assert described(tmp_path / "types.gpkg").startswith("示例数据")
    assert (len(frame), frame.crs.to_epsg()) == (2, 4547)
    assert len(client.get("/api/v1/classifications").json()["classifications"]) == 1
    assert_fails(cuntu("classify", "--output", "types.doc"), "types.doc")


def test_layers_are_imported_published_listed_and_exported(cuntu, tmp_path):
    red_lines([square(5000, 5000), square(7000, 7000)]).to_file(tmp_path / "红线.gpkg", layer="STBHHX", driver="GPKG", engine="pyogrio")
    code, out, err = cuntu("layers", "import", "红线.gpkg", "--valid-from", "2020-01-01", "--authority", "县局", "--json")
    assert code == 0, err
    done = json.loads(out)
    assert (done["layer"], done["status"], done["features"]) == ("ecological_redline", "staged", 2)
    by = ("--officer", "张三", "--unit", "县局", "--reason", "年度更新")
    assert cuntu("layers", "publish", done["version"])[0] == 2
    assert_fails(cuntu("layers", "publish", done["version"], "--expected", "none", *by), "现行版本")
    assert json.loads(cuntu("layers", "publish", done["version"], *by, "--json")[1])["status"] == "published"
    [act, *_] = json.loads(cuntu("layers", "acts", "ecological_redline", "--json")[1])["acts"]
    assert (act["act"], act["version"], act["officer"], act["unit"], act["reason"]) == ("publish", done["version"], "张三", "县局", "年度更新")
    listed = {item["id"]: item for item in json.loads(cuntu("layers", "list", "--json")[1])["layers"]}
    assert listed["ecological_redline"]["in_force"]["version"] == done["version"]
    assert [item["status"] for item in json.loads(cuntu("layers", "versions", "ecological_redline", "--json")[1])["versions"]] == ["published"] * 2
    for name in ("out.gpkg", "out.geojson"):
        assert cuntu("layers", "export", "ecological_redline", name)[0] == 0
        assert sorted(gpd.read_file(tmp_path / name)["BSM"]) == ["H0000", "H0001"]
    assert "县局" in described(tmp_path / "out.gpkg") and "县局" in json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))["description"]
    assert cuntu("layers", "export", "village", "village.gpkg")[0] == 0
    assert described(tmp_path / "village.gpkg").startswith("示例数据")
    assert_fails(cuntu("layers", "publish", done["version"], *by), "published")
    assert json.loads(cuntu("layers", "withdraw", done["version"], "--restore", *by, "--json")[1])["version"]["status"] == "withdrawn"
    assert_fails(cuntu("layers", "export", "road", "road.gpkg"), "未入库")
    assert_fails(cuntu("layers", "versions", "nowhere"), "nowhere")
    red_lines([square(500_000, 0)]).to_file(tmp_path / "away.gpkg", layer="STBHHX", driver="GPKG", engine="pyogrio")
    code, out, err = cuntu("layers", "import", "away.gpkg", "--layer", "ecological_redline")
    assert_fails((code, out, err), "--crs")
    for words in (["list"], ["versions", "road"]):
        assert cuntu("layers", *words)[0] == 0


def test_a_backup_brings_everything_back_and_a_broken_one_changes_nothing(cuntu, client, tmp_path):
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application())
    code, out, _ = cuntu("db", "backup", "cuntu.dump", "--json")
    assert (code, json.loads(out)["bytes"] > 1000) == (0, True)
    client.post("/api/v1/checks", params=IN_ZONE, json=application(case_no="A-2"))
    (tmp_path / "broken.dump").write_bytes((tmp_path / "cuntu.dump").read_bytes()[:-2000])
    assert_fails(cuntu("db", "restore", "broken.dump", "--yes"))
    assert client.get("/api/v1/checks").json()["total"] == 2
    assert cuntu("db", "restore", "cuntu.dump", "--yes")[0] == 0
    assert client.get("/api/v1/checks").json()["total"] == 1
    assert client.get(made.headers["location"]).content == made.content
    again = client.post("/api/v1/checks", params={**IN_ZONE, "known_at": made.json()["known_at"]}, json=application()).json()
    assert again["findings"] == made.json()["findings"]


def test_a_backup_needs_only_the_client_programs(cuntu, monkeypatch):
    def no_server(*_args, **_options):
        raise PostgresMissingError

    monkeypatch.setattr("layers.postgres.Programs.find", no_server)
    code, _, err = cuntu("db", "backup", "cuntu.dump")
    assert code == 0, err


def test_the_state_of_a_named_server_is_shown_and_it_is_not_started_or_stopped(cuntu):
    state = json.loads(cuntu("db", "status", "--json")[1])
    assert (state["embedded"], state["running"], state["migrated"]) == (False, True, True)
    assert_fails(cuntu("db", "stop"), "CUNTU_DATABASE_URL")


def test_errors_of_the_environment_are_one_clear_line(cuntu, monkeypatch):
    monkeypatch.setenv("CUNTU_PORT", "eighty")
    assert_fails(cuntu("layers", "list"), "CUNTU_PORT")
    monkeypatch.delenv("CUNTU_PORT")
    monkeypatch.setenv("CUNTU_DATABASE_URL", "postgresql://nobody@/nothing?host=/nowhere")
    assert_fails(cuntu("layers", "list"), "数据库")


def test_a_map_file_needs_no_server(cuntu, client, tmp_path):
    client.post("/api/v1/classifications", json={})
    code, _, err = cuntu("map", "types.html")
    assert code == 0, err
    text = (tmp_path / "types.html").read_text(encoding="utf-8")
    assert "<script>alert(1)</script>" not in text
    assert "src=\"/" not in text
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application()).json()
    assert cuntu("map", "check.html", "--check", made["id"])[0] == 0
    assert_fails(cuntu("map", "check.html", "--check", "7"), "7")
    assert_fails(cuntu("map", "check.pdf"), "check.pdf")


def test_the_demo_is_not_loaded_over_own_data(cuntu, client, tmp_path):
    red_lines([square(5000, 5000)]).to_file(tmp_path / "STBHHX.gpkg", layer="STBHHX", driver="GPKG", engine="pyogrio")
    assert cuntu("layers", "import", "STBHHX.gpkg", "--valid-from", "2020-01-01", "--publish")[0] == 0
    code, out, err = cuntu("demo", "--no-serve")
    steps_done, error = err.strip().splitlines()
    assert_fails((code, out, error), "示例数据")
    assert "启动数据库" in steps_done


def test_the_loaded_demo_is_found_again_quickly(demo_url, monkeypatch, capsys, settings):
    monkeypatch.setenv("CUNTU_DATABASE_URL", demo_url)
    monkeypatch.setenv("CUNTU_DATA_DIR", str(settings.data_dir))
    monkeypatch.setattr(sys, "argv", ["cuntu", "demo", "--no-serve", "--json"])
    with pytest.raises(SystemExit):
        commands.main()
    done = json.loads(capsys.readouterr().out)
    assert (done["layers_loaded"], done["typed"], done["checked"]) == (False, False, 0)
    with TestClient(create_app(settings, database_url=demo_url), headers=people.HEADERS) as service:
        layers = service.get("/api/v1/layers").json()["layers"]
        assert {layer["state"] for layer in layers} == {"loaded"}
        assert all(layer["in_force"]["synthetic"] for layer in layers)


def test_a_bench_without_layers_says_what_to_do(cuntu):
    assert_fails(cuntu("bench", "batch"), "load")
