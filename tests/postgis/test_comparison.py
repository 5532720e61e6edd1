"""Two versions compared, against a computation of its own with pandas and shapely."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from frames import EAST, EPSG, NORTH, buildings, meta, red_lines, square

from layers import comparison, versions
from layers.errors import VersionStateError


def staged(conn, frame, layer="ecological_redline"):
    return versions.get(conn, versions.stage(conn, frame, meta(layer), epsg=EPSG))


def compared(conn, before, after, layer="ecological_redline"):
    return comparison.compare(conn, staged(conn, before, layer), staged(conn, after, layer))


def told(found):
    return [(change.kind, change.identifier_before, change.identifier_after) for change in found.changes]


def changed_shape(conn, before, after):
    [*changes] = compared(conn, red_lines([before]), red_lines([after])).changes
    return bool(changes) and changes[0].geometry_changed


RING = [(0, 0), (80, 0), (80, 60), (40, 30), (0, 60)]


def polygon(corners, move=0.0):
    return shapely.Polygon([(EAST + x + move, NORTH + y) for x, y in corners])


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (polygon(RING), False),
        (polygon(RING[2:] + RING[:2]), False),
        (polygon(RING[::-1]), False),
        (shapely.MultiPolygon([polygon(RING)]), False),
        (polygon([(0, 0), (40, 0), *RING[1:]]), False),
        (polygon(RING, 0.00006), False),
        (polygon(RING, 0.00015), True),
        (polygon([(0, 0), (80, 0), (80, 60), (40, 30.0002), (0, 60)]), True),
        (polygon([(0, 0), (80, 0), (40, 30), (80, 60), (0, 60)]), True),
    ],
    ids=["same", "other first corner", "other direction", "as multipolygon", "corner on an edge", "0.06 mm off", "0.15 mm off", "one corner 0.2 mm off",
         "same corners, other shape"],
)  # fmt: skip
def test_a_shape_is_the_same_within_a_tenth_of_a_millimetre(db, after, changed):
    assert changed_shape(db, polygon(RING), after) is changed


def test_shapes_on_the_edge_of_a_grid_cell_are_compared_by_distance(db):
    on_edge = polygon(RING, 0.00005)
    assert not changed_shape(db, on_edge, polygon(RING, 0.00005 - 2e-9))


def test_shapes_with_the_same_corners_box_and_area_may_differ(db):
    """Only where the land lies tells these two apart: each has two notches, one from north and south, one from west and east."""
    one = polygon([(0, 0), (30, 30), (90, 0), (90, 90), (60, 60), (0, 90)])
    other = polygon([(0, 0), (90, 0), (60, 60), (90, 90), (0, 90), (30, 30)])
    assert (one.area, one.bounds) == (other.area, other.bounds)
    assert set(one.exterior.coords) == set(other.exterior.coords)
    assert changed_shape(db, one, other)


def test_what_came_went_changed_and_was_recoded_is_told_apart(db):
    before = red_lines([square(0), square(200), square(400), square(600)], BSM=["A", "B", "C", "D"], MC=["甲", "乙", "丙", "丁"])
    after = red_lines([square(0), square(203, 4), square(400), square(800)], BSM=["A", "B", "X", "E"], MC=["甲二", "乙", "丙", "戊"])
    found = compared(db, before, after)
    assert told(found) == [("changed", "A", "A"), ("changed", "B", "B"), ("recoded", "C", "X"), ("added", None, "E"), ("removed", "D", None)]
    assert found.counts == {
        "before": 4, "after": 4, "unchanged": 0, "changed": 2, "recoded": 1, "added": 1, "removed": 1, "attributes_changed": 1,
        "geometry_changed": 1,
    }  # fmt: skip
    first, second = comparison.details(db, found, found.changes[:2], shapes=True)
    assert first.fields(found.changes[0], found.layer) == [{"name": "MC", "title": "名称", "before": "甲", "after": "甲二"}]
    assert second.fields(found.changes[1], found.layer) == []
    assert shapely.equals(second.shape, square(203, 4))
    assert found.changes[1].shift_m == pytest.approx(5.0)


def test_features_that_lie_on_each_other_are_recoded_one_by_one(db):
    before = red_lines([square(0)] * 3 + [square(500)], BSM=["A", "B", "C", "K"])
    after = red_lines([square(0)] * 2 + [square(500)], BSM=["X", "Y", "K"])
    assert told(compared(db, before, after)) == [("recoded", "A", "X"), ("recoded", "B", "Y"), ("removed", "C", None)]


def test_a_version_compared_with_itself_has_no_changes(db):
    record = staged(db, red_lines([square(0), square(200)]))
    found = comparison.compare(db, record, record)
    assert (found.changes, found.counts["unchanged"]) == ((), 2)


def test_versions_of_different_layers_are_not_compared(db):
    with pytest.raises(VersionStateError, match="同一图层"):
        comparison.compare(db, staged(db, red_lines()), staged(db, buildings(), "building"))


def random_pair(seed, count=400):
    """A layer and what a busy year made of it."""
    rng = np.random.default_rng(seed)
    places = rng.permutation(count)
    shapes = np.array([square(30 * (place % 40), 30 * (place // 40), side=20) for place in places], dtype=object)
    before = red_lines(shapes, BSM=[f"P{row:05d}" for row in range(count)], MC=[f"图斑{row}" for row in range(count)])
    after = before.copy()
    fate = rng.integers(0, 10, size=count)
    geometry = after.geometry.to_numpy().copy()
    geometry[fate == 1] = shapely.transform(geometry[fate == 1], lambda xy: xy + np.array([0.5, 0]))
    geometry[fate == 2] = shapely.transform(geometry[fate == 2], lambda xy: xy + 2e-5 * np.sin(7_919 * xy))
    geometry[fate == 3] = shapely.reverse(geometry[fate == 3])
    after = after.set_geometry(gpd.GeoSeries(geometry, crs=EPSG))
    after.loc[fate == 4, "MC"] += "改"
    after.loc[fate == 5, "BSM"] = "R" + after.loc[fate == 5, "BSM"]
    gone, came = fate == 6, red_lines([square(30 * row, 2_000, side=15) for row in range(7)], BSM=[f"N{row}" for row in range(7)])
    after = pd.concat([after[~gone], came], ignore_index=True).sample(frac=1, random_state=seed)
    return before, gpd.GeoDataFrame(after, crs=EPSG)


def by_hand(before, after):
    """Pair by identifier; judge shapes by symmetric difference and Hausdorff distance; pair the rest by shape."""
    joined = before.merge(after, on="BSM", how="outer", suffixes=("_b", "_a"), indicator=True)
    both = joined[joined["_merge"] == "both"]
    shapes = [not same(b, a) for b, a in zip(both["geometry_b"], both["geometry_a"], strict=True)]
    text = (both["MC_b"] != both["MC_a"]) | (both["zone_b"] != both["zone_a"])
    found = {("changed", name, name) for name, shape, words in zip(both["BSM"], shapes, text, strict=True) if shape or words}
    went, came = joined[joined["_merge"] == "left_only"], joined[joined["_merge"] == "right_only"]
    left = dict(zip(came["BSM"], came["geometry_a"], strict=True))
    for name, shape in zip(went["BSM"], went["geometry_b"], strict=True):
        match = next((other for other, place in left.items() if same(shape, place)), None)
        found.add(("recoded", name, match) if match else ("removed", name, None))
        left.pop(match, None)
    return found | {("added", None, name) for name in left}


def same(one, other):
    return shapely.hausdorff_distance(one, other) <= 1e-4 and shapely.symmetric_difference(one, other).area <= 1e-4 * one.length


@pytest.mark.parametrize("seed", range(4))
def test_random_years_agree_with_pandas_and_shapely(db, seed):
    before, after = random_pair(seed)
    found = compared(db, before, after)
    assert set(told(found)) == by_hand(before, after)
    assert len(told(found)) == len(set(told(found)))
    back = comparison.compare(db, found.after, found.before)
    assert (back.counts["added"], back.counts["removed"]) == (found.counts["removed"], found.counts["added"])
    assert found.counts["unchanged"] == len(before) - sum(kind != "added" for kind, _, _ in told(found))
