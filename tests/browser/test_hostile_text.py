"""Pages full of hostile text in a real browser: nothing is run, nothing is fetched, every text is shown as these very characters.

Each visit fails on a dialog, on an error or any other message of the console (a refused script or style is one), and on a request elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import people
import pytest
from applications import IN_ZONE, application, ring
from playwright.sync_api import expect

TEMPLATE = "{{7*7}}${7*7}#{7*7}{% raw %}"
MARKUP = "</script><script>document.title='alive';alert(1)</script><img src=//elsewhere.example/x onerror=alert(1)><svg onload=alert(1)>\"'><b style=position:fixed>"
DIRECTIONS = "甲\u202egpj.exe\u202c\u200b乙"
TEXTS = {"template": TEMPLATE, "markup": MARKUP, "directions": DIRECTIONS}
FIELDS = ("case_no", "household_id", "side_east", "side_south", "side_west", "side_north")

PROBE = """() => {
  const alive = [];
  if (document.title === 'alive' || document.title.includes('49')) alive.push('title ' + document.title);
  if (document.querySelector('img[onerror], svg[onload], [onclick], b[style]')) alive.push('an element of the text is in the page');
  if ([...document.scripts].some(script => script.textContent.includes("document.title='alive'"))) alive.push('a script holds the text');
  if (/(^|[^0-9])49[${#]/.test(document.body.innerText)) alive.push('a template was worked out');
  return alive;
}"""


@pytest.fixture(scope="module")
def hostile_checks(service: str) -> dict[str, str]:
    """Checks on basic farmland (so that there are findings) whose every text is hostile."""
    made = {}
    for name, text in TEXTS.items():
        feature = application(coordinates=[ring(1_030, 1_035)], **dict.fromkeys(FIELDS, text[:100]))
        answer = httpx.post(f"{service}/api/v1/checks", params=IN_ZONE, json=feature, headers=people.HEADERS)
        assert answer.status_code == 201, answer.text
        made[name] = str(answer.json()["id"])
    return made


@pytest.fixture(scope="module")
def hostile_delivery(service: str) -> str:
    """A delivered file whose name, columns and values are hostile."""
    properties = {TEMPLATE: TEMPLATE, "</script><script>alert(1)</script>": MARKUP, "__proto__": DIRECTIONS, "constructor": "{{7*7}}"}
    shape = {"type": "Polygon", "coordinates": [[[114.0, 29.5], [114.001, 29.5], [114.001, 29.501], [114.0, 29.5]]]}
    document = {"type": "FeatureCollection", "name": MARKUP, "features": [{"type": "Feature", "properties": properties, "geometry": shape}]}
    name = "{{7*7}}<img src=x onerror=alert(1)>.geojson"
    answer = httpx.post(f"{service}/api/v1/deliveries", files={"file": (name, json.dumps(document).encode())}, headers=people.HEADERS)
    assert answer.status_code == 202, answer.text
    job = f"{service}{answer.json()['location']}"
    for _ in range(300):
        if httpx.get(job, headers=people.HEADERS).json()["state"] in ("done", "failed"):
            break
    return str(answer.json()["delivery_id"])


def probed(page) -> None:
    page.wait_for_timeout(300)
    assert page.evaluate(PROBE) == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_check_whose_every_text_is_hostile(visit, hostile_checks, name):
    page = visit.open(f"/maps/checks/{hostile_checks[name]}")
    page.wait_for_function("() => performance.getEntriesByName('cuntu-painted-site').length > 0", timeout=60_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text(TEXTS[name][:100])
    probed(page)


@pytest.mark.parametrize("path", ["/", "/checks", "/layers", "/layers/import", "/runs", "/apply", "/maps/village-types", "/maps/progress", "/docs", "/verify", "/sign-in", "/layers/village/history"])
def test_every_page_of_a_county_full_of_hostile_text(visit, hostile_checks, hostile_delivery, path):
    page = visit.open(path)
    probed(page)


def test_texts_that_turn_the_direction_stay_within_their_own_place(visit, hostile_checks):
    page = visit.open("/checks")
    shown = page.get_by_role("link", name="gpj.exe").first
    expect(shown).to_contain_text("乙")


def test_a_delivery_whose_name_columns_and_values_are_hostile(visit, hostile_delivery):
    page = visit.open(f"/layers/import/{hostile_delivery}")
    expect(page.locator("main")).to_contain_text("{{7*7}}")
    probed(page)


@pytest.mark.parametrize("path", ["/checks?verdict=%3Cscript%3Ealert(1)%3C/script%3E", "/%3Cscript%3Ealert(1)%3C/script%3E", "/maps/checks/%7B%7B7*7%7D%7D", "/layers/%7B%7B7*7%7D%7D/history",
                                  "/?%3Cscript%3Ealert(1)%3C/script%3E=1", "/maps/village-types?valid_on=%7B%7B7*7%7D%7D", "/sign-in?next=javascript:alert(1)", "/sign-in?next=//elsewhere.example/"])  # fmt: skip
def test_hostile_addresses(browser, service, path):
    context = browser.new_context(locale="zh-CN", extra_http_headers=people.HEADERS)
    page = context.new_page()
    troubles: list[str] = []
    page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    answer = page.goto(service + path)
    assert answer is not None and answer.status < 500
    probed(page)
    assert page.locator("a[href^='javascript:'], a[href^='//elsewhere']").count() == 0
    assert troubles == []
    context.close()


def test_hostile_names_of_cookies_and_headers(browser, service):
    context = browser.new_context(locale="zh-CN", extra_http_headers={**people.HEADERS, "Referer": f"{service}/<script>alert(1)</script>", "Accept-Language": "{{7*7}}<script>"}, user_agent=MARKUP)
    context.add_cookies([{"name": "cuntu_session", "value": "%3Cscript%3Ealert(1)%3C/script%3E", "url": service}, {"name": "x", "value": "{{7*7}}", "url": service}])
    page = context.new_page()
    answer = page.goto(f"{service}/checks")
    assert answer is not None and answer.status == 200
    probed(page)
    context.close()


@pytest.fixture
def elsewhere(browser) -> Iterator:
    """A page of another origin."""
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto("data:text/html,<p id=p>elsewhere</p>")
    yield page
    context.close()


def test_no_page_can_be_framed_by_another_site(elsewhere, service):
    """Clickjacking: the frame stays empty, though the page itself answers."""
    assert httpx.get(f"{service}/sign-in").status_code == 200
    elsewhere.evaluate("address => { const f = document.createElement('iframe'); f.src = address; document.body.append(f); }", f"{service}/sign-in")
    elsewhere.wait_for_timeout(1_500)
    (framed,) = [frame for frame in elsewhere.frames if frame != elsewhere.main_frame]
    assert service not in framed.url
    assert framed.locator("form, main, header").count() == 0


def test_what_the_policy_forbids_does_not_run_even_if_it_got_into_a_page(browser, service):
    """The last line: markup put into a page by its own script stays dead under the policy."""
    context = browser.new_context(locale="zh-CN", extra_http_headers=people.HEADERS)
    page = context.new_page()
    page.goto(f"{service}/checks")
    alive = page.evaluate("""async () => {
      window.ran = [];
      const box = document.createElement('div');
      box.innerHTML = '<img src="/nowhere.png" onerror="window.ran.push(1)"><a id="j" href="javascript:window.ran.push(2)">x</a><p id="s" style="color: rgb(1, 2, 3)">x</p>';
      document.body.append(box);
      const script = document.createElement('script'); script.textContent = 'window.ran.push(3)'; document.body.append(script);
      document.getElementById('j').click();
      await new Promise(done => setTimeout(done, 500));
      if (getComputedStyle(document.getElementById('s')).color === 'rgb(1, 2, 3)') window.ran.push(4);
      return window.ran;
    }""")
    assert alive == []
    context.close()


