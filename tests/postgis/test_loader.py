from __future__ import annotations

from datetime import UTC, date, datetime

import geopandas as gpd
import pytest
import shapely
from frames import COUNTY, EPSG, buildings, meta, published, red_lines, square
from packages import geopackage, shapefile_zip

from layers import county_time, loader, snapshot, versions
from layers.database import connect
from layers.descriptions import Description
from layers.errors import DatasetRefusedError, FindingsLeftError, SecrecyError

LINE = shapely.LineString([(520_000, 3_270_000), (520_100, 3_270_000)])


def load_only(conn, version):
    found = versions.get(conn, version).dataset
    return snapshot.load(conn, {found.layer: found}, epsg=EPSG)[found.layer]


@pytest.fixture
def county(db):
    outline = gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[COUNTY], crs=EPSG)
    return published(db, outline, meta("county"))


def test_a_gbk_shapefile_is_imported_with_its_provenance(db, tmp_path):
    steps = []
    path = shapefile_zip(tmp_path, "STBHHX", red_lines())
    version = loader.import_file(
        db, path, epsg=EPSG, description=Description(authority="省厅", survey_date=date(2023, 12, 31)), progress=lambda *step: steps.append(step)
    )
    record = versions.get(db, version)
    assert record.status == "staged"
    assert (record.dataset.source_name, record.dataset.authority) == ("STBHHX.zip", "省厅")
    assert record.dataset.valid_from == record.dataset.survey_date == date(2023, 12, 31)
    assert any("gb18030" in note for note in record.qa["notes"])
    assert load_only(db, version).attributes["MC"].tolist() == ["幕阜山水源涵养"]
    assert [share for share, _ in steps] == sorted(share for share, _ in steps)
    assert steps[-1][0] == 1.0


def test_without_a_word_on_coverage_only_the_features_are_covered(db, tmp_path):
    version = loader.import_file(db, geopackage(tmp_path, STBHHX=red_lines([square(), square(500)])), epsg=EPSG)
    layer = load_only(db, version)
    assert shapely.equals(layer.coverage, shapely.union_all([square(), square(500)]))
    assert layer.dataset.valid_from == county_time.today()


def test_a_file_may_be_declared_complete_for_the_county(db, tmp_path, county):
    path = geopackage(tmp_path, STBHHX=red_lines())
    version = loader.import_file(db, path, epsg=EPSG, description=Description(coverage="county"))
    assert shapely.equals(load_only(db, version).coverage, COUNTY)


def test_without_a_county_layer_it_cannot_be_declared_complete(db, tmp_path):
    with pytest.raises(DatasetRefusedError, match="县界"):
        loader.import_file(db, geopackage(tmp_path, STBHHX=red_lines()), epsg=EPSG, description=Description(coverage="county"))


def test_lines_alone_tell_no_coverage(db, tmp_path):
    lines = gpd.GeoDataFrame({"line_no": ["1"], "kv": [110.0]}, geometry=[LINE], crs=EPSG)
    path = geopackage(tmp_path, power_line=lines)
    with pytest.raises(DatasetRefusedError, match="哪个范围"):
        loader.import_file(db, path, epsg=EPSG)
    assert loader.import_file(db, path, epsg=EPSG, description=Description(coverage=COUNTY))


def test_a_feature_outside_the_county_is_refused(db, tmp_path, county):
    with pytest.raises(FindingsLeftError, match="QC-G16"):
        loader.import_file(db, geopackage(tmp_path, STBHHX=red_lines([square(), square(90_000)])), epsg=EPSG)
    assert versions.history(db, "ecological_redline") == []


def test_broken_shapes_are_named_before_coverage_is_asked_for(db, tmp_path):
    bow_tie = shapely.Polygon([(520000, 3270000), (520100, 3270100), (520100, 3270000), (520000, 3270100)])
    with pytest.raises(FindingsLeftError, match="QC-G05"):
        loader.import_file(db, geopackage(tmp_path, STBHHX=red_lines([bow_tie])), epsg=EPSG)


def test_many_layers_are_published_together(db_url):
    steps = []
    datasets = [(red_lines(), meta()), (buildings([square(row * 20.0, side=10) for row in range(500)]), meta("building"))]
    ids = loader.load_frames(db_url, datasets, epsg=EPSG, progress=lambda *step: steps.append(step))
    with connect(db_url) as conn:
        found = versions.in_force(conn, valid_on=date(2024, 1, 1), known_at=datetime.now(UTC))
    assert {name: version.version for name, version in found.items()} == ids
    assert found["building"].feature_count == 500
    assert [share for share, _ in steps] == sorted(share for share, _ in steps)
    assert steps[-1] == (1.0, "2 个图层已发布")


@pytest.mark.parametrize("connections", [1, 2])
def test_if_one_layer_is_refused_nothing_is_left(db_url, connections):
    datasets = [(buildings(), meta("building")), (red_lines(), meta(secrecy="secret"))]
    with pytest.raises(SecrecyError):
        loader.load_frames(db_url, datasets, epsg=EPSG, connections=connections)
    with connect(db_url) as conn:
        assert versions.history(conn, "building") == versions.history(conn, "ecological_redline") == []
        assert conn.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^(feature|piece)_[0-9]+$'").fetchone() == (0,)
