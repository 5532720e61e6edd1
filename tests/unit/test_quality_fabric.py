"""Overlaps and gaps told from the edges without a partner are those that comparing every pair and merging everything would tell."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from partitions_at_random import AREA, partition, survey, with_faults

from layers import catalog
from layers.quality.edges import edges, grid, has_edge, unmatched
from layers.quality.fabric import Fabric, fabric
from layers.quality.subject import subject

LAND_USE = catalog.layer("land_use")


def cloth(shapes, *, by_faces: bool = True) -> Fabric:
    """The fabric of some patches, told the one way or the other whatever would take less time."""
    made = fabric(subject(survey(shapes), LAND_USE, epsg=4547), resolution_m=1e-4, tolerance_m=1e-3)
    object.__setattr__(made, "is_told_by_faces", lambda *, gaps: by_faces)
    return made


def thicker_than_tolerance(shape) -> float:
    """The area of what is left of a difference where it is wider than 4 mm: edges may be led through corners within 1 mm."""
    return shapely.buffer(shape, -0.002, join_style="mitre").area


def by_hand(shapes) -> dict[tuple[int, int], float]:
    """Every pair that shares an area wider than the tolerance, with the area."""
    found = {}
    for first, second in combinations(range(len(shapes)), 2):
        shared = shapely.intersection(shapes[first], shapes[second])
        if shared.area > 0:
            parts = [part for part in shapely.get_parts(shared) if part.geom_type == "Polygon"]
            if shared.area > 1e-3 * sum(part.length for part in parts):
                found[first, second] = shared.area
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_partition_has_only_its_outline_left_and_neither_overlap_nor_gap(seed):
    woven = cloth(partition(seed))
    left = woven.edges.grid.place(woven.open_edges.lines)
    assert shapely.union_all(left).hausdorff_distance(AREA.boundary) < 1e-3
    assert len(woven.overlaps(gaps=True).area_m2) == 0
    assert len(woven.gaps()) == 0
    assert woven.outline.symmetric_difference(AREA).area < 0.1


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_what_is_wrong_is_told_as_pair_by_pair(seed):
    shapes = with_faults(partition(seed), seed)
    shapes = shapes[shapely.is_valid(shapes)]
    woven = cloth(shapes)
    shared = woven.overlaps(gaps=True)
    told = {(int(a), int(b)): area for a, b, area in zip(shared.first, shared.second, shared.area_m2, strict=True)}
    expected = by_hand(shapes)
    # Faces thinner than the tolerance are nobody's: a pair whose whole area lies in such faces may be missing.
    missing = {pair: area for pair, area in expected.items() if pair not in told}
    assert not {pair for pair in told if pair not in expected}
    assert all(area < 0.05 for area in missing.values()), missing
    for pair, area in told.items():
        assert area == pytest.approx(expected[pair], abs=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_gaps_are_the_holes_of_all_patches_merged(seed):
    shapes = with_faults(partition(seed), seed)
    shapes = shapes[shapely.is_valid(shapes)]
    merged = shapely.union_all(shapes)
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(merged) for ring in part.interiors]
    expected = shapely.difference(shapely.union_all(np.array(holes, dtype=object)), merged)
    told = shapely.union_all(cloth(shapes).gaps())
    assert thicker_than_tolerance(told.symmetric_difference(expected)) == 0


def test_two_surveys_one_over_the_other_overlap_everywhere():
    shapes = np.concatenate([partition(1, patches=25), partition(2, patches=25)])
    woven = cloth(shapes)
    shared = woven.overlaps(gaps=True)
    assert shared.area_m2.sum() == pytest.approx(AREA.area, rel=1e-4)
    assert set(zip(shared.first.tolist(), shared.second.tolist(), strict=True)) == set(by_hand(shapes))


def test_both_ways_tell_the_same():
    shapes = with_faults(partition(3), 3)
    shapes = shapes[shapely.is_valid(shapes)]
    by_faces, by_pairs = cloth(shapes), cloth(shapes, by_faces=False)
    first, second = by_faces.overlaps(gaps=True), by_pairs.overlaps(gaps=True)
    kept = second.area_m2 > 0.05
    assert set(zip(second.first[kept].tolist(), second.second[kept].tolist(), strict=True)) <= set(
        zip(first.first.tolist(), first.second.tolist(), strict=True)
    )
    assert set(zip(first.first.tolist(), first.second.tolist(), strict=True)) <= set(
        zip(second.first.tolist(), second.second.tolist(), strict=True)
    )
    gaps = [shapely.union_all(item.gaps()) for item in (by_faces, by_pairs)]
    assert thicker_than_tolerance(gaps[0].symmetric_difference(gaps[1])) == 0
    assert thicker_than_tolerance(by_faces.outline.symmetric_difference(by_pairs.outline)) == 0


def test_corners_on_one_side_only_are_no_fault():
    shapes = partition(5)
    shapes[::3] = shapely.transform(shapely.segmentize(shapes[::3], 15.0), lambda xy: np.round(xy, 4))
    woven = cloth(shapes)
    assert len(unmatched(woven.edges)) > 2 * len(woven.open_edges)
    assert shapely.union_all(woven.edges.grid.place(woven.open_edges.lines)).hausdorff_distance(AREA.boundary) < 2e-3
    assert len(woven.overlaps(gaps=True).area_m2) == 0
    assert len(woven.gaps()) == 0


def test_a_patch_far_off_does_not_blur_the_others():
    shapes = partition(6)
    shapes[0] = shapely.buffer(shapes[0], 0.004, join_style="mitre")
    near = cloth(shapes).overlaps(gaps=True)
    strayed = shapely.transform(shapes[3], lambda xy: xy + np.array([38_000_000, 0]))
    far = cloth(np.append(shapes, [strayed])).overlaps(gaps=True)
    assert len(near.area_m2) > 2
    assert far.area_m2.tolist() == near.area_m2.tolist()
    assert far.first.tolist() == near.first.tolist()


def test_an_edge_of_another_data_set_is_known_whichever_way_it_runs():
    shapes = partition(4, patches=10)
    own = subject(survey(shapes), LAND_USE, epsg=4547)
    over = grid(own.rings.xy, 1e-4)
    turned = subject(survey(shapely.reverse(shapes[:3])), LAND_USE, epsg=4547)
    known = has_edge(edges(own.rings, over), edges(turned.rings, over))
    assert known[np.isin(edges(own.rings, over).owner, [0, 1, 2])].all()
    assert not known.all()
    assert len(unmatched(edges(turned.rings, over))) > 0
