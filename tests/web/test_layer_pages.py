"""The pages of layers, and two versions compared over HTTP and by command."""

from __future__ import annotations

import json
import re

import geopandas as gpd
import openpyxl
import pytest
from frames import EPSG, meta, published, red_lines, square

from layers import database, versions
from layers.version_acts import Signature

LAYER = "ecological_redline"
HOSTILE = "{{ 7*7 }}<script>alert(1)</script>"


@pytest.fixture
def pair(county_url):
    """Two versions: one feature moved, one renamed, one re-coded, one new, one gone."""
    before = red_lines([square(0), square(200), square(400), square(600)], BSM=["A", "B", "C", "D"], MC=["甲", "乙", "丙", "丁"])
    after = red_lines([square(3, 4), square(200), square(400), square(800)], BSM=["A", "B", "X", "E"], MC=["甲", HOSTILE, "丙", "戊"])
    with database.connect(county_url) as conn:
        first = published(conn, before, meta(title="原成果"))
        second = versions.stage(conn, after, meta(title=HOSTILE), epsg=EPSG)
        versions.publish(conn, second, by=Signature(officer="张三", unit="县局", reason=HOSTILE))
    return first, second


def kinds(entry):
    return [(item["kind"], item["identifier_before"], item["identifier_after"]) for item in entry["changes"]]


ALL = [("changed", "A", "A"), ("changed", "B", "B"), ("recoded", "C", "X"), ("added", None, "E"), ("removed", "D", None)]


def test_a_comparison_over_http(pair, client):
    before, after = pair
    entry = client.get(f"/api/v1/layers/{LAYER}/versions/{before}/compare/{after}", params={"geometry": True}).json()
    assert kinds(entry) == ALL
    moved, renamed, *_ = entry["changes"]
    assert (moved["geometry_changed"], round(moved["shift_m"], 6), moved["fields"]) == (True, 5.0, [])
    assert renamed["fields"] == [{"name": "MC", "title": "名称", "before": "乙", "after": HOSTILE}]
    assert entry["counts"]["unchanged"] == 0
    [removed] = [item for item in entry["changes"] if item["kind"] == "removed"]
    west = removed["geometry"]["coordinates"][0][0][0]
    assert 114 < west < 115
    one = client.get(f"/api/v1/layers/{LAYER}/versions/{before}/compare/{after}", params={"kind": "changed", "limit": 1, "offset": 1}).json()
    assert (kinds(one), one["total"]) == ([ALL[1]], 2)


def test_what_cannot_be_compared_is_named(pair, client):
    before, after = pair
    for path, status in ((f"road/versions/{before}/compare/{after}", 404), (f"{LAYER}/versions/{before}/compare/99999", 404),
                         (f"{LAYER}/versions/0/compare/{after}", 400), (f"nowhere/versions/{before}/compare/{after}", 404)):  # fmt: skip
        assert client.get(f"/api/v1/layers/{path}").status_code == status, path


def test_the_page_of_a_comparison_shows_counts_rows_and_a_map(pair, client):
    before, after = pair
    page = client.get(f"/layers/{LAYER}/compare/{before}/{after}")
    assert page.status_code == 200
    table = page.text[page.text.index('<table id="changes">') :]
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)][1:]
    assert [re.sub(r"\|+", "|", row).split("|")[1:4] for row in rows] == [
        ["变更", "A", "A"], ["变更", "B", "B"], ["更换编号", "C", "X"], ["新增", "–", "E"], ["删除", "D", "–"],
    ]  # fmt: skip
    assert "cuntu.shapes(" in page.text
    assert "<script>alert(1)" not in page.text and "49" not in rows[1]
    only = client.get(f"/layers/{LAYER}/compare/{before}/{after}", params={"kind": "added"}).text
    assert only.count("<tr><td>新增</td>") == 1 and "<tr><td>变更</td>" not in only


def test_the_catalogue_page_shows_what_was_in_force_then(pair, client):
    before, after = pair
    now = client.get("/layers").text
    row = re.search(r'<tr><th scope="row"><a href="/layers/ecological_redline/history">.*?</tr>', now, re.DOTALL)[0]
    assert f'<td class="num">{after}</td>' in row and "内部" in row
    at = next(item["made_at"] for item in client.get(f"/api/v1/layers/{LAYER}/acts").json()["acts"] if item["version"] == before)
    then = client.get("/layers", params={"known_at": at}).text
    assert f'<td class="num">{before}</td>' in then
    assert "未入库" in client.get("/layers", params={"valid_on": "2001-01-01"}).text


def test_the_history_page_tells_periods_files_acts_and_coverage(pair, client):
    before, after = pair
    page = client.get(f"/layers/{LAYER}/history").text
    for word in ("原成果", "张三（县局）", "cuntu 程序", "0" * 64, "2020-01-01", "完整范围", f"/layers/{LAYER}/compare/{before}/{after}", "已发布", "现行"):
        assert word in page, word
    assert "<script>alert(1)" not in page
    assert client.get("/layers/road/history").status_code == 200
    assert client.get("/layers/nowhere/history").status_code == 404


def test_the_start_page_leads_to_the_layers(client):
    page = client.get("/").text
    assert 'href="/layers"' in page and 'href="/layers/village/history"' in page


def test_the_command_compares_and_writes_workbook_and_geojson(pair, county_url, settings, tmp_path, monkeypatch, capsys):
    import sys

    from api.cli import commands

    monkeypatch.setenv("CUNTU_DATABASE_URL", county_url)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["cuntu", "layers", "compare", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        return ended.value.code or 0, capsys.readouterr()

    code, told = run(*pair, "--json", "--output", "变化.xlsx")
    assert (code, kinds(json.loads(told.out))) == (0, ALL)
    sheet = openpyxl.load_workbook(tmp_path / "变化.xlsx")["变化"]
    assert [tuple(cell.value for cell in row[:3]) for row in sheet.iter_rows(min_row=2)] == [
        ("变更", "A", "A"), ("变更", "B", "B"), ("更换编号", "C", "X"), ("新增", None, "E"), ("删除", "D", None),
    ]  # fmt: skip
    assert run(*pair, "--output", "变化.geojson")[0] == 0
    assert sorted(gpd.read_file(tmp_path / "变化.geojson")["变化"]) == sorted(["变更", "变更", "更换编号", "新增", "删除"])
    assert run(*pair, "--output", "变化.doc")[0] == 1
