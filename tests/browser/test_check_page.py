from __future__ import annotations

from pathlib import Path

import httpx
import people
import pytest
from papers import HOSTILE, paper_of, troubled_report
from playwright.sync_api import Page, expect

from spatial.report_groups import GROUPS


def opened(visit, check_id: str) -> Page:
    page = visit.open(f"/maps/checks/{check_id}")
    page.wait_for_function("performance.getEntriesByName('cuntu-painted-site').length > 0")
    return page


def test_groups_stand_in_the_order_of_what_to_do(visit, check_id):
    page = opened(visit, check_id)
    shown = page.eval_on_selector_all(".finding-group", "groups => groups.map(group => group.dataset.group)")
    order = [key for key, _, _ in GROUPS]
    assert shown == [key for key in order if key in shown]
    assert shown[0] == "refused_by"


def test_every_finding_of_the_report_stands_on_the_page_once(visit, check_id, service):
    report = httpx.get(f"{service}/api/v1/checks/{check_id}", headers=people.HEADERS).json()
    page = opened(visit, check_id)
    shown = page.eval_on_selector_all(".finding .rule-id", "ids => ids.map(id => id.textContent)")
    expected = [rule for group in report["groups"] for rule in group["rules"]]
    assert shown == expected


def test_the_voice_is_the_clerks_at_first_and_can_be_the_applicants(visit, check_id, service):
    report = httpx.get(f"{service}/api/v1/checks/{check_id}", headers=people.HEADERS).json()
    hit = next(item for item in report["findings"] if item["outcome"] == "fail" and item["plain"])
    page = opened(visit, check_id)
    entry = page.locator(".finding", has=page.get_by_text(f"{hit['rule_id']}{hit['branch'] or ''}", exact=True))
    expect(entry.get_by_text(hit["message"], exact=True)).to_be_visible()
    expect(entry.locator(".citation")).to_contain_text("（法律原文）")
    expect(entry.get_by_text(hit["plain"], exact=True)).to_be_hidden()
    page.get_by_role("radio", name="申请人").check(force=True)
    expect(entry.get_by_text(hit["plain"], exact=True)).to_be_visible()
    expect(entry.locator(".citation")).to_be_hidden()
    page.get_by_role("radio", name="申请人").press("ArrowLeft")
    expect(entry.locator(".citation")).to_be_visible()


def test_choosing_a_finding_brings_its_place_into_view(visit, check_id):
    page = opened(visit, check_id)
    page.evaluate("cuntu.theMap.setView([29.2, 114.3], 10, {animate: false})")
    number = page.locator(".finding[data-number]").first.get_attribute("data-number")
    page.locator(f'.finding[data-number="{number}"] .finding-title').click()
    page.wait_for_function(
        "number => cuntu.theMap.getZoom() > 14 && cuntu.theMap.getBounds().contains(cuntu.layers.findings.byCode[number].getBounds())", arg=number
    )


def test_the_layers_drawn_are_the_versions_of_the_check(visit, check_id, service):
    report = httpx.get(f"{service}/api/v1/checks/{check_id}", headers=people.HEADERS).json()
    used = {item["layer"]: item["version"] for item in report["datasets"] if "version" in item}
    opened(visit, check_id).wait_for_timeout(500)
    asked = [url for url in visit.requested if "/tiles/" in url]
    assert asked
    for url in asked:
        layer, version = url.split("/tiles/")[1].split("/")[0], int(url.rpartition("v=")[2])
        assert used.get(layer, version) == version


def test_the_files_of_a_check_can_be_had_from_its_page(visit, check_id):
    page = opened(visit, check_id)
    with page.expect_download() as download:
        page.get_by_role("link", name="表格").click()
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON").click()
    assert download.value.suggested_filename == f"{check_id}.json"
    with page.expect_download() as download:
        page.get_by_role("link", name="意见书 PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_nothing_runs_off_the_side_of_a_small_screen_or_a_phone(visit, check_id, width, height):
    visit.page.set_viewport_size({"width": width, "height": height})
    page = opened(visit, check_id)
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture
def paper(service, check_id, tmp_path) -> Path:
    """The paper of the stored check as a file."""
    path = tmp_path / "paper.pdf"
    path.write_bytes(httpx.get(f"{service}/api/v1/checks/{check_id}.pdf", timeout=30, headers=people.HEADERS).content)
    return path


def test_the_verify_page_reads_a_paper_in_the_browser_and_asks_only_for_its_hash(visit, paper):
    page = visit.open("/verify")
    page.locator("#verify-file").set_input_files(paper)
    result = page.locator("#verify-result")
    expect(result).to_contain_text("核验通过")
    expect(result).to_contain_text("本局登记簿中有这份文件")
    expect(result).to_contain_text("HB-001a")
    assert [url for url in visit.requested if "/papers/" in url]


def test_the_verify_page_refuses_a_changed_report_and_a_wrong_hash(visit, paper, tmp_path):
    page = visit.open("/verify")
    body = paper.read_bytes()
    place = body.index(b"stream\n", body.index(b"/Type/EmbeddedFile")) + 300
    (tmp_path / "changed.pdf").write_bytes(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
    page.locator("#verify-file").set_input_files(tmp_path / "changed.pdf")
    expect(page.locator("#verify-result")).to_contain_text("核验不通过")
    page.locator("#verify-file").set_input_files(paper)
    expect(page.locator("#verify-result")).to_contain_text("核验通过")
    page.locator("#verify-hash").fill("0" * 64)
    expect(page.locator("#verify-result")).to_contain_text("与所填的校验码不一致")


def test_the_saved_page_works_from_a_disk_without_any_network_and_shows_hostile_text_as_it_is(browser, service, tmp_path):
    (tmp_path / "verify.html").write_bytes(httpx.get(f"{service}/verify/offline.html", headers=people.HEADERS).content)
    report = troubled_report(case_no=HOSTILE[:90])
    (tmp_path / "hostile.pdf").write_bytes(paper_of(report))
    page = browser.new_page()
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
    page.goto(f"file://{tmp_path}/verify.html")
    page.locator("#verify-file").set_input_files(tmp_path / "hostile.pdf")
    expect(page.locator("#verify-result")).to_contain_text("文件前后一致，请与纸面校验码核对")
    expect(page.locator("#verify-result")).to_contain_text(HOSTILE[:90])
    hash_line = page.locator("#verify-result li", has_text="SHA-256").inner_text()
    page.locator("#verify-hash").fill(f"cuntu:/verify#{report['id']}.{hash_line[-64:]}")
    expect(page.locator("#verify-result")).to_contain_text("核验通过")
    page.close()
    assert requested == [f"file://{tmp_path}/verify.html"]
    assert complaints == []
