"""What is asked of siting: one clear answer for what cannot be used, each problem with its place."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import shapely
from planning import COUNTY, EAST, EPSG, NORTH, VILLAGE_CODE, county_layers, here

from spatial.errors import CrsError, InputError
from spatial.rules.pack import load_pack
from spatial.siting import Request
from spatial.siting_input import read_request

PACK = load_pack("house-building", county=COUNTY)
BORDER = shapely.box(EAST - 3_000, NORTH - 3_000, EAST + 3_000, NORTH + 3_000)
HOUSE = {"width_m": 10, "depth_m": 14}


def polygon(shape: Any) -> dict[str, Any]:
    return dict(json.loads(shapely.to_geojson(shape)))


def read(body: Any, *, epsg_in: int | None = EPSG) -> Request:
    return read_request(body, epsg_in=epsg_in, epsg=EPSG, county=BORDER, villages=county_layers(), pack=PACK)


def problems(body: Any, *, epsg_in: int | None = EPSG) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(body, epsg_in=epsg_in)
    return list(caught.value.problems)


def test_a_village_is_found_by_its_code_with_its_name() -> None:
    request = read({"village": VILLAGE_CODE, "house": HOUSE})
    assert (request.village_name, request.area.area) == ("甲村", 4_000_000)
    assert (request.house.width_m, request.house.depth_m, request.limit, request.own_parcels) == (10.0, 14.0, 10, ())


def test_of_a_house_the_area_is_enough() -> None:
    house = read({"village": VILLAGE_CODE, "house": {"area_m2": 140}}).house
    assert house.area_m2 == pytest.approx(140)
    assert house.depth_m > house.width_m


def test_a_drawn_area_is_read_in_the_storage_crs() -> None:
    request = read({"area": polygon(here(0, 0, 100, 100)), "house": HOUSE})
    assert request.area.area == pytest.approx(10_000)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "/："),
        ({}, "/house："),
        ({"house": HOUSE}, "/："),
        ({"village": VILLAGE_CODE, "area": polygon(here(0, 0, 9, 9)), "house": HOUSE}, "/："),
        ({"village": "421223999999", "house": HOUSE}, "/village："),
        ({"village": 7, "house": HOUSE}, "/village："),
        ({"village": VILLAGE_CODE, "house": {}}, "/house："),
        ({"village": VILLAGE_CODE, "house": {"width_m": 10}}, "/house："),
        ({"village": VILLAGE_CODE, "house": {"width_m": 2, "depth_m": 14}}, "/house/width_m："),
        ({"village": VILLAGE_CODE, "house": {"width_m": True, "depth_m": 14}}, "/house/width_m："),
        ({"village": VILLAGE_CODE, "house": {"area_m2": 1e9}}, "/house/area_m2："),
        ({"village": VILLAGE_CODE, "house": HOUSE | {"colour": "red"}}, "/house/colour："),
        ({"village": VILLAGE_CODE, "house": HOUSE, "own_parcels": "P-1"}, "/own_parcels："),
        ({"village": VILLAGE_CODE, "house": HOUSE, "limit": 0}, "/limit："),
        ({"village": VILLAGE_CODE, "house": HOUSE, "villages": []}, "/villages："),
        ({"village": VILLAGE_CODE, "house": HOUSE, "application": {"storeys": 1.5}}, "/application/storeys"),
        ({"village": VILLAGE_CODE, "house": HOUSE, "application": []}, "/application"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(body: Any, place: str) -> None:
    assert any(problem.startswith(place) for problem in problems(body)), problems(body)


AREAS: dict[str, tuple[dict[str, Any], int | None, str]] = {
    "across the border": (polygon(shapely.box(EAST + 2_900, NORTH, EAST + 3_100, NORTH + 100)), EPSG, "在本县以外"),
    "in the sea": (polygon(shapely.box(122.5, 28.0, 122.6, 28.05)), None, "不在本县范围内"),
    "axes reversed, degrees": ({"type": "Polygon", "coordinates": [[[29.5, 114.5], [29.51, 114.5], [29.51, 114.51], [29.5, 114.5]]]}, None, "经纬度"),
    "axes reversed, metres": (polygon(shapely.box(NORTH, EAST, NORTH + 100, EAST + 100)), EPSG, "先后"),
    "empty": ({"type": "Polygon", "coordinates": []}, EPSG, "图形为空"),
    "no polygon": ({"type": "Point", "coordinates": [EAST, NORTH]}, EPSG, "应为 Polygon"),
    "too large": (polygon(shapely.box(EAST - 50_000, NORTH - 50_000, EAST + 50_000, NORTH + 50_000)), EPSG, "平方公里"),
    "too small": (polygon(here(0, 0, 2, 2)), EPSG, "放不下"),
    "self-crossing": ({"type": "Polygon", "coordinates": [[[EAST, NORTH], [EAST + 50, NORTH + 50], [EAST + 50, NORTH], [EAST, NORTH + 50], [EAST, NORTH]]]}, EPSG, "自相交"),
    "not closed": ({"type": "Polygon", "coordinates": [[[EAST, NORTH], [EAST + 50, NORTH], [EAST + 50, NORTH + 50], [EAST, NORTH + 50]]]}, EPSG, "没有闭合"),
    "text for a number": ({"type": "Polygon", "coordinates": [[["a", 1], [2, 3], [4, 5], ["a", 1]]]}, EPSG, "坐标应为两个数"),
    "not geometry at all": ({"type": "Polygon"}, EPSG, "图形为空"),
}  # fmt: skip


@pytest.mark.parametrize("name", AREAS)
def test_an_area_that_cannot_be_used_gets_one_clear_answer(name: str) -> None:
    drawn, epsg_in, words = AREAS[name]
    found = problems({"area": drawn, "house": HOUSE}, epsg_in=epsg_in)
    assert len({problem.partition("/area")[1] for problem in found}) == 1
    assert any(words in problem for problem in found), found


def test_a_hundred_thousand_vertices_are_refused_before_any_work() -> None:
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    ring = [[EAST + 500 * np.cos(a), NORTH + 500 * np.sin(a)] for a in angle]
    found = problems({"area": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, "house": HOUSE})
    assert found == ["/area/coordinates/0: 顶点超过 5000 个"]


def test_a_coordinate_system_that_is_not_taken_is_named() -> None:
    with pytest.raises(CrsError, match="3857"):
        read({"area": polygon(here()), "house": HOUSE}, epsg_in=3857)


def test_the_border_itself_may_be_drawn_up_to_its_noise() -> None:
    assert read({"area": polygon(shapely.box(EAST, NORTH, EAST + 3_000.0001, NORTH + 1_000)), "house": HOUSE}).area.area > 2.9e6
