from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from frames import EPSG, red_lines, square
from packages import shapefile_zip
from pyproj import Transformer

from layers import database, snapshot, versions

CODE, NAME = "行政区代码", "行政区名称"
TOWNS = {
    "towns.gdb.zip": ("", CODE, NAME),
    "towns_gbk_nocpg_shp.zip": ("xz_gbk.shp", CODE, NAME),
    "towns_utf8_truncated_fieldname_shp.zip": ("xz_zone.shp", "行政区", "行政区_2"),
}
"""The shapefile inside, and what its fields are called; both of the last one were cut to the same three characters."""


@pytest.fixture
def cuntu(command_on, db_url):
    """Run a command on a store without any layer; return its JSON."""
    command = command_on(db_url)

    def run(*arguments):
        code, out, err = command(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return run


def stored(url, version):
    """A version as the store has it."""
    with database.connect(url) as conn:
        dataset = versions.get(conn, version).dataset
        return snapshot.load(conn, {dataset.layer: dataset}, epsg=EPSG)[dataset.layer]


def places(path):
    """The points of a file as GDAL reads them, moved by PROJ into the county's zone."""
    plain = {"encoding": "ISO-8859-1"} if str(path).endswith(".shp") else {}  # names cut inside a character are no UTF-8
    info = pyogrio.read_info(path, **plain)
    points = shapely.get_coordinates(pyogrio.read_dataframe(path, columns=[], **plain).geometry)
    return np.column_stack(Transformer.from_crs(info["crs"], EPSG, always_xy=True).transform(*points.T))


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(TOWNS))
def test_points_and_names_of_the_robustness_files_reach_postgis_unchanged(cuntu, db_url, shared_dir, tmp_path, name):
    """Towns as points have no layer of their own: they are taken in as the trees they are not, since points and names matter here."""
    path = shared_dir / "data" / "robustness" / name
    inside, code, title = TOWNS[name]
    area = gpd.GeoDataFrame(geometry=[shapely.box(113.5, 29, 114.6, 30)], crs="OGC:CRS84")
    area.to_file(tmp_path / "area.geojson", driver="GeoJSON", engine="pyogrio")
    said = ("--layer", "old_tree", "--field", f"tree_no={code}", "--field", f"name={title}", "--coverage", "area.geojson")
    layer = stored(db_url, cuntu("layers", "import", path, *said)["version"])
    assert len(layer.ids) == 21
    names = dict(zip(layer.ids, layer.attributes["name"], strict=True))
    assert (names["421223100"], names["421223103"]) == ("天城镇", "桂花泉镇")
    expected = places(f"/vsizip/{path}/{inside}" if inside else path)
    assert np.abs(shapely.get_coordinates(layer.features) - expected).max() < 1e-4


@pytest.mark.shared
def test_every_village_name_outside_gbk_reaches_postgis(cuntu, db_url, shared_dir, tmp_path):
    names = pd.read_csv(shared_dir / "data" / "robustness" / "village_names_outside_gbk.csv", dtype=str)["name"].tolist()
    shapes = [square(150.0 * (row % 40) + 0.1234, 150.0 * (row // 40) + 0.4321, 99.8765) for row in range(len(names))]
    path = shapefile_zip(tmp_path, "STBHHX", red_lines(shapes, MC=names, zone=["other"] * len(names)))
    layer = stored(db_url, cuntu("layers", "import", path)["version"])
    assert layer.attributes["MC"].tolist() == names
    assert max(shapely.hausdorff_distance(one, other) for one, other in zip(layer.features, shapes, strict=True)) < 1e-4
