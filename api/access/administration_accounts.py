"""Acts on accounts: opened, closed, unlocked, given a link that sets a password; and the first administrator of a deployment."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from api.access import passwords
from api.access.administration import keeping_an_administrator
from api.access.identities import TOKEN_PREFIX
from api.access.own_tokens import NEVER
from api.access.permissions import granted
from api.moment import Moment
from layers import accounts, audit, seats
from layers.accounts import Account
from layers.acting import Acting
from layers.audit import Entry
from spatial.errors import CuntuError, InputError

Connection = psycopg.Connection[Any]

LINK_HOLDS = timedelta(hours=24)
FIRST_PAGE = "/first-administrator"
PASSWORD_PAGE = "/link"  # noqa: S105 (an address)
ADMINISTRATOR = "administrator"
TOKEN_DAYS = 366


class AccountStateError(CuntuError):
    """账户的状态不允许这项操作。"""


@dataclass(frozen=True, kw_only=True)
class OneTimeLink:
    """A link to be handed to one person."""

    page: str
    secret: str
    account: int | None
    expires_at: datetime

    @property
    def path(self) -> str:
        """The address within the service; the secret stands behind `#`, which browsers do not send."""
        return f"{self.page}#{self.secret}"


@dataclass(frozen=True, kw_only=True)
class FirstAdministrator:
    """What the first administrator says of themselves."""

    login: str
    name: str
    unit: str
    title: str
    password: str


def open_account(
    conn: Connection, *, person: int, login: str, password: str | None = None, county: str = ""
) -> tuple[int, OneTimeLink | None]:
    """Give a person an account: with a link by which they set the password themselves, or with a first password that they must change.

    Raises InputError for a password that will not do, AccountExistsError, UnknownRecordError.
    """
    seats.lock(conn)
    somebody = seats.person(conn, person)
    if password is not None:
        require_good(password, login=login, name=somebody.name, county=county)
    kept = passwords.hash_password(password) if password is not None else None
    account = accounts.open_account(conn, person=person, login=login, password_hash=kept)
    _note(conn, "open", account, login=login, person_id=person, person=somebody.name)
    return account, None if password is not None else _password_link(conn, accounts.get(conn, account))


def disable(conn: Connection, number: int) -> None:
    """Close an account: its sessions and tokens end at once. Raises LastAdministratorError, AccountStateError."""
    with keeping_an_administrator(conn):
        account = accounts.get(conn, number)
        if not accounts.disable(conn, number):
            raise AccountStateError(f"账户 {account.login} 已经停用。")
        accounts.void_links(conn, "password", number)
        sessions, tokens = accounts.end_grants(conn, number)
        _note(conn, "disable", number, login=account.login, sessions_ended=sessions, tokens_revoked=tokens)


def enable(conn: Connection, number: int) -> None:
    """Open a disabled account again; raises AccountStateError where it is not disabled."""
    seats.lock(conn)
    account = accounts.get(conn, number)
    if not accounts.enable(conn, number):
        raise AccountStateError(f"账户 {account.login} 没有停用。")
    _note(conn, "enable", number, login=account.login)


def unlock(conn: Connection, number: int) -> None:
    """End the lock-out of an account after wrong passwords."""
    account = accounts.get(conn, number)
    accounts.unlock(conn, number)
    _note(conn, "unlock", number, login=account.login)


def reset_password(conn: Connection, number: int) -> OneTimeLink:
    """End an account's password, sessions and tokens, and make the link that sets a new password; raises AccountStateError."""
    seats.lock(conn)
    account = accounts.get(conn, number)
    if account.disabled_at is not None:
        raise AccountStateError(f"账户 {account.login} 已停用，请先启用。")
    accounts.forget_password(conn, number)
    sessions, tokens = accounts.end_grants(conn, number)
    _note(conn, "reset_password", number, login=account.login, sessions_ended=sessions, tokens_revoked=tokens)
    return _password_link(conn, account)


def remove_second_factor(conn: Connection, number: int) -> None:
    """Forget the second factor of somebody who has lost it, and end their sessions and tokens; raises AccountStateError where there is none."""
    account = accounts.get(conn, number)
    if not accounts.remove_second_factor(conn, number):
        raise AccountStateError(f"账户 {account.login} 没有设置第二因素。")
    accounts.end_grants(conn, number)
    _note(conn, "remove_second_factor", number, login=account.login)


def name_subject(conn: Connection, number: int, subject: str | None) -> None:
    """Say under which subject the identity provider knows somebody; another than before ends their sessions and tokens."""
    with keeping_an_administrator(conn):
        account = accounts.get(conn, number)
        if account.oidc_subject == subject:
            return
        accounts.name_subject(conn, number, subject)
        accounts.end_grants(conn, number)
        _note(conn, "name_subject", number, login=account.login, subject=subject)


def issue_token(
    conn: Connection, account: Account, *, seat: int, title: str, named: Collection[str] | None, days: int
) -> tuple[UUID, str, datetime]:
    """Make a token for somebody's program: it acts in a seat they hold today, with some or all of its permissions, for some days.

    What needs a person at a page is never among them. Raises InputError for a seat not theirs, a permission that the seat has not or no token
    is given, or too long a time; AccountStateError.
    """
    today = Moment.now().valid_on
    if account.disabled_at is not None:
        raise AccountStateError(f"账户 {account.login} 已停用。")
    found = seats.get(conn, seat, today=today)
    if found.person_id != account.person_id or found.is_ended(today):
        raise InputError(f"{account.person}今天不担任席位 {seat}（{found.unit}／{found.title}）。")
    allowed = granted(found.roles) - NEVER
    asked = frozenset(named or allowed)
    problems = [f"/permissions：不能授予令牌 {permission}" for permission in sorted(asked & NEVER)]
    problems += [f"/permissions：席位没有权限 {permission}" for permission in sorted(asked - allowed - NEVER)]
    if not 1 <= days <= TOKEN_DAYS:
        problems.append(f"/days：应为 1 到 {TOKEN_DAYS}")
    if problems:
        raise InputError(problems=problems)
    secret, until = TOKEN_PREFIX + secrets.token_urlsafe(32), datetime.now(UTC) + timedelta(days=days)
    token = accounts.issue_token(
        conn, secret, account=account.id, seat=seat, title=title, permissions=asked, expires_at=until
    )
    _note(
        conn,
        "issue_token",
        account.id,
        login=account.login,
        seat=seat,
        title=title,
        token=str(token),
        permissions=sorted(asked),
        until=until,
    )
    return token, secret, until


def administrator_link(conn: Connection) -> OneTimeLink:
    """Make the link by which an administrator is made; the one before holds no more."""
    seats.lock(conn)
    link = _new_link(conn, FIRST_PAGE, ADMINISTRATOR, None)
    audit.note(conn, "accounts.administrator_link", "accounts", details={"until": link.expires_at})
    return link


def lacks_administrator(conn: Connection) -> bool:
    """Tell whether nobody who can sign in administers this deployment today."""
    return not seats.administered(conn, today=Moment.now().valid_on).today


def first_administrator(conn: Connection, secret: str, told: FirstAdministrator, *, asking: Acting, county: str) -> int:
    """Use the administrator's link: make the person, the seat with its role and the account; return the account.

    `asking` is whoever asked; from here on they are who they say. Raises LinkSpentError, InputError, AccountExistsError, SeatExistsError: then
    the link can be used again, once the transaction is rolled back.
    """
    seats.lock(conn)
    accounts.use_link(conn, secret, ADMINISTRATOR)
    require_good(told.password, login=told.login, name=told.name, county=county)
    today = Moment.now().valid_on
    person = seats.new_person(conn, told.name)
    account = accounts.open_account(
        conn, person=person, login=told.login, password_hash=passwords.hash_password(told.password), must_change=False
    )
    seat = _administrators_seat(conn, told, today)
    seats.appoint(conn, seat=seat, person=person, held_from=today)
    by = replace(
        asking, account_id=account, person_id=person, person=told.name, seat_id=seat, seat=told.title, unit=told.unit
    )
    details = {"login": told.login, "person_id": person, "seat": f"{told.unit}／{told.title}"}
    audit.append(
        conn, [Entry(action="accounts.first_administrator", object=f"account/{account}", details=details, by=by)]
    )
    return account


def require_good(password: str, *, login: str, name: str, county: str) -> None:
    """Raise InputError for a password that will not do, with everything that keeps it from it."""
    found = passwords.problems(password, login=login, name=name, county=county)
    if found:
        raise InputError("密码不合要求：", problems=[f"/password：{problem}" for problem in found])


def _administrators_seat(conn: Connection, told: FirstAdministrator, today: date) -> int:
    """The seat named, where it is an administrator's that nobody holds, else a new one."""
    held = seats.named(conn, unit=told.unit, title=told.title)
    if held is not None:
        found = seats.get(conn, held, today=today)
        if found.roles == [ADMINISTRATOR] and found.ended_on is None:
            return held
    return seats.new_seat(conn, title=told.title, unit=told.unit, roles=[ADMINISTRATOR])


def _password_link(conn: Connection, account: Account) -> OneTimeLink:
    return _new_link(conn, PASSWORD_PAGE, "password", account.id)


def _new_link(conn: Connection, page: str, purpose: str, account: int | None) -> OneTimeLink:
    link = OneTimeLink(
        page=page, secret=secrets.token_urlsafe(32), account=account, expires_at=datetime.now(UTC) + LINK_HOLDS
    )
    accounts.new_link(conn, link.secret, purpose, account, link.expires_at)
    return link


def _note(conn: Connection, act: str, number: int, /, **details: Any) -> None:
    audit.note(conn, f"accounts.{act}", f"account/{number}", details=details)
