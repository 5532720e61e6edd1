"""A deployment's first day in a browser: the one-time link makes an administrator, who signs in and staffs the county."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import people
import pytest
import uvicorn
from offices import GOOD, TODAY
from playwright.sync_api import expect

from api.access import administration_accounts
from api.app import create_app
from api.processes.serving import listen
from api.settings import Settings
from layers import database, seats
from layers.acting import as_service
from layers.databases import create_database, drop_database

TOKEN = "cuntu_" + "administering-only-".ljust(43, "0")
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
NOT_ERRORS = ("Failed to load resource",)
"""What Chromium writes to its console of an answer that is not 2xx, such as a refusal that the page then tells."""


@pytest.fixture(scope="module")
def deployment(server_url, template_database, tmp_path_factory) -> Iterator[tuple[str, str]]:
    """Address and database of a service that has nothing but an administrator's token."""
    name = f"cuntu_admin_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=template_database)
    with database.connect(url) as conn:
        people.person_with(conn, "管理某", ["administrator"], token=TOKEN, password_hash="kept", login="guanli")
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), database_url=url)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", url
    server.should_exit = True
    thread.join()
    listening.close()
    drop_database(server_url, name)


def opened(browser, complaints, **options):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", **options)
    page = context.new_page()
    page.on("console", lambda message: None if message.text.startswith(NOT_ERRORS) else complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return context, page


@pytest.fixture
def admin(browser, deployment):
    """The administrator's page; nothing on it may complain, of the Content-Security-Policy least of all."""
    complaints: list[str] = []
    context, page = opened(browser, complaints, extra_http_headers=ADMIN)
    page.goto(deployment[0] + "/admin/accounts")
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def stranger(browser):
    """Somebody's browser that has never been here."""
    complaints: list[str] = []
    context, page = opened(browser, complaints)
    yield page
    context.close()
    assert complaints == []


def make_seat(page, title, unit, *roles, place=""):
    page.get_by_text("设立席位", exact=True).click()
    form = page.locator("#new-seat")
    form.get_by_label("席位名称").fill(title)
    form.get_by_label("单位").fill(unit)
    form.get_by_label("范围").fill(place)
    for role in roles:
        form.get_by_label(role).check()
    form.get_by_role("button", name="设立").click()


def test_a_seat_is_made_filled_and_passed_on(admin, deployment):
    make_seat(admin, "经办岗", "天城镇人民政府", "乡镇经办员", place="421223100")
    expect(admin.get_by_role("heading", level=1)).to_have_text("经办岗")
    form = admin.locator("#appoint")
    form.get_by_label("或新登记姓名").fill("前任某")
    form.get_by_role("button", name="任命").click()
    expect(admin.locator("#history")).to_contain_text("前任某")
    day = (TODAY + timedelta(days=10)).isoformat()
    admin.get_by_text("结束任职", exact=True).click()
    admin.get_by_label("自哪一天起不再担任").fill(day)
    admin.get_by_role("button", name="确认结束").click()
    expect(admin.locator("#history")).to_contain_text(f"至 {day} 前")
    form.get_by_label("或新登记姓名").fill("后任某")
    form.get_by_label("起任日").fill(day)
    form.get_by_role("button", name="任命").click()
    expect(admin.locator("#history tbody tr")).to_have_count(2)
    admin.get_by_role("button", name="给予审核员").click()
    expect(admin.get_by_role("button", name="给予审核员")).to_have_count(0)
    row = admin.locator(".admin-list li", has_text="审核员")
    row.get_by_text("收回", exact=True).click()
    row.get_by_role("button", name="确认收回").click()
    expect(admin.get_by_role("button", name="给予审核员")).to_be_visible()
    number = int(admin.url.rpartition("/")[2])
    with as_service(), database.connect(deployment[1]) as conn:
        assert seats.get(conn, number, today=TODAY).person == "前任某"
        assert seats.get(conn, number, today=TODAY + timedelta(days=10)).person == "后任某"
        assert seats.get(conn, number, today=TODAY).roles == ["town_clerk"]


def test_a_refusal_is_told_on_the_page_and_changes_nothing(admin):
    make_seat(admin, "无镇岗", "某股", "乡镇经办员")
    expect(admin.get_by_role("alert")).to_contain_text("乡镇经办员只能给乡镇或村的席位")
    expect(admin.locator("#seats")).not_to_contain_text("无镇岗")


def test_an_account_is_opened_with_a_link_by_which_its_owner_comes_in_then_closed(admin, stranger):
    admin.get_by_text("登记人员", exact=True).click()
    admin.locator("#new-person").get_by_label("姓名").fill("开户某")
    admin.get_by_role("button", name="登记", exact=True).click()
    form = admin.locator("#new-account")
    expect(form.locator("option", has_text="开户某")).to_have_count(1)
    form.locator("summary").click()
    form.locator("select").select_option(label=form.locator("option", has_text="开户某").inner_text())
    form.get_by_label("账户名").fill("kai.hu")
    form.get_by_role("button", name="开户").click()
    expect(admin.locator("#link-text")).to_have_text(re.compile(r"^http://127\.0\.0\.1:\d+/link#[A-Za-z0-9_-]{43}$"))
    asked: list[str] = []
    stranger.on("request", lambda request: asked.append(request.url))
    link = admin.locator("#link-text").inner_text()
    stranger.goto(link)
    stranger.get_by_label("新密码", exact=True).fill(GOOD)
    stranger.get_by_label("再输一次新密码").fill(GOOD)
    stranger.get_by_role("button", name="设置密码").click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text("密码已设置")
    assert asked and not any(link.partition("#")[2] in url for url in [*asked, stranger.url])
    stranger.goto(urlsplit(stranger.url)._replace(path="/sign-in", query="next=%2Faccount").geturl())
    stranger.get_by_label("账户名").fill("kai.hu")
    stranger.get_by_label("密码", exact=True).fill(GOOD)
    stranger.get_by_role("main").get_by_role("button", name="登录").click()
    expect(stranger.locator(".who")).to_contain_text("开户某")
    admin.get_by_text("已经交给本人").click()
    expect(admin.locator("#accounts tr", has_text="kai.hu")).to_contain_text("可用")
    expect(admin.locator("#accounts tr", has_text="kai.hu")).not_to_contain_text("链接未用")
    row = admin.locator("#accounts tr", has_text="kai.hu")
    row.get_by_text("停用", exact=True).click()
    row.get_by_role("button", name="确认停用").click()
    expect(admin.locator("#accounts tr", has_text="kai.hu")).to_contain_text("已停用")


def test_the_last_administrator_is_told_why_they_stay(admin):
    row = admin.locator("#accounts tr", has_text="guanli")
    row.get_by_text("停用", exact=True).click()
    row.get_by_role("button", name="确认停用").click()
    expect(admin.get_by_role("alert")).to_contain_text("没有能登录的管理员")
    admin.reload()
    expect(admin.locator("#accounts tr", has_text="guanli")).to_contain_text("可用")


def test_the_one_time_link_makes_an_administrator_who_signs_in(stranger, deployment):
    address, url = deployment
    with as_service(), database.connect(url) as conn:
        link = administration_accounts.administrator_link(conn)
    asked: list[str] = []
    stranger.on("request", lambda request: asked.append(request.url))
    stranger.goto(address + link.path)
    expect(stranger.get_by_role("heading", level=1)).to_have_text("设立首任管理员")
    assert link.secret not in stranger.url
    for label, text in (("姓名", "管某某"), ("单位", "信息中心"), ("账户名", "guan")):
        stranger.get_by_label(label).fill(text)
    stranger.get_by_label("密码（至少").fill(GOOD)
    stranger.get_by_label("再输一次密码").fill(GOOD + "!")
    stranger.get_by_role("button", name="设立").click()
    expect(stranger.get_by_role("alert")).to_contain_text("两次输入的密码不一致")
    stranger.get_by_label("再输一次密码").fill(GOOD)
    stranger.get_by_role("button", name="设立").click()
    expect(stranger.get_by_text("管理员已设立")).to_be_visible()
    assert not any(link.secret in urlsplit(one)._replace(fragment="").geturl() for one in asked)
    stranger.get_by_role("link", name="登录").last.click()
    stranger.get_by_label("账户名").fill("guan")
    stranger.get_by_label("密码", exact=True).fill(GOOD)
    stranger.get_by_role("button", name="登录").click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text("席位和账户")
    make_seat(stranger, "查询岗", "信息中心", "查看员")
    expect(stranger.get_by_role("heading", level=1)).to_have_text("查询岗")


def test_a_link_without_its_secret_says_so(stranger, deployment):
    stranger.goto(deployment[0] + "/first-administrator")
    expect(stranger.get_by_role("alert")).to_contain_text("地址不完整")
    expect(stranger.locator("#first")).to_be_hidden()
