"""Boxes laid over polygons, against GEOS."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.rings import all_edges, lay, rings
from tests.support.polygons import EAST, NORTH, array, polygon


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(11)
    polygons = array(*[polygon(rng) for _ in range(300)])
    corner = rng.uniform(0, 200, (6_000, 2)) + np.array([EAST, NORTH])
    boxes = np.column_stack([corner, corner + 10 ** rng.uniform(-1, 1.4, (6_000, 2))])
    which = rng.integers(0, 300, 6_000)
    return boxes, which, polygons, lay(boxes, which, rings(polygons), asked=np.ones(6_000, dtype=bool))


def test_what_is_said_to_be_inside_or_outside_is_so(pairs):
    boxes, which, polygons, laid = pairs
    boxes, others = shapely.box(*boxes.T), polygons[which]
    assert (shapely.covers(others, boxes) == laid.inside)[~laid.across].all()
    assert not shapely.intersects(others, boxes)[~laid.across & ~laid.inside].any()
    assert min(laid.inside.sum(), laid.across.sum(), (~laid.across & ~laid.inside).sum()) > 100
    # All edges that meet a box are given.
    assert laid.across[shapely.intersects(shapely.boundary(others), boxes)].all()


def test_the_edges_near_a_box_are_all_that_meet_it_in_their_order(pairs):
    boxes, which, polygons, laid = pairs
    rows = np.flatnonzero(laid.across)
    for place in range(0, len(rows), 29):
        row = rows[place]
        every, near = all_edges(rings(array(polygons[which[row]]))), laid.edges
        lines = shapely.linestrings(np.stack([np.column_stack([every.x, every.y]), np.column_stack([every.to_x, every.to_y])], axis=1))
        meeting = np.flatnonzero(shapely.intersects(lines, shapely.box(*boxes[row])))
        mine = near.pair == place
        given = list(zip(near.x[mine], near.y[mine], near.to_x[mine], near.to_y[mine], near.sign[mine], strict=True))
        asked = [(every.x[i], every.y[i], every.to_x[i], every.to_y[i], every.sign[i]) for i in meeting]
        assert [edge for edge in given if edge in asked] == asked


def test_the_polygon_lies_on_the_side_that_the_sign_says():
    rng = np.random.default_rng(3)
    for shape in array(*[polygon(rng) for _ in range(60)]):
        edges = all_edges(rings(array(shape)))
        doubled = (edges.x - EAST) * (edges.to_y - NORTH) - (edges.to_x - EAST) * (edges.y - NORTH)
        assert (doubled * edges.sign).sum() / 2 == pytest.approx(shape.area, rel=1e-9)


def test_neighbours_change_nothing(pairs):
    boxes, which, polygons, laid = pairs
    for row in range(200):
        alone = lay(boxes[row : row + 1], np.array([0]), rings(array(polygons[which[row]])), asked=np.ones(1, dtype=bool))
        assert (alone.inside[0], alone.across[0]) == (laid.inside[row], laid.across[row])
        if alone.across[0]:
            mine = laid.edges.pair == laid.across[:row].sum()
            assert alone.edges.x.tolist() == laid.edges.x[mine].tolist()


def test_a_box_that_only_touches_is_neither_inside_nor_outside():
    square = shapely.box(EAST, NORTH, EAST + 10, NORTH + 10)
    boxes = np.array([[10, 0, 20, 10], [10, 10, 20, 20], [0, 0, 10, 10], [2, 0, 8, 8], [10.00001, 0, 20, 10], [1, 1, 9, 9]]) + [EAST, NORTH] * 2
    laid = lay(boxes, np.zeros(6, dtype=np.int64), rings(array(square)), asked=np.ones(6, dtype=bool))
    assert laid.across.tolist() == [True, True, True, True, False, False]
    assert laid.inside.tolist() == [False, False, False, False, False, True]
