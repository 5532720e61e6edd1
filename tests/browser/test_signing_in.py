"""Signing in as a person does it: led to the form, back to the page asked for, and out again; also without scripts."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
import uvicorn
from playwright.sync_api import Page, expect
from visitors import PASSWORD, somebody

from api.app import create_app
from api.processes.serving import listen
from api.settings import Settings
from layers.databases import create_database, drop_database

REFUSED = "Failed to load resource"
"""What Chromium writes to its console of an answer that is not 2xx, such as a refusal that the page then tells."""


@pytest.fixture(scope="module")
def service(server_url, template_database, tmp_path_factory) -> Iterator[str]:
    """The address of a service of these tests' own, in which somebody has an account."""
    name = f"cuntu_signing_in_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=template_database)
    somebody(url, "zhangsan", ("planner", "reviewer"), token="7")
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), database_url=url)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield address
    server.should_exit = True
    thread.join()
    listening.close()
    drop_database(server_url, name)


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def stranger(browser, service, request):
    """A browser that is nobody's yet."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", java_script_enabled=request.param
    )
    seen = Seen(context.new_page(), service)
    yield seen
    context.close()
    assert seen.wrong == []


@dataclass
class Seen:
    """A page of this service, with what it complained about and asked of others."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on(
            "console", lambda message: None if message.text.startswith(REFUSED) else self.wrong.append(message.text)
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on(
            "request",
            lambda request: None if request.url.startswith((self.address, "data:")) else self.wrong.append(request.url),
        )

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path, wait_until="load")
        return self.page


def sign_in(page) -> None:
    page.get_by_label("账户名").fill("zhangsan")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def test_somebody_signs_in_is_led_to_the_page_asked_for_and_signs_out(stranger):
    page = stranger.open("/checks?page=1")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    sign_in(page)
    expect(page).to_have_url(re.compile(r"/checks\?page=1$"))
    expect(page.get_by_role("banner")).to_contain_text("张三")
    expect(page.get_by_role("banner")).to_contain_text("张三之席")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_text("您已退出登录")).to_be_visible()
    page.goto(stranger.address + "/checks")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))


def test_a_wrong_password_is_explained_where_a_reader_hears_it(stranger):
    page = stranger.open("/sign-in")
    page.get_by_label("账户名").fill("zhangsan")
    page.get_by_label("密码", exact=True).fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_contain_text("登录没有成功")
    expect(page.get_by_label("账户名")).to_have_value("zhangsan")
    expect(page.get_by_label("密码", exact=True)).to_have_value("")


def test_a_token_is_made_and_revoked_on_the_page_of_the_account(stranger):
    page = stranger.open("/account")
    sign_in(page)
    expect(page.get_by_role("heading", name="我的账户")).to_be_visible()
    page.get_by_label("用途").fill("分析笔记本")
    page.get_by_label("查看整治进度").check()
    page.get_by_role("button", name="生成").click()
    expect(page.locator("#secret")).to_have_text(re.compile(r"^cuntu_[A-Za-z0-9_-]{43}$"))
    page.get_by_role("link", name="回到我的账户").click()
    page.get_by_role("button", name="撤销令牌 分析笔记本").click()
    expect(page.get_by_role("button", name="撤销令牌 分析笔记本")).to_have_count(0)


def test_the_code_for_an_authenticator_is_drawn(stranger):
    page = stranger.open("/account/second-factor")
    sign_in(page)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_role("img", name="身份验证器的二维码")).to_be_visible()
    expect(page.locator("#secret")).to_have_text(re.compile(r"^[A-Z2-7]{32}$"))


@pytest.mark.parametrize("width", [390, 1366])
def test_nothing_sticks_out_of_the_window(browser, service, width):
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="zh-CN")
    seen = Seen(context.new_page(), service)
    page = seen.open("/account")
    for path in ("/sign-in", "/account", "/account/password", "/account/second-factor"):
        if path == "/account":
            sign_in(page)
        page.goto(service + path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
    context.close()
    assert seen.wrong == []
