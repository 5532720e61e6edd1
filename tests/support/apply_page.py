"""The page to apply, driven like a person would."""

from __future__ import annotations

import re

from frames import EAST, NORTH
from playwright.sync_api import Page, expect

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
