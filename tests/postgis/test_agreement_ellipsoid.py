"""Planar and ellipsoidal areas: golden figures, survey areas of the demo county, and PostGIS's own geography on CGCS2000."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from frames import EPSG, meta, moment, published, red_lines

from layers import versions
from layers.demo import build
from spatial.crs import CGCS2000, county_epsg, epsg_3deg, reproject, zone_3deg, zone_of_easting

ELLIPSOID = pyproj.Geod(a=6378137.0, rf=298.257222101)
"""CGCS2000."""

NORTH = 31.28


def parcel(longitude: float, *, width: float = 10.0, height: float = 14.0) -> Any:
    """A rectangle in EPSG:4547 with its middle at a longitude and 31.28° N."""
    middle = reproject(np.array([shapely.Point(longitude, NORTH)], dtype=object), source=CGCS2000, target=EPSG)[0]
    return shapely.box(middle.x - width / 2, middle.y - height / 2, middle.x + width / 2, middle.y + height / 2)


def ellipsoid_area(shapes: Any, *, epsg: int = EPSG) -> Any:
    """The m² on the ellipsoid of polygons in a projected CRS."""
    degrees = shapely.orient_polygons(reproject(np.asarray(shapes, dtype=object), source=epsg, target=CGCS2000))
    return np.array([ELLIPSOID.geometry_area_perimeter(shape)[0] for shape in degrees])


@pytest.fixture(scope="module")
def demo():
    return build(scale="small")


@pytest.mark.parametrize(
    ("longitude", "side_m", "expected", "tolerance"),
    [
        pytest.param(114.6, None, 139.9887, 2e-4, id="GN-027"),
        pytest.param(115.5, None, 139.9296, 2e-4, id="GN-028"),
        pytest.param(114.0, None, 140.0, 2e-4, id="GN-029"),
        pytest.param(114.6, 1_000.0, 999_919.51, 0.05, id="GN-030"),
        pytest.param(115.5, 1_000.0, 999_497.03, 0.05, id="GN-031"),
    ],
)
def test_an_area_on_the_ellipsoid(longitude, side_m, expected, tolerance):
    shape = parcel(longitude, width=side_m, height=side_m) if side_m else parcel(longitude)
    assert ellipsoid_area([shape])[0] == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("longitude", [114.0, 114.6, 115.5])
def test_gn_026_a_plot_is_measured_in_the_plane_wherever_it_lies(longitude):
    assert parcel(longitude).area == pytest.approx(140, abs=1e-6)


def test_gn_032_web_mercator_is_a_third_too_large():
    shape = parcel(114.6)
    web = reproject(np.array([shape], dtype=object), source=EPSG, target=3857)[0]
    assert web.area / ellipsoid_area([shape])[0] == pytest.approx(1.3734, abs=1e-4)


@pytest.mark.parametrize(
    ("epsg", "east"), [pytest.param(4547, 557_134.927, id="GN-033"), pytest.param(4526, 38_557_134.927, id="GN-034")]
)
def test_coordinates_in_the_zone(epsg, east):
    moved = reproject(np.array([shapely.Point(114.6, NORTH)], dtype=object), source=CGCS2000, target=epsg)[0]
    assert (moved.x, moved.y) == pytest.approx((east, 3_462_173.781), abs=1e-3)


@pytest.mark.parametrize(
    ("longitude", "zone"),
    [pytest.param(114.6, 38, id="GN-035"), pytest.param(120.6, 40, id="GN-036"), pytest.param(112.5, 38, id="GN-037")],
)
def test_the_zone_of_a_longitude(longitude, zone):
    assert zone_3deg(longitude) == zone
    assert county_epsg(longitude) == epsg_3deg(zone)
    moved = reproject(np.array([shapely.Point(longitude, NORTH)], dtype=object), source=CGCS2000, target=epsg_3deg(zone, prefix=True))[0]
    assert zone_of_easting(moved.x) == (3, zone)


def test_survey_areas_of_the_demo_are_those_on_the_ellipsoid(demo):
    land = demo.layers["land_use"]
    expected = ellipsoid_area(land.geometry.to_numpy())
    stated = land["TBMJ"].to_numpy()
    assert np.abs(stated - expected).max() <= 0.01
    planar = shapely.area(land.geometry.to_numpy())
    assert np.abs(planar - expected).max() > 0.1


def test_survey_areas_add_up_to_the_county(demo):
    county = demo.layers["county"].geometry.to_numpy()
    outline = shapely.segmentize(county, 500.0)
    assert demo.layers["land_use"]["TBMJ"].sum() == pytest.approx(ellipsoid_area(outline)[0], rel=1e-6)


def test_postgis_agrees_on_the_ellipsoid_and_in_the_plane(db):
    shapes = [parcel(longitude, width=side, height=side) for longitude in (114.0, 114.6, 115.5) for side in (10.0, 300.0)]
    published(db, red_lines(shapes), meta(coverage=shapely.union_all(shapes)))
    version = versions.in_force(db, valid_on=date(2024, 1, 1), known_at=moment("2099-01-01"))["ecological_redline"].version
    rows = db.execute(
        "SELECT ST_Area(ST_Transform(geom, 4490)::geography), ST_Area(geom), area_m2 FROM feature WHERE version_id = %s ORDER BY fid", [version]
    ).fetchall()
    geography, planar, stored = np.array(rows, dtype=float).T
    np.testing.assert_allclose(geography, ellipsoid_area(shapes), rtol=1e-7)
    np.testing.assert_allclose(planar, shapely.area(shapes), rtol=0, atol=1e-4)
    np.testing.assert_array_equal(stored, shapely.area(shapes))
