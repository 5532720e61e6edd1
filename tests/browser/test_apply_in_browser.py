"""The page to apply, driven like a person would: on a desk and on a phone, with a slow and with no connection."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import shapely
from frames import EAST, NORTH
from playwright.sync_api import Page, expect
from site_files import land_txt

from spatial.crs import reproject

OPEN_LAND = (2_000.0, 2_000.0)
ON_FARMLAND = (1_036.0, 1_010.0)
PARCEL = (2_106.0, 2_006.0)
FORM = {"household_size": "4", "storeys": "2", "height_m": "6.6", "eaves_height_m": "6", "plot_area_m2": "140", "footprint_area_m2": "100", "floor_area_m2": "200"}
CLIENT_SIDE = re.compile(r"ERR_INTERNET_DISCONNECTED|status of 400|ERR_FAILED|ERR_ABORTED")

IN_PLANE = """async ([east, north]) => {
    const { makePlane } = await import('/static/js/apply/plane.js');
    const told = JSON.parse(document.getElementById('apply-settings').textContent);
    return makePlane(told.projection).toLatLng([east, north]);
}"""


def opened(visit, *, at=OPEN_LAND, zoom: int = 20) -> Page:
    page = visit.open("/apply")
    page.wait_for_function("() => document.documentElement.dataset.applyReady === 'true'")
    look_at(page, at, zoom)
    return page


def look_at(page: Page, at, zoom: int = 20) -> None:
    place = page.evaluate(IN_PLANE, [EAST + at[0], NORTH + at[1]])
    page.evaluate("([at, zoom]) => cuntu.theMap.setView(at, zoom, {animate: false})", [place, zoom])


def pixel(page: Page, east: float, north: float) -> dict[str, float]:
    """Where a place of the test county lies in the map's frame."""
    place = page.evaluate(IN_PLANE, [EAST + east, NORTH + north])
    return page.evaluate("at => { const p = cuntu.theMap.latLngToContainerPoint(at); return {x: p.x, y: p.y}; }", place)


def click_at(page: Page, east: float, north: float) -> None:
    page.locator(".cuntu-map").click(position=pixel(page, east, north))


def draw_square(page: Page, *, at=OPEN_LAND, side: float = 12.0) -> None:
    page.get_by_role("button", name="画多边形").click()
    for east, north in ((0, 0), (0, side), (side, side), (side, 0)):
        click_at(page, at[0] - side / 2 + east, at[1] - side / 2 + north)
    page.get_by_role("button", name="完成").click()


def place_rectangle(page: Page, width: float = 10, depth: float = 14, bearing: float = 0) -> None:
    page.get_by_role("button", name="放矩形").click()
    page.get_by_label("面宽").fill(str(width))
    page.get_by_label("进深").fill(str(depth))
    page.get_by_label("朝向").fill(str(bearing))
    page.get_by_role("button", name="在准星处放").click()
    page.get_by_role("button", name="完成").click()


def fill_form(page: Page, **changes: str) -> None:
    page.get_by_role("tab", name="申请表").click()
    for name, value in (FORM | changes).items():
        page.locator(f"#f-{name}").fill(value)
    page.locator("#f-build_kind").select_option("new_site")
    page.locator("#f-terrain").select_option("hill")
    page.get_by_role("group", name="是本集体经济组织成员").get_by_role("radio", name="是", exact=True).check()


def current(page: Page) -> str:
    expect(page.locator("#verdict")).to_have_attribute("data-state", "current", timeout=60_000)
    return page.locator("#verdict-label").inner_text()


def site(page: Page) -> list[list[float]]:
    """East and north of the corners, from the table."""
    rows = page.locator("table.corners tbody tr")
    values = [[float(value) for value in row.locator("input").evaluate_all("list => list.map(item => item.value)")] for row in rows.all()]
    return [[east - EAST, north - NORTH] for north, east in values]


def area(page: Page) -> float:
    return float(page.locator("#site-area").inner_text().removesuffix(" ㎡"))


def expected(visit) -> None:
    """Leave out what the browser itself logs where the service refuses on purpose or the line is cut."""
    visit.complaints[:] = [text for text in visit.complaints if not CLIENT_SIDE.search(text)]


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


def test_the_verdict_follows_the_form_and_a_wrong_value_is_told_at_its_field(visit):
    page = opened(visit, at=ON_FARMLAND)
    place_rectangle(page)
    assert current(page) == "不予批准"
    fill_form(page, storeys="0")
    expect(page.locator("#p-storeys")).to_contain_text("应在 1 到 99 之间")
    expect(page.locator("#verdict")).to_have_attribute("data-state", "invalid", timeout=60_000)
    expect(page.locator("#verdict-note")).to_have_text("申请表中有 1 项不能用，已在该项下标出。")
    page.locator("#f-storeys").fill("2")
    assert current(page) == "不予批准"
    expect(page.locator("#p-storeys")).to_be_hidden()
    page.get_by_role("tab", name="核查").click()
    first = page.locator("#findings .finding-group").first
    expect(first.get_by_role("heading")).to_contain_text("不予批准的理由")
    expect(first).to_contain_text("HB-001")
    assert page.locator(".leaflet-hits-pane path").count() >= 1
    assert page.locator(".finding-badge").count() >= 1
    expected(visit)


def test_mu_stands_beside_square_metres(visit):
    page = opened(visit)
    page.get_by_role("tab", name="申请表").click()
    page.locator("#f-plot_area_m2").fill("140")
    expect(page.locator('[data-mu="plot_area_m2"]')).to_have_text("0.210 亩")


def test_the_drawn_area_is_taken_into_the_form(visit):
    page = opened(visit)
    place_rectangle(page, 9, 13)
    page.get_by_role("tab", name="申请表").click()
    page.get_by_role("button", name="取图形面积").click()
    expect(page.locator("#f-plot_area_m2")).to_have_value("117")


SLOW_FIRST = """() => {
    const real = window.fetch.bind(window);
    window.held = [];
    let count = 0;
    window.fetch = async (url, options) => {
        if (!String(url).includes('/checks/preview')) return real(url, options);
        const number = (count += 1);
        const answer = await real(url, {...options, signal: undefined});
        if (number === 1) await new Promise(resolve => window.held.push(resolve));
        return answer;
    };
}"""


def test_an_answer_to_an_older_state_is_never_shown(visit):
    page = opened(visit, at=ON_FARMLAND)
    page.evaluate(SLOW_FIRST)
    place_rectangle(page)
    expect(page.locator("#verdict-label")).to_have_text("正在核查…")
    page.wait_for_function("() => window.held.length === 1")
    assert page.locator("#verdict").get_attribute("data-state") == "checking"
    look_at(page, OPEN_LAND)
    place_rectangle(page)
    verdict, note = current(page), page.locator("#verdict-note").inner_text()
    page.evaluate("window.held.forEach(release => release())")
    page.wait_for_timeout(400)
    assert page.locator("#verdict").get_attribute("data-state") == "current"
    assert (page.locator("#verdict-label").inner_text(), page.locator("#verdict-note").inner_text()) == (verdict, note)


def test_without_a_connection_nothing_is_lost_and_no_verdict_is_pretended(visit):
    page = opened(visit)
    place_rectangle(page)
    current(page)
    page.context.set_offline(True)
    page.get_by_role("tab", name="申请表").click()
    page.locator("#f-storeys").fill("2")
    expect(page.locator("#verdict-label")).to_have_text("未核查", timeout=60_000)
    expect(page.locator("#verdict")).to_have_attribute("data-state", "unchecked")
    page.get_by_role("button", name="提交审查").click()
    expect(page.locator("#toast")).to_contain_text("没有提交")
    page.context.set_offline(False)
    assert current(page) != "未核查"
    page.reload()
    page.wait_for_function("() => document.documentElement.dataset.applyReady === 'true'")
    assert area(page) == 140.00
    expect(page.locator("#f-storeys")).to_have_value("2")
    expected(visit)


def test_a_draft_is_kept_for_its_tab_offered_to_another_and_deleted(visit):
    page = opened(visit)
    place_rectangle(page)
    page.get_by_role("tab", name="申请表").click()
    page.locator("#f-case_no").evaluate("item => { item.closest('details').open = true; }")
    page.locator("#f-case_no").fill("甲-1")
    page.wait_for_timeout(400)
    other = page.context.new_page()
    other.goto(visit.address + "/apply")
    other.wait_for_function("() => document.documentElement.dataset.applyReady === 'true'")
    assert other.locator("#site-area").inner_text() == "–"
    other.get_by_role("tab", name="申请表").click()
    expect(other.locator("#other-drafts")).to_contain_text("甲-1")
    other.get_by_role("button", name="取回").click()
    assert area(other) == 140.00
    other.get_by_role("button", name="删除草稿").click()
    assert other.locator("#site-area").inner_text() == "–"
    other.close()


def test_a_stored_draft_that_is_no_draft_is_not_used(visit):
    page = opened(visit)
    page.evaluate("""() => { const key = 'cuntu-apply:' + sessionStorage.getItem('cuntu-apply-tab');
        localStorage.setItem(key, JSON.stringify({parts: [[['x', 1]]], properties: {}})); }""")
    page.reload()
    page.wait_for_function("() => document.documentElement.dataset.applyReady === 'true'")
    assert page.locator("#site-area").inner_text() == "–"


def test_a_draft_of_an_older_page_leaves_out_what_the_form_no_longer_has(visit):
    page = opened(visit)
    place_rectangle(page)
    page.wait_for_timeout(400)
    page.evaluate("""() => { const key = 'cuntu-apply:' + sessionStorage.getItem('cuntu-apply-tab');
        const draft = JSON.parse(localStorage.getItem(key));
        localStorage.setItem(key, JSON.stringify({...draft, properties: {...draft.properties, gone: 1, storeys: 3}})); }""")
    page.reload()
    page.wait_for_function("() => document.documentElement.dataset.applyReady === 'true'")
    expect(page.locator("#f-storeys")).to_have_value("3")
    assert current(page)


def test_no_personal_data_are_asked_for(visit):
    page = opened(visit)
    page.get_by_role("tab", name="申请表").click()
    expect(page.locator("#panel-form")).to_contain_text("姓名、电话、身份证号等个人信息不在本页填写")
    labels = " ".join(page.locator("#application label, #application legend").all_inner_texts())
    assert not re.search("姓名|电话|手机|身份证|性别|年龄$", labels)


def test_every_property_of_an_application_is_on_the_form_once(visit):
    from spatial.application_form import PROPERTIES

    page = opened(visit)
    names = set(page.locator("#application [name]").evaluate_all("list => list.map(item => item.name)"))
    assert names == set(PROPERTIES)


def test_on_a_phone_a_site_is_drawn_by_touch_and_map_and_form_take_turns(phone):
    page = opened(phone)
    expect(page.locator("#map-view")).to_be_visible()
    expect(page.locator("#panel-site")).to_be_hidden()
    page.get_by_role("button", name="画多边形").tap()
    for east, north in ((1_996, 1_996), (1_996, 2_008), (2_006, 2_008), (2_006, 1_996)):
        place = pixel(page, east, north)
        box = page.locator(".cuntu-map").bounding_box()
        page.touchscreen.tap(box["x"] + place["x"], box["y"] + place["y"])
        page.wait_for_timeout(350)
    page.get_by_role("button", name="完成").tap()
    assert area(page) == pytest.approx(120, rel=0.05)
    current(page)
    page.get_by_role("tab", name="申请表").tap()
    expect(page.locator("#map-view")).to_be_hidden()
    expect(page.locator("#f-storeys")).to_be_visible()
    page.get_by_role("tab", name="核查").tap()
    expect(page.locator("#findings")).to_be_visible()
    page.get_by_role("tab", name="地图").tap()
    expect(page.locator("#map-view")).to_be_visible()


def test_on_a_phone_everything_to_press_is_large_enough_and_nothing_runs_off_the_side(phone):
    page = opened(phone)
    place_rectangle(page)
    for view in ("地图", "图形", "申请表", "核查"):
        page.get_by_role("tab", name=view).tap()
        small = page.evaluate(
            """() => [...document.querySelectorAll('.apply button, .apply select, .apply input:not([type=radio]):not([type=checkbox]):not([type=range])')]
                .filter(item => item.checkVisibility()).map(item => [item.outerHTML.slice(0, 90), item.getBoundingClientRect()])
                .filter(([, box]) => box.height < 38 || box.width < 38).map(([text]) => text)"""
        )
        assert [text for text in small if "link-button" not in text and "finding-number" not in text] == [], view
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, view


def test_the_device_is_asked_where_it_is_and_an_insecure_address_says_why_not(visit):
    page = opened(visit)
    at = page.evaluate(IN_PLANE, [EAST + 500, NORTH + 500])
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": at["lat"], "longitude": at["lng"], "accuracy": 12})
    page.get_by_role("button", name="定位").click()
    expect(page.locator("#toast")).to_contain_text("误差约 12 米")
    centre = page.evaluate("cuntu.theMap.getCenter()")
    assert (centre["lat"], centre["lng"]) == pytest.approx((at["lat"], at["lng"]), abs=1e-4)
    page.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.get_by_role("button", name="定位").click()
    expect(page.locator("#toast")).to_contain_text("https")


def test_a_proposal_is_taken_checked_again_and_undone(visit):
    page = opened(visit, at=ON_FARMLAND)
    place_rectangle(page)
    fill_form(page)
    assert current(page) == "不予批准"
    before = site(page)
    page.get_by_role("tab", name="核查").click()
    page.get_by_role("button", name="怎样改才能通过？").click()
    first = page.locator(".proposal").first
    expect(first).to_be_visible(timeout=60_000)
    title = first.locator(".verdict-tag").inner_text()
    first.get_by_role("button", name="采用").click()
    assert current(page) == title != "不予批准"
    assert site(page) != before
    page.locator("#proposals").get_by_role("button", name="撤销").click()
    assert current(page) == "不予批准"
    assert site(page) == before


def test_another_place_in_the_village_is_shown_on_the_map_taken_and_undone(visit):
    page = opened(visit, at=ON_FARMLAND)
    place_rectangle(page)
    fill_form(page)
    assert current(page) == "不予批准"
    before = site(page)
    page.get_by_role("tab", name="核查").click()
    page.get_by_role("button", name="在本村另选地方").click()
    first = page.locator("#places .proposal").first
    expect(first).to_be_visible(timeout=60_000)
    assert page.locator(".place-badge").count() == page.locator("#places .proposal").count()
    title = first.locator(".verdict-tag").inner_text()
    first.get_by_role("button", name="采用第 1 处").click()
    assert current(page) == title
    assert 20 < area(page) <= 140.02
    assert site(page) != before
    page.locator("#places").get_by_role("button", name="撤销").click()
    assert current(page) == "不予批准"
    assert site(page) == before


def test_an_application_is_handed_in_its_report_opened_and_its_paper_downloaded(visit):
    page = opened(visit, at=ON_FARMLAND)
    place_rectangle(page)
    fill_form(page)
    current(page)
    page.get_by_role("button", name="提交审查").click()
    expect(page.locator("#submitted")).to_contain_text("已提交", timeout=60_000)
    with page.expect_download() as saved:
        page.get_by_role("link", name="下载 PDF").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"%PDF-")
    page.get_by_role("link", name="查看审查意见").click()
    expect(page.locator(".verdict strong")).to_have_text("不予批准")
    visit.open("/apply")
    page.wait_for_function("() => document.documentElement.dataset.applyReady === 'true'")
    assert page.locator("#site-area").inner_text() == "–"


def test_everything_that_can_be_operated_has_a_name_and_tabs_follow_the_arrows(visit):
    page = opened(visit)
    place_rectangle(page)
    for view in ("图形", "申请表", "核查"):
        page.get_by_role("tab", name=view).click()
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('a[href], button, input, select, textarea, [role=button]')].filter(item => item.checkVisibility()).filter(item =>
                !(item.textContent.trim() || item.getAttribute('aria-label') || item.title || (item.labels && item.labels.length))).map(item => item.outerHTML)"""
        )
        assert nameless == []
    page.get_by_role("tab", name="图形").click()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="申请表")).to_be_focused()
    expect(page.get_by_role("tab", name="申请表")).to_have_attribute("aria-selected", "true")
