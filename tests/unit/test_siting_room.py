"""A grid tells where a place has no room, and never of a place that has."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.siting_places import House, rectangles
from spatial.siting_room import MOST_POINTS, Room

WEST, SOUTH = 511_000.0, 3_255_000.0


def _land(seed: int) -> shapely.Geometry:
    """Fields with houses taken out of them, some narrow, some apart."""
    rng = np.random.default_rng(seed)
    corners = np.column_stack([WEST + rng.uniform(0, 200, 12), SOUTH + rng.uniform(0, 200, 12)])
    fields = shapely.union_all(shapely.box(*corners.T, *(corners + rng.uniform(5, 80, (12, 2))).T))
    houses = shapely.buffer(shapely.points(WEST + rng.uniform(0, 250, 15), SOUTH + rng.uniform(0, 250, 15)), 6)
    return shapely.difference(fields, shapely.union_all(houses))


@given(seed=st.integers(0, 10_000), width=st.floats(2, 20), depth=st.floats(2, 20))
def test_no_place_on_the_land_is_passed_over(seed: int, width: float, depth: float) -> None:
    land, rng = _land(seed), np.random.default_rng(seed + 1)
    centres, turns = np.column_stack([WEST + rng.uniform(-5, 290, 3000), SOUTH + rng.uniform(-5, 290, 3000)]), rng.uniform(0, 180, 3000)
    fit = np.flatnonzero(shapely.covers(land, rectangles(centres, House(width, depth), turns)))
    assert np.isin(fit, Room.of(land, width, depth).rows(centres, turns)).all()


def test_places_flush_with_the_edges_of_the_land_have_room() -> None:
    land = shapely.box(WEST, SOUTH, WEST + 10, SOUTH + 14)
    assert Room.of(land, 10, 14).rows(np.array([[WEST + 5, SOUTH + 7]]), np.array([90.0])).tolist() == [0]


def test_most_of_what_does_not_fit_is_told_without_a_closer_look() -> None:
    land, rng = _land(7), np.random.default_rng(8)
    centres, turns = np.column_stack([WEST + rng.uniform(0, 280, 5000), SOUTH + rng.uniform(0, 280, 5000)]), rng.uniform(0, 180, 5000)
    on_land = np.flatnonzero(shapely.contains_xy(land, *centres.T))
    wrong = on_land[~shapely.covers(land, rectangles(centres[on_land], House(10, 14), turns[on_land]))]
    tried = Room.of(land, 10, 14).rows(centres, turns)
    assert np.isin(tried, on_land).all() and len(wrong) > 500 and np.isin(wrong, tried).mean() < 0.4


@pytest.mark.parametrize(("east", "north"), [(60_000.0, 60_000.0), (9e7, 30.0)])
def test_a_land_too_large_for_a_fine_grid_is_read_coarsely_or_not_at_all(east: float, north: float) -> None:
    land = shapely.union(shapely.box(WEST, SOUTH, WEST + 30, SOUTH + 30), shapely.box(WEST + east - 30, SOUTH + north - 30, WEST + east, SOUTH + north))
    room = Room.of(land, 10, 14)
    assert room.on.size <= 4 * MOST_POINTS
    assert room.rows(np.array([[WEST + 15, SOUTH + 15], [WEST + east - 15, SOUTH + north - 15]]), np.array([0.0, 30.0])).tolist() == [0, 1]
