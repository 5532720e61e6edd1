"""Areas cut by windows, against GEOS."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.clipping import MOST_CORNERS, clear, passing, seen, shared_areas, windows
from spatial.rings import all_edges, rings

EAST, NORTH = 520_000.0, 3_270_000.0


def array(*shapes):
    return np.array([*shapes, None], dtype=object)[:-1]


def views(sites, pieces):
    """Each site's window and the edges of its piece."""
    return seen(windows(sites), np.arange(len(sites)), all_edges(rings(pieces)))


def star(rng, count, size):
    """A simple ring round a middle, convex or not."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, count))
    reach = rng.uniform(0.2, 1.0, count) * size
    return shapely.Polygon(np.column_stack([EAST + reach * np.cos(angle), NORTH + reach * np.sin(angle)]))


@given(seed=st.integers(0, 10**9), corners=st.integers(3, 12), vertices=st.integers(3, 90), apart=st.floats(0, 30))
@settings(max_examples=400)
def test_what_a_window_shares_with_any_ring_is_what_geos_finds(seed, corners, vertices, apart):
    rng = np.random.default_rng(seed)
    site = shapely.convex_hull(star(rng, corners, 12.0))
    site = site if seed % 2 else shapely.reverse(site)
    piece = shapely.affinity.translate(star(rng, vertices, 40.0), apart, -apart)
    if not (site.is_valid and piece.is_valid and site.area > 1 and site.geom_type == "Polygon"):
        return
    found = windows(array(site))
    assert found.usable[0] == (len(site.exterior.coords) <= MOST_CORNERS + 1)
    if found.usable[0]:
        view = views(array(site), array(piece))
        # Whole windows more or less are not told apart.
        off = (shared_areas(view)[0] - site.intersection(piece).area + site.area / 2) % site.area - site.area / 2
        assert abs(off) < 1e-7
        if clear(view)[0]:
            assert passing(view)[0] == piece.covers(site)
            assert passing(view)[0] or not piece.intersects(site)
        else:
            assert piece.boundary.distance(site) < 1e-5


def at(*corners, holes=()):
    return shapely.Polygon([(EAST + x, NORTH + y) for x, y in corners], holes)


@pytest.mark.parametrize(
    ("site", "why"),
    [
        (at((0, 0), (10, 0), (10, 10), (5, 4), (0, 10)), "it turns both ways"),
        (at((0, 0), (10, 0), (10, 10), (5, 4), (5, 4), (0, 10)), "a corner given twice hides how it turns"),
        (at((0, 0), (10, 0), (10, 10), (10, 10), (0, 10)), "a corner given twice"),
        (at((0, 0), (10, 0), (10, 10), (0, 10), holes=[[(EAST + 2, NORTH + 2), (EAST + 3, NORTH + 2), (EAST + 3, NORTH + 3)]]), "a hole"),
        (shapely.MultiPolygon([at((0, 0), (10, 0), (10, 10))]), "more than one part"),
        (shapely.Point(EAST, NORTH).buffer(10), "too many corners"),
        (at(*[(10 * np.cos(turn), 10 * np.sin(turn)) for turn in np.arange(5) * 0.8 * np.pi]), "a pentagram goes round twice"),
        (shapely.Polygon(), "nothing"),
        (shapely.LineString([(0, 0), (1, 1)]), "a line"),
    ],
)
def test_what_is_no_window_is_said_to_be_none(site, why):
    assert not windows(array(site)).usable[0], why


def test_neighbours_in_a_batch_change_no_bit():
    rng = np.random.default_rng(5)
    sites = array(*[shapely.convex_hull(star(rng, 6, 12.0)) for _ in range(200)])
    pieces = array(*[star(rng, int(count), 40.0) for count in rng.integers(3, 90, 200)])
    together = shared_areas(views(sites, pieces))
    alone = [shared_areas(views(sites[row : row + 1], pieces[row : row + 1]))[0] for row in range(200)]
    assert together.tolist() == alone
    assert together.max() > 10


def test_holes_turned_either_way_are_left_out():
    site = at((0, 0), (10, 0), (10, 10), (0, 10))
    yard = at((-5, -5), (15, -5), (15, 15), (-5, 15))
    holes = [at((2, 2), (4, 2), (4, 4), (2, 4)), at((8, 8), (12, 8), (12, 12), (8, 12))]
    pieces = [shapely.Polygon(yard.exterior, [hole.exterior for hole in holes]), shapely.difference(yard, shapely.union_all(holes))]
    pieces += [shapely.Polygon(yard.exterior, [shapely.reverse(hole.exterior) for hole in holes]), shapely.reverse(pieces[0])]
    areas = shared_areas(views(np.repeat(array(site), 4), array(*pieces)))
    assert areas == pytest.approx(92.0)


def test_a_shared_border_a_shared_corner_and_what_lies_apart_share_nothing_or_all():
    site = at((0, 0), (10, 0), (10, 10), (0, 10))
    others = array(at((10, 0), (20, 0), (20, 10), (10, 10)), at((10, 10), (20, 10), (20, 20)), at((30, 30), (40, 30), (40, 40)), site)
    view = views(np.repeat(array(site), 4), others)
    areas = shared_areas(view)
    assert np.minimum(areas, 100.0 - areas) == pytest.approx(0.0, abs=1e-9)
    assert clear(view).tolist() == [False, False, True, False]
    assert not passing(view)[2]


def test_no_pairs_have_no_areas():
    nothing = array()
    assert windows(nothing).usable.tolist() == []
