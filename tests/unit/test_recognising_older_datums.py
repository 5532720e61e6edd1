"""Deliveries on the datums of 1954 and 1980 are refused, whatever their definition is called; every system is known by code and parameters."""

from __future__ import annotations

import pytest
from delivered_files import HERE, raw_dataset, shapefile, zone_prj
from frames import red_lines
from pyproj import CRS

from layers.errors import LegacyDatumError
from layers.reading.reader import read
from layers.recognising.crs_identity import identity
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers
from spatial.errors import CrsError

TRUTH = red_lines()
KRASSOVSKY = zone_prj().replace("D_China_2000", "D_Local").replace('"CGCS2000",6378137.0,298.257222101', '"Krasovsky_1940",6378245.0,298.3')
IAG75 = zone_prj().replace("D_China_2000", "D_Unknown").replace('"CGCS2000",6378137.0,298.257222101', '"Xian_1980",6378140.0,298.257')
BY_NAME = zone_prj().replace("D_China_2000", "D_Beijing_1954")
LEGACY = [2383, 2435, 4610, 21460]


@pytest.mark.parametrize("epsg", LEGACY)
def test_wrong_file_on_an_older_datum_is_refused_whatever_is_said(tmp_path, epsg):
    raw = read(shapefile(tmp_path, "STBHHX", TRUTH, prj=CRS.from_epsg(epsg).to_wkt("WKT1_ESRI")))
    for answers in (Answers(), Answers(epsg=4547), Answers(layer="ecological_redline", display_only=True)):
        with pytest.raises(LegacyDatumError, match="没有转换参数"):
            recognise(raw, HERE, answers)


@pytest.mark.parametrize("prj", [KRASSOVSKY, IAG75, BY_NAME], ids=["krassovsky", "iag75", "by_name"])
def test_wrong_file_on_an_older_datum_is_known_by_ellipsoid_and_name(tmp_path, prj):
    raw = read(shapefile(tmp_path, "STBHHX", TRUTH, prj=prj))
    with pytest.raises(LegacyDatumError):
        recognise(raw, HERE)


@pytest.mark.parametrize("epsg", [2383, 2435])
def test_an_older_datum_cannot_be_said_either(epsg):
    with pytest.raises(LegacyDatumError):
        recognise(raw_dataset(TRUTH, "STBHHX", crs=None), HERE, Answers(epsg=epsg))


def test_a_code_that_is_none_is_an_error():
    with pytest.raises(CrsError, match="999999"):
        recognise(raw_dataset(TRUTH, "STBHHX"), HERE, Answers(epsg=999999))


@pytest.mark.parametrize("epsg", [5737, 4978])
def test_heights_and_space_are_no_plane(epsg):
    assert identity(CRS.from_epsg(epsg)).epsg is None
    with pytest.raises(CrsError, match=f"{epsg}"):
        recognise(raw_dataset(TRUTH, "STBHHX"), HERE, Answers(epsg=epsg))


def test_every_legacy_code_of_the_data_base_is_refused():
    codes = [*range(2327, 2443), *range(21413, 21424), *range(21453, 21464), 4610, 4214]
    for code in codes:
        with pytest.raises(LegacyDatumError):
            identity(CRS.from_epsg(code))


def test_every_zone_is_known_by_code_and_by_parameters():
    for code in range(4491, 4555):
        crs = CRS.from_epsg(code)
        own = CRS.from_wkt(crs.to_wkt("WKT1_ESRI").replace(crs.to_wkt("WKT1_ESRI").split('"')[1], "x", 1))
        known, zone = identity(crs), identity(own).zone
        assert (known.epsg, known.zone.meridian, known.zone.false_easting_m) == (code, zone.meridian, zone.false_easting_m)


def test_a_height_beside_the_plane_system_and_a_shift_beside_a_datum_change_nothing():
    assert identity(CRS.from_user_input("EPSG:4547+5737")).epsg == 4547
    shifted = zone_prj().replace("298.257222101]]", "298.257222101],TOWGS84[0,0,0,0,0,0,0]]")
    assert identity(CRS.from_wkt(shifted)).epsg == 4547
    with pytest.raises(LegacyDatumError):
        identity(CRS.from_wkt(IAG75.replace("298.257]]", "298.257],TOWGS84[1,2,3,0,0,0,0]]")))
