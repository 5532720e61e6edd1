"""In which coordinate system a delivery is: for each way of going wrong a file that is caught, and beside it a right one that passes.

Where the data lie in truth is known from the frame they were made of, which pyproj or GDAL brought into each system.
"""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from delivered_files import HERE, asked, moved, north_east, offered, raw_dataset, shapefile, zone_prj
from frames import COUNTY, EPSG, red_lines, square
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from layers.reading.reader import read
from layers.recognising.framing import named_frame
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers
from layers.recognising.surroundings import Surroundings
from layers.recognising.zones import all_zones
from spatial.crs import county_epsg

TRUTH = red_lines([square(100, 200), square(4000, 9000, side=333.333)])


def found_in(tmp_path, frame, answers=None, around=HERE, **options):
    raw = read(shapefile(tmp_path, "STBHHX", frame, **options))
    return raw, recognise(raw, around, answers or Answers())


def farthest_m(raw, found):
    """How far at most the frame's coordinates lie from where they are in truth, in metres."""
    result = named_frame(raw, found, epsg=EPSG)
    return shapely.hausdorff_distance(np.asarray(result.geometry), np.asarray(TRUTH.geometry)).max()


@pytest.mark.parametrize(("epsg", "exact"), [(4547, True), (4526, True), (4490, False), (4326, False), (4548, False), (4498, False), (4509, False), (3857, False), (32650, False)])
def test_right_file_in_each_system(tmp_path, epsg, exact):
    raw, found = found_in(tmp_path, TRUTH.to_crs(epsg))
    assert asked(found) == []
    assert (found.crs.epsg, found.crs.found_by, found.crs.swap) == (epsg, "file", False)
    assert farthest_m(raw, found) <= (1e-8 if exact else 1e-4)


@pytest.mark.parametrize(("prj", "epsg"), [
    (zone_prj(), 4547), (zone_prj(method="Transverse_Mercator"), 4547), (zone_prj(easting=38500000.0), 4526), (zone_prj(meridian=117.0, easting=20500000.0), 4498),
])  # fmt: skip
def test_right_file_with_a_definition_of_its_own_is_known_by_parameters(tmp_path, prj, epsg):
    raw, found = found_in(tmp_path, TRUTH.to_crs(epsg), prj=prj)
    assert (asked(found), found.crs.epsg) == ([], epsg)
    assert farthest_m(raw, found) <= 1e-4


@pytest.mark.parametrize("prj", [zone_prj(meridian=114.5), zone_prj(easting=40000.0)], ids=["meridian", "easting"])
def test_wrong_file_with_a_towns_own_system(tmp_path, prj):
    _, found = found_in(tmp_path, TRUTH, prj=prj)
    assert (found.crs, asked(found)) == (None, ["crs.not_identified"])


# With and without zone number


def test_right_file_without_prj_whose_eastings_name_the_zone(tmp_path):
    raw, found = found_in(tmp_path, TRUTH.to_crs(4526), prj=None)
    assert (asked(found), found.crs.epsg, found.crs.found_by) == ([], 4526, "zone_prefix")
    assert farthest_m(raw, found) <= 1e-8


def test_right_file_without_prj_in_a_six_degree_zone(tmp_path):
    raw, found = found_in(tmp_path, TRUTH.to_crs(4498), prj=None)
    assert (asked(found), found.crs.epsg) == ([], 4498)
    assert farthest_m(raw, found) <= 1e-4


def test_wrong_file_without_prj_and_without_zone_number(tmp_path):
    raw, found = found_in(tmp_path, TRUTH, prj=None)
    assert (found.crs, asked(found)) == (None, ["crs.missing"])
    options = {option.value: option.label for option in found.questions[0].options}
    assert next(iter(options)) == "4547"
    assert "数据在本县" in options["4547"]
    assert "数据在本县以外" in options["4548"]
    answered = recognise(raw, HERE, Answers(epsg=4547))
    assert (asked(answered), answered.crs.found_by, farthest_m(raw, answered)) == ([], "given", 0.0)


def test_the_county_alone_never_decides():
    everywhere = Surroundings(EPSG)
    for around in (HERE, everywhere):
        assert asked(recognise(raw_dataset(TRUTH, "STBHHX", crs=None), around)) == ["crs.missing"]


@pytest.mark.parametrize(("frame_epsg", "stated"), [(4526, 4547), (4547, 4526), (4498, 4548)])
def test_right_file_whose_prj_differs_only_in_the_zone_number_before_the_easting(tmp_path, frame_epsg, stated):
    raw, found = found_in(tmp_path, TRUTH.to_crs(frame_epsg), prj=CRS.from_epsg(stated).to_wkt("WKT1_ESRI"))
    assert (asked(found), found.crs.epsg) == ([], frame_epsg)
    assert any("同一中央经线" in note for note in found.notes)
    assert farthest_m(raw, found) <= 1e-4


@pytest.mark.parametrize("stated", [4527, 4548])
def test_wrong_file_whose_zone_number_contradicts_the_prj(tmp_path, stated):
    raw, found = found_in(tmp_path, TRUTH.to_crs(4526), prj=CRS.from_epsg(stated).to_wkt("WKT1_ESRI"))
    assert (found.crs, asked(found)) == (None, ["crs.zone_prefix_conflict"])
    assert offered(found, "crs.zone_prefix_conflict") == ["4526"]
    answered = recognise(raw, HERE, Answers(epsg=4526))
    assert (asked(answered), farthest_m(raw, answered)) == ([], pytest.approx(0, abs=1e-8))


def test_wrong_file_with_eastings_of_two_zones():
    frame = TRUTH.to_crs(4526)
    frame.geometry = [frame.geometry.iloc[0], TRUTH.to_crs(4527).geometry.iloc[1]]
    for stated in (None, 4526):
        found = recognise(raw_dataset(frame.set_crs(4526, allow_override=True), "STBHHX", crs=stated), HERE)
        assert (found.crs, asked(found)) == (None, ["crs.several_zones"])


# Wrong zone


def test_wrong_file_in_another_zone_than_stated(tmp_path):
    raw, found = found_in(tmp_path, TRUTH, prj=CRS.from_epsg(4548).to_wkt("WKT1_ESRI"))
    assert (found.crs, asked(found)) == (None, ["crs.wrong_zone"])
    assert offered(found, "crs.wrong_zone") == ["4547", "4548"]
    assert farthest_m(raw, recognise(raw, HERE, Answers(epsg=4547))) == 0
    insisted = recognise(raw, HERE, Answers(epsg=4548))
    assert (asked(insisted), insisted.crs.epsg) == ([], 4548)
    assert "数据全部位于本县范围以外" in insisted.notes


@pytest.mark.parametrize("prj", [4527, None])
def test_wrong_file_with_another_zone_number_in_the_eastings_than_the_county_has(tmp_path, prj):
    mistyped = moved(TRUTH, lambda points: points + np.array([39_000_000, 0]))
    raw, found = found_in(tmp_path, mistyped, prj=CRS.from_epsg(prj).to_wkt("WKT1_ESRI") if prj else None)
    assert (found.crs, asked(found), offered(found, "crs.wrong_zone")) == (None, ["crs.wrong_zone"], ["4527"])
    assert "带号是 38 则在本县" in found.questions[0].text
    assert recognise(raw, HERE, Answers(epsg=4527)).crs.epsg == 4527


def test_wrong_file_that_states_utm_and_is_in_the_countys_zone():
    found = recognise(raw_dataset(TRUTH, "STBHHX", crs=32650), HERE)
    assert (asked(found), offered(found, "crs.wrong_zone")) == (["crs.wrong_zone"], ["4547", "32650"])
    assert recognise(raw_dataset(TRUTH.to_crs(32650), "STBHHX"), HERE).crs.epsg == 32650
    assert asked(recognise(raw_dataset(TRUTH.to_crs(4490), "STBHHX", crs=32650), HERE)) == ["crs.degrees_as_metres"]


ZONES = st.sampled_from([*all_zones(prefix=True), *all_zones(prefix=False)])


@settings(max_examples=60)
@given(zone=ZONES, along=st.floats(-0.45, 0.45), latitude=st.floats(18.5, 53), swap=st.booleans(), states=st.booleans())
def test_data_anywhere_in_china_come_to_their_place(zone, along, latitude, swap, states):
    """In each zone, with and without zone number, in either order; without a .prj the number decides, or it is asked."""
    longitude = zone.meridian + along * zone.width
    county = county_epsg(min(max(longitude, 73.6), 136.4))
    east, north = Transformer.from_crs(4490, county, always_xy=True).transform(longitude, latitude)
    true = red_lines([shapely.box(east, north, east + 800, north + 500)]).set_crs(county, allow_override=True)
    frame = true.to_crs(zone.epsg)
    raw = raw_dataset(north_east(frame) if swap else frame, "STBHHX", crs=zone.epsg if states else None)
    around = Surroundings(county, true.geometry.iloc[0].buffer(20_000))
    found = recognise(raw, around)
    if not states and not zone.prefix:
        assert asked(found) == ["crs.missing"]
        found = recognise(raw, around, Answers(epsg=int(found.questions[0].options[0].value)))
    assert (asked(found), found.crs.swap) == ([], swap)
    result = named_frame(raw, found, epsg=county)
    assert shapely.hausdorff_distance(result.geometry.iloc[0], true.geometry.iloc[0]) < 1e-4


def test_a_zone_is_not_doubted_where_no_other_would_do_or_nothing_tells_where_the_county_is():
    far = moved(TRUTH, lambda points: points + np.array([0, 400_000]))
    assert asked(recognise(raw_dataset(far, "STBHHX"), HERE)) == []
    assert asked(recognise(raw_dataset(TRUTH, "STBHHX", crs=4548), Surroundings(EPSG))) == []


# Degrees and metres


def test_wrong_file_degrees_labelled_as_metres(tmp_path):
    raw, found = found_in(tmp_path, TRUTH.to_crs(4490), prj=CRS.from_epsg(4547).to_wkt("WKT1_ESRI"))
    assert (found.crs, asked(found), offered(found, "crs.degrees_as_metres")) == (None, ["crs.degrees_as_metres"], ["4490"])
    assert farthest_m(raw, recognise(raw, HERE, Answers(epsg=4490))) <= 1e-4


@pytest.mark.parametrize(("epsg", "first"), [(4547, "4547"), (4526, "4526"), (3857, "3857")])
def test_wrong_file_metres_labelled_as_degrees(tmp_path, epsg, first):
    raw, found = found_in(tmp_path, TRUTH.to_crs(epsg), prj=CRS.from_epsg(4490).to_wkt("WKT1_ESRI"))
    assert (found.crs, asked(found)) == (None, ["crs.metres_as_degrees"])
    assert offered(found, "crs.metres_as_degrees")[0] == first
    assert farthest_m(raw, recognise(raw, HERE, Answers(epsg=int(first)))) <= 1e-4


def test_degrees_without_prj_are_asked_about(tmp_path):
    _, found = found_in(tmp_path, TRUTH.to_crs(4490), prj=None)
    assert (asked(found), offered(found, "crs.missing")) == (["crs.missing"], ["4490"])


def test_numbers_that_are_no_place_in_china():
    frame = moved(TRUTH, lambda points: points - points.min(axis=0))
    assert asked(recognise(raw_dataset(frame, "STBHHX"), HERE)) == ["crs.numbers_do_not_fit"]
    assert asked(recognise(raw_dataset(frame, "STBHHX", crs=None), HERE)) == ["crs.missing"]


# North and east exchanged


@pytest.mark.parametrize(("epsg", "prj"), [(4547, 4547), (4526, 4526), (4526, None), (4490, 4490), (4526, 4547)])
def test_wrong_file_with_north_first_is_turned_round_and_said(tmp_path, epsg, prj):
    stated = CRS.from_epsg(prj).to_wkt("WKT1_ESRI") if prj else None
    raw, found = found_in(tmp_path, north_east(TRUTH.to_crs(epsg)), prj=stated)
    assert (asked(found), found.crs.epsg, found.crs.swap) == ([], epsg, True)
    assert any("北、东" in note for note in found.notes)
    assert farthest_m(raw, found) <= 1e-4


def test_wrong_file_with_north_first_and_nothing_else_known_is_asked_for_its_zone(tmp_path):
    raw, found = found_in(tmp_path, north_east(TRUTH), prj=None)
    assert asked(found) == ["crs.missing"]
    answered = recognise(raw, HERE, Answers(epsg=4547))
    assert (answered.crs.swap, farthest_m(raw, answered)) == (True, 0.0)


SOUTH = gpd.GeoSeries([shapely.box(420_000, 620_000, 421_000, 621_000)], crs=4544)
"""Near 5.6° north: eastings and northings are of one size there."""


def test_ordinates_of_one_size_are_told_by_the_county_or_asked_about():
    frame = red_lines(list(SOUTH)).set_crs(4544, allow_override=True)
    nowhere = recognise(raw_dataset(frame, "STBHHX"), Surroundings(4544))
    assert (nowhere.crs, asked(nowhere), offered(nowhere, "axes.unclear")) == (None, ["axes.unclear"], ["east_north", "north_east"])
    assert recognise(raw_dataset(frame, "STBHHX"), Surroundings(4544), Answers(axes="north_east")).crs.swap
    island = Surroundings(4544, SOUTH.iloc[0].buffer(5_000))
    assert recognise(raw_dataset(frame, "STBHHX"), island).crs.swap is False
    assert recognise(raw_dataset(north_east(frame), "STBHHX"), island).crs.swap is True


def test_a_person_may_say_the_order_but_not_against_the_numbers():
    raw = raw_dataset(TRUTH, "STBHHX")
    assert recognise(raw, HERE, Answers(axes="east_north")).crs.swap is False
    assert asked(recognise(raw, HERE, Answers(axes="north_east"))) == ["crs.numbers_do_not_fit"]


TREES = [(38_520_100.125, 3_270_200.5), (38_530_000.25, 3_280_000.75)]


@pytest.mark.parametrize(("order", "swap"), [("y,x", True), ("x,y", False)])
def test_wrong_and_right_sheet_of_points_with_surveying_x_and_y(tmp_path, order, swap):
    """In a surveyor's sheet X is the northing."""
    columns = {"y,x": "tree_no,Y,X", "x,y": "tree_no,X,Y"}[order]
    path = tmp_path / "古树名木.csv"
    path.write_text("\n".join([columns, *(f"G{row},{east},{north}" for row, (east, north) in enumerate(TREES))]), encoding="utf-8-sig")
    raw = read(path)
    found = recognise(raw, HERE)
    assert (asked(found), found.crs.epsg, found.crs.swap, found.crs.found_by) == ([], 4526, swap, "zone_prefix")
    result = named_frame(raw, found, epsg=EPSG)
    assert [(point.x, point.y) for point in result.geometry] == [(east - 38_000_000, north) for east, north in TREES]


@pytest.mark.parametrize(("crs", "questions"), [(EPSG, []), (None, ["crs.missing"])])
def test_right_and_wrong_geopackage(tmp_path, crs, questions):
    path = tmp_path / "data.gpkg"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyogrio warns of what is meant here: no CRS
        pyogrio.write_dataframe(TRUTH.set_crs(crs, allow_override=True), path, layer="STBHHX")
    assert asked(recognise(read(path), HERE)) == questions


def test_what_the_person_says_against_the_file_is_taken_and_noted():
    found = recognise(raw_dataset(TRUTH, "STBHHX", crs=4548), HERE, Answers(epsg=4547))
    assert found.crs.epsg == 4547
    assert any("CM 117E" in note and "EPSG:4547" in note for note in found.notes)


def test_wgs84_and_web_mercator_are_said():
    assert any("WGS 84" in note for note in recognise(raw_dataset(TRUTH.to_crs(4326), "STBHHX"), HERE).notes)
    assert any("墨卡托" in note for note in recognise(raw_dataset(TRUTH.to_crs(3857), "STBHHX"), HERE).notes)
    assert recognise(raw_dataset(TRUTH, "STBHHX"), HERE).notes == ()


def test_a_frame_without_coordinates_keeps_what_is_stated():
    empty = red_lines([shapely.Polygon()])
    assert recognise(raw_dataset(empty.assign(zone="other"), "STBHHX"), Surroundings(EPSG, COUNTY)).crs.epsg == EPSG
