"""The map page in a real browser: its bytes, and the time until villages and buildings are painted."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.bench.service import Service, service
from api.bench.sites import sites
from layers import database
from spatial.crs import CRS84, reproject
from spatial.errors import CuntuError

VIEWPORT: Any = {"width": 1366, "height": 768}
PAINTED = "name => performance.getEntriesByName('cuntu-painted-' + name)[0]?.startTime"
SHOW_BUILDINGS = """([lat, lon]) => {
    performance.clearMarks('cuntu-painted-building');
    window.cuntuBegan = performance.now();
    cuntu.theMap.setView([lat, lon], 16, {animate: false});
    cuntu.showOverlay(cuntu.theMap, 'building', true);
}"""
BUILDINGS_AFTER = "() => performance.getEntriesByName('cuntu-painted-building').at(-1)?.startTime - window.cuntuBegan"
ROUNDS = 3


class BrowserMissingError(CuntuError):
    """没有可用的浏览器（playwright 和 chromium），无法测地图页面。"""


def run(place: Place, report: Report) -> Figures:
    """Open the map of village types some times and take the middle."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError as error:
        raise BrowserMissingError from error
    figures = Figures("page")
    house = _a_house(place)
    report(0.1, "启动服务")
    with service(place) as served, sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        except Error as error:
            raise BrowserMissingError(problems=[str(error).splitlines()[0]]) from error
        measured = []
        for number in range(ROUNDS + 1):
            report(0.3 + 0.15 * number, f"第 {number + 1} 次打开")
            measured.append(_open(browser, served, house))
        browser.close()
    villages, buildings, size, foreign = np.median(np.array(measured[1:]), axis=0)
    figures.add("村庄分类图，传输字节", size / 1000, "kB", at_most=600)
    figures.add("村庄分类图，村庄画出", villages / 1000, "s", at_most=0.6)
    figures.add("村庄分类图，视野内房屋画出", buildings / 1000, "s", at_most=1.5)
    figures.add("向其他主机的请求", foreign, "个", at_most=0)
    return figures


def _a_house(place: Place) -> tuple[float, float]:
    with database.connect(place.url) as conn:
        plot = sites(conn, place.in_force()["building"], count=1, epsg=place.settings.epsg)
    lon, lat = shapely.get_coordinates(reproject(shapely.centroid(plot), source=place.settings.epsg, target=CRS84))[0]
    return float(lat), float(lon)


def _open(browser: Any, served: Service, house: tuple[float, float]) -> tuple[float, float, float, float]:
    """Open the page with an empty cache; return ms until villages, ms from there to buildings, bytes, foreign requests."""
    context = browser.new_context(viewport=VIEWPORT, locale="zh-CN", extra_http_headers=served.headers)
    page = context.new_page()
    seen: list[Any] = []
    page.on("requestfinished", lambda request: seen.append(request))
    page.goto(f"{served.address}/maps/village-types", wait_until="load")
    page.wait_for_function(PAINTED, arg="villages")
    villages = page.evaluate(PAINTED, "villages")
    size = sum(sum(request.sizes()[part] for part in ("responseBodySize", "responseHeadersSize")) for request in seen)
    page.evaluate(SHOW_BUILDINGS, list(house))
    page.wait_for_function(f"() => ({BUILDINGS_AFTER})() > 0")
    buildings = page.evaluate(BUILDINGS_AFTER)
    foreign = sum(not request.url.startswith((served.address, "data:", "blob:")) for request in seen)
    context.close()
    return float(villages), float(buildings), float(size), float(foreign)
