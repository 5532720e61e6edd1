from __future__ import annotations

import json

import geopandas as gpd
import openpyxl
import pytest
import shapely
from delivered_files import shapefile
from delivery_way import faulty_file
from frames import EPSG, red_lines, square
from packages import geopackage, shapefile_zip

from layers import database, snapshot, versions


def refusal(result):
    """The one line that says why a command did nothing."""
    code, out, err = result
    assert (code, out) == (1, ""), (code, out, err)
    [line] = err.strip().splitlines()
    assert line.startswith("错误：")
    return line


def history(url, layer):
    with database.connect(url) as conn:
        return versions.history(conn, layer)


def partitions(url):
    """The tables that hold the content of versions, one of each kind for a version."""
    with database.connect(url) as conn:
        rows = conn.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(feature|piece|overview)_[0-9]+$'").fetchall()
    return {name for (name,) in rows}


def test_every_open_question_is_told_at_once_with_the_option_that_answers_it(cuntu, county_url, tmp_path):
    frame = red_lines().rename(columns={"BSM": "编号", "MC": "什么", "zone": "区"})
    line = refusal(cuntu("layers", "import", geopackage(tmp_path, A=frame, B=frame)))
    assert "--source-layer" in line and "A（" in line and "B（" in line
    path = shapefile(tmp_path, "ceshi", frame, prj=None)
    line = refusal(cuntu("layers", "import", path))
    assert "--layer" in line and "--crs" in line and "EPSG:4547" in line
    said = ("--layer", "ecological_redline", "--crs", "EPSG:4547", "--field", "BSM=编号", "--field", "MC=什么", "--field", "zone=区")
    code, out, err = cuntu("layers", "import", path, *said, "--json")
    assert code == 0, err
    done = json.loads(out)
    assert {item["name"]: item["source"] for item in done["recognition"]["fields"]} == {"BSM": "编号", "MC": "什么", "zone": "区"}
    assert (done["status"], done["recognition"]["crs"]["found_by"]) == ("staged", "given")
    assert history(county_url, "ecological_redline")[0].dataset.version == done["version"]


def test_errors_are_named_by_code_and_repaired_when_chosen(cuntu, county_url, tmp_path):
    path = faulty_file(tmp_path)
    line = refusal(cuntu("layers", "import", path))
    assert "QC-G05" in line and "make_valid" in line
    assert len(history(county_url, "ecological_redline")) == 1
    code, out, err = cuntu("layers", "import", path, "--check-only", "--report", "质检.xlsx", "--report", "质检.gpkg")
    assert code == 1
    assert "QC-G05" in out
    assert "生态保护红线" in err
    book = openpyxl.load_workbook(tmp_path / "质检.xlsx")
    assert any("QC-G05" in str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert (tmp_path / "质检.gpkg").read_bytes().startswith(b"SQLite format 3")
    assert len(history(county_url, "ecological_redline")) == 1
    code, out, err = cuntu("layers", "import", path, "--repair", "make_valid", "--publish", "--officer", "李四", "--unit", "县局", "--json")
    assert code == 0, err
    done = json.loads(out)
    assert (done["status"], [item["id"] for item in done["repaired"]]) == ("published", ["make_valid"])
    [newest, _] = history(county_url, "ecological_redline")
    assert [row[0] for row in newest.qa["repairs"][0]["rows"]] == [0]
    acts = json.loads(cuntu("layers", "acts", "ecological_redline", "--json")[1])["acts"]
    assert (acts[0]["officer"], acts[0]["version"]) == ("李四", done["version"])
    assert "没有修复 nothing" in refusal(cuntu("layers", "import", path, "--repair", "nothing"))


def test_what_is_right_is_read_to_a_tenth_of_a_millimetre(cuntu, county_url, tmp_path):
    shapes = [square(5000.1234, 5000.4321, 33.3333), square(7000.0001, 7000.9999, 12.5)]
    path = shapefile_zip(tmp_path, "STBHHX", red_lines(shapes, MC=["幕阜山䶮", "大湖山"]))
    code, out, err = cuntu("layers", "import", path, "--coverage", "county", "--json")
    assert code == 0, err
    with database.connect(county_url) as conn:
        dataset = versions.get(conn, json.loads(out)["version"]).dataset
        layer = snapshot.load(conn, {dataset.layer: dataset}, epsg=EPSG)[dataset.layer]
    assert layer.attributes["MC"].tolist() == ["幕阜山䶮", "大湖山"]
    assert max(shapely.hausdorff_distance(one, other) for one, other in zip(layer.features, shapes, strict=True)) < 1e-4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--axes", "up"], "--axes"),
        (["--field", "BSM"], "--field"),
        (["--report", "a.doc"], "--report"),
        (["--law-status", "maybe"], "--law-status"),
        (["--coverage", "nowhere"], "--coverage"),
    ],
)
def test_a_wrong_call_is_told_by_its_option(cuntu, tmp_path, options, words):
    code, _, err = cuntu("layers", "import", geopackage(tmp_path, STBHHX=red_lines()), *options)
    assert code == 2
    assert words in err


def test_coverage_may_be_towns_or_a_drawn_polygon(cuntu, county_url, tmp_path):
    path = geopackage(tmp_path, STBHHX=red_lines([square(5000, 5000)]))
    code, _, err = cuntu("layers", "import", path, "--coverage", "421223100", "--json")
    assert code == 0, err
    drawn = gpd.GeoDataFrame(geometry=[square(0, 0, 9000)], crs=EPSG).to_crs("OGC:CRS84")
    drawn.to_file(tmp_path / "范围.geojson", driver="GeoJSON", engine="pyogrio")
    code, _, err = cuntu("layers", "import", path, "--coverage", "范围.geojson", "--json")
    assert code == 0, err
    with database.connect(county_url) as conn:
        rows = conn.execute("SELECT ST_Area(coverage) FROM dataset_version ORDER BY id DESC LIMIT 2").fetchall()
    assert [row[0] for row in rows] == pytest.approx([81e6, 1600e6], rel=1e-3)
    assert "421223999" in refusal(cuntu("layers", "import", path, "--coverage", "421223999"))


@pytest.mark.shared
def test_towns_of_the_robustness_files_are_read_right_in_every_format(cuntu, county_url, shared_dir):
    """The three files hold the same 21 towns as points; the catalogue keeps towns as polygons, so they are read and refused by their kind."""
    folder = shared_dir / "data" / "robustness"
    seen = {}
    for name in ("towns.gdb.zip", "towns_gbk_nocpg_shp.zip", "towns_utf8_truncated_fieldname_shp.zip"):
        line = refusal(cuntu("layers", "import", folder / name))
        assert "--layer" in line
        code, out, err = cuntu("layers", "import", folder / name, "--layer", "town", "--check-only", "--json")
        assert code == 1, err
        told = json.loads(out)
        found = {item["code"]: item["count"] for item in told["report"]["codes"]}
        assert found["QC-G03"] == 21
        seen[name] = [row[:2] for row in told["recognition"]["sample"]["rows"]]
        assert told["recognition"]["crs"]["epsg"] in (4490, 4547)
    assert len({json.dumps(rows, ensure_ascii=False) for rows in seen.values()}) == 1
    assert ["421223100", "天城镇"] in seen["towns.gdb.zip"]


def test_what_was_written_while_it_was_checked_is_gone_where_the_report_cannot_be_written(cuntu, county_url, tmp_path):
    before = history(county_url, "ecological_redline"), partitions(county_url)
    path = geopackage(tmp_path, STBHHX=red_lines([square()]))
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    code, out, _ = cuntu("layers", "import", path, "--report", tmp_path / "file" / "质检.xlsx")
    assert (code != 0, out) == (True, "")
    assert (history(county_url, "ecological_redline"), partitions(county_url)) == before
    code, _, err = cuntu("layers", "import", path)
    assert code == 0, err
    assert partitions(county_url) != before[1]
