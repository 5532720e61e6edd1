from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from frames import EAST, EPSG, NORTH
from shapely.geometry import shape

from layers.maps.outline import TOLERANCES_M, feature_of, outline

CRS84 = "OGC:CRS84"


def wiggly_villages(side: int = 6, *, cell_m: float = 3_000.0, vertices: int = 60) -> gpd.GeoDataFrame:
    """A grid of villages whose common borders wiggle: the same vertices on both sides."""
    steps = np.linspace(0, 1, vertices)
    rng = np.random.default_rng(5)

    def edge(start: tuple[int, int], end: tuple[int, int]) -> np.ndarray:
        key = min(start, end), max(start, end)
        if key not in edges:
            points = np.outer(1 - steps, key[0]) + np.outer(steps, key[1])
            across = np.array([key[0][1] - key[1][1], key[1][0] - key[0][0]])
            points += np.outer(np.sin(np.pi * steps) ** 2 * rng.uniform(-0.02, 0.02, vertices), across)
            edges[key] = points
        return edges[key] if start == key[0] else edges[key][::-1]

    edges: dict[tuple[tuple[int, int], tuple[int, int]], np.ndarray] = {}
    shapes = []
    for column in range(side):
        for row in range(side):
            corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
            ring = np.concatenate([edge(a, b)[:-1] for a, b in zip(corners, corners[1:] + corners[:1], strict=True)])
            shapes.append(shapely.Polygon(ring * cell_m + [EAST, NORTH]))
    codes = [f"4212231{index // side:02d}{201 + index % side}" for index in range(side * side)]
    towns = [f"镇{index // side}" for index in range(side * side)]
    names = [f"村{index}" for index in range(side * side)]
    return gpd.GeoDataFrame({"code": codes, "name": names, "town_code": [c[:9] for c in codes], "town": towns}, geometry=shapes, crs=EPSG)


def projected(feature) -> shapely.Geometry:
    return gpd.GeoSeries([shape(feature["geometry"])], crs=CRS84).to_crs(EPSG).iloc[0]


@pytest.fixture(scope="module")
def villages() -> gpd.GeoDataFrame:
    return wiggly_villages()


def test_neighbours_keep_their_common_border(villages):
    light = np.array([projected(feature) for feature in outline(villages, budget_bytes=20_000).villages])
    overlaps = shapely.area(shapely.intersection(light[:-1], light[1:])).sum()
    gaps = shapely.area(shapely.union_all(shapely.buffer(light, 3.0))) - shapely.area(shapely.union_all(light))
    assert overlaps < 500
    assert len(shapely.union_all(shapely.buffer(light, 1.5)).interiors) == 0
    assert gaps > 0


def test_the_finest_tolerance_within_the_budget_is_taken(villages):
    fine = outline(villages, budget_bytes=10_000_000)
    coarse = outline(villages, budget_bytes=9_000)
    assert fine.tolerance_m == TOLERANCES_M[0]
    assert coarse.tolerance_m > fine.tolerance_m

    def vertices(drawn) -> int:
        return sum(shapely.get_num_coordinates(shape(feature["geometry"])) for feature in drawn.villages)

    assert vertices(coarse) < vertices(fine)


def test_no_village_disappears_and_each_keeps_its_code_name_and_town(villages):
    light = outline(villages, budget_bytes=1_000)
    assert [feature["properties"]["code"] for feature in light.villages] == list(villages["code"])
    assert all(projected(feature).area > 0 for feature in light.villages)
    assert light.villages[7]["properties"]["name"] == "村7"
    assert light.villages[7]["properties"]["town"] == "镇1"


def test_coordinates_have_five_decimals(villages):
    numbers = [number for point in outline(villages).villages[0]["geometry"]["coordinates"][0] for number in point]
    assert all(round(number, 5) == number for number in numbers)


def test_town_lines_are_drawn_once_and_each_town_has_a_point_for_its_name(villages):
    lines, *labels = outline(villages).towns
    assert shapely.get_type_id(shape(lines["geometry"])) in (1, 5)
    assert sorted(label["properties"]["name"] for label in labels) == [f"镇{index}" for index in range(6)]
    merged = shapely.line_merge(shape(lines["geometry"]))
    assert shapely.length(shapely.union_all([merged])) == pytest.approx(shapely.length(shape(lines["geometry"])))


def test_bounds_are_those_of_the_county_in_degrees(villages):
    west, south, east, north = outline(villages).bounds
    assert 113 < west < east < 115
    assert 29 < south < north < 30


def test_properties_are_looked_up_by_code(villages):
    light = outline(villages)
    typed = light.with_properties({villages["code"][2]: {"type": "retain_improve"}})
    assert typed[2]["properties"]["type"] == "retain_improve"
    assert "type" not in typed[3]["properties"]
    assert "type" not in light.villages[2]["properties"]


def test_a_geometry_becomes_a_feature_in_longitude_and_latitude():
    feature = feature_of(shapely.Point(EAST, NORTH), f"EPSG:{EPSG}", text="甲")
    longitude, latitude = feature["geometry"]["coordinates"]
    assert (113 < longitude < 115, 29 < latitude < 31) == (True, True)
    assert feature["properties"] == {"text": "甲"}
