"""Areas cut and put together: nothing is lost where edges nearly coincide, and nothing is worked on that is not met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.siting_shapes import GRID_M, NOTHING, areal, cut, filled, overlap, united, without

LAND = shapely.MultiPolygon([
    shapely.Polygon([(510861.44, 3255438.11), (510951.4, 3255511.83), (510894.33, 3255455.28)]),
    shapely.Polygon([(511059.67, 3255723.42), (511048.15, 3255768.64), (511370.02, 3255879.58)]),
])  # fmt: skip
SLIVER = shapely.Polygon([(510942.7675948277, 3255503.27625), (510951.4, 3255511.83), (510942.7658241399, 3255503.274495446)])
"""2·10⁻¹¹ m² along the northern edge of the first triangle, as an earlier cut leaves it."""


def test_a_sliver_takes_no_more_than_itself() -> None:
    assert shapely.difference(LAND, SLIVER).area < LAND.area - 400, "GEOS without a grid loses a whole triangle: where it no longer does, the grid may go"
    assert without(LAND, SLIVER).area == pytest.approx(LAND.area, abs=1e-4)


def test_what_an_area_does_not_meet_stays_as_it_is() -> None:
    near, far = shapely.box(0.1, 0.1, 10.3, 10.7), shapely.box(100.0 / 3, 0, 40, 10)
    left = without(shapely.union(near, far), shapely.box(5, 0, 20, 20))
    assert any(part.equals_exact(far, 0.0, normalize=True) for part in left.geoms)
    assert left.area == pytest.approx(far.area + 4.9 * 10.6, abs=1e-5)


def test_parts_inside_an_area_and_beside_it_are_not_cut() -> None:
    inside, beside, across = shapely.box(1 / 3, 1, 2, 2), shapely.box(20 / 3, 0, 9, 1), shapely.box(5, 5, 8, 8)
    ground, area = shapely.MultiPolygon([inside, beside, across]), shapely.box(0, 0, 20 / 3, 20 / 3)
    for found, whole in ((cut(area, ground), inside), (without(ground, area), beside)):
        assert [part.equals_exact(whole, 0.0) for part in found.geoms].count(True) == 1 and len(found.geoms) == 2
    assert cut(area, ground).area + without(ground, area).area == pytest.approx(ground.area, abs=1e-5)
    assert without(inside, area) is NOTHING and cut(area, inside).equals_exact(inside, 0.0)


def test_areas_that_only_touch_share_nothing() -> None:
    left, right = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
    assert cut(right, left).is_empty and not overlap(left, right)
    assert without(left, right).equals(left)
    assert overlap(left, shapely.box(9, 9, 11, 11))


def test_lines_and_points_of_a_cut_are_left_out() -> None:
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(2, 0), (3, 0)]), shapely.Point(5, 5), shapely.box(7, 0, 8, 1)])
    assert areal(mixed).equals(shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(7, 0, 8, 1)]))
    assert areal(shapely.Point(1, 1)).is_empty


def test_nothing_and_the_ground_itself_need_no_cutting() -> None:
    ground = shapely.box(0, 0, 10, 10)
    assert without(ground, NOTHING) is ground and cut(ground, ground) is ground
    assert without(ground, ground).is_empty and cut(NOTHING, ground).is_empty and united([]).is_empty and not overlap(ground, NOTHING)


def boxes(most: int) -> st.SearchStrategy[Any]:
    side = st.floats(0.5, 30.0)
    return st.lists(st.builds(lambda x, y, w, h: shapely.box(x, y, x + w, y + h), st.floats(0, 60), st.floats(0, 60), side, side), min_size=1, max_size=most)


@given(boxes(8), boxes(8))
def test_what_is_taken_and_what_is_left_make_the_whole(ground: list[Any], taken: list[Any]) -> None:
    # GEOS leaves marks of its own arithmetic (a slope of a vertical line) that numpy tells of on some processors.
    with np.errstate(divide="ignore", invalid="ignore"):
        land, area = united(ground), united(taken)
        inside, outside = cut(area, land), without(land, area)
    noise = 1e3 * GRID_M
    assert land.area == pytest.approx(shapely.union_all(np.array(ground)).area, abs=1e-6)
    assert inside.area + outside.area == pytest.approx(land.area, abs=noise)
    for whole in (land, area):
        assert inside.is_empty or shapely.covers(shapely.buffer(whole, 10 * GRID_M), inside)
    assert inside.is_valid and outside.is_valid


def _village(seed: int) -> tuple[Any, Any]:
    """Ground in two parts, and houses: some apart, some wall to wall, some over the edges, one about a courtyard, one about all of a ground."""
    rng = np.random.default_rng(seed)
    ground = shapely.union(shapely.box(0, 0, 100, 100), shapely.box(130, 0, 200, 90))
    corners = rng.uniform(-8, 200, (40, 2)).round(3)
    court = shapely.difference(shapely.box(40, 40, 60, 60), shapely.box(45, 45, 55, 55))
    beside = [shapely.box(10, 80, 14, 84), shapely.box(14, 80, 18, 84), shapely.box(150, 0, 154, 4)]
    houses: Any = shapely.box(*corners.T, *(corners + rng.uniform(2, 12, (40, 2)).round(3)).T)
    return ground, united([*houses, court, *beside])


@given(seed=st.integers(0, 10_000))
def test_houses_leave_holes_wherever_they_stand(seed: int) -> None:
    ground, houses = _village(seed)
    left = without(ground, houses)
    assert left.is_valid and shapely.symmetric_difference(left, shapely.difference(ground, houses)).area < 1e-3
    assert not overlap(left, shapely.buffer(houses, -1e-5))


@given(seed=st.integers(0, 10_000))
def test_a_ground_without_its_holes_and_the_holes_are_the_ground(seed: int) -> None:
    ground = without(*_village(seed))
    bare, holes = filled(ground)
    assert bare.is_valid and bare.area - holes.area == pytest.approx(ground.area, abs=1e-3)
    assert shapely.symmetric_difference(without(bare, holes), ground).area < 1e-3
    for part in shapely.get_parts(ground):
        assert not overlap(part, holes), "what lies in a hole, as a courtyard does, is no part of it"


def test_a_ground_without_holes_is_as_it_was() -> None:
    ground = shapely.box(0, 0, 10, 10)
    assert filled(ground) == (ground, NOTHING)
    assert filled(NOTHING) == (NOTHING, NOTHING)
