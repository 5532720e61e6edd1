from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given
from hypothesis import strategies as st

from api.bench.patches import survey
from layers.quality.rings import rings
from spatial.tiling import outline, tiling

CELLS = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(4) for y in range(4)], dtype=object)


def test_the_outline_of_a_tiling_is_its_union():
    shapes = survey(400, seed=1).shapes
    assert shapely.equals_exact(
        shapely.normalize(outline(shapes)), shapely.normalize(shapely.coverage_union_all(shapes))
    )


def test_rings_may_run_either_way():
    turned = np.array([cell if number % 3 else cell.reverse() for number, cell in enumerate(CELLS)], dtype=object)
    assert outline(turned).equals(shapely.box(0, 0, 4, 4))


def test_a_gap_is_a_hole_of_the_outline():
    inner = [number for number, cell in enumerate(CELLS) if cell.centroid.coords[0] == (1.5, 1.5)]
    found = outline(np.delete(CELLS, inner))
    assert [list(shapely.Polygon(ring).bounds) for ring in found.interiors] == [[1, 1, 2, 2]]


def test_an_island_may_fill_a_hole_and_a_feature_may_have_several_parts():
    frame = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))
    parts = shapely.MultiPolygon([shapely.box(3, 3, 6, 6), shapely.box(9, 0, 12, 8)])
    two = np.array([frame, parts], dtype=object)
    assert outline(two) is None  # The outer edge of the frame has vertices in other places than the part beside it.
    two[1] = shapely.MultiPolygon([shapely.box(3, 3, 6, 6), shapely.Polygon([(9, 0), (12, 0), (12, 9), (9, 9)])])
    assert outline(two).equals(shapely.box(0, 0, 12, 9))


@pytest.mark.parametrize(
    "extra",
    [
        shapely.box(0, 0, 1, 1),
        shapely.box(0, 0, 4, 4),
        shapely.union_all(CELLS),
        shapely.box(0.5, 0.5, 1.5, 1.5),
        shapely.box(3.5, 3.5, 5, 5),
        shapely.box(1, 1, 2, 3),
        shapely.Polygon([(4, 0.5), (5, 0), (5, 1)]),
        shapely.box(4, 0.5, 5, 1.5),
        shapely.Polygon([(3.9999999999, 0), (5, 0), (5, 1), (4, 1)]),
    ],
    ids=[
        "twice",
        "over all",
        "over all with all vertices",
        "across",
        "across the edge",
        "over two",
        "point on an edge",
        "other vertices",
        "a hair",
    ],
)
def test_what_overlaps_or_meets_with_other_vertices_is_no_tiling(extra):
    assert outline(np.append(CELLS, extra)) is None


def test_shapes_that_stand_apart_are_their_own_outline_while_they_are_few():
    apart = np.array([shapely.box(x, 0, x + 1, 1) for x in range(0, 40_000, 2)], dtype=object)
    assert outline(apart[:20]).equals(shapely.multipolygons(apart[:20]))
    assert outline(apart) is None
    assert outline(apart[:0]) is None


@given(st.lists(st.integers(0, 15), min_size=1, max_size=24), st.booleans())
def test_no_tiling_is_claimed_where_the_areas_do_not_add_up(chosen, shifted):
    shapes = CELLS[chosen].copy()
    if shifted:
        shapes[0] = shapely.affinity.translate(shapes[0], 0.25, 0)
    found = outline(shapes)
    if found is not None:
        assert shapely.coverage_is_valid(shapes)
        assert found.area == pytest.approx(shapely.area(shapes).sum())
        assert found.equals(shapely.union_all(shapes))


def test_only_edges_that_are_not_the_tiles_own_are_loose():
    made = survey(400, seed=1)
    villages = made.villages.geometry.to_numpy()
    found = tiling_of(made.shapes)
    assert len(found.loose_edges(villages)) == 0
    moved = shapely.affinity.translate(villages[0], 0.001)
    assert len(found.loose_edges(np.array([moved]))) == shapely.get_num_coordinates(moved) - 1
    west = shapely.box(0, 0, 2, 4)
    whole = shapely.segmentize(west, 1.0)
    assert len(tiling_of(CELLS).loose_edges(np.array([whole]))) == 0
    # An edge that runs along several tiles is none of theirs.
    assert len(tiling_of(CELLS).loose_edges(np.array([west]))) == 4


def tiling_of(polygons):
    ring = rings(polygons, np.arange(len(polygons)))
    return tiling(ring.xy, np.append(ring.starts, len(ring.xy)), ring.is_hole)
