"""The pages of layers in a browser: on the bureau's screens and on a phone, with maps that paint and nothing beside the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


@pytest.fixture(params=["visit", "phone"])
def seen(request):
    """The page on a desk of 1366 x 768, and on a phone."""
    return request.getfixturevalue(request.param)


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")


def test_the_catalogue_leads_to_the_history_of_a_layer(seen):
    page = seen.open("/layers")
    assert fits(page)
    page.get_by_role("link", name="村级调查区").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("村级调查区的历史")
    expect(page.locator(".leaflet-findings-pane path").first).to_be_attached()
    expect(page.get_by_role("heading", name="完整范围")).to_be_attached()
    expect(page.locator(".leaflet-control-attribution")).to_contain_text("未送审，仅供内部使用")
    assert fits(page)


def test_a_version_compared_with_itself_shows_its_counts_and_no_changes(seen):
    page = seen.open("/layers")
    number = page.get_by_role("row", name="村级调查区").locator("td.num").first.inner_text()
    page = seen.open(f"/layers/village/compare/{number}/{number}")
    expect(page.locator("#counts")).to_contain_text("未变")
    expect(page.get_by_text("两个版本没有变化。")).to_be_visible()
    expect(page.locator(".leaflet-control-attribution")).to_contain_text("未送审")
    assert fits(page)
