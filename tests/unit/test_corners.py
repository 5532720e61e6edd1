from __future__ import annotations

import pytest
import shapely

from spatial.corners import corners, crossings, repeated
from spatial.crs import gauss_kruger, transformer
from spatial.errors import CrsError

SQUARE = [(0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (10.0, 0.0)]


def test_corners_are_named_through_all_rings_with_north_before_east_and_the_side_to_the_next():
    hole = [(2.0, 2.0), (4.0, 2.0), (4.0, 5.0)]
    found = corners(shapely.MultiPolygon([shapely.Polygon(SQUARE, [hole]), shapely.box(20, 0, 21, 1)]))
    assert [corner.label for corner in found] == [f"J{number}" for number in range(1, 12)]
    assert [(corner.part, corner.ring) for corner in found] == [(1, 1)] * 4 + [(1, 2)] * 3 + [(2, 1)] * 4
    assert (found[1].x_m, found[1].y_m, found[1].side_m) == (10.0, 0.0, 10.0)


def test_sides_that_share_a_corner_do_not_cross():
    assert crossings([SQUARE]) == []
    assert crossings([SQUARE[:3]]) == []


def test_sides_that_cross_are_found_in_a_ring_and_between_rings():
    bow_tie = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]
    assert crossings([bow_tie]) == [(0, 0, 0, 2)]
    inside, outside = [(2.0, 2.0), (3.0, 2.0), (3.0, 3.0)], [(5.0, 5.0), (15.0, 5.0), (15.0, 6.0)]
    assert crossings([SQUARE, inside]) == []
    assert {(a, b) for a, _, b, _ in crossings([SQUARE, outside])} == {(0, 1)}


@pytest.mark.parametrize(("step", "found"), [(0.0009, [2]), (0.0011, [])])
def test_a_corner_is_repeated_within_a_millimetre(step, found):
    assert repeated([(0.0, 0.0), (5.0, 0.0), (5.0 + step, 0.0), (5.0, 5.0)]) == found


def test_a_first_corner_repeated_at_the_end_is_named_as_the_first():
    assert repeated([*SQUARE, SQUARE[0]]) == [0]


def test_the_definition_for_a_browser_is_the_zone_itself():
    zone = gauss_kruger(4547)
    assert (zone.zone, zone.meridian) == (38, 114)
    here = (114.3, 29.5)
    assert transformer("EPSG:4490", zone.definition).transform(*here) == pytest.approx(transformer("EPSG:4490", "EPSG:4547").transform(*here), abs=1e-4)


@pytest.mark.parametrize("epsg", [4326, 4526, 3857])
def test_only_a_zone_without_prefix_can_be_drawn_in(epsg):
    with pytest.raises(CrsError):
        gauss_kruger(epsg)
