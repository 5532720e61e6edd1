"""What other programs make of the files: Debian's GDAL and its validator of GeoPackages, pyarrow and geopandas."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess

import geopandas as gpd
import pyarrow.parquet as pq
import pyproj
import pytest
from exporting import houses, mixed_roads, names_outside_gbk, single_houses, villages, written
from frames import EPSG, meta, published

from layers.catalog import catalog

VALIDATE = "import sys; from osgeo_utils.samples import validate_gpkg; validate_gpkg.check(sys.argv[1], extra_checks=True, warning_as_error=True)"
SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="session")
def ogrinfo():
    """Debian's GDAL, another build than the one files are written with."""
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("没有 ogrinfo（Debian 软件包 gdal-bin）：这项独立核对没有运行")
    return program


@pytest.fixture(scope="session")
def validator():
    """GDAL's validator of GeoPackages, for the system's Python."""
    found = (
        subprocess.run(
            [SYSTEM_PYTHON, "-c", "import osgeo_utils.samples.validate_gpkg"], check=False, capture_output=True
        )
        if shutil.which(SYSTEM_PYTHON)
        else None
    )
    if found is None or found.returncode:
        pytest.skip("没有 validate_gpkg（Debian 软件包 python3-gdal）：这项独立核对没有运行")
    return SYSTEM_PYTHON


def as_csv(ogrinfo, path, tmp_path, layer=None):
    """The rows of a file as GDAL's ogr2ogr gives them."""
    target = tmp_path / f"{path.name}.out.csv"
    layers = [layer] if layer else []
    done = subprocess.run(
        [
            ogrinfo.replace("ogrinfo", "ogr2ogr"),
            "-f",
            "CSV",
            str(target),
            str(path),
            *layers,
            "-lco",
            "GEOMETRY=AS_WKT",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    csv.field_size_limit(10_000_000)
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("format_id", ["gpkg", "gdb", "shp", "geojson"])
def test_gdal_reads_every_character_of_the_names_outside_gbk(db, tmp_path, ogrinfo, shared_dir, format_id):
    names = names_outside_gbk(shared_dir)
    version = published(db, villages(names), meta("village"))
    path = written(db, version, tmp_path, format_id).path
    read = [row["ZLDWMC"] for row in as_csv(ogrinfo, path, tmp_path)]
    assert read == names


@pytest.mark.parametrize("format_id", ["gpkg", "gdb", "shp"])
def test_gdal_finds_the_crs_the_fields_and_their_types(db, tmp_path, ogrinfo, format_id):
    version = published(db, houses(), meta("building"))
    path = written(db, version, tmp_path, format_id).path
    done = subprocess.run([ogrinfo, "-ro", "-al", "-so", str(path)], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert "Feature Count: 7" in done.stdout
    assert (
        pyproj.CRS.from_wkt(done.stdout.partition("Layer SRS WKT:\n")[2].partition("\nData axis")[0]).to_epsg(
            min_confidence=20
        )
        == EPSG
    )
    for expected in ("ZRZH: String", "ZCS: Integer", "ZZDMJ: Real", "JGRQ: Date"):
        assert expected in done.stdout
    if format_id == "gpkg":
        assert f"version={version}" in done.stdout
        assert "示例数据，仅供演示" in done.stdout
    if format_id in ("gpkg", "gdb"):
        assert 'alternative name="自然幢号"' in done.stdout or format_id == "gpkg"


def test_gdal_reads_the_columns_of_a_shapefile_with_the_width_they_need(db, tmp_path, ogrinfo):
    version = published(db, houses(), meta("building"))
    path = written(db, version, tmp_path, "shp").path
    told = subprocess.run([ogrinfo, "-ro", "-al", "-so", str(path)], check=True, capture_output=True, text=True).stdout
    for expected in ("ZRZH: String (7.0)", "ZDDM: String (19.0)", "ZZDMJ: Real (7.2)", "JGRQ: Date (10.0)"):
        assert expected in told


def test_the_validator_of_geopackages_accepts_every_layer_of_the_catalogue(db, tmp_path, validator):
    frames = {"building": houses(), "road": mixed_roads(), "village": villages(["甲村", "乙村"])}
    for layer, frame in frames.items():
        for epsg in (None, 4326, 4526):
            version = published(db, frame, meta(layer))
            path = written(db, version, tmp_path, "gpkg", epsg=epsg).path
            done = subprocess.run([validator, "-c", VALIDATE, str(path)], check=False, capture_output=True, text=True)
            assert (done.returncode, done.stdout + done.stderr) == (0, ""), layer


def test_the_validator_would_notice(tmp_path, validator):
    (tmp_path / "no.gpkg").write_bytes(b"SQLite format 3\0" + b"\0" * 100)
    assert (
        subprocess.run(
            [validator, "-c", VALIDATE, str(tmp_path / "no.gpkg")], check=False, capture_output=True
        ).returncode
        != 0
    )


@pytest.mark.parametrize("epsg", [4547, 4326])
def test_a_geoparquet_file_has_the_metadata_of_version_1_1(db, tmp_path, epsg):
    version = published(db, houses(), meta("building"))
    path = written(db, version, tmp_path, "parquet", epsg=epsg).path
    file = pq.ParquetFile(path)
    geo = json.loads(file.metadata.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    column = geo["columns"][geo["primary_column"]]
    assert column["encoding"] == "WKB"
    frame = gpd.read_parquet(path)
    assert set(column["geometry_types"]) == set(frame.geom_type) == {"Polygon", "MultiPolygon"}
    assert ("crs" in column) is (epsg != 4326)
    assert frame.crs.equals(pyproj.CRS("OGC:CRS84" if epsg == 4326 else f"EPSG:{epsg}"))
    if epsg == EPSG:
        assert pyproj.CRS.from_json_dict(column["crs"]).to_epsg() == EPSG
        assert column["bbox"] == pytest.approx(list(frame.total_bounds))
    physical = file.schema.column(file.schema.names.index(geo["primary_column"])).physical_type
    assert physical == "BYTE_ARRAY"
    assert (
        file.schema_arrow.field("ZRZH").metadata[b"GDAL:OGR:alternative_name"].decode()
        == catalog()["building"].fields["ZRZH"].title
    )


def test_a_coordinate_text_has_the_form_of_the_example_of_the_standard(db, tmp_path):
    version = published(db, single_houses(), meta("building"))
    text = written(db, version, tmp_path, "txt").path.read_bytes().decode("gbk")
    lines = text.split("\r\n")
    assert lines[-1] == ""
    begin = lines.index("[地块坐标]")
    described = dict(line.split("=", 1) for line in lines[1:begin])
    standard = {
        "坐标系": "2000国家大地坐标系",
        "几度分带": "3",
        "投影类型": "高斯克吕格",
        "计量单位": "米",
        "带号": "38",
        "精度": "0.001",
        "转换参数": ",,,,,,",
    }
    assert {key: described[key] for key in standard} == standard
    # Read by hand: the first house, 33.333 by 20.778 m, has two holes of together 7.1 square metres.
    head, *points = lines[begin + 1 : begin + 17]
    assert head == "15,0.0685,000000F,,面,,=cmd|' /C calc'!A0,,@"
    # Clockwise on the ground; at which corner a ring begins is left to GEOS.
    corners = [line.split(",", 2)[2] for line in points[:5]]
    assert corners[0] == corners[4]
    first = corners.index("3270000.000,38520000.000")
    assert [*corners[first:4], *corners[:first]] == [
        "3270000.000,38520000.000",
        "3270020.778,38520000.000",
        "3270020.778,38520033.333",
        "3270000.000,38520033.333",
    ]
    assert [line.split(",")[:2] for line in points] == [
        [f"J{number}", str(ring)]
        for ring, first in ((1, 1), (2, 5), (3, 9))
        for number in (*range(first, first + 4), first)
    ]
