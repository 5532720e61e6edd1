from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely
from frames import COUNTY, EAST, EPSG, NORTH, buildings, meta, moment, published, red_lines, rough_ring, square

from layers import snapshot, versions
from spatial.errors import CrsError
from spatial.pieces import MAX_VERTICES


@pytest.fixture
def county(db):
    """A rough red line beside a hole and a small one; buildings on a grid."""
    ring = rough_ring().difference(square(4_000, 4_000, 500))
    published(db, red_lines([ring, square(9_000, 9_000)]), meta())
    grid = [square(col * 150.0, row * 150.0, 12) for row in range(60) for col in range(60)]
    published(db, buildings(grid), meta("building"))
    return versions.in_force(db, valid_on=date(2024, 1, 1), known_at=moment("2099-01-01"))


def test_a_whole_layer_comes_back_as_it_went_in(db):
    frame = buildings(
        [square(side=10), square(50, side=10)],
        ZCS=[2, None],
        ZZDMJ=[0.1 + 0.2, None],
        JGRQ=[date(2015, 6, 1), None],
        vacant=[True, None],
        GHYT=["住宅\t“一\\二”\n", None],
    )
    published(db, frame, meta("building"))
    layers = snapshot.load(db, versions.in_force(db, valid_on=date(2024, 1, 1), known_at=moment("2099-01-01")), epsg=EPSG)
    building = layers["building"]
    assert shapely.equals_exact(building.features, frame.geometry.to_numpy(), 0).all()
    assert building.ids.tolist() == frame["ZRZH"].tolist()
    assert building.attributes["ZCS"].dtype == building.attributes["ZZDMJ"].dtype == np.float64
    np.testing.assert_array_equal(building.attributes["ZCS"], [2.0, np.nan])
    np.testing.assert_array_equal(building.attributes["ZZDMJ"], [0.1 + 0.2, np.nan])
    assert building.attributes["JGRQ"].tolist() == [date(2015, 6, 1), None]
    assert building.attributes["vacant"].tolist() == [True, None]
    assert building.attributes["GHYT"].tolist() == ["住宅\t“一\\二”", None]
    assert building.attributes["ZDDM"].tolist() == [None, None]
    assert shapely.equals(building.coverage, COUNTY)
    assert building.disjoint


def test_pieces_cover_their_feature_and_are_small(db, county):
    layer = snapshot.load(db, county, epsg=EPSG, only=["ecological_redline"])["ecological_redline"]
    assert list(layer.piece_feature) == sorted(layer.piece_feature)
    assert shapely.get_num_coordinates(layer.pieces).max() <= MAX_VERTICES
    area = np.bincount(layer.piece_feature, weights=shapely.area(layer.pieces))
    np.testing.assert_allclose(area, shapely.area(layer.features), rtol=1e-12)
    assert (layer.piece_feature == 1).sum() == 1


def test_only_the_layers_asked_for_are_read(db, county):
    assert set(snapshot.load(db, county, epsg=EPSG, only=["building", "road"])) == {"building"}


def test_a_snapshot_cannot_be_changed(db, county):
    layer = snapshot.load(db, county, epsg=EPSG)["building"]
    with pytest.raises(ValueError, match="read-only"):
        layer.features[0] = None


@pytest.mark.parametrize("radius_m", [0.0, 30.0, 1_000.0])
def test_pruned_holds_every_piece_within_the_radius(db, county, radius_m):
    rng = np.random.default_rng(3)
    corners = rng.uniform(0, 9_000, (40, 2))
    subjects = np.array([square(east, north, 14) for east, north in corners])
    whole = snapshot.load(db, county, epsg=EPSG)
    near = snapshot.pruned(db, county, subjects, radius_m={"building": radius_m, "ecological_redline": radius_m}, epsg=EPSG)
    for name, layer in whole.items():
        wanted = np.unique(layer.tree.query(subjects, predicate="dwithin", distance=radius_m)[1])
        got = near[name]
        pairs = {(layer.ids[layer.piece_feature[k]], layer.pieces[k].wkb) for k in wanted}
        kept = [(got.ids[got.piece_feature[k]], got.pieces[k].wkb) for k in range(len(got.pieces))]
        assert pairs <= set(kept)
        assert len(kept) < len(layer.pieces)
        everything = [(layer.ids[layer.piece_feature[k]], layer.pieces[k].wkb) for k in range(len(layer.pieces))]
        assert [pair for pair in everything if pair in set(kept)] == kept
        rows = [list(layer.ids).index(name) for name in got.ids]
        for column, values in got.attributes.items():
            np.testing.assert_array_equal(values, layer.attributes[column][rows])
        assert shapely.equals_exact(got.features, layer.features[rows], 0).all()
        assert shapely.equals(got.coverage, layer.coverage)


def test_pruned_far_from_everything_is_empty_but_covered(db, county):
    far = np.array([shapely.box(EAST + 29_000, NORTH + 29_000, EAST + 29_010, NORTH + 29_010)])
    layer = snapshot.pruned(db, county, far, radius_m={}, epsg=EPSG)["ecological_redline"]
    assert len(layer.features) == len(layer.pieces) == len(layer.ids) == 0
    assert layer.attributes["zone"].dtype == object
    assert shapely.equals(layer.coverage, COUNTY)


def test_an_infinite_radius_reads_the_whole_layer(db, county):
    layer = snapshot.pruned(db, county, np.array([square()]), radius_m={"building": np.inf}, epsg=EPSG)["building"]
    assert len(layer.features) == 3_600


def test_a_layer_stored_in_another_crs_is_refused(db, county):
    with pytest.raises(CrsError, match="4547"):
        snapshot.load(db, county, epsg=4548)
