"""The reference files for robustness: read right, or refused with the right words."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import shapely

from layers.errors import DatasetRefusedError, UnsupportedFileError
from layers.reading.reader import contents, read

pytestmark = pytest.mark.shared


@pytest.fixture
def folder(shared_dir):
    return shared_dir / "data" / "robustness"


@pytest.mark.parametrize(
    ("name", "driver", "encoding", "epsg"),
    [
        ("towns_gbk_nocpg_shp.zip", "ESRI Shapefile", ("gb18030", "content"), 4490),
        ("towns_utf8_truncated_fieldname_shp.zip", "ESRI Shapefile", ("utf-8", "cpg"), 4547),
        ("towns.gdb.zip", "OpenFileGDB", ("utf-8", "content"), 4490),
    ],
)
def test_the_towns_are_read(folder, name, driver, encoding, epsg):
    dataset = read(folder / name)
    assert (dataset.driver, dataset.kind, dataset.feature_count) == (driver, "point", 21)
    assert (dataset.encoding.codec, dataset.encoding.found_by) == encoding
    assert dataset.crs.to_epsg() == epsg
    code, title, height = (dataset.frame[field.column] for field in dataset.fields)
    assert code.str.fullmatch(r"42(1223|1122)\d{3}").all()
    assert title.iloc[:2].tolist() == ["天城镇", "沙坪镇"]
    assert not title.str.contains("\ufffd").any()
    assert height.iloc[:2].tolist() == [64.0, 86.0]


def test_field_names_cut_to_nothing_alike_are_told_apart_by_column(folder):
    fields = read(folder / "towns_utf8_truncated_fieldname_shp.zip").fields
    assert [field.text for field in fields] == ["行政区", "行政区", "高程_米"]
    assert len({field.column for field in fields}) == 3


def test_osm_data_is_refused(folder):
    with pytest.raises(UnsupportedFileError, match=r"OSM 数据（.pbf）不是规划图层"):
        contents(folder / "liechtenstein-2013-08-03.osm.pbf")


def test_names_outside_gbk_are_a_table(folder):
    path = folder / "village_names_outside_gbk.csv"
    [dataset] = contents(path)
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert dataset.kind == "table"
    assert dataset.frame["name"].tolist() == [row["name"] for row in rows]
    assert dataset.frame["code"].tolist() == [row["code"] for row in rows]
    with pytest.raises(DatasetRefusedError, match="只是表格"):
        read(path)


def test_the_863_geometries_are_read_untouched_and_57_are_invalid(folder):
    path = folder / "geos_isvalid_863_cases.csv"
    frame = read(path).frame
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(frame) == len(rows) == 863
    told = shapely.is_valid(frame.geometry.to_numpy())
    assert told.tolist() == [row["expected_valid"] == "true" for row in rows]
    assert int((~told).sum()) == 57
    with np.errstate(invalid="ignore"):  # some hold NaN
        expected = shapely.from_wkt([row["wkt"] for row in rows])
    assert shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=-1).tolist() == shapely.to_wkt(expected, rounding_precision=-1).tolist()
