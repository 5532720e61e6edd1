from __future__ import annotations

from datetime import date

import geopandas as gpd
import invented
import numpy as np
import orjson
import pandas as pd
import pytest
import shapely
from frames import COUNTY, EPSG, buildings, red_lines, square

from layers import catalog
from layers.columns import columns
from layers.errors import DatasetRefusedError
from layers.intake import MAX_PROBLEMS, Checked, prepare, tells_apart
from spatial.errors import CrsError

RED_LINE = catalog.layer("ecological_redline")
BUILDING = catalog.layer("building")
OUTER = "((520000 3270000, 520100 3270000, 520100 3270100, 520000 3270000), EMPTY)"
BOW_TIE = shapely.Polygon([(520000, 3270000), (520100, 3270100), (520100, 3270000), (520000, 3270100)])


def holed_coordinates(value):
    """A ring with one coordinate that is no number; making it sets off a floating-point warning."""
    with np.errstate(invalid="ignore"):
        return shapely.Polygon([(520000, 3270000), (value, 3270100), (520100, 3270000)])


def written(data):
    """The attributes of every row as they are stored."""
    return data.attributes.of(np.arange(len(data.attributes))).to_pylist()


def checked(frame, layer=RED_LINE):
    return Checked(columns(frame, layer), None)


def problems_of(frame, layer=RED_LINE, **options):
    with pytest.raises(DatasetRefusedError) as caught:
        prepare(frame, layer, epsg=EPSG, **options)
    return caught.value.problems


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (None, "没有图形"),
        (shapely.Polygon(), "没有图形"),
        (shapely.Point(520000, 3270000), "Point"),
        (shapely.LineString([(520000, 3270000), (520001, 3270000)]), "LineString"),
        (holed_coordinates(np.nan), "不是有限的数"),
        (holed_coordinates(np.inf), "不是有限的数"),
        (BOW_TIE, "Self-intersection"),
        (shapely.box(3270000, 520000, 3270100, 520100), "适用范围"),
        (shapely.box(38520000, 3270000, 38520100, 3270100), "适用范围"),
        (shapely.box(114, 29, 114.1, 29.1), "适用范围"),
    ],
    ids=["none", "empty", "point", "line", "nan", "infinite", "bow tie", "swapped axes", "zone prefix", "degrees"],
)
def test_a_bad_geometry_is_named_with_its_row(shape, reason):
    (problem,) = problems_of(red_lines([square(), shape, square(500)]))
    assert problem.startswith("第 2 行")
    assert reason in problem


@pytest.mark.parametrize("wkt", [f"POLYGON {OUTER}", f"MULTIPOLYGON ({OUTER})"])
def test_a_hole_without_a_point_is_left_out_and_said(wkt):
    prepared = prepare(red_lines([shapely.from_wkt(wkt)]), RED_LINE, epsg=EPSG, extent=COUNTY)
    (shape,) = prepared.geometries
    assert shape.equals(shapely.from_wkt(wkt.replace(", EMPTY", "")))
    assert shapely.get_num_coordinates(shape) == 4 and "EMPTY" not in shape.wkt
    assert any("空环" in note for note in prepared.notes)


def test_a_dataset_of_a_county_in_another_zone_says_which():
    away = red_lines().set_geometry([shapely.box(120.6, 29, 120.61, 29.01)], crs="EPSG:4490")
    (problem,) = problems_of(away)
    assert "经度约 120.6°，那里的县应使用 EPSG:4549" in problem
    for nowhere in (
        shapely.box(3270000, 520000, 3270100, 520100),
        shapely.box(114, 29, 114.1, 29.1),
        shapely.box(1e300, 0, 2e300, 1),
    ):
        assert "应使用" not in problems_of(red_lines([nowhere]))[0]


def test_every_problem_is_listed_at_once():
    frame = red_lines([BOW_TIE, None, square()], BSM=["a", None, "a"], zone=["other", "nowhere", "其他"])
    found = problems_of(frame)
    assert [problem[:6] for problem in found] == [
        "第 2 行缺",
        "第 2 行 ",
        "第 3 行 ",
        "第 3 行 ",
        "第 2 行没",
        "第 1 行的",
    ]


def test_many_problems_are_counted():
    found = problems_of(red_lines([BOW_TIE] * (MAX_PROBLEMS + 20)))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1] == "另有 20 处问题未列出"


def test_a_missing_crs_is_refused():
    with pytest.raises(CrsError, match="缺少坐标系"):
        prepare(red_lines().set_crs(None, allow_override=True), RED_LINE, epsg=EPSG)


@pytest.mark.parametrize("legacy", [2343, 2433, 4610])
def test_a_legacy_datum_is_refused(legacy):
    with pytest.raises(CrsError, match="旧坐标系"):
        prepare(red_lines().set_crs(legacy, allow_override=True), RED_LINE, epsg=EPSG)


def test_a_feature_outside_the_county_is_named():
    assert problems_of(red_lines([square(), square(80_000)]), extent=COUNTY) == ["第 2 行的图形在县域范围之外"]


def test_height_is_dropped_with_a_note():
    data = prepare(red_lines([shapely.force_3d(square(), 88.0)]), RED_LINE, epsg=EPSG)
    assert not shapely.has_z(data.geometries).any()
    assert any("高程" in note for note in data.notes)


@pytest.mark.parametrize("source", [4490, 4526, 4326, 4548])
def test_other_systems_are_brought_to_the_countys_zone(source):
    data = prepare(red_lines().to_crs(source), RED_LINE, epsg=EPSG)
    assert shapely.hausdorff_distance(data.geometries[0], square()) < 1e-4
    assert data.area_m2[0] == pytest.approx(10_000, abs=1e-2)


def test_a_missing_required_field_is_named():
    assert problems_of(red_lines().drop(columns="BSM")) == ["缺少必填字段 BSM（标识码）"]


def test_no_features_at_all_is_refused():
    assert problems_of(red_lines([])) == ["没有任何要素"]


def test_fields_outside_the_catalogue_are_not_stored():
    data = prepare(red_lines(户主姓名=["某某"]), RED_LINE, epsg=EPSG)
    assert "某某".encode() not in written(data)[0]
    assert any("户主姓名" in note for note in data.notes)


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("ZCS", 2.0, b'"ZCS":2'),
        ("ZCS", "3", b'"ZCS":3'),
        ("ZZDMJ", "12.50", b'"ZZDMJ":12.5'),
        ("vacant", "是", b'"vacant":true'),
        ("vacant", 0, b'"vacant":false'),
        ("JGRQ", "2015/6/1", b'"JGRQ":"2015-06-01"'),
        ("JGRQ", "2015年6月1日", b'"JGRQ":"2015-06-01"'),
        ("JGRQ", "20150601", b'"JGRQ":"2015-06-01"'),
        ("JGRQ", pd.Timestamp("2015-06-01 08:00"), b'"JGRQ":"2015-06-01"'),
        ("GHYT", 702, b'"GHYT":"702"'),
    ],
)
def test_values_are_brought_to_the_fields_type(field, given, stored):
    assert stored in written(prepare(buildings(**{field: [given]}), BUILDING, epsg=EPSG))[0]


@pytest.mark.parametrize(
    ("field", "given", "reason"),
    [
        ("ZCS", 2.5, "不是整数"),
        ("ZCS", "两层", "不是数字"),
        ("ZZDMJ", "inf", "不是有限的数"),
        ("vacant", "也许", "是”或"),
        ("vacant", 2, "是”或"),
        ("vacant", date(2015, 6, 1), "不是数字"),
        ("JGRQ", "2015-02-30", "历法"),
        ("JGRQ", "去年", "不是日期"),
        ("GHYT", ["住宅", "商店"], "单个"),
    ],
)
def test_a_value_that_does_not_fit_is_named(field, given, reason):
    (problem,) = problems_of(buildings(**{field: [given]}), BUILDING)
    assert problem.startswith(f"第 1 行 {field}")
    assert reason in problem


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_values_are_left_out(missing):
    assert written(prepare(buildings(ZCS=[missing]), BUILDING, epsg=EPSG))[0].count(b"ZCS") == 0


def test_an_empty_text_is_not_a_missing_one():
    assert b'"MC":""' in written(prepare(red_lines(MC=[""]), RED_LINE, epsg=EPSG))[0]


def test_labels_are_stored_as_codes():
    data = prepare(red_lines(zone=["自然保护地核心保护区"]), RED_LINE, epsg=EPSG)
    assert b'"zone":"core"' in written(data)[0]


def test_survey_village_codes_of_19_digits_are_cut_to_12():
    towns = {"XZQDM": ["421223100"], "XZQMC": ["天城镇"], "ZLDWMC": ["某村"]}
    village = gpd.GeoDataFrame({"ZLDWDM": ["4212231002010000000"], **towns}, geometry=[square()], crs=EPSG)
    assert prepare(village, catalog.layer("village"), epsg=EPSG).identifiers == ["421223100201"]
    village["ZLDWDM"] = "4212231002010000001"
    assert "应为 12 位" in problems_of(village, catalog.layer("village"))[0]


def test_layers_are_disjoint_only_where_no_polygons_overlap():
    beside = prepare(red_lines([square(), square(100), square(300)]), RED_LINE, epsg=EPSG)
    across = prepare(red_lines([square(), square(99.999), square(300)]), RED_LINE, epsg=EPSG)
    disjoint, union = tells_apart(beside.geometries)
    assert disjoint
    assert union.equals(shapely.union_all(beside.geometries))
    assert tells_apart(across.geometries) == (False, None)


def test_texts_that_come_again_are_stored_in_every_row_and_missing_ones_in_none():
    uses = ["住宅", None, "商铺", "住宅"]
    data = prepare(buildings([square(200 * place) for place in range(4)], GHYT=uses), BUILDING, epsg=EPSG)
    assert [orjson.loads(row).get("GHYT") for row in written(data)] == uses


def test_attributes_are_the_bytes_that_versions_are_told_by():
    values = {
        "ZCS": [1, None, 3],
        "ZZDMJ": [0.1, -0.0, None],
        "GHYT": ['住宅,"}', None, "a\tb\\n"],
        "vacant": [True, None, False],
    }
    data = prepare(buildings([square(200 * place) for place in range(3)], **values), BUILDING, epsg=EPSG)
    for row, text in enumerate(written(data)):
        read = orjson.loads(text)
        assert orjson.dumps(read) == text
        given = {name: column[row] for name, column in values.items() if column[row] is not None}
        assert {name: read[name] for name in values if name in read} == given


def test_nought_is_stored_with_the_sign_that_was_given():
    data = prepare(buildings([square(200 * place) for place in range(3)], ZZDMJ=[0.0, -0.0, np.nan]), BUILDING, epsg=EPSG)
    assert [orjson.loads(row).get("ZZDMJ") for row in written(data)] == [0.0, 0.0, None]
    assert [b"-0.0" in row for row in written(data)] == [False, True, False]


def test_what_was_checked_before_is_not_checked_again_but_what_makes_no_row_is():
    far, lacking = red_lines([square(), square(80_000)]), red_lines([None, square()])
    assert len(prepare(far, RED_LINE, epsg=EPSG, extent=COUNTY, checked=checked(far)).geometries) == 2
    assert problems_of(lacking, checked=checked(lacking)) == ["第 1 行没有图形"]


@pytest.mark.shared
def test_exactly_the_invalid_shapes_of_the_reference_collection_are_refused(shared_dir):
    cases = pd.read_csv(shared_dir / "data" / "robustness" / "geos_isvalid_863_cases.csv", keep_default_na=False)
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkt(cases["wkt"].to_numpy(), on_invalid="ignore")
    polygons = (shapely.get_dimensions(shapes) == 2) & ~shapely.is_empty(shapes) & (shapely.get_type_id(shapes) != 7)
    bounds = shapely.bounds(shapes)
    usable = polygons & np.isfinite(bounds).all(axis=1) & (np.abs(bounds) < 1e5).all(axis=1)
    moved = shapely.transform(shapely.force_2d(shapes[usable]), lambda points: points + np.array([520_000, 3_270_000]))
    frame = red_lines(moved)
    invalid = np.flatnonzero(~shapely.is_valid(moved)) + 1
    assert len(invalid) > 10
    found = problems_of(frame)
    assert sorted(int(problem.split()[1]) for problem in found) == invalid.tolist()


def test_a_personal_number_in_a_free_text_is_refused_with_its_row_and_not_repeated():
    number = invented.number("19900909", 9)
    frame = buildings([square(side=10), square(20, 0, 10), square(40, 0, 10)], GHYT=["住宅", f"户主 {number}", "电话１３９ １２３４ ５６７８"])
    assert problems_of(frame, BUILDING) == [
        "第 2 行 GHYT 不能含有身份证号：个人信息只在申请人信息中登记",
        "第 3 行 GHYT 不能含有手机号码：个人信息只在申请人信息中登记",
    ]
