from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from frames import COUNTY, EAST, NORTH
from site_files import SQUARE, dxf, here, land_txt

from layers.site_files.reader import SiteFile, read_site_file
from spatial.crs import reproject
from spatial.errors import CuntuError

EPSG = 4547


def read(raw: str | bytes, *, declared: int | None = None) -> SiteFile:
    return read_site_file(raw.encode() if isinstance(raw, str) else raw, declared=declared, epsg=EPSG, county=COUNTY)


def refused(raw: str | bytes, *, declared: int | None = None) -> str:
    with pytest.raises(CuntuError) as error:
        read(raw, declared=declared)
    return str(error.value)


def geojson(*rings, kind="Polygon", **members) -> str:
    closed = [[list(point) for point in (*ring, ring[0])] for ring in rings]
    return json.dumps({"type": kind, "coordinates": closed, **members})


def degrees(points=SQUARE):
    ring = np.array([shapely.Polygon(here(points))], dtype=object)
    return [tuple(point) for point in shapely.get_coordinates(reproject(ring, source=EPSG, target=4326)[0])[:-1]]


def test_a_land_txt_gives_its_corners_to_the_millimetre_and_its_planar_area():
    [site] = read(land_txt()).sites
    assert site.name == "示例地块"
    assert site.site.area == pytest.approx(140.0, abs=1e-6)
    assert [(corner.label, corner.x_m, corner.y_m) for corner in site.corners] == [
        (f"J{number}", north, east) for number, (east, north) in enumerate(here(), start=1)
    ]
    assert [corner.side_m for corner in site.corners] == pytest.approx([10, 14, 10, 14])


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_a_land_txt_is_read_in_every_encoding_that_windows_writes(codec):
    assert read(land_txt().encode(codec)).sites[0].name == "示例地块"


def test_the_zone_is_taken_from_the_eastings_or_from_the_head_and_never_guessed():
    assert read(land_txt()).epsg_in == 4526
    assert read(land_txt(prefix=0.0)).epsg_in == 4547
    assert "请选择坐标系" in refused(land_txt(prefix=0.0, 带号=""))
    assert read(land_txt(prefix=0.0, 带号=""), declared=4547).epsg_in == 4547
    assert "带号是 38" in refused(land_txt(带号="39"))
    assert "两者不一致" in refused(land_txt(), declared=4548)


def test_a_second_ring_is_a_hole_and_one_outside_the_first_is_refused_by_its_line():
    hole = ((2.0, 8.0), (6.0, 8.0), (6.0, 4.0), (2.0, 4.0))
    [site] = read(land_txt(SQUARE, hole)).sites
    assert site.site.area == pytest.approx(140.0 - 16.0)
    assert {corner.ring for corner in site.corners} == {1, 2}
    far = tuple((east + 50, north) for east, north in hole)
    assert "内圈不在外圈之内" in refused(land_txt(SQUARE, far))


def test_a_count_with_or_without_the_closing_point_is_right_and_any_other_means_the_file_is_cut_off():
    assert read(land_txt(count=5)).sites and read(land_txt(count=4)).sites
    assert "写明 6 个点，实有 5 个，文件可能不完整" in refused(land_txt(count=6))
    cut = land_txt()
    assert "可能不完整" in refused(cut[: cut.index("J4")])
    assert "可能不完整" in refused(cut[: cut.index("5,0.0140")])


def test_every_unreadable_line_is_named():
    text = land_txt().replace("J2,1,", "J2,x,").replace("J3,1,", "J3;1,")
    assert "第 12 行：圈号“x”" in refused(text)
    assert "第 13 行：应为“点号,圈号,X,Y”" in refused(text)


def test_another_datum_another_zone_width_and_another_unit_are_refused_together():
    answer = refused(land_txt(坐标系="1980西安坐标系", 几度分带="6", 计量单位="千米"))
    assert "不是 2000 国家大地坐标系" in answer and "几度分带：应为 3" in answer and "计量单位：应为米" in answer


def test_swapped_axes_are_told_as_such_in_every_form():
    swapped = "\n".join(f"{east} {north}" for east, north in here())
    assert "坐标轴颠倒，应为 X（北）、Y（东）" in refused(swapped, declared=EPSG)
    prefixed = "\n".join(f"{38e6 + east} {north}" for east, north in here())
    assert "坐标轴颠倒，应为 X（北）、Y（东）" in refused(prefixed)
    assert "坐标轴颠倒，应先经度、后纬度" in refused(geojson([(lat, lon) for lon, lat in degrees()]))


def test_an_area_stated_wrong_is_noted_and_the_coordinates_count():
    assert read(land_txt(area_ha=0.0140)).notes == ()
    assert "文件写明 280.00 ㎡，按坐标计算为 140.00 ㎡" in read(land_txt(area_ha=0.0280)).notes[0]


def test_sides_that_cross_are_named_by_their_corners():
    answer = refused(land_txt((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])))
    assert "/第 11 行 J1 至 第 12 行 J2 的边：与第 13 行 J3 至 第 14 行 J4 的边相交" in answer


def test_a_corner_given_twice_is_named():
    assert "第 12 行 J2：与前一点重复" in refused(land_txt((SQUARE[0], SQUARE[0], *SQUARE[1:])))


def test_pasted_corners_are_read_with_or_without_names_and_with_full_width_signs():
    rows = [f"Ｊ{number}，{north}，{east}" for number, (east, north) in enumerate(here(), start=1)]
    assert read("\r\n".join(rows), declared=EPSG).sites[0].site.area == pytest.approx(140.0)
    assert read("\n".join(f"{lon:.9f}\t{lat:.9f}" for lon, lat in degrees()), declared=4326).sites[0].site.area == pytest.approx(140, abs=0.01)
    assert "第 2 行：应为两个数" in refused("3270300 520300\n门口\n3270310 520310", declared=EPSG)


def test_geojson_is_longitude_and_latitude_unless_it_or_its_sender_says_otherwise():
    assert read(geojson(degrees())).sites[0].site.area == pytest.approx(140.0, abs=1e-4)
    named = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}}
    assert read(geojson(here(), **named)).sites[0].site.area == pytest.approx(140.0)
    assert read(geojson(here()), declared=EPSG).sites[0].site.area == pytest.approx(140.0)
    assert "像投影坐标" in refused(geojson(here()))
    assert "两者不一致" in refused(geojson(here(), **named), declared=4326)
    assert "不支持坐标系 EPSG:3857" in refused(geojson(here()), declared=3857)


def test_a_collection_gives_each_polygon_under_its_name_and_heights_are_left_out():
    ring = [[*point, 88.0] for point in (*degrees(), degrees()[0])]
    feature = {"type": "Feature", "properties": {"name": "老屋"}, "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]}}
    found = read(json.dumps({"type": "FeatureCollection", "features": [feature, feature]}))
    assert [site.name for site in found.sites] == ["老屋", "老屋"]
    assert "已去掉高程" in found.notes[0]


@pytest.mark.parametrize("version", ["R12", "R2000", "R2010"])
def test_a_closed_polyline_of_a_drawing_is_a_site(version):
    def draw(space):
        if version == "R12":
            space.add_polyline2d(here(), close=True)
        else:
            space.add_lwpolyline(here(), close=True, dxfattribs={"layer": "宅基地"})
        space.add_line((0, 0), (1, 1))

    found = read(dxf(version, draw=draw), declared=EPSG)
    assert [site.site.area for site in found.sites] == pytest.approx([140.0])


def test_a_drawing_in_gbk_keeps_the_names_of_its_layers():
    assert read(dxf(encoding="gbk"), declared=EPSG).sites[0].name == "宅基地"


def test_a_drawing_without_a_closed_line_says_what_it_has_instead():
    answer = refused(dxf(draw=lambda space: (space.add_lwpolyline(here()), space.add_line((0, 0), (1, 1)))), declared=EPSG)
    assert "没有闭合的多段线" in answer and "LINE 1 个" in answer


def test_arcs_of_a_drawing_become_chords_and_that_is_noted():
    bulged = [(east, north, 0, 0, 0.4 if index == 0 else 0) for index, (east, north) in enumerate(here())]
    found = read(dxf(draw=lambda space: space.add_lwpolyline(bulged, close=True)), declared=EPSG)
    assert "圆弧段已折成直线" in found.notes[0]
    assert len(found.sites[0].corners) > 8


@pytest.mark.parametrize(
    "points",
    [
        [(0.0, 0.0, 0, 0, 1.0), (1e11, 0.0, 0, 0, 1.0), (1e11, 1e11, 0, 0, 1.0)],
        [(east, north, 0, 0, 1e9) for east, north in here()],
        [(EAST + index, NORTH + index % 9, 0, 0, 0.5) for index in range(600)],
    ],
)
def test_arcs_made_to_become_millions_of_chords_are_refused_at_once(points):
    assert "圆弧太大或太多" in refused(dxf(draw=lambda space: space.add_lwpolyline(points, close=True)), declared=EPSG)


def test_old_polylines_keep_their_arcs_too():
    def draw(space):
        space.add_polyline2d([(*point, 0.4) for point in here()], format="xyb", close=True)

    assert "圆弧段已折成直线" in read(dxf("R12", draw=draw), declared=EPSG).notes[0]


def test_a_process_that_exceeds_its_limits_is_one_clear_answer(monkeypatch):
    monkeypatch.setattr("layers.site_files.dxf.WAIT_S", 0.01)
    assert "读取超时" in refused(dxf(), declared=EPSG)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "文件是空的"),
        (b"PK\x03\x04....", "不能作为宗地坐标"),
        (b"\x00\x01\x02\x03", "二进制"),
        ("啊".encode("gbk") + b"\xff\xff\xff", "既不是 UTF-8，也不是 GBK"),
        (b"AC1027 drawing", "DWG"),
        (b"AutoCAD Binary DXF\r\n\x1a\x00", "二进制 DXF"),
        (dxf()[:-8], "没有 EOF 标记"),
        (b"0\nSECTION\n2\nENTITIES\n0\nEOF\n", "DXF 文件已损坏"),
        (b"[" * 100_000, "不是合法的 GeoJSON"),
        (geojson(here())[:-20], "文件可能不完整"),
        (b'{"type": "Polygon", "coordinates": [[]]}', "至少要有 3 个"),
        (b'{"type": "LineString", "coordinates": []}', "应为 Polygon"),
        (b'{"type": "FeatureCollection", "features": [1, null]}', "/features/1/geometry：缺少图形"),
        (b'{"type": "Polygon", "coordinates": [[[1e400, 2], [3, 4], [5, 6], [1, 2]]]}', "GeoJSON"),
    ],
)  # fmt: skip
def test_what_is_no_site_file_gets_one_clear_answer(raw, told):
    assert told in refused(raw)


def test_a_hundred_thousand_vertices_are_refused_in_every_form():
    many = [(EAST + 300 + index * 1e-3, NORTH + 300 + index % 7) for index in range(100_000)]
    assert "顶点超过" in refused(geojson(many), declared=EPSG)
    assert "点超过 20000 个" in refused("\n".join(f"{north} {east}" for east, north in many), declared=EPSG)
    body = "\n".join(f"J{index},1,{north},{east}" for index, (east, north) in enumerate(many))
    assert "界址点超过 20000 个" in refused("[地块坐标]\n100000,1,1,a,面,,,,@\n" + body)
    assert "顶点超过" in refused(dxf(draw=lambda space: space.add_lwpolyline(many[:30_000], close=True)), declared=EPSG)
    assert "超过 5000 个" in refused("\n".join(f"{north} {east}" for east, north in many[:6_000]), declared=EPSG)


def test_a_star_in_which_every_side_crosses_every_other_is_refused_without_listing_them():
    angle = np.arange(4_001) * np.pi * 2_000 / 4_001
    star = [(EAST + 400 + 50 * np.cos(turn), NORTH + 400 + 50 * np.sin(turn)) for turn in angle]
    answer = refused("\n".join(f"{north:.4f} {east:.4f}" for east, north in star), declared=EPSG)
    assert "自相交" in answer and len(answer) < 300


def test_a_site_outside_the_county_is_refused():
    away = "\n".join(f"{north + 90_000} {east}" for east, north in here())
    assert "不在本县范围内" in refused(away, declared=EPSG)
