from __future__ import annotations

import httpx
import people
from delivery_way import faulty_file
from frames import red_lines, square
from packages import geopackage
from playwright.sync_api import expect

HOSTILE = "{{ 7*7 }}<img src=x onerror=alert(1)>"


def drop(page, *paths, name=None):
    """Let files fall on the page, as from a folder beside it."""
    content = [[list(path.read_bytes()), name or path.name] for path in paths]
    transfer = page.evaluate_handle(
        """(files) => {
            const data = new DataTransfer();
            for (const [bytes, name] of files) data.items.add(new File([new Uint8Array(bytes)], name));
            return data;
        }""",
        content,
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})


def test_a_dropped_gbk_shapefile_is_corrected_checked_repaired_staged_and_published(visit, tmp_path):
    page = visit.open("/")
    page.get_by_role("link", name="交付图层文件").click()
    page.wait_for_url("**/layers/import")  # loaded whole: before its script has run, nothing takes what is dropped
    drop(page, faulty_file(tmp_path, "shape"))
    page.wait_for_url("**/layers/import/*-*")
    expect(page.locator(".delivery-recognised")).to_be_visible()
    expect(page.locator("#panel-recognise")).to_contain_text("幕阜山水源涵养")

    page.select_option("#a-layer", "ecological_redline")
    page.click("#check")
    expect(page.locator("#tab-check")).to_have_attribute("aria-selected", "true")
    finding = page.locator(".finding-button", has_text="QC-G05")
    expect(finding).to_have_count(1)
    assert page.locator("#tab-check .tab-count").inner_text() == "1"
    finding.click()
    expect(finding).to_have_attribute("aria-current", "true")
    zoom = page.evaluate("cuntu.theMap.getZoom()")
    assert zoom >= 17
    assert page.evaluate("cuntu.theMap.getPane('findings').querySelectorAll('path').length") >= 2
    with page.expect_download() as got:
        page.get_by_role("link", name="XLSX 报告").click()
    assert got.value.suggested_filename.endswith(".xlsx")

    page.click("#tab-stage")
    page.check("input[name=coverage][value=county]")
    page.click("#stage")
    expect(page.locator("#failed")).to_contain_text("QC-G05")
    page.click("#tab-check")
    page.check("[data-repair=make_valid]")
    page.click("#tab-stage")
    page.click("#stage")
    expect(page.locator("#publish")).to_be_visible()
    address = page.url.partition("?")[0].replace("/layers/import/", "/api/v1/deliveries/")
    told = httpx.get(address, headers=people.HEADERS).json()
    assert (told["state"], told["description"]["coverage"]) == ("staged", "county")
    assert [item["id"] for item in told["repaired"]] == ["make_valid"]

    expect(page.locator("#panel-publish .signature")).to_contain_text(people.NAME)
    page.click("#publish")
    expect(page.locator(".delivery-published")).to_be_visible()
    listed = httpx.get(f"{visit.address}/api/v1/layers/ecological_redline/versions", headers=people.HEADERS).json()["versions"]
    assert (listed[0]["version"], listed[0]["status"], listed[0]["feature_count"]) == (told["version"], "published", 3)
    page.goto(visit.address + "/")
    row = page.locator("tr", has=page.get_by_role("rowheader", name="生态保护红线"))
    expect(row).to_contain_text(str(told["version"]))


def test_questions_are_shown_answered_and_nothing_overflows(visit, tmp_path):
    page = visit.open("/layers/import")
    named = {"编号": ["H1"], HOSTILE: ["<script>alert(2)</script>"]}
    frame = red_lines([square(5000, 5000)]).rename(columns={"BSM": "编号", "MC": HOSTILE, "zone": "区"}).assign(**named)
    page.set_input_files("#file", geopackage(tmp_path, A=frame, B=red_lines()))
    page.wait_for_url("**/layers/import/*-*")
    expect(page.locator(".questions")).to_contain_text("2 份数据")
    expect(page.locator("#check")).to_be_disabled()
    page.get_by_role("button", name="A（1 个要素）").click()
    page.click("#again")
    expect(page.locator(".questions")).to_contain_text("图层")
    expect(page.locator("#panel-recognise")).to_contain_text("<script>alert(2)</script>")
    page.select_option("#a-layer", "ecological_redline")
    page.click("#again")
    expect(page.locator("[data-field=BSM]")).to_be_visible()
    page.select_option("[data-field=BSM]", "编号")
    page.select_option("[data-field=zone]", "区")
    page.click("#check")
    expect(page.locator("#tab-check")).to_have_attribute("aria-selected", "true")
    told = httpx.get(page.url.partition("?")[0].replace("/layers/import/", "/api/v1/deliveries/"), headers=people.HEADERS).json()
    assert told["choice"]["answers"]["fields"] == {"BSM": "编号", "zone": "区"}
    for tab in ("recognise", "check", "stage", "publish"):
        page.click(f"#tab-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366


def test_a_file_that_cannot_be_read_says_why_and_its_name_is_only_text(visit, tmp_path):
    path = tmp_path / "a.gpkg"
    path.write_bytes(b"no geopackage")
    page = visit.open("/layers/import")
    drop(page, path, name=HOSTILE + ".gpkg")
    page.wait_for_url("**/layers/import/*-*")
    expect(page.locator(".delivery-refused")).to_be_visible()
    expect(page.locator("#failed")).not_to_be_empty()
    expect(page.locator("h1")).to_contain_text("onerror=alert(1)")
    page.get_by_role("link", name="全部交付").click()
    expect(page.locator("table")).to_contain_text("{{ 7*7 }}")


def test_the_parts_of_a_plain_shapefile_are_taken_together_and_other_files_are_not(visit, tmp_path):
    faulty_file(tmp_path, "STBHHX")
    parts = sorted(path for path in tmp_path.iterdir() if path.suffix != ".zip")
    assert {path.suffix for path in parts} >= {".shp", ".shx", ".dbf", ".prj"}
    page = visit.open("/layers/import")
    other = tmp_path / "别的.dbf"
    other.write_bytes(b"x")
    drop(page, tmp_path / "STBHHX.shp", other)
    expect(page.locator("#failed")).to_contain_text("一次交付一份")
    drop(page, *parts)
    page.wait_for_url("**/layers/import/*-*")
    expect(page.locator("h1")).to_have_text("STBHHX.zip")
    expect(page.locator("#panel-recognise")).to_contain_text("幕阜山水源涵养")


def test_every_data_set_of_a_geopackage_becomes_a_delivery_of_its_own(visit, tmp_path):
    page = visit.open("/layers/import")
    page.set_input_files("#file", geopackage(tmp_path, STBHHX=red_lines(), CESHI=red_lines()))
    page.wait_for_url("**/layers/import/*-*")
    before = httpx.get(f"{visit.address}/api/v1/deliveries", headers=people.HEADERS).json()["total"]
    page.get_by_role("button", name="份数据各建一份交付").click()
    page.wait_for_url("**/layers/import")
    now = httpx.get(f"{visit.address}/api/v1/deliveries", headers=people.HEADERS).json()
    assert now["total"] == before + 2
    chosen = [httpx.get(f"{visit.address}/api/v1/deliveries/{item['id']}", headers=people.HEADERS).json()["choice"]["dataset"] for item in now["deliveries"][:2]]
    assert sorted(chosen) == ["CESHI", "STBHHX"]


def test_the_page_can_be_used_on_a_phone(phone, tmp_path):
    page = phone.open("/layers/import")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_input_files("#file", faulty_file(tmp_path))
    page.wait_for_url("**/layers/import/*-*")
    expect(page.locator("#check")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
