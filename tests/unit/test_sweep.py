"""Sites laid over pieces by arrays of numbers, against GEOS pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial import sweep as module
from spatial.sweep import Ground, sweep
from tests.support.polygons import EAST, NORTH, array, polygon

SITES = 400


def over(pieces):
    """A ground of one layer; a sweep does not look into layers."""
    counted = np.arange(len(pieces))
    return Ground(("red", "blue"), (None, None), pieces, np.array([0, len(pieces)]), counted, np.zeros(len(pieces), dtype=np.int16))


def sites(rng):
    """Turned oblongs, concave shapes, triangles and round ones; some share corners and sides with the pieces' grid."""
    found = []
    for number in range(SITES):
        x, y = EAST + rng.uniform(0, 200), NORTH + rng.uniform(0, 200)
        house = shapely.affinity.rotate(shapely.box(x, y, x + rng.uniform(4, 16), y + rng.uniform(4, 16)), rng.uniform(0, 90))
        found.append([
            house,
            shapely.difference(house, shapely.affinity.scale(house, 0.6, 0.6, origin=house.exterior.coords[0])),
            shapely.Polygon(house.exterior.coords[:3]),
            house.buffer(2.0),
            shapely.box(*(np.floor((x, y)) // 10 * 10), *(np.floor((x, y)) // 10 * 10 + 10)),
        ][number % 5])  # fmt: skip
    return array(*found)


@pytest.fixture(scope="module")
def laid():
    rng = np.random.default_rng(7)
    grid = [shapely.box(EAST + 20 * column, NORTH + 20 * row, EAST + 20 * column + 20, NORTH + 20 * row + 20) for column in range(10) for row in range(10)]
    lines = [shapely.LineString(rng.uniform(0, 200, (4, 2)) + np.array([EAST, NORTH])) for _ in range(10)]
    pieces = array(*grid, *[polygon(rng) for _ in range(150)], *lines)
    subjects = sites(rng)
    return subjects, pieces, sweep(subjects, shapely.area(subjects), over(pieces))


def test_all_pairs_that_meet_are_found_also_those_that_only_touch(laid):
    subjects, pieces, swept = laid
    left, right = np.divmod(np.arange(len(subjects) * len(pieces)), len(pieces))
    meets = shapely.intersects(subjects[left], pieces[right])
    assert list(zip(swept.subject, swept.piece, strict=True)) == list(zip(left[meets], right[meets], strict=True))
    assert shapely.touches(subjects[swept.subject], pieces[swept.piece]).sum() > 20


def test_areas_are_those_of_geos(laid):
    subjects, pieces, swept = laid
    shapes = shapely.intersection(subjects[swept.subject], pieces[swept.piece])
    assert swept.areas == pytest.approx(shapely.area(shapes), abs=1e-7)
    inside = shapely.covers(pieces[swept.piece], subjects[swept.subject])
    assert (swept.areas[inside] == shapely.area(subjects)[swept.subject[inside]]).all()
    assert (swept.made[inside] == subjects[swept.subject[inside]]).all()


def test_a_site_alone_has_the_same_to_the_last_bit_as_among_many(laid):
    subjects, pieces, swept = laid
    for row in range(SITES):
        alone, mine = sweep(subjects[row : row + 1], shapely.area(subjects[row : row + 1]), over(pieces)), swept.subject == row
        assert alone.piece.tolist() == swept.piece[mine].tolist()
        assert alone.areas.tolist() == swept.areas[mine].tolist()


def test_few_pairs_are_asked_about_at_once_and_many_almost_never(laid, monkeypatch):
    subjects, pieces, _ = laid
    asked = []
    monkeypatch.setattr(module, "_ask", lambda predicate, left, right, piece: asked.append(len(piece)) or predicate(right, left))
    houses = subjects[::5]
    found = sweep(houses, shapely.area(houses), over(pieces[100:250]))
    assert len(found.subject) > module.MANY
    assert sum(asked) == 0
    sweep(houses[:1], shapely.area(houses[:1]), over(pieces[100:250]))
    assert sum(asked) > 0
