from __future__ import annotations

import httpx
import people
from playwright.sync_api import expect


def test_the_lawful_way_of_a_check_is_listed_in_two_voices_and_drawn(visit, check_id, service):
    answer = httpx.get(f"{service}/api/v1/checks/{check_id}/proposals", timeout=60, headers=people.HEADERS).json()
    assert answer["proposals"], answer["summary"]
    best = answer["proposals"][0]
    page = visit.open(f"/maps/checks/{check_id}")
    page.wait_for_function("performance.getEntriesByName('cuntu-painted-site').length > 0")
    page.get_by_role("button", name="列出最小的改动").click()
    way = page.locator("[data-proposals-of]")
    first = way.locator(".proposal").first
    expect(first.locator(".finding-title")).to_contain_text(best["title"], timeout=60_000)
    expect(first.get_by_text(best["clerk"], exact=True)).to_be_visible()
    expect(first.get_by_text(best["applicant"], exact=True)).to_be_hidden()
    expect(way.locator(".proposal")).to_have_count(len(answer["proposals"]) + len(answer["lesser"]))
    page.get_by_role("radio", name="申请人").check(force=True)
    expect(first.get_by_text(best["applicant"], exact=True)).to_be_visible()
    expect(first.get_by_text(best["clerk"], exact=True)).to_be_hidden()
    drawn = way.get_by_role("button", name="在图上看").first
    before = page.locator("path[stroke-dasharray='8 5']").count()
    drawn.click()
    expect(page.locator("path[stroke-dasharray='8 5']")).to_have_count(before + 1)
