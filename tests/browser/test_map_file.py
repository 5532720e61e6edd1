"""A map saved as one file, opened from the disk: its own policy lets its own scripts run, and nothing else."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from frames import EAST, EPSG, NORTH

from layers.maps.outline import outline
from layers.maps.village_types import village_types_map

STATIC = Path(__file__).resolve().parents[2] / "api" / "static"
HOSTILE = "{{ 7*7 }}</script><script>document.title='alive'</script><img src=x onerror=alert(1)>"


@pytest.fixture
def file(tmp_path) -> Path:
    shapes = [shapely.box(EAST + 5_000 * column, NORTH, EAST + 5_000 * column + 5_000, NORTH + 5_000) for column in range(2)]
    columns = {"code": ["421223100201", "421223100202"], "name": ["甲村", HOSTILE], "town_code": ["421223100"] * 2, "town": ["天城镇"] * 2}
    drawn = village_types_map(outline(gpd.GeoDataFrame(columns, geometry=shapes, crs=EPSG)), {"421223100201": "cluster_upgrade"}, synthetic=True)
    path = tmp_path / "map.html"
    path.write_text(drawn.standalone(title=HOSTILE, assets=STATIC, notice="未送审"), encoding="utf-8")
    return path


def test_it_is_drawn_and_says_nothing_to_the_console(browser, file):
    page = browser.new_page()
    complaints: list[str] = []
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_function("() => performance.getEntriesByName('cuntu-painted-villages').length > 0", timeout=60_000)
    assert page.locator(".leaflet-fills-pane path").count() == 2
    assert page.title() == HOSTILE
    assert complaints == []
    assert requested == [file.as_uri()]
    page.close()


def test_what_is_added_to_it_does_not_run(browser, file):
    file.write_text(file.read_text(encoding="utf-8").replace("</body>", "<script>document.title='alive'</script><img src=x onerror=\"document.title='alive'\"></body>"), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    page.wait_for_timeout(500)
    assert page.title() == HOSTILE
    page.close()
