"""A thousand random sites: areas and distances as measured here are those PostGIS itself gives on the stored features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pytest
import shapely
from frames import EPSG, meta, moment, published
from house_sites import house_sites, places_on
from postgis_answers import RESOLUTION, distance, largest_difference, overlap, store_sites
from rough_county import rough_county

from layers import database, snapshot, versions
from layers.databases import create_database, drop_database
from layers.demo import build
from spatial.layer import DatasetVersion, LayerSet
from spatial.measures import overlay
from spatial.pieces import Geometries
from spatial.rules.pack import load_pack

SITES = 1_000
RADIUS_M = 200.0


@dataclass(frozen=True)
class Laid:
    """Sites over a county's layers: whole in memory, pruned through PostGIS, and stored beside the features."""

    conn: psycopg.Connection[Any]
    in_force: dict[str, DatasetVersion]
    sites: Geometries
    whole: LayerSet
    pruned: LayerSet


def demo_county():
    """The layers a check looks at, of the demo county."""
    layers = load_pack("house-building", county="421223").layers
    return {name: frame for name, frame in build(scale="small").layers.items() if name in layers}


@pytest.fixture(scope="module", params=[rough_county, demo_county], ids=["rough", "demo"])
def laid(request, server_url, template_database):
    name = f"cuntu_test_{uuid4().hex[:12]}"
    with database.connect(create_database(server_url, name, template=template_database)) as conn:
        frames = request.param()
        coverage = shapely.box(*shapely.total_bounds([shapely.box(*frame.total_bounds) for frame in frames.values()]))
        for layer, frame in frames.items():
            published(conn, frame, meta(layer, coverage=coverage))
        in_force = versions.in_force(conn, valid_on=date(2024, 1, 1), known_at=moment("2099-01-01"))
        places = places_on({layer: frame.geometry.to_numpy() for layer, frame in frames.items()}, each=40, seed=1)
        sites = house_sites(places, count=SITES, seed=2, scatter_m=12.0)
        store_sites(conn, sites, epsg=EPSG)
        whole = snapshot.load(conn, in_force, epsg=EPSG)
        near = snapshot.pruned(conn, in_force, sites, radius_m=dict.fromkeys(in_force, RADIUS_M), epsg=EPSG)
        yield Laid(conn, in_force, sites, whole, near)
    drop_database(server_url, name)


def test_the_sites_are_sound_and_of_every_shape(laid):
    assert len(laid.sites) == SITES
    assert shapely.is_valid(laid.sites).all()
    assert (shapely.area(laid.sites) > 15).all()
    assert (shapely.area(laid.sites) < 600).all()
    assert (shapely.get_type_id(laid.sites) == shapely.GeometryType.MULTIPOLYGON).sum() == SITES // 5
    plots = laid.sites[shapely.get_type_id(laid.sites) == shapely.GeometryType.POLYGON]
    assert (shapely.get_num_interior_rings(plots) == 1).sum() == SITES // 5


def test_every_layer_lies_on_some_sites_and_near_others(laid):
    near = 0
    for name, layer in laid.whole.items():
        over = overlay(laid.sites, layer)
        apart = over.distance(RADIUS_M)
        assert (apart == 0).sum() >= 10, name
        assert ((over.overlap() + over.length_inside()) > 0).sum() >= 10, name
        near += ((apart > 0) & np.isfinite(apart)).sum()
    assert near >= SITES


def test_overlap_is_that_with_the_union_in_postgis(laid):
    differences = {
        name: largest_difference(overlay(laid.sites, layer).overlap(), overlap(laid.conn, laid.in_force[name].version))
        for name, layer in laid.whole.items()
    }
    assert max(differences.values()) <= RESOLUTION, differences


def test_distance_is_that_to_the_nearest_feature_in_postgis(laid):
    differences = {
        name: largest_difference(
            overlay(laid.sites, layer).distance(RADIUS_M), distance(laid.conn, laid.in_force[name].version, radius_m=RADIUS_M)
        )
        for name, layer in laid.whole.items()
    }
    assert max(differences.values()) <= RESOLUTION, differences


def test_no_site_has_more_of_a_layer_on_it_than_its_own_area(laid):
    for name, layer in laid.whole.items():
        assert (overlay(laid.sites, layer).overlap() <= np.round(shapely.area(laid.sites), 4)).all(), name


def test_features_that_overlap_count_once(laid):
    """Some layer overlaps itself on many sites, and a layer called disjoint does so nowhere."""
    counted_twice = {}
    for name, layer in laid.whole.items():
        over = overlay(laid.sites, layer)
        sums = np.array([sum(over.overlap_by_feature(row).values()) for row in range(SITES)])
        counted_twice[name] = int((sums > over.overlap() + 0.01).sum())
        assert counted_twice[name] == 0 or not layer.disjoint, name
    assert laid.whole["land_use"].disjoint
    assert sum(counted_twice.values()) > 0, counted_twice


def test_layers_in_memory_and_pruned_through_postgis_measure_the_same_bits(laid):
    for name, layer in laid.whole.items():
        mine, theirs = overlay(laid.sites, layer), overlay(laid.sites, laid.pruned[name])
        np.testing.assert_array_equal(mine.overlap(), theirs.overlap(), err_msg=name)
        np.testing.assert_array_equal(mine.distance(RADIUS_M), theirs.distance(RADIUS_M), err_msg=name)
        np.testing.assert_array_equal(mine.count_within(RADIUS_M), theirs.count_within(RADIUS_M), err_msg=name)
        np.testing.assert_array_equal(mine.length_inside(), theirs.length_inside(), err_msg=name)
        np.testing.assert_array_equal(mine.dominant()[1], theirs.dominant()[1], err_msg=name)


def test_one_site_pruned_alone_measures_the_same_bits_from_far_fewer_pieces(laid):
    together = {name: overlay(laid.sites, layer) for name, layer in laid.whole.items()}
    for row in range(0, SITES, 50):
        site = laid.sites[row : row + 1]
        near = snapshot.pruned(laid.conn, laid.in_force, site, radius_m=dict.fromkeys(laid.in_force, RADIUS_M), epsg=EPSG)
        assert sum(len(layer.pieces) for layer in near.values()) < 0.1 * sum(len(layer.pieces) for layer in laid.whole.values())
        for name, layer in near.items():
            alone = overlay(site, layer)
            assert alone.overlap()[0] == together[name].overlap()[row], (name, row)
            assert alone.distance(RADIUS_M)[0] == together[name].distance(RADIUS_M)[row], (name, row)


def test_one_site_alone_measures_the_same_bits_as_among_a_thousand(laid):
    for name, layer in laid.whole.items():
        together = overlay(laid.sites, layer)
        areas, apart = together.overlap(), together.distance(RADIUS_M)
        for row in range(0, SITES, 50):
            alone = overlay(laid.sites[row : row + 1], layer)
            assert (alone.overlap()[0], alone.distance(RADIUS_M)[0]) == (areas[row], apart[row]), (name, row)


def test_what_covers_a_large_site_has_the_same_outline_alone_as_among_many_small_sites(laid):
    large = shapely.buffer(laid.sites[::25], 60.0, quad_segs=2)
    together = np.concatenate([large, laid.sites])
    for name, layer in laid.whole.items():
        over = overlay(together, layer)
        for row, site in enumerate(large):
            alone = overlay(np.array([site], dtype=object), layer).overlap_geometry(0)
            assert shapely.to_wkb(alone) == shapely.to_wkb(over.overlap_geometry(row)), (name, row)
