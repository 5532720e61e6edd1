from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from small_county import HOSTILE, HOSTILE_CODE

MAP_PAGES = ("/maps/village-types", "/maps/progress")


def painted(page: Page, key: str) -> float:
    """Wait until a layer is painted; return the milliseconds since the page was asked for."""
    page.wait_for_function("key => performance.getEntriesByName('cuntu-painted-' + key).length > 0", arg=key, timeout=60_000)
    return float(page.evaluate("key => performance.getEntriesByName('cuntu-painted-' + key)[0].startTime", key))


def canvas_is_painted(page: Page, layer: str) -> bool:
    """Whether any tile of a vector layer has a pixel on it."""
    return bool(
        page.evaluate(
            """layer => [...document.querySelectorAll('.tile-layer-' + layer + ' canvas')].some(canvas =>
                canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0))""",
            layer,
        )
    )


def colours(page: Page) -> set[str]:
    return set(page.eval_on_selector_all(".leaflet-fills-pane path", "paths => paths.map(path => path.getAttribute('fill'))"))


def test_start_page_lists_loaded_layers_and_those_that_are_not(visit):
    page = visit.open("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("崇阳县")
    expect(page.get_by_role("row", name="村级调查区")).to_contain_text("已入库")
    expect(page.get_by_role("row", name="规划地类图斑")).to_contain_text("未入库")
    expect(page.get_by_role("row", name="村级调查区")).to_contain_text("示例数据")
    for title in ("村庄分类", "整治进度", "建房审查", "接口文档"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()


def test_village_types_are_painted_as_shapes_in_the_colours_of_the_legend(visit):
    page = visit.open("/maps/village-types")
    painted(page, "villages")
    assert page.locator(".leaflet-fills-pane path").count() == 12
    in_legend = set(page.eval_on_selector_all(".legend .swatch rect", "boxes => boxes.map(box => box.getAttribute('fill'))"))
    assert colours(page) <= in_legend
    assert len(colours(page)) >= 3
    counts = page.locator(".legend .count").all_inner_texts()
    assert sum(map(int, counts)) == 12


def test_each_village_stands_in_the_table_beside_the_map(visit):
    page = visit.open("/maps/village-types")
    assert page.locator("#village-table tbody tr").count() == 12


def test_choosing_a_village_in_the_table_shows_its_evidence_and_a_popup(visit):
    page = visit.open("/maps/village-types")
    painted(page, "villages")
    page.get_by_role("button", name="丙东村").click()
    panel = page.locator("#panel-evidence")
    expect(panel).to_contain_text("符合的规则")
    expect(panel).to_contain_text("VC-21")
    expect(page.locator(".leaflet-popup-content")).to_contain_text("丙东村")
    expect(page.get_by_role("tab", name="分类依据")).to_have_attribute("aria-selected", "true")


def test_clicking_a_shape_on_the_map_shows_that_village(visit):
    page = visit.open("/maps/village-types")
    painted(page, "villages")
    page.locator(".leaflet-fills-pane path").nth(4).click(position={"x": 60, "y": 40})
    expect(page.locator(".leaflet-popup-content")).to_contain_text("甲西村")


def test_search_finds_a_village_by_name_with_the_keyboard_alone(visit):
    page = visit.open("/maps/village-types")
    painted(page, "villages")
    page.get_by_label("查找村庄").focus()
    page.keyboard.type("丁南")
    expect(page.locator("#search-status")).to_have_text("找到 1 个村")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-evidence")).to_contain_text("丁南村")


def test_taking_a_type_out_of_the_legend_takes_its_villages_out_of_the_table(visit):
    page = visit.open("/maps/village-types")
    painted(page, "villages")
    entry = page.locator(".legend li", has_text="特色保护")
    count = int(entry.locator(".count").inner_text())
    assert count > 0
    entry.get_by_role("checkbox").uncheck()
    expect(page.locator("#table-status")).to_have_text(f"{12 - count} 个村")
    assert page.locator("#village-table tbody tr:visible").count() == 12 - count


def test_control_lines_and_buildings_come_as_vector_tiles_when_switched_on(visit):
    page = visit.open("/maps/village-types")
    painted(page, "villages")
    assert not any("/tiles/" in url for url in visit.requested)
    page.get_by_role("checkbox", name="生态保护红线").check()
    painted(page, "ecological_redline")
    assert canvas_is_painted(page, "ecological_redline")
    page.evaluate("cuntu.theMap.setView(cuntu.theMap.getCenter(), 13, {animate: false})")
    page.get_by_role("checkbox", name="自然幢").check()
    painted(page, "building")
    assert any("/tiles/building/13/" in url and "?v=" in url for url in visit.requested)


def test_layers_that_are_not_loaded_cannot_be_switched_on_and_say_so(visit):
    page = visit.open("/maps/village-types")
    expect(page.locator(".absent", has_text="规划地类图斑")).to_contain_text("未入库")
    assert page.get_by_role("checkbox", name="规划地类图斑").count() == 0


def test_progress_hatches_villages_that_did_not_report_and_never_counts_them_as_zero(visit):
    page = visit.open("/maps/progress")
    painted(page, "progress")
    expect(page.locator("#period")).to_have_text("2026年11月")
    expect(page.locator("#summary")).to_contain_text("示例数据")
    page.get_by_label("上一月").click()
    expect(page.locator("#period")).to_have_text("2026年10月")
    expect(page.locator("#progress-legend li", has_text="未报")).to_contain_text("2 村")
    hatched = page.locator(".leaflet-fills-pane path[fill='url(#cuntu-hatch)']")
    assert hatched.count() == 2
    town = page.locator("#town-table tbody tr", has_text="沙坪镇")
    expect(town).to_contain_text("2/4 村")
    expect(town).to_contain_text("未报齐")


def test_indicator_and_month_are_reached_and_changed_with_the_keyboard(visit):
    page = visit.open("/maps/progress")
    painted(page, "progress")
    page.get_by_label("指标", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "month"
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#month")).to_have_attribute("aria-valuetext", "2026年10月")
    expect(page.locator("#progress-status")).to_contain_text("已报 10/12 村")


def test_a_check_shows_verdict_site_findings_with_numbers_and_what_it_rests_on(visit, check_id):
    page = visit.open(f"/maps/checks/{check_id}")
    painted(page, "site")
    expect(page.locator(".verdict strong")).to_have_text("不予批准")
    first = page.locator(".finding-group").first
    expect(first.get_by_role("heading")).to_contain_text("不予批准的理由")
    expect(first).to_contain_text("HB-001")
    assert page.locator(".leaflet-findings-pane path").count() >= 2
    assert page.locator(".finding-badge").count() >= 1
    expect(page.get_by_role("heading", name="未能核查")).to_be_visible()
    expect(page.locator("section", has_text="依据的规则与数据")).to_contain_text("house-building")
    painted(page, "building")
    assert canvas_is_painted(page, "building")


def test_list_of_checks_is_filtered_by_verdict(visit, check_id):
    page = visit.open("/checks")
    expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
    page.get_by_role("link", name="符合").click()
    expect(page.locator("main")).to_contain_text("没有这一结论的审查意见")


def test_interface_documentation_is_drawn_without_any_other_host(visit):
    page = visit.open("/docs")
    expect(page.locator("#swagger")).to_contain_text("/api/v1/checks", timeout=60_000)


def test_a_check_that_does_not_exist_is_a_page_in_chinese(browser, service, signed_in):
    page = browser.new_page()
    page.context.add_cookies([signed_in])
    answer = page.goto(f"{service}/maps/checks/00000000-0000-0000-0000-000000000000")
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("没有找到")
    page.close()


@pytest.mark.parametrize("path", MAP_PAGES)
def test_a_name_that_looks_like_code_is_shown_as_these_very_characters(visit, path):
    page = visit.open(path)
    painted(page, "villages")
    hostile = page.evaluate("code => cuntu.layers.villages.getLayers().indexOf(cuntu.layers.villages.byCode[code])", HOSTILE_CODE)
    page.locator(".leaflet-fills-pane path").nth(hostile).hover()
    expect(page.locator(".leaflet-tooltip")).to_contain_text(HOSTILE)
    page.evaluate("cuntu.theMap.setZoom(12, {animate: false})")
    expect(page.locator(".village-label", has_text=HOSTILE)).to_be_attached()


def test_a_hostile_name_is_shown_literally_in_popup_evidence_and_tables(visit, check_id):
    page = visit.open("/maps/village-types")
    painted(page, "villages")
    page.get_by_role("button", name=HOSTILE).click()
    expect(page.locator(".leaflet-popup-content")).to_contain_text(HOSTILE)
    expect(page.locator("#panel-evidence")).to_contain_text(HOSTILE)
    visit.open("/maps/progress")
    painted(page, "progress")
    page.get_by_text("各村数值（与地图相同）").click()
    expect(page.locator("#progress-villages")).to_contain_text(HOSTILE)
    visit.open(f"/maps/checks/{check_id}")
    assert HOSTILE in page.title()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)


@pytest.mark.parametrize("path", ["/", "/checks", "/docs", *MAP_PAGES])
def test_every_page_has_a_title_one_main_heading_and_a_skip_link_that_comes_first(visit, path):
    page = visit.open(path)
    assert "村图" in page.title()
    assert page.get_by_role("heading", level=1).count() == 1 or path == "/docs"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    assert page.get_attribute("html", "lang") == "zh-CN"


@pytest.mark.parametrize("path", ["/", "/checks", *MAP_PAGES])
def test_everything_that_can_be_operated_has_a_name(visit, path):
    page = visit.open(path)
    page.wait_for_timeout(300)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('a[href], button, input, select')].filter(item => item.checkVisibility()).filter(item =>
            !(item.textContent.trim() || item.getAttribute('aria-label') || item.title || (item.labels && item.labels.length))).map(item => item.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.parametrize("path", MAP_PAGES)
def test_map_pages_stay_light_and_are_painted_soon(visit, path):
    sizes: list[int] = []
    visit.page.on("response", lambda response: sizes.append(len(response.body())))
    page = visit.open(path)
    assert painted(page, "villages") < 3_000
    assert 0 < sum(sizes) <= 600_000


def test_on_paper_folded_findings_are_open(visit, check_id):
    page = visit.open(f"/maps/checks/{check_id}")
    painted(page, "site")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".panel details:not([open])").count() == 0
