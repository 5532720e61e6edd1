"""Areas and distances are those that shapely finds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from planning import COVERAGE, EAST, NORTH, column, layer
from worlds import rectangles

from spatial.measures import overlay
from spatial.pieces import subdivide


@st.composite
def stars(draw: st.DrawFn) -> Any:
    """A polygon of many corners round a point near the site, its reach different in every direction."""
    corners = draw(st.integers(3, 60))
    reach = draw(st.lists(st.floats(2, 40), min_size=corners, max_size=corners))
    east, north = EAST + draw(st.floats(-20, 20)), NORTH + draw(st.floats(-20, 20))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return shapely.Polygon(np.column_stack([east + np.cos(angle) * reach, north + np.sin(angle) * reach]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(stars(), rectangles), min_size=1, max_size=6), st.one_of(stars(), rectangles), st.sampled_from([None, 8, 16, 128]))
def test_areas_and_distances_agree_with_shapely(features: list[Any], site: Any, pieces: int | None) -> None:
    over = overlay(column([site]), layer("x", features, pieces_of=pieces))
    union = shapely.union_all(features)
    area = float(over.overlap()[0])
    assert area <= round(site.area, 4)
    assert area == pytest.approx(site.intersection(union).area, abs=1e-4)
    distance = float(over.distance(1_000.0)[0])
    assert distance == pytest.approx(site.distance(union), abs=1e-4)
    each = over.overlap_by_feature(0)
    for row, feature in enumerate(features):
        assert each.get(row, 0.0) == pytest.approx(site.intersection(feature).area, abs=1e-4)
    best, largest = over.dominant()
    shares = [site.intersection(feature).area for feature in features]
    assert largest[0] == pytest.approx(max(shares), abs=1e-4)
    assert best[0] == -1 if max(shares) <= 1e-5 else max(shares) <= 1e-3 or shares[best[0]] == pytest.approx(max(shares), abs=1e-4)


@settings(max_examples=80, deadline=None)
@given(rectangles, st.one_of(stars(), rectangles))
def test_what_lies_outside_a_coverage_is_what_shapely_says(hole: Any, site: Any) -> None:
    coverage = COVERAGE.difference(hole)
    over = overlay(column([site]), layer("x", [], coverage=coverage))
    assert over.uncovered[0] == pytest.approx(site.difference(coverage).area, abs=1e-4)
    inside = site.difference(coverage).area <= 1e-4
    expected = site.distance(coverage.boundary) if inside else 0.0
    assert over.edge_distance(math.inf)[0] == pytest.approx(expected, abs=2e-4)


def test_cutting_ends_where_many_corners_meet_in_one_point() -> None:
    angles = np.linspace(0, 2 * np.pi, 81)
    blades = [shapely.Polygon([(EAST, NORTH), *[(EAST + 5 * np.cos(a), NORTH + 5 * np.sin(a)) for a in pair]]) for pair in zip(angles[:-1:2], angles[1::2], strict=True)]
    fan = shapely.MultiPolygon(blades)
    assert fan.is_valid
    pieces = subdivide(fan, max_vertices=16)
    assert shapely.area(pieces).sum() == pytest.approx(fan.area, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.floats(1, 200), st.floats(0, 2 * np.pi), st.sampled_from([None, 8]))
def test_touching_is_not_overlapping(length: float, angle: float, pieces: int | None) -> None:
    """Neighbours that share a whole side in any direction, far from the origin, as two surveys of one border do."""
    side, away = np.array([np.cos(angle), np.sin(angle)]) * length, np.array([-np.sin(angle), np.cos(angle)]) * 9.0
    corner = np.array([EAST, NORTH])
    site = shapely.Polygon([corner, corner + side, corner + side + away, corner + away])
    neighbour = shapely.Polygon([corner, corner + side, corner + side - away, corner - away])
    over = overlay(column([site]), layer("x", [neighbour], pieces_of=pieces))
    assert (over.overlap()[0], over.distance(5.0)[0], over.dominant()[0][0]) == (0.0, 0.0, -1)
    assert over.overlap_by_feature(0) == {} and over.overlap_geometry(0) is None
