"""Shapes written as GeoJSON without a detour say what shapely's own writer says."""

from __future__ import annotations

import orjson
import pytest
import shapely

from spatial.canonical import geojson, geojsons, geometries_sha256, geometry_sha256
from spatial.crs import reproject_coordinates

EPSG = 4547


def square(east: float, *, size: float = 10.0, hole: bool = False) -> shapely.Polygon:
    shell = shapely.box(east, 3_270_000, east + size, 3_270_000 + size)
    return shapely.difference(shell, shapely.box(east + 2, 3_270_002, east + 4, 3_270_004)) if hole else shell


SHAPES = {
    "line": shapely.LineString([(500_000, 3_270_000), (500_010, 3_270_020), (500_030, 3_270_000)]),
    "point": shapely.Point(500_000, 3_270_000),
    "polygon": square(500_000),
    "polygon with a hole": square(500_000, hole=True),
    "several polygons": shapely.MultiPolygon([square(500_000), square(500_100), shapely.Point(500_200, 3_270_000).buffer(7)]),
    "several polygons, one with a hole": shapely.MultiPolygon([square(500_000), square(500_100, hole=True)]),
    "one polygon as several": shapely.MultiPolygon([square(500_000)]),
    "several lines": shapely.MultiLineString([[(500_000, 3_270_000), (500_010, 3_270_020)], [(500_030, 3_270_000), (500_040, 3_270_000)]]),
    "a mixture": shapely.GeometryCollection([square(500_000), shapely.Point(500_300, 3_270_000)]),
    "with heights": shapely.force_3d(square(500_000), 12.5),
}


def by_shapely(shape):
    moved = shapely.transform(shapely.force_2d(shape), lambda points: reproject_coordinates(points, source=EPSG, target=4326).round(8))
    return orjson.loads(shapely.to_geojson(moved))


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_written_as_shapely_writes_it(name):
    assert geojson(SHAPES[name], epsg=EPSG) == by_shapely(SHAPES[name])


def test_shapes_written_together_are_written_as_one_by_one():
    shapes = [None, *SHAPES.values(), shapely.Polygon(), *reversed(SHAPES.values())]
    assert geojsons(shapes, epsg=EPSG) == [None if shape is None or shape.is_empty else by_shapely(shape) for shape in shapes]


def test_hashes_made_together_are_those_made_one_by_one():
    shapes = [shape for shape in SHAPES.values() if shape.geom_type == "Polygon"]
    assert geometries_sha256(shapes) == [geometry_sha256(shape) for shape in shapes]
    assert geometry_sha256(SHAPES["with heights"]) == geometry_sha256(SHAPES["polygon"])
