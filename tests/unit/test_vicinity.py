"""The grid that tells which layers have nothing near a subject, against a search of every piece."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from planning import layer

from spatial.vicinity import vicinity

PLACE, SIZE = st.integers(-30_000, 30_000).map(lambda tenths: tenths / 10), st.integers(1, 9_000).map(lambda tenths: tenths / 10)
FEW = st.lists(st.tuples(PLACE, PLACE, SIZE, SIZE), min_size=1, max_size=6)
METRES = {"road": 101.0, "river": 6.0, "hazard": 1.0}


def boxes(places):
    return np.array([[x, y, x + width, y + height] for x, y, width, height in places])


def near_by_search(layers, subjects):
    """The layers with a piece whose box grown by its metres meets the box of a subject."""
    found = set()
    for name, metres in METRES.items():
        grown = shapely.bounds(layers[name].pieces) + np.array([-1, -1, 1, 1]) * metres
        if any((west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1]) for box in subjects for west, south, east, north in grown):
            found.add(name)
    return found


def laid(places):
    return {name: layer(name, list(shapely.box(*boxes(some).T))) for name, some in zip(METRES, places, strict=True)}


@given(places=st.tuples(FEW, FEW, FEW), subjects=FEW)
def test_no_layer_with_something_near_is_left_out(places, subjects):
    layers = laid(places)
    assert near_by_search(layers, boxes(subjects)) <= vicinity(layers, METRES).near(boxes(subjects))


@given(places=st.tuples(FEW, FEW, FEW), x=PLACE, y=PLACE)
def test_what_is_named_lies_no_further_than_the_cells_are_wide(places, x, y):
    layers, subject = laid(places), boxes([(x, y, 12.0, 9.0)])
    grid = vicinity(layers, METRES)
    for name in grid.near(subject):
        apart = shapely.distance(layers[name].pieces, shapely.box(*subject[0])).min()
        assert apart <= (METRES[name] + 2 * grid.cell_m) * 2**0.5


@pytest.mark.parametrize("subject", [[np.nan] * 4, [1e12, 1e12, 1e12 + 9, 1e12 + 9], [-1e12, 0, -1e12 + 9, 9]])
def test_what_has_no_place_or_lies_in_another_country_has_nothing_near(subject):
    grid = vicinity(laid([[(0, 0, 50, 50)]] * 3), METRES)
    assert grid.near(np.array([subject])) == frozenset()


def test_a_subject_as_large_as_the_county_has_all_of_it_near():
    grid = vicinity(laid([[(0, 0, 5, 5)], [(2_900, 2_900, 5, 5)], [(1_500, 700, 5, 5)]]), METRES)
    assert grid.near(np.array([[-5_000.0, -5_000, 5_000, 5_000]])) == set(METRES)


def test_more_layers_than_bits_in_a_word_are_told_apart():
    layers = {f"layer {row}": layer("road", [shapely.box(1_000 * row, 0, 1_000 * row + 5, 5)]) for row in range(70)}
    grid = vicinity(layers, dict.fromkeys(layers, 1.0))
    assert [grid.near(np.array([[1_000.0 * row, 0, 1_000 * row + 5, 5]])) for row in range(70)] == [{name} for name in layers]


def test_layers_without_features_have_nothing_anywhere():
    layers = {name: layer(name, []) for name in METRES}
    assert vicinity(layers, METRES).near(np.array([[0.0, 0, 5, 5]])) == frozenset()
    assert vicinity({}, {}).near(np.array([[0.0, 0, 5, 5]])) == frozenset()
