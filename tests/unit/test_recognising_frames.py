"""A recognised data set as a frame: names of the catalogue, coordinates in the county's zone and nothing else changed."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from delivered_files import HERE, bare, north_east, raw_dataset
from frames import EPSG, red_lines, rough_ring, square
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from layers.errors import UnclearLayerError
from layers.recognising.framing import named_frame
from layers.recognising.placing import to_county
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers, CrsReading
from spatial.errors import CrsError

BOWTIE = shapely.Polygon([(520_000, 3_270_000), (520_100, 3_270_100), (520_100, 3_270_000), (520_000, 3_270_100)])

OVER = {source: Transformer.from_crs(4547, source, always_xy=True) for source in (4548, 4490, 4326, 4498, 3857)}


def framed(frame, *, epsg=EPSG, **options):
    raw = raw_dataset(frame, "STBHHX", **options)
    return named_frame(raw, recognise(raw, HERE), epsg=epsg)


def test_only_mapped_fields_are_there_under_their_names():
    frame = red_lines().rename(columns={"BSM": "标识码", "MC": "mc"}).assign(extra=1)
    result = framed(frame)
    assert list(result.columns) == ["BSM", "MC", "zone", "geometry"]
    assert (result.crs.to_epsg(), result["MC"].tolist()) == (EPSG, ["幕阜山水源涵养"])


def test_coordinates_in_the_countys_zone_stay_the_same_to_the_bit():
    frame = red_lines([rough_ring(), square(0.1 + 0.2)])
    assert [shape.wkb for shape in framed(frame).geometry] == [shape.wkb for shape in frame.geometry]


@given(st.floats(300_000, 700_000), st.floats(3_000_000, 4_000_000))
def test_taking_the_zone_number_off_is_exact(east, north):
    numbered = np.array([[38_000_000 + east, north]])
    back = to_county(numbered, source=4526, target=4547)
    assert back[0, 0] == numbered[0, 0] - 38_000_000
    assert abs(back[0, 0] - east) <= 2 ** (25 - 52)  # what a coordinate with the number before it can hold at all: 7 nm
    assert back[0, 1] == north


@given(st.floats(420_000, 680_000), st.floats(3_000_000, 4_000_000))
def test_other_zones_and_degrees_come_in_to_a_tenth_of_a_millimetre(east, north):
    for source, over in OVER.items():
        there = np.column_stack(over.transform([east], [north]))
        assert np.abs(to_county(there, source=source, target=4547) - [[east, north]]).max() < 1e-4


def test_heights_and_measures_are_left_out_and_said():
    high = shapely.Polygon([(*point, 88.8) for point in square().exterior.coords])
    raw = raw_dataset(red_lines([high]), "STBHHX")
    found = recognise(raw, HERE)
    assert any("高程（Z）" in note for note in found.notes)
    result = named_frame(raw, found, epsg=EPSG).geometry.iloc[0]
    assert not result.has_z
    assert result.equals(square())
    measured = shapely.from_wkt("POLYGON M ((520000 3270000 1, 520000 3270100 2, 520100 3270100 3, 520000 3270000 4))")
    raw = raw_dataset(red_lines([measured]), "STBHHX")
    assert any("量测值（M）" in note for note in recognise(raw, HERE).notes)
    assert not shapely.has_m(framed(red_lines([measured])).geometry.iloc[0])


@pytest.mark.parametrize("epsg", [4547, 4526, 4490])
def test_faulty_geometries_stay_faulty(epsg):
    shapes = [BOWTIE, None, shapely.Polygon(), shapely.MultiPolygon([square(), square(50, 50)]), square()]
    frame = red_lines(shapes)
    result = framed(frame.to_crs(epsg)).geometry
    assert [shape is None for shape in result] == [False, True, False, False, False]
    assert [shape.geom_type for shape in result if shape is not None] == [shape.geom_type for shape in shapes if shape is not None]
    assert (not result.iloc[0].is_valid, result.iloc[2].is_empty, not result.iloc[3].is_valid) == (True, True, True)
    counts = [shapely.get_num_coordinates(shape) for shape in shapes]
    assert shapely.get_num_coordinates(result).tolist() == counts


@pytest.mark.shared
def test_the_863_geometries_of_geos_and_jts_pass_untouched(shared_dir):
    cases = pd.read_csv(shared_dir / "data" / "robustness" / "geos_isvalid_863_cases.csv")
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkt(cases["wkt"].to_numpy(dtype=object), on_invalid="ignore")
    frame = gpd.GeoDataFrame({"BSM": [str(row) for row in range(len(shapes))]}, geometry=shapes, crs=EPSG)
    raw = raw_dataset(frame, "生态保护红线")
    found = replace(recognise(raw, HERE, Answers(layer="ecological_redline")), crs=CrsReading(epsg=EPSG, found_by="given"))
    flat = shapely.force_2d(shapes)
    assert len(shapes) == 863
    assert shapely.to_wkb(np.asarray(named_frame(raw, found, epsg=EPSG).geometry)).tolist() == shapely.to_wkb(flat).tolist()


def test_ordinates_of_north_first_come_in_east_first():
    result = framed(north_east(red_lines()))
    assert result.geometry.iloc[0].equals(square())


def test_what_is_still_asked_is_not_framed():
    unclear = raw_dataset(bare(), "data")
    with pytest.raises(UnclearLayerError, match="指明图层"):
        named_frame(unclear, recognise(unclear, HERE), epsg=EPSG)
    without = raw_dataset(red_lines(), "STBHHX", crs=None)
    with pytest.raises(CrsError, match="指明坐标系"):
        named_frame(without, recognise(without, HERE), epsg=EPSG)


def test_the_delivery_itself_is_not_changed():
    frame = red_lines().to_crs(4490)
    raw = raw_dataset(frame, "STBHHX")
    before = raw.frame.to_wkb().copy()
    named_frame(raw, recognise(raw, HERE), epsg=EPSG)
    assert raw.frame.to_wkb().equals(before)
    assert CrsReading(epsg=4490, found_by="file") == recognise(raw, HERE).crs
