from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.catalog import CatalogField
from layers.errors import UnsupportedFileError
from layers.exports.coordinates import coordinates, zone_of
from layers.exports.formats import FORMATS, format_for, format_of
from layers.exports.shapefile import MOST_DIGITS, _digits
from layers.exports.survey import survey
from spatial.errors import CrsError

NUMBER = CatalogField(name="TBMJ", title="面积", type="number")
numbers = st.one_of(
    st.integers(-(10**9), 10**9).map(float),
    st.decimals(-1_000_000, 1_000_000, places=2).map(float),
    st.floats(-1e6, 1e6, allow_nan=False),
)


@pytest.mark.parametrize(
    ("name", "format_id"),
    [
        ("a.gpkg", "gpkg"), ("a.GPKG", "gpkg"), ("a.shp.zip", "shp"), ("a.zip", "shp"), ("a.gdb.zip", "gdb"), ("a.geojson", "geojson"), ("a.json", "geojson"),
        ("a.parquet", "parquet"), ("a.xlsx", "xlsx"), ("a.csv", "csv"), ("a.txt", "txt"),
    ],
)  # fmt: skip
def test_a_format_is_told_by_the_ending(name, format_id):
    assert format_for(Path(name)).id == format_id


def test_an_unknown_ending_or_name_is_refused_with_those_that_would_do():
    with pytest.raises(UnsupportedFileError, match="\\.gdb\\.zip"):
        format_for(Path("a.dwg"))
    with pytest.raises(UnsupportedFileError, match="geojson"):
        format_of("dwg")


def test_every_format_proposes_an_ending_it_is_told_by():
    for item in FORMATS.values():
        assert format_for(Path(f"land_use_v1_2026-01-01_EPSG4547{item.endings[0]}")) is item


@pytest.mark.parametrize("epsg", [2383, 2431, 4610, 4214, 27700, 4979, 5555])
def test_a_crs_of_another_datum_or_with_heights_is_refused(epsg):
    with pytest.raises(CrsError):
        coordinates(epsg, stored=4547)


@pytest.mark.parametrize(
    ("epsg", "name"), [(4547, "EPSG4547"), (4526, "EPSG4526"), (4490, "EPSG4490"), (4326, "CRS84")]
)
def test_coordinates_are_named_in_file_names(epsg, name):
    assert coordinates(epsg, stored=4547).name == name


def test_the_zone_and_its_number_before_the_easting():
    assert [zone_of(epsg) for epsg in (4534, 4547, 4554, 4513, 4526, 4533, 4490, 4555)] == [
        (25, False), (38, False), (45, False), (25, True), (38, True), (45, True), None, None,
    ]  # fmt: skip


def test_turning_to_zone_number_and_degrees_and_back_loses_less_than_a_tenth_of_a_millimetre():
    points = np.array(
        [shapely.Point(500_757.5612, 3_257_678.1234), shapely.Point(640_000.9999, 3_400_000.0001)], dtype=object
    )
    prefixed = coordinates(4526, stored=4547)
    turned = shapely.get_coordinates(prefixed.of(points))
    np.testing.assert_allclose(turned - shapely.get_coordinates(points), [[38e6, 0]] * 2, atol=1e-6)
    degrees = coordinates(4326, stored=4547)
    rounded = degrees.rounded(degrees.of(points))
    back = coordinates(4547, stored=4326).of(rounded)
    assert np.abs(shapely.get_coordinates(back) - shapely.get_coordinates(points)).max() < 1e-4


@given(st.lists(st.one_of(st.none(), numbers), min_size=1, max_size=30))
def test_the_width_and_decimals_found_hold_every_number_exactly_or_say_they_do_not(values):
    found = survey([NUMBER], [[{"TBMJ": value} if value is not None else {} for value in values]])["TBMJ"]
    width, decimals = _digits(found)
    assert width <= MOST_DIGITS
    assert 1 <= decimals < width
    for value in values:
        if value is not None:
            written = f"{value:.{decimals}f}"
            assert len(written) <= width
            if found.decimals is not None and decimals >= found.decimals:
                assert float(written) == value


def test_areas_are_found_to_have_two_decimals():
    found = survey([NUMBER], [[{"TBMJ": 12.3}, {"TBMJ": 4567.89}], [{}]])["TBMJ"]
    assert (found.digits, found.decimals, found.values, found.nulls) == (4, 2, 2, 1)
