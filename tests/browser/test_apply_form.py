"""The form of the page to apply and the verdict beside it, with a slow and with no connection; what else could be built; handing in."""

from __future__ import annotations

import re
from pathlib import Path

from apply_page import (
    ON_FARMLAND,
    OPEN_LAND,
    area,
    current,
    expected,
    fill_form,
    look_at,
    opened,
    place_rectangle,
    site,
)
from playwright.sync_api import expect

from spatial.application_form import PROPERTIES


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


def test_no_personal_data_are_asked_for(visit):
    page = opened(visit)
    page.get_by_role("tab", name="申请表").click()
    expect(page.locator("#panel-form")).to_contain_text("姓名、电话、身份证号等个人信息不在本页填写")
    labels = " ".join(page.locator("#application label, #application legend").all_inner_texts())
    assert not re.search("姓名|电话|手机|身份证|性别|年龄$", labels)


def test_every_property_of_an_application_is_on_the_form_once(visit):
    page = opened(visit)
    names = set(page.locator("#application [name]").evaluate_all("list => list.map(item => item.name)"))
    assert names == set(PROPERTIES)


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
