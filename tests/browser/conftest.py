"""The real service on a small county, in front of a real browser that may talk to nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import people
import pytest
import small_county
import uvicorn
from applications import IN_ZONE, application, ring
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.access import cookies
from api.app import create_app
from api.processes.serving import listen
from api.settings import Settings
from layers import acting, county_time, database, identities, sessions
from layers.databases import create_database, drop_database

expect.set_options(timeout=30_000)

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser_url(server_url: str, template_database: str) -> Iterator[str]:
    """The URL of a database with the small county loaded and typed."""
    name = f"cuntu_browser_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=template_database)
    with database.connect(url) as conn:
        small_county.load(conn)
    yield url
    drop_database(server_url, name)


@pytest.fixture(scope="session")
def service(browser_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service on that database."""
    url = browser_url
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), database_url=url)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    wait_until_ready(address)
    yield address
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def signed_in(browser_url: str, service: str) -> Any:
    """The cookie of a new session of the tester: a browser sends it with downloads, too."""
    with acting.on_behalf(acting.SERVICE), database.connect(browser_url) as conn:
        account = identities.of_token(conn, people.TOKEN, today=county_time.today()).account_id
        _, secret = sessions.start(conn, account=account, address="127.0.0.1", lasts=timedelta(hours=1), today=county_time.today())
    return {"name": cookies.SESSION, "value": secret, "url": service, "httpOnly": True, "sameSite": "Strict"}


def wait_until_ready(address: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            if httpx.get(f"{address}/readyz").json().get("snapshot") == "loaded":
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the service did not become ready")


@pytest.fixture(scope="session")
def check_id(service: str) -> str:
    """A stored check of a site on basic farmland and near a road, with a case number that tries to be code."""
    feature = application(coordinates=[ring(1_030, 1_035)], case_no=small_county.HOSTILE)
    answer = httpx.post(f"{service}/api/v1/checks", params=IN_ZONE, json=feature, headers=people.HEADERS)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one file of tests: while it is open this thread has an event loop running, which tests of other files must not meet."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        yield started
        started.close()


@dataclass
class Visit:
    """A page with everything it asked for and complained about."""

    page: Page
    address: str
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path, wait_until="load")
        return self.page

    def foreign(self) -> list[str]:
        own = urlsplit(self.address).netloc
        return [url for url in self.requested if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != own]


def watched(page: Page, service: str) -> Visit:
    """A visit that writes down what its page asks for and complains about."""
    visit = Visit(page, service)
    page.on("request", lambda request: visit.requested.append(request.url))
    page.on("console", lambda message: visit.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (visit.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return visit


def clean(visit: Visit) -> None:
    """At its end a visit must have asked no other host and reported no error."""
    assert visit.requested
    assert visit.foreign() == []
    assert visit.complaints == []


@pytest.fixture
def visit(browser: Browser, service: str, signed_in: Any) -> Iterator[Visit]:
    """A fresh page on a desk."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    context.add_cookies([signed_in])
    visit = watched(context.new_page(), service)
    yield visit
    context.close()
    clean(visit)


@pytest.fixture
def phone(browser: Browser, service: str, signed_in: Any) -> Iterator[Visit]:
    """A fresh page on a phone."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="zh-CN")
    context.add_cookies([signed_in])
    visit = watched(context.new_page(), service)
    yield visit
    context.close()
    clean(visit)
