"""The page to apply as people operate it: on a phone, by keyboard, with the device's own place."""

from __future__ import annotations

import pytest
from apply_page import IN_PLANE, area, current, opened, pixel, place_rectangle
from frames import EAST, NORTH
from playwright.sync_api import expect


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
