"""Coordinates in each system offered, against pyproj, and in the axis order of its definition."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from frames import EAST, NORTH
from ogc import CGCS2000, COUNTY_CRS, CRS84, PREFIXED, county_with, items, many, serving, stored

from layers import database

TENTH_OF_A_MILLIMETRE = {"m": 1e-4, "degree": 1e-4 / 111_320}
SYSTEMS = [(CRS84, 4326, False, "degree"), (CGCS2000, 4490, True, "degree"), (COUNTY_CRS, 4547, True, "m"), (PREFIXED, 4526, True, "m")]


@pytest.fixture(scope="module")
def url(server_url, county_template):
    with county_with(server_url, county_template, many) as made:
        yield made


@pytest.fixture(scope="module")
def client(url):
    with serving(url) as made:
        yield made


@pytest.mark.parametrize(("uri", "srid", "north_first", "unit"), SYSTEMS, ids=["CRS84", "CGCS2000", "zone", "prefixed zone"])
@pytest.mark.parametrize("layer", ["building", "road", "old_tree", "village"])
def test_shapes_are_those_stored_within_a_tenth_of_a_millimetre(client, url, layer, uri, srid, north_first, unit):
    with database.connect(url) as conn:
        expected = stored(conn, layer, srid)
    found = {feature["id"]: shapely.geometry.shape(feature["geometry"]) for feature in items(client, layer, crs=uri, limit=1000)["features"]}
    assert set(found) == set(expected)
    for name, shape in found.items():
        same = shapely.transform(shape, lambda coordinates: coordinates[:, ::-1]) if north_first else shape
        assert same.geom_type == expected[name].geom_type
        ours, theirs = (shapely.get_coordinates(shapely.normalize(item)) for item in (same, expected[name]))
        assert np.abs(ours - theirs).max() < TENTH_OF_A_MILLIMETRE[unit]


def test_the_county_system_is_north_then_east_as_surveyors_write_it(client):
    [tree] = items(client, "old_tree", crs=COUNTY_CRS)["features"]
    assert tree["geometry"]["coordinates"] == [NORTH - 20, EAST + 5]
    [tree] = items(client, "old_tree", crs=PREFIXED)["features"]
    assert tree["geometry"]["coordinates"] == [NORTH - 20, 38_000_000 + EAST + 5]


@pytest.mark.parametrize("uri", [CRS84, COUNTY_CRS])
def test_the_answer_says_its_system(client, uri):
    for path in ("/ogc/collections/building/items", "/ogc/collections/building/items/F001"):
        assert client.get(path, params={"crs": uri}).headers["content-crs"] == f"<{uri}>"
    assert client.get("/ogc/collections/building/items").headers["content-crs"] == f"<{CRS84}>"


def test_outer_rings_run_against_the_clock_in_longitude_and_latitude(client):
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in items(client, limit=1000)["features"]]
    assert all(part.exterior.is_ccw for part in shapely.get_parts(shapes))


def test_a_collection_lists_its_systems_and_where_it_is_stored(client):
    described = client.get("/ogc/collections/building").json()
    assert described["crs"] == [CRS84, COUNTY_CRS, PREFIXED, CGCS2000]
    assert described["storageCrs"] == COUNTY_CRS
    assert described["extent"]["spatial"]["crs"] == CRS84
    found = [shapely.geometry.shape(feature["geometry"]) for feature in items(client, limit=1000)["features"]]
    west, south, east, north = shapely.total_bounds(found)
    box = shapely.box(*described["extent"]["spatial"]["bbox"][0])
    assert shapely.covers(box, shapely.box(west, south, east, north))
    assert shapely.covers(shapely.box(west - 2e-5, south - 2e-5, east + 2e-5, north + 2e-5), box)
