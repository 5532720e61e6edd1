from __future__ import annotations

import json
import re
import zipfile
from functools import partial
from urllib.parse import unquote

import geopandas as gpd
import people
import pytest
from frames import EPSG, meta, published, red_lines

from api.routes import exports
from layers import database, versions
from layers.exports.formats import FORMATS

POINT_OF = {
    "gpkg": b"SQLite format 3\0",
    "shp": b"PK",
    "gdb": b"PK",
    "xlsx": b"PK",
    "parquet": b"PAR1",
    "geojson": b'{"type":"FeatureCollection"',
    "csv": b"\xef\xbb\xbf",
    "txt": b"[",
}
TYPES = {item.id: item.media_type.partition(";")[0] for item in FORMATS.values()}


def version_of(client, layer):
    return next(
        item["in_force"]["version"] for item in client.get("/api/v1/layers").json()["layers"] if item["id"] == layer
    )


def address(client, layer="ecological_redline", version=None):
    return f"/api/v1/layers/{layer}/versions/{version or version_of(client, layer)}/export"


@pytest.mark.parametrize("format_id", list(FORMATS))
def test_a_version_is_handed_out_in_every_format_with_its_name(client, format_id):
    answer = client.get(address(client), params={"format": format_id})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == TYPES[format_id]
    assert answer.content.startswith(POINT_OF[format_id])
    assert int(answer.headers["content-length"]) == len(answer.content)
    version = version_of(client, "ecological_redline")
    crs = {"geojson": "CRS84", "txt": "EPSG4526"}.get(format_id, "EPSG4547")
    ending = FORMATS[format_id].endings[0]
    named = re.fullmatch(
        r"attachment; filename=\"(.+)\"; filename\*=UTF-8''(.+)", answer.headers["content-disposition"]
    )
    assert named is not None
    assert named[1] == f"ecological_redline_v{version}_2020-01-01_{crs}{ending}"
    assert unquote(named[2]) == f"生态保护红线_v{version}_2020-01-01_{crs}{ending}"
    if format_id == "txt":
        assert answer.headers["content-type"].endswith("charset=gb18030")


def test_what_a_format_cannot_carry_stands_in_a_header(client):
    answer = client.get(address(client, "village"), params={"format": "txt"})
    assert "坐标保留到 0.001 米" in unquote(answer.headers["export-notes"]).split("\n")


def test_the_rows_are_those_of_the_version_in_the_crs_asked_for(client, tmp_path):
    body = client.get(address(client, "village"), params={"format": "gpkg", "crs": "EPSG:4526"}).content
    (tmp_path / "a.gpkg").write_bytes(body)
    frame = gpd.read_file(tmp_path / "a.gpkg", engine="pyogrio")
    assert frame.crs.to_epsg() == 4526
    assert frame["ZLDWDM"].tolist() == ["421223100201", "421223100202"]
    assert 38_500_000 < frame.total_bounds[0] < 38_600_000


def test_an_unchanged_version_is_not_sent_twice_and_its_replacement_is_known(client, county_url):
    version, place = version_of(client, "ecological_redline"), address(client)
    first = client.get(place, params={"format": "geojson"})
    assert first.headers["cache-control"] == "private, no-cache"
    same = {"If-None-Match": first.headers["etag"]}
    again = client.get(place, params={"format": "geojson"}, headers=same)
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(place, params={"format": "csv"}, headers=same).status_code == 200
    with database.connect(county_url) as conn:
        published(conn, red_lines(), meta())
        conn.commit()
    later = client.get(address(client, version=version), params={"format": "geojson"}, headers=same)
    assert later.status_code == 200
    assert "known_to" in later.json()["dataset"]
    assert later.json()["features"] == first.json()["features"]


def test_what_is_not_published_secret_or_nowhere_is_refused_with_a_problem_document(
    client, county_url, settings, monkeypatch
):
    with database.connect(county_url) as conn:
        staged = versions.stage(conn, red_lines(), meta(), epsg=EPSG)
        conn.commit()
    place = address(client)
    answers = {
        409: [client.get(address(client, version=staged), params={"format": "gpkg"}), client.get(place, params={"format": "geojson", "crs": "EPSG:4547"})],
        404: [client.get(address(client, "village", version_of(client, "town")), params={"format": "gpkg"}), client.get(address(client, version=999_999), params={"format": "gpkg"}),
              client.get("/api/v1/layers/nowhere/versions/1/export", params={"format": "gpkg"})],
        400: [client.get(place, params={"format": "dwg"}), client.get(place), client.get(place, params={"format": "gpkg", "crs": "EPSG:2383"}),
              client.get(place, params={"format": "gpkg", "crs": "here"}), client.get(place, params={"format": "gpkg", "encodng": "GBK"})],
    }  # fmt: skip
    public = people.somebody(county_url, "planner", ["planner"], secrecy="public")
    answers[404].append(client.get(place, params={"format": "gpkg"}, headers=public))
    for status, given in answers.items():
        for answer in given:
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
                answer.text
            )
            assert re.search("[一-鿿]", answer.json()["detail"])


def test_one_file_is_written_at_a_time(client):
    place = address(client)
    with exports._writing:
        busy = client.get(place, params={"format": "gpkg"})
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "3")
    assert client.get(place, params={"format": "gpkg"}).status_code == 200


def test_a_refused_export_does_not_stand_in_the_way_of_the_next(client):
    place = address(client)
    assert client.get(place, params={"format": "geojson", "crs": "EPSG:4547"}).status_code == 409
    assert client.get(place, params={"format": "txt", "crs": "CRS84"}).status_code == 409
    assert client.get(place, params={"format": "geojson"}).status_code == 200


def test_nothing_is_left_in_the_folder_for_passing_files(client, tmp_path, monkeypatch):
    passing = tmp_path / "passing"
    passing.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(passing))
    for format_id in FORMATS:
        assert client.get(address(client), params={"format": format_id}).status_code == 200
    assert list(passing.iterdir()) == []


@pytest.fixture
def cuntu(cuntu):
    """Export by command; return exit status, stdout, stderr."""
    return partial(cuntu, "layers", "export")


def test_the_command_writes_what_http_hands_out(client, cuntu, tmp_path):
    by_http = client.get(address(client, "village"), params={"format": "geojson"}).json()
    code, out, err = cuntu("village", ".", "--format", "geojson", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["features"], told["format"], told["crs"]) == (2, "geojson", "CRS84")
    written = json.loads((tmp_path / told["file"]).read_text(encoding="utf-8"))
    takers = [said["dataset"].pop("exported_by") for said in (written, by_http)]
    assert takers[1] == "测试单位 测试员之席 测试员" and takers[0].startswith("命令行 ")
    assert written["dataset"].pop("exported_at") and by_http["dataset"].pop("exported_at")
    assert written == by_http


def test_the_command_says_in_plain_words_what_was_lost(cuntu, tmp_path):
    code, _, err = cuntu("village", "村.shp.zip", "--encoding", "UTF-8")
    assert code == 0, err
    assert "已把 2 个要素" in err
    with zipfile.ZipFile(tmp_path / "村.shp.zip") as archive:
        assert archive.read("CJDCQ.cpg") == b"UTF-8"
    assert "丢掉编码开头的零" in cuntu("village", "村.csv")[2]


@pytest.mark.parametrize(
    "words",
    [
        ("nowhere", "a.gpkg"), ("road", "a.gpkg"), ("village", "a.dwg"), ("village", "."), ("village", "none/a.gpkg"), ("village", "a.gpkg", "--version", "999"),
        ("village", "a.gpkg", "--crs", "EPSG:2383"), ("village", "a.gpkg", "--encoding", "GBK"), ("village", "a.shp.zip", "--encoding", "latin1"),
    ],
    ids=["layer", "not-loaded", "ending", "folder", "no-folder", "version", "crs", "encoding", "unknown-encoding"],
)  # fmt: skip
def test_what_the_command_cannot_do_is_one_clear_line_and_leaves_nothing(cuntu, tmp_path, words):
    code, _, err = cuntu(*words)
    assert code == 1
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("错误：")
    assert list(tmp_path.glob("*.*")) == []
