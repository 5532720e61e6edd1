"""Ten thousand random sites of the demo county: every layer and every fact about overlaps that the rules read, and every distance they
ask for, against PostGIS on the features as imported; areas, lengths and distances against pyproj's geodesics.

The whole county instead of its small excerpt: CUNTU_TEST_FULL_COUNTY=1.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pyproj
import pytest
import shapely
from frames import EPSG, meta, moment, published
from house_sites import house_sites, places_on
from numpy.typing import NDArray
from postgis_answers import RESOLUTION, distance, largest_difference, length, overlap, store_sites
from psycopg import sql

from layers import database, snapshot, versions
from layers.databases import create_database, drop_database
from layers.demo import build
from spatial.crs import CGCS2000, reproject
from spatial.layer import DatasetVersion, LayerSet
from spatial.measures import overlay
from spatial.measuring import Facts
from spatial.pieces import Geometries
from spatial.rules.model import FactSpec, Where
from spatial.rules.pack import load_pack

pytestmark = pytest.mark.slow

SITES = 10_000
SCALE = "full" if os.environ.get("CUNTU_TEST_FULL_COUNTY") else "small"
RADIUS_M = 150.0
PACK = load_pack("house-building", county="421223")
DAY = date(2026, 11, 1)
CODES = {"land_use": "survey", "planned_use": "ydyh2023"}
ELLIPSOID = pyproj.Geod(a=6378137.0, rf=298.257222101)
"""CGCS2000."""


@dataclass(frozen=True)
class Laid:
    """Sites over the county's layers: in memory, and stored beside the features in PostGIS."""

    conn: psycopg.Connection[Any]
    in_force: dict[str, DatasetVersion]
    sites: Geometries
    layers: LayerSet
    facts: Facts


@pytest.fixture(scope="module")
def laid(server_url, template_database):
    name = f"cuntu_test_{uuid4().hex[:12]}"
    with database.connect(create_database(server_url, name, template=template_database)) as conn:
        frames = {layer: frame for layer, frame in build(scale=SCALE).layers.items() if layer in PACK.layers}
        assert set(frames) == set(PACK.layers)
        coverage = shapely.box(*shapely.total_bounds([shapely.box(*frame.total_bounds) for frame in frames.values()])).buffer(1_000)
        for layer, frame in frames.items():
            published(conn, frame, meta(layer, coverage=coverage, code_system=CODES.get(layer)))
        in_force = versions.in_force(conn, valid_on=DAY, known_at=moment("2099-01-01"))
        places = places_on({layer: frame.geometry.to_numpy() for layer, frame in frames.items()}, each=100, seed=11)
        sites = house_sites(places, count=SITES, seed=12, scatter_m=12.0)
        store_sites(conn, sites, epsg=EPSG)
        layers = snapshot.load(conn, in_force, epsg=EPSG)
        yield Laid(conn, in_force, sites, layers, Facts(sites, properties={}, layers=layers, pack=PACK, valid_on=DAY))
    drop_database(server_url, name)


def test_every_layer_the_rules_read_lies_on_some_sites_and_near_others(laid):
    for name in PACK.layers:
        apart = overlay(laid.sites, laid.layers[name]).distance(RADIUS_M)
        assert (apart == 0).sum() >= 30 and ((apart > 0) & np.isfinite(apart)).sum() >= 30, name


@pytest.mark.parametrize("name", PACK.layers)
def test_areas_lengths_and_distances_are_those_of_postgis(laid, name):
    over, version = overlay(laid.sites, laid.layers[name]), laid.in_force[name].version
    assert largest_difference(over.overlap(), overlap(laid.conn, version)) <= RESOLUTION
    assert largest_difference(over.distance(RADIUS_M), distance(laid.conn, version, radius_m=RADIUS_M)) <= RESOLUTION
    assert largest_difference(over.length_inside(), length(laid.conn, version)) <= RESOLUTION


def chosen(clauses: tuple[Where, ...]) -> sql.Composable:
    """The features a fact speaks of, in SQL of their own attributes."""
    parts = [sql.SQL("true"), *(_clause(clause) for clause in clauses)]
    return sql.SQL(" AND ").join(parts)


def _clause(clause: Where) -> sql.Composable:
    field = sql.SQL("(feature.attributes ->> {})").format(sql.Literal(clause.field))
    if clause.op in ("in", "not_in"):
        found = sql.SQL("{} = ANY ({})").format(field, sql.Literal(list(clause.values)))
    elif clause.op == "group_is":
        system, *groups = clause.values
        codes = [code for code, row in PACK.codes[system].codes.items() if row.group in groups]
        found = sql.SQL("{} = ANY ({})").format(field, sql.Literal(codes))
    elif clause.op in ("prefix", "not_prefix"):
        found = sql.SQL("starts_with({}, {})").format(field, sql.Literal(clause.values[0]))
        assert len(clause.values) == 1
    else:
        day = sql.Literal(date(2020, 1, 1))
        return sql.SQL("{}::date < {}").format(field, day)
    return sql.SQL("NOT ({})").format(found) if clause.op.startswith("not_") else found


OVERLAPS = {name: spec for name, spec in PACK.main.facts.items() if spec.measure in ("overlap_area", "overlap_share", "outside_area")}


@pytest.mark.parametrize("name", OVERLAPS)
def test_every_fact_about_overlaps_is_what_postgis_finds_by_the_attributes(laid, name):
    spec: FactSpec = OVERLAPS[name]
    low, high = laid.facts.bounds(name)
    known = low == high
    assert known.mean() > 0.5, "most features of the demo county have their attributes"
    areas = shapely.area(laid.sites)
    theirs = overlap(laid.conn, laid.in_force[spec.layer or ""].version, where=chosen(spec.where))
    expected = areas - theirs if spec.measure == "outside_area" else theirs / areas if spec.measure == "overlap_share" else theirs
    resolution = RESOLUTION if spec.unit == "m2" else 1e-6 + RESOLUTION / areas.min()
    assert np.abs(low - expected)[known].max() <= 2 * resolution
    assert (low <= expected + 2 * resolution).all() and (high >= expected - 2 * resolution).all()


DISTANCES = {name: spec for name, spec in PACK.main.facts.items() if spec.measure == "distance"}


@pytest.mark.parametrize("name", DISTANCES)
def test_every_distance_the_rules_ask_for_is_that_of_postgis(laid, name):
    spec: FactSpec = DISTANCES[name]
    radius = float(PACK.parameter(spec.radius_m or "", DAY).number() or 0)
    theirs = distance(laid.conn, laid.in_force[spec.layer or ""].version, radius_m=radius, where=chosen(spec.where))
    assert largest_difference(laid.facts[name].high, theirs) <= RESOLUTION
    assert np.isfinite(theirs).sum() > 20


CLEARANCES = {name: spec for name, spec in PACK.main.facts.items() if spec.measure == "clearance"}


@pytest.mark.parametrize("name", CLEARANCES)
def test_every_clearance_is_the_least_of_those_that_postgis_finds_class_by_class(laid, name):
    """Distance, less half the land of a line, less what its class requires; the least over the classes."""
    spec: FactSpec = CLEARANCES[name]
    required, half = PACK.parameter(spec.parameter or "", DAY), PACK.parameter(spec.half_width, DAY) if spec.half_width else None
    version = laid.in_force[spec.layer or ""].version
    column = laid.layers[spec.layer or ""].attributes[spec.field or ""]
    expected = np.full(SITES, np.inf)
    for kind in dict.fromkeys(value for value in column.tolist() if value is not None):
        metres = number_of(required, kind)
        if metres is None:
            continue
        for thin in (True, False):
            margin = (number_of(half, kind) or 0.0) if half and thin else 0.0
            mine = sql.SQL("feature.attributes ->> {} = {} AND (ST_Dimension(feature.geom) < 2) = {}").format(
                sql.Literal(spec.field), sql.Literal(str(kind) if not isinstance(kind, float) else f"{kind:.1f}"), sql.Literal(thin)
            )
            apart = distance(laid.conn, version, radius_m=120.0, where=mine)
            expected = np.minimum(expected, np.maximum(apart - margin, 0.0) - metres)
    near = expected < 0
    if not any(number_of(required, kind) for kind in column.tolist() if kind is not None):
        assert np.isinf(laid.facts[name].high).all(), "no number is set here"
        return
    assert near.sum() >= 5
    assert np.abs(laid.facts[name].high[near] - expected[near]).max() <= 2 * RESOLUTION
    assert (laid.facts[name].high[~near] >= 0).all()


def number_of(table: Any, kind: Any) -> float | None:
    """The number a table has for a class, the nearest jurisdiction's."""
    for value in reversed(table.values):
        if value.row.key == str(kind) or (value.row.low is not None and isinstance(kind, (int, float)) and value.row.low <= kind <= value.row.high):
            return None if value.value is None else float(value.value)
    return None


def scale_at(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much longer a short line is in the zone than on the ellipsoid, from its distance to the central meridian (Gauss–Krüger)."""
    degrees = shapely.get_coordinates(reproject(shapely.points(points), source=EPSG, target=CGCS2000))
    latitude = np.radians(degrees[:, 1])
    flattening = 1 / 298.257222101
    squared = flattening * (2 - flattening)
    root = np.sqrt(1 - squared * np.sin(latitude) ** 2)
    across = 6378137.0 / root
    along = 6378137.0 * (1 - squared) / root**3
    offset = points[:, 0] - 500_000.0
    result: NDArray[np.float64] = 1 + offset**2 / (2 * across * along) + offset**4 / (24 * (across * along) ** 2)
    return result


def test_areas_of_sites_are_those_on_the_ellipsoid_but_for_the_scale_of_the_zone(laid):
    degrees = shapely.orient_polygons(reproject(laid.sites, source=EPSG, target=CGCS2000))
    ellipsoidal = np.array([ELLIPSOID.geometry_area_perimeter(shape)[0] for shape in degrees])
    planar = shapely.area(laid.sites)
    middles = shapely.get_coordinates(shapely.centroid(laid.sites))
    # Areas of geodesic polygons are themselves good to some square centimetres.
    np.testing.assert_allclose(planar, ellipsoidal * scale_at(middles) ** 2, rtol=2e-7, atol=5e-4)
    np.testing.assert_allclose(planar, ellipsoidal, rtol=1e-4)


@pytest.mark.parametrize("name", ["road", "river", "building"])
def test_distances_are_those_along_geodesics_but_for_the_scale_of_the_zone(laid, name):
    layer = laid.layers[name]
    over = overlay(laid.sites, layer)
    apart = over.distance(RADIUS_M)
    rows = np.flatnonzero(np.isfinite(apart) & (apart > 1.0))
    assert len(rows) > 300
    subject, feature, metres = over.near(RADIUS_M)
    first = np.lexsort((metres, subject))
    nearest = dict(reversed(list(zip(subject[first].tolist(), feature[first].tolist(), strict=True))))
    lines = shapely.shortest_line(laid.sites[rows], layer.features[[nearest[row] for row in rows.tolist()]])
    ends = shapely.get_coordinates(reproject(lines, source=EPSG, target=CGCS2000)).reshape(-1, 4)
    geodesic = np.array(ELLIPSOID.inv(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3])[2])
    expected = geodesic * scale_at(shapely.get_coordinates(shapely.centroid(lines)))
    np.testing.assert_allclose(apart[rows], expected, rtol=2e-7, atol=RESOLUTION)


def test_lengths_of_lines_inside_sites_are_those_on_the_ellipsoid_but_for_the_scale_of_the_zone(laid):
    layer = laid.layers["power_line"]
    inside = overlay(laid.sites, layer).length_inside()
    rows = np.flatnonzero(inside > 1.0)
    assert len(rows) > 30
    for row in rows:
        parts = shapely.intersection(layer.features, laid.sites[row])
        parts = parts[shapely.length(parts) > 0]
        degrees = reproject(parts, source=EPSG, target=CGCS2000)
        scale = scale_at(shapely.get_coordinates(shapely.centroid(laid.sites[row : row + 1])))[0]
        assert inside[row] == pytest.approx(sum(ELLIPSOID.geometry_length(part) for part in degrees) * scale, rel=2e-7, abs=RESOLUTION)
