"""Applications that come in wrong: every problem is named with its place, all at once."""

from __future__ import annotations

import copy
import json
import math
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from planning import COVERAGE, EAST, EPSG, NORTH, PROPERTIES, application, here

from spatial.applications import MAX_VERTICES, Applications, applications_from_frame, read_applications
from spatial.crs import reproject
from spatial.errors import CrsError, InputError


def read(*features: Any, epsg_in: int | None = EPSG, county: Any = COVERAGE) -> Applications:
    return read_applications(features, epsg_in=epsg_in, epsg=EPSG, county=county)


def problems(*features: Any, epsg_in: int | None = EPSG, county: Any = COVERAGE) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(*features, epsg_in=epsg_in, county=county)
    return caught.value.problems


def with_geometry(**changes: Any) -> dict[str, Any]:
    feature = application()
    return feature | {"geometry": feature["geometry"] | changes}


def with_ring(*points: Any) -> dict[str, Any]:
    return with_geometry(coordinates=[list(points)])


RING = [[EAST, NORTH], [EAST + 10, NORTH], [EAST + 10, NORTH + 14], [EAST, NORTH + 14], [EAST, NORTH]]
LONG_LAT = json.loads(shapely.to_geojson(reproject(np.array([here()], dtype=object), source=EPSG, target=4326)[0]))

WRONG_SHAPES = [
    pytest.param(with_ring(*RING[:-1], [EAST, NORTH + 0.001]), "/geometry/coordinates/0", "没有闭合", id="a ring that is not closed"),
    pytest.param(with_ring(RING[0], RING[2], RING[1], RING[3], RING[0]), "/geometry", "自相交", id="a ring that crosses itself"),
    pytest.param(with_ring(*RING[:2], RING[0]), "/geometry/coordinates/0", "至少要有 4 个点", id="a ring of three points"),
    pytest.param(with_geometry(coordinates=[]), "/geometry/coordinates", "图形为空", id="no rings"),
    pytest.param(with_geometry(coordinates=None), "/geometry/coordinates", "图形为空", id="no coordinates"),
    pytest.param(with_ring(RING[0], [math.nan, NORTH], *RING[2:]), "/geometry/coordinates/0/1", "不是有限数", id="NaN"),
    pytest.param(with_ring(RING[0], RING[1], [math.inf, NORTH], *RING[3:]), "/geometry/coordinates/0/2", "不是有限数", id="infinity"),
    pytest.param(with_ring(RING[0], [10**400, NORTH], *RING[2:]), "/geometry/coordinates/0/1", "不是有限数", id="a number beyond all floats"),
    pytest.param(with_ring(RING[0], ["556010", NORTH], *RING[2:]), "/geometry/coordinates/0/1", "坐标应为两个数", id="a coordinate as text"),
    pytest.param(with_ring(RING[0], [True, NORTH], *RING[2:]), "/geometry/coordinates/0/1", "坐标应为两个数", id="a coordinate as boolean"),
    pytest.param(with_ring(RING[0], None, *RING[2:]), "/geometry/coordinates/0/1", "坐标应为两个数", id="a point that is nothing"),
    pytest.param(with_ring(*[[*point, 96.5] for point in RING]), "/geometry/coordinates/0/0", "三维", id="heights"),
    pytest.param(with_ring(*[[point[0], NORTH] for point in RING]), "/geometry", "自相交|面积为零", id="no area"),
    pytest.param(with_geometry(type="Point", coordinates=RING[0]), "/geometry/type", "应为 Polygon，实为 Point", id="a point"),
    pytest.param(with_geometry(type="GeometryCollection"), "/geometry/type", "实为 GeometryCollection", id="a collection"),
    pytest.param(application() | {"geometry": None}, "/geometry", "缺少图形", id="no geometry"),
    pytest.param({"type": "Feature", "properties": {}}, "/geometry", "缺少图形", id="geometry not given"),
    pytest.param(application() | {"geometry": "POLYGON((0 0,1 0,1 1,0 0))"}, "/geometry", "缺少图形", id="well-known text"),
    pytest.param(application() | {"type": "FeatureCollection"}, "/", "Feature", id="no feature"),
    pytest.param([1, 2], "/", "Feature", id="a list"),
    pytest.param(application(here(6_000, 0)), "/geometry", "不在本县范围内", id="outside the county"),
    pytest.param(application(here(0, 0, 1_001, 1_000)), "/geometry", "不像一处宅基地", id="a square kilometre and more"),
    pytest.param(application(here(0, 0, 0.01, 0.01)), "/geometry", "小于 10 平方厘米", id="one square centimetre"),
    pytest.param(application() | {"geometry": LONG_LAT}, "/geometry", "像经纬度", id="degrees as metres"),
    pytest.param(with_ring(*[[EAST + math.cos(a), NORTH + math.sin(a)] for a in np.linspace(0, 6, MAX_VERTICES)], RING[0]), "/geometry/coordinates/0", "顶点超过", id="too many vertices"),
    pytest.param(with_geometry(type="MultiPolygon", coordinates=[[RING], [RING]]), "/geometry", "自相交", id="parts that lie on each other"),
]  # fmt: skip


@pytest.mark.parametrize(("feature", "place", "text"), WRONG_SHAPES)
def test_a_wrong_shape_is_named_with_its_place(feature: Any, place: str, text: str) -> None:
    found = problems(feature)
    assert any(item.startswith(f"{place}:") and any(word in item for word in text.split("|")) for item in found), found


WRONG_VALUES = [
    ("build_kind", "rebuild", "之一"), ("scheme", 1, "文字"), ("terrain", "丘陵", "之一"), ("case_no", "", "文字"), ("case_no", 12, "文字"), ("case_no", "x" * 101, "文字"),
    ("storeys", "2", "数"), ("storeys", True, "数"), ("storeys", 2.5, "整数"), ("storeys", 0, "之间"), ("storeys", 100, "之间"), ("storeys", math.nan, "数"),
    ("household_size", 0, "之间"), ("household_size", -1, "之间"), ("other_plots", -1, "之间"), ("other_plots", False, "数"),
    ("plot_area_m2", 0, "之间"), ("plot_area_m2", -140, "之间"), ("plot_area_m2", "140㎡", "数"), ("plot_area_m2", math.inf, "数"), ("plot_area_m2", 10**400, "数"),
    ("plot_area_m2", 1e300, "数"), ("plot_area_m2", [140], "数"), ("height_m", 0, "之间"), ("eaves_height_m", 501, "之间"), ("footprint_area_m2", True, "数"),
    ("is_member", 1, "true 或 false"), ("is_member", "true", "true 或 false"), ("returns_old_plot", "否", "true 或 false"),
    ("applied_on", "2026-5-1", "日期"), ("applied_on", "2026-02-30", "日期"), ("applied_on", "2026-W18-5", "日期"), ("applied_on", "01/05/2026", "日期"),
    ("applied_on", 20260501, "日期"), ("applied_on", "2026-05-01T00:00", "日期"), ("applied_on", "２０２６-05-01", "日期"),
    ("household_id", "x" * 101, "文字"), ("household_id", "1\n2", "换行"), ("case_no", "a\x00b", "控制字符"), ("side_east", "x" * 201, "200"), ("side_north", "", "文字"),
    ("side_west", "\ud800", "控制字符"), ("danger_grade", "E", "之一"), ("design_source", "自绘", "之一"), ("military_enquiry", True, "文字"), ("notice_from", "2026-04-31", "日期"),
    ("stilt_height_m", -0.1, "之间"), ("wall_height_m", 501, "之间"), ("old_plot_area_m2", -1, "之间"), ("demolishes", "是", "true 或 false"),
    ("storey", 2, "未知属性"), ("Storeys", 2, "未知属性"), ("<script>", 2, "未知属性"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "text"), WRONG_VALUES, ids=lambda value: str(value)[:20])
def test_a_wrong_property_is_named_with_its_place(name: str, value: Any, text: str) -> None:
    (found,) = problems(application(**{name: value}))
    assert found.startswith(f"/properties/{name}: ") and text in found


def test_nothing_is_a_height_or_an_area_that_may_be_stated() -> None:
    found = read(application(wall_height_m=0, old_plot_area_m2=0, side_east="四" * 200))
    assert (found.properties["wall_height_m"][0], found.properties["old_plot_area_m2"][0], len(found.properties["side_east"][0])) == (0.0, 0.0, 200)


def test_properties_that_are_no_object_are_refused() -> None:
    assert problems(application() | {"properties": [1]}) == ["/properties: 应为对象"]


def test_every_problem_of_every_feature_is_told_at_once() -> None:
    crossing = with_ring(RING[0], RING[2], RING[1], RING[3], RING[0])
    crossing["properties"] = PROPERTIES | {"storeys": "two", "is_member": 1, "unknown": 0}
    found = problems(application(), crossing, application(here(6_000, 0), terrain="丘陵"), application() | {"geometry": None})
    assert sorted(text.split(":")[0] for text in found) == [
        "/features/1/geometry", "/features/1/properties/is_member", "/features/1/properties/storeys", "/features/1/properties/unknown",
        "/features/2/geometry", "/features/2/properties/terrain", "/features/3/geometry",
    ]  # fmt: skip


def test_several_bad_points_of_one_ring_are_all_named() -> None:
    found = problems(with_ring(RING[0], [math.nan, NORTH], RING[2], ["x", "y"], RING[4]))
    assert [text.split(":")[0] for text in found] == ["/geometry/coordinates/0/1", "/geometry/coordinates/0/3"]


def test_metres_as_degrees_are_refused() -> None:
    assert "投影坐标请用参数 crs" in problems(application(), epsg_in=None)[0]


def test_coordinates_in_the_order_north_east_are_refused() -> None:
    swapped = with_geometry(coordinates=[[[y, x] for x, y in LONG_LAT["coordinates"][0]]])
    assert len(problems(swapped, epsg_in=None)) == 1
    metres = with_geometry(coordinates=[[[y, x] for x, y in RING]])
    assert len(problems(metres)) == 1


@pytest.mark.parametrize("epsg", [3857, 32650, 2436, 4214, 0, -1, 4512])
def test_another_coordinate_system_is_refused(epsg: int) -> None:
    with pytest.raises(CrsError):
        read(application(), epsg_in=epsg)


def test_easting_with_zone_number_in_a_system_without_is_outside_the_county() -> None:
    prefixed = with_geometry(coordinates=[[[x + 38_000_000, y] for x, y in RING]])
    assert problems(prefixed) != []
    assert read(prefixed, epsg_in=4526).sites[0].equals_exact(here(), 1e-6, normalize=True)


def test_degrees_and_metres_give_the_same_site() -> None:
    degrees = read(application() | {"geometry": LONG_LAT}, epsg_in=None)
    assert degrees.sites[0].equals_exact(here(), 1e-3, normalize=True)
    assert read(application()).sites[0].equals(here())


def test_a_site_of_several_parts_and_with_a_hole_is_kept_as_it_is() -> None:
    two = shapely.MultiPolygon([here(), here(20, 0)])
    assert read(application(two)).sites[0].equals(two)
    ring = here(0, 0, 20, 20).difference(here(5, 5, 5, 5))
    assert read(application(ring)).sites[0].area == pytest.approx(375)


def test_what_is_not_stated_stays_not_stated() -> None:
    found = read({"type": "Feature", "geometry": application()["geometry"], "properties": {"storeys": None}})
    assert {name: column.tolist() for name, column in found.properties.items()} == {name: [None] for name in PROPERTIES}
    assert read({"type": "Feature", "geometry": application()["geometry"]}).case_no == (None,)


def test_values_come_out_in_their_types() -> None:
    found = read(application(storeys=2.0, plot_area_m2=140, applied_on="2026-05-01"))
    values = {name: column[0] for name, column in found.properties.items()}
    assert (values["storeys"], type(values["storeys"])) == (2, int)
    assert (values["plot_area_m2"], type(values["plot_area_m2"])) == (140.0, float)
    assert values["applied_on"] == date(2026, 5, 1)


def test_reading_changes_nothing_in_the_features() -> None:
    feature = application()
    before = copy.deepcopy(feature)
    read(feature)
    assert feature == before


def test_no_features_are_no_applications() -> None:
    assert len(read()) == 0


def frame(*sites: Any, crs: Any = EPSG, **columns: Any) -> gpd.GeoDataFrame:
    rows = {name: [value] * len(sites) for name, value in PROPERTIES.items()} | columns
    return gpd.GeoDataFrame(rows, geometry=list(sites), crs=crs)


def test_a_frame_gives_the_same_applications_as_geojson() -> None:
    found = applications_from_frame(frame(here(), here(20)), epsg=EPSG, county=COVERAGE)
    again = read(application(), application(here(20)))
    assert found.case_no == again.case_no
    assert shapely.equals_exact(found.sites, again.sites, 1e-6).all()
    assert {name: column.tolist() for name, column in found.properties.items()} == {name: column.tolist() for name, column in again.properties.items()}


def test_a_frame_in_degrees_is_brought_into_the_storage_system() -> None:
    found = applications_from_frame(frame(here()).to_crs(4490), epsg=EPSG)
    assert found.sites[0].equals_exact(here(), 1e-3, normalize=True)


def test_a_frame_without_coordinate_system_is_refused() -> None:
    with pytest.raises(CrsError):
        applications_from_frame(frame(here(), crs=None), epsg=EPSG)


def test_a_frame_in_an_old_datum_is_refused() -> None:
    with pytest.raises(CrsError):
        applications_from_frame(frame(here(), crs=2436), epsg=EPSG)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT], ids=repr)
def test_every_kind_of_missing_cell_is_not_stated(missing: Any) -> None:
    found = applications_from_frame(frame(here(), is_member=pd.Series([missing], dtype=object)), epsg=EPSG)
    assert found.properties["is_member"][0] is None


def test_numbers_of_a_frame_may_be_of_numpys_types() -> None:
    found = applications_from_frame(frame(here(), storeys=np.array([2], dtype=np.int32), is_member=np.array([True]), applied_on=pd.to_datetime(["2026-05-01"])), epsg=EPSG)
    values = {name: column[0] for name, column in found.properties.items()}
    assert (values["storeys"], values["is_member"], values["applied_on"]) == (2, True, date(2026, 5, 1))


def test_wrong_rows_of_a_frame_are_all_named() -> None:
    given = frame(here(), None, shapely.Polygon(), storeys=[2, 99.5, 2], extra=["a", "b", "c"])
    with pytest.raises(InputError) as caught:
        applications_from_frame(given, epsg=EPSG)
    places = [text.split(":")[0] for text in caught.value.problems]
    assert places == [
        "/features/0/properties/extra", "/features/1/geometry", "/features/1/properties/storeys", "/features/1/properties/extra",
        "/features/2/geometry", "/features/2/properties/extra",
    ]  # fmt: skip
