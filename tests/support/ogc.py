"""A service with layers to ask for over `/ogc`, and what pyproj says of their shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import geopandas as gpd
import numpy as np
import people
import psycopg
import pyproj
import shapely
from fastapi.testclient import TestClient
from frames import EAST, EPSG, NORTH, meta, published, square

from api.app import create_app
from api.settings import Settings
from layers import database
from layers.databases import create_database, drop_database

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
COUNTY_CRS = "http://www.opengis.net/def/crs/EPSG/0/4547"
PREFIXED = "http://www.opengis.net/def/crs/EPSG/0/4526"
CGCS2000 = "http://www.opengis.net/def/crs/EPSG/0/4490"
HOUSES = 57
HOSTILE = "甲/乙 100%?#{{ 7*7 }}<script>alert(1)</script>"


def houses(count: int = HOUSES) -> gpd.GeoDataFrame:
    """Houses in rows of ten, with a value of every type; every third is vacant, every fifth of unknown height, one in two parts."""
    random = np.random.default_rng(11)
    shapes = [square(200 * (row % 10), 200 * (row // 10), side=10 + float(random.uniform(0, 5))) for row in range(count)]
    shapes[3] = shapely.MultiPolygon([shapes[3], square(700, 50, side=5)])
    # A triangle whose box holds much that it does not.
    shapes[4] = shapely.Polygon([(EAST + 900, NORTH), (EAST + 980, NORTH), (EAST + 900, NORTH + 80)])
    columns = {
        "ZRZH": [HOSTILE if row == 7 else f"F{row:03d}" for row in range(count)],
        "ZCS": [None if row % 5 == 0 else 1 + row % 4 for row in range(count)],
        "ZZDMJ": [round(float(shape.area), 2) for shape in shapes],
        "JGRQ": [date(1990 + row % 30, 6, 1) for row in range(count)],
        "GHYT": ["住宅" if row % 2 else "畜禽舍" for row in range(count)],
        "vacant": [row % 3 == 0 for row in range(count)],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=EPSG)


def lines_and_trees(conn: psycopg.Connection[Any], *, roads_secrecy: str = "internal") -> None:
    """Roads as lines, and old trees as points."""
    road = shapely.LineString([(EAST, NORTH - 50), (EAST + 3_000, NORTH - 40), (EAST + 3_000, NORTH + 2_000)])
    columns = {"road_no": ["G106", "X301"], "name": ["京广线", None], "class": ["national", "county"]}
    roads = gpd.GeoDataFrame(columns, geometry=[road, shapely.affinity.translate(road, 0, -500)], crs=EPSG)
    trees = gpd.GeoDataFrame({"tree_no": ["T1"], "name": ["樟树"], "grade": ["1"]}, geometry=[shapely.Point(EAST + 5, NORTH - 20)], crs=EPSG)
    published(conn, roads, meta("road", secrecy=roads_secrecy))
    published(conn, trees, meta("old_tree"))


def many(conn: psycopg.Connection[Any]) -> None:
    """The houses, roads and trees."""
    published(conn, houses(), meta("building"))
    lines_and_trees(conn)


@contextmanager
def county_with(server_url: str, template: str, load: Callable[[psycopg.Connection[Any]], None]) -> Iterator[str]:
    """The URL of a copy of a database with more layers."""
    name = f"cuntu_ogc_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=template)
    with database.connect(url) as conn:
        load(conn)
    try:
        yield url
    finally:
        drop_database(server_url, name)


@contextmanager
def serving(url: str, headers: dict[str, str] = people.HEADERS, **changes: Any) -> Iterator[TestClient]:
    """A client of a service on a database."""
    with TestClient(create_app(Settings(database_url=url, snapshot=False, **changes), database_url=url), headers=headers) as client:
        yield client


def items(client: TestClient, layer: str = "building", **parameters: Any) -> dict[str, Any]:
    """One page of features; `bbox_crs` stands for `bbox-crs`."""
    named = {name.replace("_crs", "-crs"): value for name, value in parameters.items()}
    answer = client.get(f"/ogc/collections/{layer}/items", params=named)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["numberReturned"] == len(found["features"])
    return found


def ids(page: dict[str, Any]) -> list[str]:
    """The identifiers of a page."""
    return [feature["id"] for feature in page["features"]]


def pages(client: TestClient, first: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A page and all that follow it by their links."""
    page: dict[str, Any] | None = first
    while page is not None:
        yield page
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        page = client.get(following[0]).json() if following else None


def stored(conn: psycopg.Connection[Any], layer: str, srid: int) -> dict[str, Any]:
    """The stored shapes of a layer in a system as pyproj moves them (east, north), by identifier."""
    rows = conn.execute(
        "SELECT f.identifier, ST_AsBinary(f.geom) FROM feature f JOIN dataset_version v ON v.id = f.version_id"
        " WHERE v.layer_id = %s AND v.status = 'published' AND v.known_to IS NULL",
        (layer,),
    )
    move = pyproj.Transformer.from_crs(EPSG, srid, always_xy=True).transform
    return {name: shapely.transform(shapely.from_wkb(wkb), move, interleaved=False) for name, wkb in rows}
