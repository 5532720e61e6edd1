from __future__ import annotations

from urllib.parse import quote

import httpx
import invented
import people
import pytest
from applications import IN_ZONE, application, ring
from playwright.sync_api import expect

CASE = "崇建/2026〔12〕<号>"


@pytest.fixture(scope="module")
def accepted(service) -> str:
    """A case in the register, with a number that has to be written with care in addresses."""
    feature = application(coordinates=[ring(2_030, 2_035)], case_no=CASE)
    check = httpx.post(f"{service}/api/v1/checks", params=IN_ZONE, json=feature, headers=people.HEADERS).json()["id"]
    answer = httpx.post(f"{service}/api/v1/applications", json={"check_id": check}, headers=people.HEADERS)
    assert answer.status_code == 201, answer.text
    return f"/applications/{quote(CASE, safe='')}"


def test_an_applicant_is_recorded_seen_with_a_reason_and_masked_again(visit, accepted):
    told = invented.applicant()
    page = visit.open(accepted)
    expect(page.get_by_role("heading", name=f"申请 {CASE}")).to_be_visible()
    expect(page.get_by_text("还没有登记申请人")).to_be_visible()
    page.get_by_text("登记申请人信息").click()
    for name in ("name", "phone", "identity_number", "registered_address", "address", "bounds"):
        page.locator(f"#f-{name}").fill(told[name])
    page.get_by_role("button", name="增加一人").click()
    page.locator(".member [data-name=name]").fill(told["members"][1]["name"])
    page.locator(".member [data-name=identity_number]").fill(told["members"][1]["identity_number"][:17] + "?")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#edit-result")).to_contain_text("/members/0/identity_number")
    assert ["400" in complaint for complaint in visit.complaints] == [True]
    visit.complaints.clear()
    page.locator(".member [data-name=identity_number]").fill(told["members"][1]["identity_number"])
    page.get_by_role("button", name="保存").click()
    expect(page.locator("td[data-field=name]").first).to_have_text("欧阳***")
    expect(page.locator("tr[data-member='0']")).to_contain_text("不满十四周岁")
    assert not any(text in page.content() for text in (told["name"], told["phone"], told["identity_number"]))

    page.get_by_role("button", name="显示").click()
    assert told["name"] not in page.content()
    page.locator("#reveal-reason").fill("电话通知补正")
    page.get_by_role("button", name="显示").click()
    expect(page.locator("td[data-field=phone]")).to_have_text(told["phone"])
    expect(page.locator("tr[data-member='0'] [data-field=name]")).to_have_text(told["members"][1]["name"])
    expect(page.locator("#f-identity_number")).to_have_value(told["identity_number"])
    page.get_by_role("button", name="重新遮盖").click()
    expect(page.locator("td[data-field=phone]")).to_have_text("120****5432")
    assert told["phone"] not in page.url and told["identity_number"] not in page.url


def test_a_case_is_found_by_number_and_opened(visit, accepted):
    told = invented.applicant()
    page = visit.open("/applications")
    expect(page.get_by_role("cell", name="欧阳***")).to_be_visible()
    page.locator("#search-number").fill(told["identity_number"])
    page.get_by_role("button", name="查找").click()
    expect(page.locator("#search-result a")).to_have_text(CASE)
    assert told["identity_number"] not in page.content() and "identity" not in page.url
    page.locator("#search-result a").click()
    expect(page.get_by_role("heading", name="个人信息处理告知")).to_be_visible()
