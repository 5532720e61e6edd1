from __future__ import annotations

import numpy as np
import pytest
import shapely
from frames import rough_ring, square
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.pieces import MAX_VERTICES, subdivide

COMB = shapely.union_all([square(step * 20.0, 0, 10) for step in range(100)] + [shapely.box(520_000, 3_270_005, 522_000, 3_270_006)])
CHECKED = square(0, 0, 1_000).difference(shapely.union_all([square(x * 50.0 + 10, y * 50.0 + 10, 25) for x in range(19) for y in range(19)]))


@pytest.mark.parametrize("shape", [rough_ring(5_000), COMB, CHECKED, square()], ids=["rough", "comb", "holes", "square"])
def test_pieces_are_small_and_make_up_the_whole(shape):
    pieces = subdivide(shape)
    assert shapely.get_num_coordinates(pieces).max() <= MAX_VERTICES
    assert shapely.is_valid(pieces).all()
    assert shapely.area(pieces).sum() == pytest.approx(shape.area, rel=1e-12)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(pieces), shape)) < 1e-6


def test_a_line_along_the_cut_is_not_lost():
    middle = np.column_stack([np.linspace(0, 1_000, 600), np.full(600, 500.0)])
    cross = shapely.MultiLineString([middle, [(0, 0), (0, 1_000)], [(1_000, 0), (1_000, 1_000)]])
    assert shapely.length(subdivide(cross)).sum() == pytest.approx(cross.length, rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), vertices=st.integers(130, 900))
def test_no_ring_loses_area_by_being_cut(seed, vertices):
    shape = rough_ring(vertices, seed=seed)
    assert shapely.area(subdivide(shape)).sum() == pytest.approx(shape.area, rel=1e-11)
