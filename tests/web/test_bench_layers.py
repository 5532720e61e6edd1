from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from api.bench import layers, ogr, patches
from api.bench.layer_import import import_apart, publish_frame
from api.bench.layer_tiles import addresses
from api.bench.place import Place
from layers import database, versions


@pytest.fixture
def place(county_url, settings):
    return Place(county_url, settings.model_copy(update={"database_url": county_url}))


def test_a_survey_tiles_its_county_and_the_same_seed_makes_the_same():
    made = patches.survey(900, seed=7)
    assert len(made.shapes) == 900
    assert shapely.coverage_is_valid(made.shapes)
    assert shapely.is_valid(made.shapes).all()
    assert shapely.get_num_coordinates(made.shapes).max() > 128
    assert made.county.geometry[0].area == pytest.approx(shapely.area(made.shapes).sum())
    assert shapely.covers(made.villages.geometry.to_numpy()[made.village], made.shapes).all()
    assert shapely.equals_exact(patches.survey(900, seed=7).shapes, made.shapes).all()
    assert not shapely.equals_exact(patches.survey(900, seed=8).shapes, made.shapes).all()


def test_the_file_is_a_gbk_shapefile_that_does_not_say_so(tmp_path):
    made = patches.survey(100, seed=7)
    packed = patches.write_zip(made.patches, tmp_path)
    read = gpd.read_file(packed, encoding="GBK")
    assert read["DLMC"].tolist() == made.patches["DLMC"].tolist()
    assert read["DLMC"].str.contains("林|田|地|面").any()
    assert "农村宅基地".encode("gbk") in (tmp_path / "DLTB.dbf").read_bytes()


def test_every_figure_of_the_layers_is_measured(place, monkeypatch):
    monkeypatch.setattr(ogr, "is_there", lambda: False)
    told = layers.measure(place, lambda share, text: None, count=400, rounds=1, tiles=2, load_s=0.5).found
    names = [figure.name for figure in told]
    assert names[1] == "导入 400 个图斑，含识别和质检"
    for wanted in (
        "导入，其中质检并写入",
        "导入，其中提交",
        "导入，内存峰值（各进程之和）",
        "ogr2ogr 没有安装，未对照",
        "导出 GeoPackage",
        "导出 压缩的 Shapefile",
        "导出 GeoParquet",
    ):
        assert wanted in names
    assert sum(name.endswith("首次切片 ÷ 原语句") for name in names) == 7
    assert all(figure.value > 0 for figure in told if figure.name != "ogr2ogr 没有安装，未对照")


def test_the_import_that_is_measured_stores_what_was_in_the_file(db_url, tmp_path):
    made = patches.survey(400, seed=7)
    for layer, frame in (("county", made.county), ("village", made.villages)):
        publish_frame(db_url, layer, frame, epsg=patches.EPSG)
    done = import_apart(db_url, patches.write_zip(made.patches, tmp_path), epsg=patches.EPSG)
    with database.connect(db_url) as conn:
        found = versions.get(conn, done.version)
        stored = conn.execute(
            "SELECT ST_AsBinary(geom) FROM feature WHERE version_id = %s ORDER BY fid", [done.version]
        ).fetchall()
    assert (found.dataset.feature_count, found.disjoint, found.status) == (400, True, "staged")
    assert shapely.equals(shapely.from_wkb([row[0] for row in stored]), made.shapes).all()
    assert found.qa["report"]["counts"]["error"] == 0
    assert done.seconds >= sum(done.stages.values()) * 0.99
    assert {"读取", "识别", "质检并写入"} <= set(done.stages)


def test_tiles_to_measure_lie_where_the_patches_are():
    box = shapely.total_bounds(patches.survey(10_000, seed=1).shapes)
    found = addresses(tuple(box), epsg=patches.EPSG, count=3, seed=1)
    assert len(set(found)) == len(found)
    assert {address[:2] for address in found} == {
        (layer, z)
        for layer, z in (
            ("land_use", 12),
            ("land_use", 13),
            ("land_use", 14),
            ("land_use", 16),
            ("building", 13),
            ("building", 14),
            ("building", 16),
        )
    }


@pytest.mark.skipif(not ogr.is_there(), reason="ogr2ogr is not installed")
def test_ogr2ogr_imports_the_same_rows(place, tmp_path):
    made = patches.survey(100, seed=7)
    assert ogr.import_seconds(place.url, patches.write_zip(made.patches, tmp_path), encoding="GBK") > 0
    with database.connect(place.url) as conn:
        assert conn.execute(f"SELECT count(*), max(dlmc) IS NOT NULL FROM {ogr.TABLE}").fetchone() == (100, True)
    assert ogr.export_seconds(place.url, tmp_path / "out.gpkg") > 0
    assert len(gpd.read_file(tmp_path / "out.gpkg")) == 100
