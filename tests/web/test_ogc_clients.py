"""GDAL's own client of OGC API – Features reads what PostGIS holds, over HTTP, from a service of two workers."""

from __future__ import annotations

from contextlib import contextmanager

import geopandas as gpd
import numpy as np
import people
import pyogrio
import pytest
import shapely
from frames import EAST, EPSG, NORTH, meta, published, square
from ogc import HOUSES, county_with, houses, many, stored
from running_service import running, until

from layers import catalog, database

LAYERS = ("county", "town", "village", "basic_farmland", "ecological_redline", "building", "road", "old_tree")
PUBLIC = "new_village_area"


@contextmanager
def showing(token):
    """GDAL shows this token with every request, as its user tells it to by these options; None: none."""
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": token and "BEARER", "GDAL_HTTP_BEARER": token})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": None, "GDAL_HTTP_BEARER": None})


@pytest.fixture(autouse=True)
def token():
    """What GDAL shows of itself in these tests, where a test does not take it away."""
    with showing(people.TOKEN):
        yield


def many_and_a_public_layer(conn):
    """All of the other tests, internal; and where people may build, which is public."""
    many(conn)
    published(conn, gpd.GeoDataFrame({"area_no": ["N1"]}, geometry=[square(0, 0, 300)], crs=EPSG), meta("new_village_area", secrecy="public"))


@pytest.fixture(scope="module")
def url(server_url, county_template):
    with county_with(server_url, county_template, many_and_a_public_layer) as made:
        yield made


@pytest.fixture(scope="module")
def root(url):
    with running("--workers", "2", CUNTU_DATABASE_URL=url) as service:
        until(lambda: service.ready(snapshot="loaded"))
        yield f"http://127.0.0.1:{service.port}/ogc"


def read(root, layer, **options):
    return pyogrio.read_dataframe(f"OAPIF:{root}", layer=layer, **options)


def test_every_layer_in_force_is_found(root):
    assert [name.rpartition("/")[2] for name, _ in pyogrio.list_layers(f"OAPIF:{root}")] == [*LAYERS[:-1], PUBLIC, LAYERS[-1]]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("crs", "srid", "off"), [("OGC:CRS84", 4326, 1e-9), ("EPSG:4547", 4547, 1e-4), ("EPSG:4526", 4526, 1e-4)], ids=["CRS84", "zone", "prefixed"])
def test_shapes_are_those_stored(root, url, layer, crs, srid, off):
    frame = read(root, layer, CRS=crs)
    with database.connect(url) as conn:
        expected = stored(conn, layer, srid)
    entry = catalog.layer(layer)
    found = dict(zip(frame[entry.fields[entry.identifier].title], frame.geometry, strict=True))
    assert set(found) == set(expected)
    for name, shape in found.items():
        ours, theirs = (shapely.get_coordinates(shapely.normalize(item)) for item in (shape, expected[name]))
        assert np.abs(ours - theirs).max() < off


def test_chinese_fields_and_values_of_every_type_arrive_whole(root):
    frame, given = read(root, "building", CRS="OGC:CRS84"), houses()
    assert list(frame["自然幢号"]) == list(given["ZRZH"])
    assert list(frame["规划用途"]) == list(given["GHYT"])
    assert list(frame["空置"].astype(bool)) == list(given["vacant"])
    assert [None if value != value else int(value) for value in frame["总层数"]] == [None if value != value else int(value) for value in given["ZCS"]]
    assert list(frame["幢占地面积"]) == list(given["ZZDMJ"])
    assert [str(value)[:10] for value in frame["竣工日期"]] == [str(value) for value in given["JGRQ"]]


def test_pages_boxes_and_axis_order_are_understood(root):
    assert len(read(root, "building", PAGE_SIZE="10", CRS="OGC:CRS84")) == HOUSES
    near = read(root, "building", CRS="EPSG:4547", bbox=(EAST + 100, NORTH + 100, EAST + 1_005, NORTH + 450))
    wanted = houses()
    assert sorted(near["自然幢号"]) == sorted(wanted["ZRZH"][wanted.intersects(shapely.box(EAST + 100, NORTH + 100, EAST + 1_005, NORTH + 450))])
    assert near.total_bounds[0] > EAST and near.crs.to_epsg() == EPSG


def test_a_day_may_be_asked_for_in_the_address(root):
    collection = f"OAPIF:{root}/collections/building"
    assert len(pyogrio.read_dataframe(f"{collection}?datetime=2024-01-01", CRS="OGC:CRS84")) == HOUSES
    assert pyogrio.read_info(f"OAPIF:{root}", layer="building", CRS="OGC:CRS84")["features"] == HOUSES


def test_without_a_token_it_is_told_to_sign_in(root):
    with showing(None), pytest.raises(pyogrio.errors.DataSourceError, match=r"401|登录"):
        read(root, PUBLIC)


def test_with_a_token_that_does_not_hold_it_is_told_so(root):
    with showing("cuntu_" + "9" * 43), pytest.raises(pyogrio.errors.DataSourceError, match=r"401|令牌"):
        read(root, PUBLIC)


def test_where_nobody_in_particular_may_look_it_reads_what_is_public(url):
    with running("--workers", "1", CUNTU_DATABASE_URL=url, CUNTU_ANONYMOUS="true") as service, showing(None):
        until(lambda: service.ready(snapshot="loaded"))
        root = f"http://127.0.0.1:{service.port}/ogc"
        assert [name.rpartition("/")[2] for name, _ in pyogrio.list_layers(f"OAPIF:{root}")] == [PUBLIC]
        assert len(read(root, PUBLIC)) == 1
        with pytest.raises(pyogrio.errors.DataLayerError):
            read(root, "building")
