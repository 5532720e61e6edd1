"""What a request for `/ogc` means: forms, days, boxes. By hand, and against pyproj."""

from __future__ import annotations

from datetime import date

import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.ogc import formats, parameters, times
from layers import ogc_crs
from layers.catalog import catalog
from layers.ogc_features import VERSION_TITLE
from spatial.errors import CrsError

EPSG = 4547
EXTENT = (480_000.0, 3_230_000.0, 530_000.0, 3_280_000.0)
SYSTEMS = ogc_crs.offered(EPSG)
TO_ZONE = pyproj.Transformer.from_crs("OGC:CRS84", EPSG, always_xy=True)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "media_type", "expected"),
    [
        ("*/*", "text/html", 1.0),
        (BROWSER, "text/html", 1.0),
        (BROWSER, "application/json", 0.8),
        ("application/*;q=0.5, application/json", "application/json", 1.0),
        ("application/*;q=0.5, application/json", "application/geo+json", 0.5),
        ("application/json;q=0, */*", "application/json", 0.0),
        ("text/html;level=1;q=0.4", "text/html", 0.4),
        ("text/html;q=abc", "text/html", 1.0),
        ("text/html;q=nan", "text/html", 1.0),
        ("text/html;q=-5", "text/html", 0.0),
        ("image/png", "text/html", 0.0),
        ("", "text/html", 1.0),
        (",;q=0,", "text/html", 1.0),
        ("application/vnd.oai.openapi+json;version=3.0", "application/vnd.oai.openapi+json;version=3.0", 1.0),
    ],
)
def test_how_much_a_form_is_wanted(header, media_type, expected):
    assert formats.quality(media_type, formats.accepted(header)) == expected


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-02-29", "2024-02-29", "2024-02-29"),
        ("2023-12-31T15:59:59Z", "2023-12-31", "2023-12-31"),
        ("2023-12-31T16:00:00Z", "2024-01-01", "2024-01-01"),
        ("2023-12-31t16:00:00.123456789z", "2024-01-01", "2024-01-01"),
        ("2024-01-01/2024-02-01", "2024-01-01", "2024-02-01"),
        ("../2024-02-01", "0001-01-01", "2024-02-01"),
        ("2024-02-01/", "2024-02-01", "9999-12-31"),
        ("../..", "0001-01-01", "9999-12-31"),
        ("2024-01-01T23:00:00-08:00/..", "2024-01-02", "9999-12-31"),
    ],
)
def test_days_asked_for(text, first, last):
    when, problems = times.read(text, None)
    assert (problems, when.first, when.last) == ([], date.fromisoformat(first), date.fromisoformat(last))
    assert when.is_interval == (first != last)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_problem(text):
    when, problems = times.read(text, text)
    assert len(problems) in (1, 2)
    assert when.first <= when.last


@pytest.mark.parametrize("text", ["", "/", "2024-02-30", "2024-1-1", "20240101", "2024-W01-1", "2024-01-01T00:00:00", "2024-01-02/2024-01-01", "2024-01-01/x", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_a_problem(text):
    found = times.read(text, None)[1]
    assert bool(found) == (text != "/")


def test_no_property_goes_by_the_name_of_a_parameter_or_of_the_version():
    taken = {*parameters.names(parameters.ITEMS), VERSION_TITLE, "id", "geometry"}
    for layer in catalog().values():
        assert not taken & {item.title for item in layer.fields.values()}, layer.id


def test_the_systems_of_a_county():
    assert [(crs.code, crs.in_degrees, crs.north_first) for crs in SYSTEMS.values()] == [
        (4326, True, False),
        (4547, False, True),
        (4526, False, True),
        (4490, True, True),
    ]
    with pytest.raises(CrsError):
        ogc_crs.offered(3857)


LONGITUDES, LATITUDES = st.floats(113.5, 114.6), st.floats(29.0, 29.8)


@given(st.tuples(LONGITUDES, LONGITUDES).map(sorted), st.tuples(LATITUDES, LATITUDES).map(sorted), LONGITUDES, LATITUDES)
def test_a_box_in_degrees_holds_a_place_exactly_where_its_numbers_say_so(longitudes, latitudes, longitude, latitude):
    """Places within a millimetre of the border, or outside the features' extent, may count or not."""
    (west, east), (south, north) = longitudes, latitudes
    place = shapely.Point(TO_ZONE.transform(longitude, latitude))
    if not shapely.box(*EXTENT).contains(place):
        return
    area = ogc_crs.region((west, south, east, north), SYSTEMS[ogc_crs.CRS84_URI], extent=EXTENT, epsg=EPSG)
    margin = 1e-8
    if west + margin < longitude < east - margin and south + margin < latitude < north - margin:
        assert shapely.intersects(area, place)
    if not (west - margin <= longitude <= east + margin and south - margin <= latitude <= north + margin):
        assert not shapely.intersects(area, place)


@pytest.mark.parametrize(
    ("uri", "corners"),
    [
        (ogc_crs.CRS84_URI, (-180.0, -90.0, 180.0, 90.0)),
        (ogc_crs.CRS84_URI, (-1e308, -1e308, 1e308, 1e308)),
        (ogc_crs.CRS84_URI, (100.0, 20.0, -170.0, 40.0)),
        (ogc_crs.storage_uri(4490), (20.0, 100.0, 40.0, 120.0)),
        (ogc_crs.storage_uri(4547), (3.2e6, 4.7e5, 3.3e6, 5.4e5)),
        (ogc_crs.storage_uri(4526), (3.2e6, 3.847e7, 3.3e6, 3.854e7)),
        (ogc_crs.storage_uri(4547), (-1e300, -1e300, 1e300, 1e300)),
    ],
)
def test_a_large_box_covers_the_extent(uri, corners):
    assert ogc_crs.covers(ogc_crs.region(corners, SYSTEMS[uri], extent=EXTENT, epsg=EPSG), EXTENT)


@pytest.mark.parametrize("corners", [(0.0, 0.0, 1.0, 1.0), (170.0, 29.0, -170.0, 30.0), (114.0, -90.0, 114.1, 0.0)])
def test_a_box_elsewhere_is_empty(corners):
    assert ogc_crs.region(corners, SYSTEMS[ogc_crs.CRS84_URI], extent=EXTENT, epsg=EPSG).is_empty


def test_a_box_may_be_a_line_or_a_place():
    crs = SYSTEMS[ogc_crs.storage_uri(EPSG)]
    place = ogc_crs.region((3_250_000.0, 500_000.0, 3_250_000.0, 500_000.0), crs, extent=EXTENT, epsg=EPSG)
    line = ogc_crs.region((3_250_000.0, 500_000.0, 3_250_000.0, 500_100.0), crs, extent=EXTENT, epsg=EPSG)
    assert (place.geom_type, line.length) == ("Point", 100.0)


@pytest.mark.parametrize("extent", [(500_000.0, 3_250_000.0, 500_000.0, 3_250_000.0), (500_000.0, 3_250_000.0, 500_000.0, 3_250_900.0)], ids=["one tree", "a line"])
def test_the_features_of_a_layer_may_lie_at_one_place_or_on_a_line(extent):
    crs = SYSTEMS[ogc_crs.CRS84_URI]
    west, south, east, north = ogc_crs.bounds_in(extent, crs, epsg=EPSG)
    assert (west, south) == pytest.approx(TO_ZONE.transform(extent[0], extent[1], direction="INVERSE"), abs=1e-9)
    around = ogc_crs.region((west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6), crs, extent=extent, epsg=EPSG)
    assert ogc_crs.covers(around, extent)
    assert ogc_crs.region((west + 1e-4, south, east + 2e-4, north), crs, extent=extent, epsg=EPSG).distance(shapely.Point(extent[:2])) > 5
