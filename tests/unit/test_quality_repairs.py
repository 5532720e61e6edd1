"""Repairs: each does what it says, to the rows it is offered for and to no other, and is written down."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from frames import COUNTY, EPSG
from hypothesis import given, settings
from messy_frames import messy
from quality_cases import county, frame, placed

from layers import catalog
from layers.errors import UnknownRecordError
from layers.quality import Context, check, repair

LAND_USE = catalog.layer("land_use")
HERE = Context(epsg=EPSG, county=COUNTY, county_code="421223")


def mended(features, *chosen, layer=LAND_USE):
    """A data set after repairs, what was done, and the codes found before and after."""
    data = frame(layer.id, features)
    before = check(data, layer, epsg=EPSG, context=county())
    after, done = repair(data, layer, before, chosen)
    again = check(after, layer, epsg=EPSG, context=county())
    return after, done, {item.code for item in before.findings}, {item.code for item in again.findings}


def test_a_fold_at_a_corner_is_made_valid_with_its_change_of_area_told():
    fold = "POLYGON ((0 0, 100 0, 100 100, 50 100, 50.2 100.2, 50 100.2, 50.2 100, 0 100, 0 0))"
    after, done, before, again = mended([{"wkt": fold}], "make_valid")
    assert "QC-G05" in before and "QC-G05" not in again
    assert after.geometry.iloc[0].geom_type == "Polygon"
    assert after.geometry.iloc[0].area == pytest.approx(10_000, abs=0.05)
    assert "面积变化 0.0" in done[0].message


def test_a_figure_of_eight_is_left_to_a_person():
    data = frame(features=[{"wkt": "POLYGON ((0 0, 100 100, 100 0, 0 100, 0 0))"}])
    report = check(data, LAND_USE, epsg=EPSG, context=county())
    assert [(item.code, item.repair) for item in report.findings if item.code == "QC-G05"] == [("QC-G05", None)]
    assert "make_valid" not in {offer.id for offer in report.repairs}
    with pytest.raises(UnknownRecordError, match="make_valid"):
        repair(data, LAND_USE, report, {"make_valid"})


@pytest.mark.parametrize("nameless", [None, float("nan")])
def test_rows_that_cannot_be_named_are_not_split(nameless):
    several = "MULTIPOLYGON (((0 0, 30 0, 30 30, 0 30, 0 0)), ((50 0, 60 0, 60 9, 50 9, 50 0)))"
    data = frame(features=[{"wkt": several, "BSM": "A"}, {"wkt": several.replace("0 0", "0 1"), "BSM": nameless}])
    report = check(data, LAND_USE, epsg=EPSG, context=county())
    (offer,) = [offer for offer in report.repairs if offer.id == "split_parts"]
    assert tuple(offer.rows) == (0,)
    after, _ = repair(data, LAND_USE, report, ["split_parts"])
    assert "A-2" in set(after["BSM"]) and not any(str(name).startswith(("nan-", "None-")) for name in after["BSM"])


def test_without_the_column_of_identifiers_nothing_is_split():
    several = "MULTIPOLYGON (((0 0, 30 0, 30 30, 0 30, 0 0)), ((50 0, 60 0, 60 9, 50 9, 50 0)))"
    data = frame(features=[{"wkt": several}]).drop(columns=["BSM"], errors="ignore")
    report = check(data, LAND_USE, epsg=EPSG, context=county())
    assert "split_parts" not in {offer.id for offer in report.repairs}


def test_repeated_points_go_and_the_others_stay_where_they_are():
    after, done, before, again = mended(
        [{"wkt": "POLYGON ((0 0, 50 0, 50.0009 0, 50 50, 0 50, 0 0.0004, 0 0))"}], "drop_repeated_points"
    )
    assert "QC-G11" in before and "QC-G11" not in again
    left = {tuple(point) for point in shapely.get_coordinates(after.geometry.iloc[0]).tolist()}
    assert left <= {
        tuple(point)
        for point in shapely.get_coordinates(
            placed("MULTIPOINT (0 0, 50 0, 50.0009 0, 50 50, 0 50, 0 0.0004)")
        ).tolist()
    }
    assert len(left) == 4
    assert done[0].message == "去掉了 2 个重复节点"


def test_rings_are_turned_and_z_is_dropped():
    wkt = "POLYGON Z ((0 0 1, 99 0 1, 99 99 1, 0 99 1, 0 0 1), (10 10 1, 20 10 1, 20 20 1, 10 20 1, 10 10 1))"
    after, done, before, again = mended([{"wkt": wkt}], "drop_z", "orient_rings")
    shape = after.geometry.iloc[0]
    assert {"QC-G09", "QC-G10"} <= before and not {"QC-G09", "QC-G10"} & again
    assert not shape.has_z and shape.exterior.is_ccw and not shape.interiors[0].is_ccw
    assert shape.equals(shapely.force_2d(placed(wkt)))
    assert [item.id for item in done] == ["drop_z", "orient_rings"]


def test_parts_become_rows_of_their_own_at_the_end():
    several = "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0)), ((20 20, 49 20, 49 49, 20 20)), ((60 0, 61 0, 61 1, 60 0)))"
    after, _, before, again = mended(
        [{"wkt": several, "BSM": "A"}, {"wkt": "POLYGON ((70 0, 99 0, 99 9, 70 0))", "BSM": "A-2"}], "split_parts"
    )
    assert "QC-G08" in before and "QC-G08" not in again
    assert after["BSM"].tolist() == ["A", "A-2", "A-3", "A-4"]
    assert after.geometry.area.tolist() == [420.5, 130.5, 81.0, 0.5]
    assert after.crs == EPSG


@pytest.mark.parametrize(
    ("repair_id", "feature", "field", "wanted"),
    [
        ("trim_text", {"ZLDWMC": "　甲村 "}, "ZLDWMC", "甲村"),
        ("restore_zero", {"DLBM": "101"}, "DLBM", "0101"),
        ("label_to_code", {"DLBM": "水田"}, "DLBM", "0101"),
        ("label_to_code", {"QSXZ": "集体土地所有权"}, "QSXZ", "30"),
    ],
)
def test_a_value_is_put_right(repair_id, feature, field, wanted):
    after, done, _, _ = mended([feature, {}], repair_id)
    assert after[field].iloc[0] == wanted
    assert [item.row for item in done] == [0]
    assert field in done[0].message


def test_a_village_code_of_a_group_is_cut_to_twelve_digits():
    feature = {"wkt": "POLYGON ((0 0, 9 0, 9 9, 0 0))", "ZLDWDM": "4212231002010000003", "ZLDWMC": "甲村"}
    after, _, before, again = mended([feature], "cut_code", layer=catalog.layer("village"))
    assert after["ZLDWDM"].tolist() == ["421223100201"]
    assert "QC-A05" in before and "QC-A05" not in again


def test_a_row_that_is_another_one_again_is_dropped_and_one_that_only_has_its_identifier_is_kept():
    row = {"wkt": "POLYGON ((0 0, 99 0, 99 99, 0 0))", "BSM": "A"}
    other = {"wkt": "POLYGON ((200 0, 299 0, 299 99, 200 0))", "BSM": "A"}
    after, done, before, again = mended([row, row, other], "drop_repeated_rows")
    assert after.geometry.area.tolist() == [4900.5, 4900.5]
    assert [item.row for item in done] == [1]
    assert "QC-A08" in before and "QC-A08" in again


@given(messy())
@settings(max_examples=200)
def test_a_repair_touches_no_row_it_is_not_offered_for(drawn):
    layer, data = drawn
    report = check(data, layer, epsg=EPSG, context=HERE)
    for name in {offer.id for offer in report.repairs}:
        rows = {row for offer in report.repairs if offer.id == name for row in offer.rows}
        kept = [row for row in range(len(data)) if row not in rows]
        after, done = repair(data, layer, report, {name})
        left = after.loc[kept] if name == "drop_repeated_rows" else after.iloc[kept]
        assert shapely.to_wkb(left.geometry.array).tolist() == shapely.to_wkb(data.geometry.array[kept]).tolist()
        for column in data.columns.drop("geometry"):
            assert repr(left[column].tolist()) == repr(data[column].iloc[kept].tolist())
        assert {item.row for item in done} <= rows
        assert len(after) == len(data) or name in ("split_parts", "drop_repeated_rows")


@given(messy())
@settings(max_examples=100)
def test_what_is_mended_is_no_longer_found(drawn):
    layer, data = drawn
    report = check(data, layer, epsg=EPSG, context=HERE)
    for offer in report.repairs:
        if offer.id not in ("drop_z", "drop_empty_rings", "orient_rings", "drop_repeated_points", "trim_text"):
            continue
        after, done = repair(data, layer, report, {offer.id})
        again = check(after, layer, epsg=EPSG, context=HERE)
        assert done
        assert not {finding.row for finding in again.findings if finding.code == offer.code} & set(offer.rows)


def test_nothing_chosen_changes_nothing():
    data = frame(features=[{"wkt": "POLYGON ((0 0, 50 0, 50.0009 0, 50 50, 0 50, 0 0))", "ZLDWMC": " 甲村"}])
    report = check(data, LAND_USE, epsg=EPSG, context=county())
    after, done = repair(data, LAND_USE, report, ())
    assert done == ()
    assert after.equals(data)
    assert np.array_equal(shapely.to_wkb(after.geometry.array), shapely.to_wkb(data.geometry.array))
