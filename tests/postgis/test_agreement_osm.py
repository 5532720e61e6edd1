"""Real geometry in the store: every building against its roads, waters and land use as PostGIS measures them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pyproj
import pytest
import shapely
from frames import moment
from osm_extract import EPSG, frames, original_area_m2
from postgis_answers import RESOLUTION, distance, largest_difference, overlap, store_sites

from layers import database, snapshot, versions
from layers.databases import create_database, drop_database
from layers.versions import NewVersion
from spatial.layer import DatasetVersion, LayerSet
from spatial.measures import overlay
from spatial.pieces import Geometries

pytestmark = pytest.mark.shared

RADIUS_M = 100.0
WGS84 = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class Extract:
    """The extract as layers in force, and its buildings as subjects."""

    conn: psycopg.Connection[Any]
    in_force: dict[str, DatasetVersion]
    whole: LayerSet
    buildings: Geometries
    counts: dict[str, int]


@pytest.fixture(scope="module")
def pbf(shared_dir):
    return shared_dir / "data" / "robustness" / "liechtenstein-2013-08-03.osm.pbf"


@pytest.fixture(scope="module")
def extract(server_url, template_database, pbf):
    name = f"cuntu_test_{uuid4().hex[:12]}"
    with database.connect(create_database(server_url, name, template=template_database)) as conn:
        delivered = frames(pbf)
        everywhere = shapely.box(*delivered["road"].to_crs(EPSG).total_bounds)
        for layer, frame in delivered.items():
            # Past the acceptance check, which rightly refuses land uses that overlap: here it is the measuring of them that counts.
            about = NewVersion(
                layer=layer,
                title=layer,
                authority="OpenStreetMap 贡献者（ODbL）",
                valid_from=date(2013, 8, 3),
                source_name=pbf.name,
                source_sha256="0" * 64,
                coverage=everywhere,
            )
            versions.publish(conn, versions.stage(conn, frame, about, epsg=EPSG))
        conn.commit()
        in_force = versions.in_force(conn, valid_on=date(2024, 1, 1), known_at=moment("2099-01-01"))
        whole = snapshot.load(conn, in_force, epsg=EPSG)
        buildings = whole["building"].features
        store_sites(conn, buildings, epsg=EPSG)
        yield Extract(conn, in_force, whole, buildings, {layer: len(frame) for layer, frame in delivered.items()})
    drop_database(server_url, name)


def test_everything_in_the_extract_was_loaded(extract):
    assert {name: len(layer.features) for name, layer in extract.whole.items()} == extract.counts
    assert extract.counts["building"] > 3_500
    assert extract.counts["road"] > 2_500
    assert extract.counts["river"] > 15
    assert extract.counts["land_use"] > 120


def test_turning_the_extract_to_the_zone_changed_no_area(extract, pbf):
    stored = shapely.area(extract.buildings).sum()
    assert stored == pytest.approx(original_area_m2(pbf, WGS84), rel=2e-4)


@pytest.mark.parametrize(("name", "least"), [("land_use", 1_000), ("river", 0), ("road", 0)])
def test_overlap_is_that_with_the_union_in_postgis(extract, name, least):
    mine = overlay(extract.buildings, extract.whole[name]).overlap()
    assert largest_difference(mine, overlap(extract.conn, extract.in_force[name].version)) <= RESOLUTION
    assert (mine > 0).sum() >= least


@pytest.mark.parametrize(("name", "least"), [("land_use", 1_000), ("river", 10), ("building", 3_000)])
def test_overlap_with_the_ground_round_each_building_agrees_too(extract, name, least):
    ground = shapely.buffer(extract.buildings, 25.0, quad_segs=2)
    table = f"ground_{name}"
    store_sites(extract.conn, ground, epsg=EPSG, table=table)
    mine = overlay(ground, extract.whole[name]).overlap()
    assert largest_difference(mine, overlap(extract.conn, extract.in_force[name].version, table=table)) <= RESOLUTION
    assert (mine > 0).sum() >= least
    assert (mine <= np.round(shapely.area(ground), 4)).all()


@pytest.mark.parametrize("name", ["road", "river", "land_use"])
def test_distance_is_that_to_the_nearest_feature_in_postgis(extract, name):
    mine = overlay(extract.buildings, extract.whole[name]).distance(RADIUS_M)
    theirs = distance(extract.conn, extract.in_force[name].version, radius_m=RADIUS_M)
    assert largest_difference(mine, theirs) <= RESOLUTION
    assert (np.isfinite(mine) & (mine > 0)).sum() > 30


def test_buildings_against_each_other_agree_too(extract):
    over = overlay(extract.buildings, extract.whole["building"])
    version = extract.in_force["building"].version
    assert largest_difference(over.overlap(), overlap(extract.conn, version)) <= RESOLUTION
    np.testing.assert_allclose(over.overlap(), shapely.area(extract.buildings), rtol=0, atol=RESOLUTION)
    assert (over.distance(RADIUS_M) == 0).all()


def test_land_use_overlaps_itself_and_counts_once(extract):
    layer = extract.whole["land_use"]
    over = overlay(extract.buildings, layer)
    sums = np.array([sum(over.overlap_by_feature(row).values()) for row in range(over.count)])
    assert not layer.disjoint
    assert (sums > over.overlap() + 1).any()


def test_no_building_has_more_of_a_layer_on_it_than_its_own_area(extract):
    for name, layer in extract.whole.items():
        assert (overlay(extract.buildings, layer).overlap() <= np.round(shapely.area(extract.buildings), 4)).all(), name


def test_pruned_through_postgis_measures_the_same_bits(extract):
    radius = dict.fromkeys(extract.in_force, RADIUS_M)
    for start in range(0, len(extract.buildings), 1_000):
        part = extract.buildings[start : start + 1_000]
        near = snapshot.pruned(extract.conn, extract.in_force, part, radius_m=radius, epsg=EPSG)
        for name, layer in extract.whole.items():
            mine, theirs = overlay(part, layer), overlay(part, near[name])
            np.testing.assert_array_equal(mine.overlap(), theirs.overlap(), err_msg=name)
            np.testing.assert_array_equal(mine.distance(RADIUS_M), theirs.distance(RADIUS_M), err_msg=name)
