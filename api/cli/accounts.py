"""`cuntu accounts`: seats, people and accounts for who keeps the server. What takes rights away counts in a running service within five seconds."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from api.access import administration_accounts
from api.access.administration_accounts import OneTimeLink
from api.access.administration_schemas import AccountRequest, PersonRequest
from api.cli import account_seats
from api.cli.account_input import asked, connected
from api.cli.output import AsJson, done, print_json, print_table, say
from api.moment import Moment
from api.settings import Settings
from layers import accounts, database, seats
from layers.county_time import COUNTY_TIME

app = typer.Typer(help="席位、人员和账户：一览、设立、任命、开户、停用、一次性链接、令牌。", no_args_is_help=True)
app.command("seats")(account_seats.seats_)
app.command("seat")(account_seats.seat_)
app.command("end-seat")(account_seats.end_seat)
app.command("role")(account_seats.role_)
app.command("appoint")(account_seats.appoint)
app.command("end")(account_seats.end)
app.command("people")(account_seats.people)

Login = Annotated[str, typer.Argument(help="账户名")]


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """列出全部账户。"""
    with connected(context) as conn:
        found = accounts.listed(conn)
        sitting = seats.listed(conn, today=Moment.now().valid_on)
    held: dict[int, list[str]] = {}
    for seat in sitting:
        held.setdefault(seat.person_id or 0, []).append(f"{seat.unit}／{seat.title}")
    if as_json:
        print_json({"accounts": [asdict(account) for account in found]})
        return
    rows = [
        [
            account.id,
            account.login,
            account.person,
            "、".join(held.get(account.person_id, [])),
            _state(account),
            account.tokens,
        ]
        for account in found
    ]
    print_table("账户", ["编号", "账户名", "人员", "今天担任", "状态", "令牌"], rows)


@app.command("open")
def open_(
    context: typer.Context,
    person: Annotated[int, typer.Argument(min=1, help="人员编号")],
    login: Login,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="从标准输入读初始密码（首次登录须修改），而不生成链接")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """给一个人开户，打印设定密码的一次性链接。"""
    settings: Settings = context.obj
    told = asked(AccountRequest, person_id=person, login=login)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with connected(context) as conn:
        number, link = administration_accounts.open_account(
            conn, person=told.person_id, login=told.login, password=password, county=settings.county_name
        )
    _linked(context, link, f"账户 {login} 已开通。", as_json=as_json, account=number)


@app.command("reset")
def reset(context: typer.Context, login: Login, as_json: AsJson = False) -> None:
    """作废一个账户的密码、登录和令牌，打印设定新密码的一次性链接。"""
    with connected(context) as conn:
        link = administration_accounts.reset_password(conn, accounts.named(conn, login).id)
    _linked(context, link, f"账户 {login} 的密码已作废。", as_json=as_json, account=link.account)


@app.command("disable")
def disable(context: typer.Context, login: Login, as_json: AsJson = False) -> None:
    """停用一个账户，登录和令牌随之失效。"""
    with connected(context) as conn:
        administration_accounts.disable(conn, accounts.named(conn, login).id)
    done({"login": login, "disabled": True}, f"账户 {login} 已停用。", as_json=as_json)


@app.command("enable")
def enable(context: typer.Context, login: Login, as_json: AsJson = False) -> None:
    """启用一个停用的账户。"""
    with connected(context) as conn:
        administration_accounts.enable(conn, accounts.named(conn, login).id)
    done({"login": login, "disabled": False}, f"账户 {login} 已启用。", as_json=as_json)


@app.command("unlock")
def unlock(context: typer.Context, login: Login, as_json: AsJson = False) -> None:
    """解除一个账户的锁定。"""
    with connected(context) as conn:
        administration_accounts.unlock(conn, accounts.named(conn, login).id)
    done({"login": login, "locked": False}, f"账户 {login} 已解除锁定。", as_json=as_json)


@app.command("link")
def link_(context: typer.Context, as_json: AsJson = False) -> None:
    """打印设立管理员的一次性链接；原来的链接随之失效。"""
    with connected(context) as conn:
        link = administration_accounts.administrator_link(conn)
    _linked(context, link, "设立管理员的链接：", as_json=as_json, account=None)


@app.command("token")
def token(
    context: typer.Context,
    login: Login,
    seat: Annotated[int, typer.Option(min=1, help="以哪个席位（本人今天担任的）")],
    title: Annotated[str, typer.Option(help="用途，例如“质检脚本”")],
    permission: Annotated[list[str] | None, typer.Option(help="只给这些权限，可多次；不写为席位的全部权限（须本人在页面上办理的除外）")] = None,
    days: Annotated[int, typer.Option(min=1, max=administration_accounts.TOKEN_DAYS, help="有效天数")] = 90,
    as_json: AsJson = False,
) -> None:
    """为一个账户的程序发令牌；只打印这一次。"""
    named = asked(PersonRequest, name=title).name
    with connected(context) as conn:
        number, secret, until = administration_accounts.issue_token(
            conn, accounts.named(conn, login), seat=seat, title=named, named=permission, days=days
        )
    if as_json:
        print_json({"token_id": number, "token": secret, "expires_at": until})
    else:
        say(f"令牌 {number}，有效至 {until.astimezone(COUNTY_TIME):%Y-%m-%d %H:%M}，只显示这一次：")
        sys.stdout.write(secret + "\n")


def administrator_notice(settings: Settings, url: str, address: str) -> str | None:
    """Return the sentence with the link that makes the first administrator, where a deployment has none; the link printed before holds no more."""
    with database.connect(url) as conn:
        if not administration_accounts.lacks_administrator(conn):
            return None
        link = administration_accounts.administrator_link(conn)
    return f"还没有能登录的管理员。请在 24 小时内打开这个一次性链接设立（只能用一次）：{address_of(settings, link, address)}"


def address_of(settings: Settings, link: OneTimeLink, address: str | None = None) -> str:
    """Write where a link leads, at the address told or that of the settings."""
    base = settings.address or (address or f"http://{settings.host}:{settings.port}").rstrip("/")
    return base + link.path


def _state(account: accounts.Account) -> str:
    now = Moment.now().known_at
    states = {
        "已停用": account.disabled_at is not None,
        "锁定": account.locked_until is not None and account.locked_until > now,
        "链接未用": account.link_until is not None,
        "没有密码": not account.has_password and account.oidc_subject is None,
        "须改密码": account.must_change and account.has_password,
    }
    return "、".join(name for name, holds in states.items() if holds) or "可用"


def _linked(
    context: typer.Context, link: OneTimeLink | None, sentence: str, *, as_json: bool, account: int | None
) -> None:
    told = {
        "account_id": account,
        "link": address_of(context.obj, link) if link else None,
        "expires_at": link.expires_at if link else None,
    }
    if as_json:
        print_json(told)
        return
    say(sentence)
    if link:
        say("一次性链接（24 小时内有效，用一次即失效）：")
        sys.stdout.write(f"{told['link']}\n")
