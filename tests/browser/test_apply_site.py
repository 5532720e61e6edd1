"""The site on the page to apply: drawn, placed, dragged, picked, typed, pasted or read from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from apply_page import (
    IN_PLANE,
    OPEN_LAND,
    PARCEL,
    area,
    click_at,
    current,
    draw_square,
    expected,
    look_at,
    opened,
    pixel,
    place_rectangle,
    site,
)
from frames import EAST, NORTH
from playwright.sync_api import expect
from site_files import land_txt

from spatial.crs import reproject


def test_a_polygon_is_drawn_by_its_corners_measured_and_judged(visit):
    page = opened(visit)
    expect(page.locator("#verdict-label")).to_have_text("尚未核查")
    expect(page.get_by_role("button", name="提交审查")).to_be_disabled()
    draw_square(page)
    assert area(page) == pytest.approx(144, rel=0.03)
    assert page.locator(".side-label").count() == 4
    assert page.locator("table.corners tbody th").all_inner_texts() == ["J1", "J2", "J3", "J4"]
    assert current(page) in ("需补充核查", "不予批准")
    expect(page.locator("#announce")).to_contain_text("核查结论")
    expect(page.get_by_role("button", name="提交审查")).to_be_enabled()


def test_a_polygon_is_closed_by_its_first_corner_and_a_point_can_be_taken_back(visit):
    page = opened(visit)
    page.get_by_role("button", name="画多边形").click()
    for east, north in ((1_994, 1_994), (1_994, 2_004), (2_020, 2_020)):
        click_at(page, east, north)
    page.get_by_role("button", name="退一点").click()
    for east, north in ((2_004, 2_004), (2_004, 1_994), (1_994, 1_994)):
        click_at(page, east, north)
    assert len(site(page)) == 4
    assert area(page) == pytest.approx(100, rel=0.05)
    expect(page.locator("#map-bar")).to_be_hidden()


def test_a_figure_that_crosses_itself_is_told_at_once_and_not_judged(visit):
    page = opened(visit)
    page.get_by_text("填写或粘贴坐标").click()
    place_rectangle(page)
    corners = site(page)
    for index, (east, north) in ((2, corners[3]), (3, corners[2])):
        for title, value in (("X 北坐标", NORTH + north), ("Y 东坐标", EAST + east)):
            field = page.get_by_label(f"J{index + 1} {title}")
            field.fill(f"{value:.3f}")
            field.press("Tab")
    expect(page.locator("#site-figures")).to_contain_text("相交，图形不成立")
    expect(page.locator("#verdict")).to_have_attribute("data-state", "invalid", timeout=60_000)
    expected(visit)


def test_corners_are_numbered_clockwise_from_the_north_west(visit):
    page = opened(visit)
    draw_square(page)
    (w1, n1), (e2, n2), (e3, s3), (w4, s4) = site(page)
    assert w1 < e2 and w4 < e3 and n1 > s4 and n2 > s3 and abs(n1 - n2) < 1


def test_a_rectangle_has_exactly_the_width_depth_and_bearing_given(visit):
    page = opened(visit)
    place_rectangle(page, 10, 14, 30)
    assert area(page) == 140.00
    corners = np.array(site(page))
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    assert sides == pytest.approx([10, 14, 10, 14], abs=0.002)
    along = corners[1] - corners[2]
    assert np.degrees(np.arctan2(along[0], along[1])) == pytest.approx(30, abs=0.02)


def test_a_rectangle_is_changed_and_turned_about_its_middle(visit):
    page = opened(visit)
    page.get_by_role("button", name="放矩形").click()
    page.get_by_role("button", name="在准星处放").click()
    before = np.mean(site(page), axis=0)
    page.get_by_label("面宽").fill("12")
    page.get_by_role("slider", name="旋转矩形").fill("45")
    assert area(page) == pytest.approx(168, abs=0.02)
    assert np.mean(site(page), axis=0) == pytest.approx(before, abs=0.01)


def test_a_corner_is_dragged_and_the_step_is_undone_and_done_again(visit):
    page = opened(visit)
    place_rectangle(page)
    east, north = site(page)[1]
    start, end = pixel(page, east, north), pixel(page, east + 3, north + 2)
    box = page.locator(".cuntu-map").bounding_box()
    page.mouse.move(box["x"] + start["x"], box["y"] + start["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + end["x"], box["y"] + end["y"], steps=6)
    dragged = area(page)
    assert dragged > 145
    page.mouse.up()
    assert area(page) == dragged
    page.get_by_role("button", name="撤销").click()
    assert area(page) == 140.00
    page.get_by_role("button", name="重做").click()
    assert area(page) == dragged


def test_the_keyboard_alone_draws_moves_and_deletes_corners(visit):
    page = opened(visit)
    page.get_by_role("button", name="画多边形").focus()
    page.keyboard.press("Enter")
    for east, north in ((0, 0), (0, 12), (12, 12), (14, 6), (12, 0)):
        look_at(page, (OPEN_LAND[0] + east, OPEN_LAND[1] + north))
        page.get_by_role("button", name="在准星处加点").focus()
        page.keyboard.press("Enter")
    page.get_by_role("button", name="完成").focus()
    page.keyboard.press("Enter")
    assert len(site(page)) == 5
    before = site(page)
    page.locator('[data-corner="J3"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert np.subtract(site(page)[2], before[2]) == pytest.approx([0.1, 1.0], abs=0.002)
    page.keyboard.press("Delete")
    assert len(site(page)) == 4


def test_a_point_near_a_surveyed_corner_is_that_corner(visit):
    page = opened(visit, at=PARCEL)
    page.wait_for_function("() => performance.getEntriesByType('resource').some(item => item.name.includes('/layers/parcel/at'))")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="画多边形").click()
    for east, north in ((2_100.3, 2_000.3), (2_090, 2_000), (2_090, 2_010)):
        click_at(page, east, north)
    page.get_by_role("button", name="完成").click()
    assert min(abs(east - 2_100) + abs(north - 2_000) for east, north in site(page)) < 0.0011


def test_a_parcel_is_picked_with_its_own_corners(visit):
    page = opened(visit, at=PARCEL)
    page.get_by_role("button", name="选地块").click()
    click_at(page, *PARCEL)
    expect(page.locator("#picked")).to_contain_text("421223001001JC00001")
    assert area(page) == 144.00
    assert {(round(east, 3), round(north, 3)) for east, north in site(page)} == {(2100, 2000), (2112, 2000), (2112, 2012), (2100, 2012)}


def test_the_page_measures_as_the_service_does(visit):
    page = opened(visit)
    rng = np.random.default_rng(5)
    places = rng.uniform((EAST - 9_000, NORTH - 9_000), (EAST + 29_000, NORTH + 29_000), (50, 2))
    degrees = [page.evaluate(IN_PLANE, place.tolist()) for place in places]
    points = np.array([shapely.Point(at["lng"], at["lat"]) for at in degrees], dtype=object)
    back = shapely.get_coordinates(reproject(points, source=4326, target=4547))
    assert np.abs(back - places).max() < 0.001


def test_corners_typed_into_the_table_change_the_site(visit):
    page = opened(visit)
    place_rectangle(page)
    field = page.get_by_label("J1 X 北坐标")
    field.fill(str(float(field.input_value()) + 2))
    field.press("Tab")
    assert area(page) == pytest.approx(150.00, abs=0.01)
    page.get_by_role("button", name="删除 J2").click()
    assert len(site(page)) == 3


def test_a_land_txt_is_uploaded_and_a_broken_one_says_where_and_changes_nothing(visit, tmp_path: Path):
    page = opened(visit)
    good, bad = tmp_path / "宗地.txt", tmp_path / "坏.txt"
    good.write_bytes(land_txt().encode("gbk"))
    bad.write_text(land_txt().replace("J2,1,", "J2,x,"), encoding="utf-8")
    page.get_by_text("上传 TXT、DXF、GeoJSON 文件").click()
    page.locator("#file-input").set_input_files(good)
    expect(page.locator("#read-result")).to_contain_text("已读入 4 个界址点，面积 140.00 ㎡")
    assert site(page)[0] == pytest.approx([300, 314], abs=0.0011)
    page.locator("#file-input").set_input_files(bad)
    expect(page.locator("#read-result")).to_contain_text("第 12 行：圈号“x”不是 1 以上的整数")
    assert area(page) == 140.00
    expected(visit)


def test_pasted_corners_become_the_site_and_can_be_saved_as_txt(visit):
    page = opened(visit)
    page.get_by_text("填写或粘贴坐标").click()
    rows = [(NORTH + 300, EAST + 300), (NORTH + 310, EAST + 300), (NORTH + 310, EAST + 320), (NORTH + 300, EAST + 320)]
    page.locator("#paste-text").fill("\n".join(f"J{i} {x} {y}" for i, (x, y) in enumerate(rows, start=1)))
    page.get_by_role("button", name="读入").click()
    expect(page.locator("#site-area")).to_have_text("200.00 ㎡")
    with page.expect_download() as saved:
        page.get_by_role("button", name="存为国土 TXT").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert f"J1,1,{NORTH + 300:.3f},{EAST + 300 + 38e6:.3f}" in text
