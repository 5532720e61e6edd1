"""Drafts of the page to apply, kept in the browser."""

from __future__ import annotations

from apply_page import area, current, opened, place_rectangle
from playwright.sync_api import expect


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
