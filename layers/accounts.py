"""Accounts of people, the tokens of their programs, and the links that set a password once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from layers.errors import UnknownRecordError
from layers.identities import digest
from layers.sql import queries
from spatial.errors import CuntuError

SQL = queries("accounts")

Connection = psycopg.Connection[Any]


class AccountExistsError(CuntuError):
    """这个账户名已有人使用，或这个人已有账户。"""


class LinkSpentError(CuntuError):
    """这个一次性链接无效：已经用过、已过期，或已有新的链接代替它。"""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account as an administrator sees it: never a hash or a secret. `link_until` is the end of a link that was not used yet."""

    id: int
    login: str
    person_id: int
    person: str
    has_password: bool
    oidc_subject: str | None
    second_factor: bool
    must_change: bool
    locked_until: datetime | None
    disabled_at: datetime | None
    created_at: datetime
    signed_in_at: datetime | None
    link_until: datetime | None
    tokens: int


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link that has just been used: `administrator` (no account), or `password` for an account."""

    id: UUID
    purpose: str
    account_id: int | None
    expires_at: datetime


def open_account(
    conn: Connection, *, person: int, login: str, password_hash: str | None = None, must_change: bool = True
) -> int:
    """Give a person an account and return its number; raises AccountExistsError, and the transaction is to be rolled back."""
    told = {"person": person, "login": login, "password_hash": password_hash, "must_change": must_change}
    try:
        row = conn.execute(SQL["open_account"], told).fetchone()
    except UniqueViolation as error:
        taken = "login" in str(error.diag.constraint_name)
        raise AccountExistsError("这个账户名已有人使用，请换一个。" if taken else "这个人已有账户。") from error
    assert row is not None
    return int(row[0])


def listed(conn: Connection) -> list[Account]:
    """Return all accounts by login, those disabled last."""
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(SQL["accounts"], {"account": None, "login": None}).fetchall()


def get(conn: Connection, account: int) -> Account:
    """Return one account; raises UnknownRecordError."""
    return _one(conn, f"没有账户 {account}。", account=account)


def named(conn: Connection, login: str) -> Account:
    """Return the account of a login; raises UnknownRecordError."""
    return _one(conn, f"没有账户 {login}。", login=login)


def set_password(conn: Connection, account: int, password_hash: str, *, must_change: bool = False) -> None:
    """Keep the hash of a new password; the sessions that are open stay open."""
    conn.execute(SQL["set_password"], {"account": account, "password_hash": password_hash, "must_change": must_change})


def forget_password(conn: Connection, account: int) -> None:
    """Have an account without a password, until a link sets one; a lock-out ends."""
    conn.execute(SQL["forget_password"], {"account": account})


def disable(conn: Connection, account: int) -> bool:
    """Close an account to its owner; tell whether it was open. Its sessions and tokens are to be ended as well."""
    return conn.execute(SQL["disable"], {"account": account}).rowcount == 1


def enable(conn: Connection, account: int) -> bool:
    """Open a disabled account again; tell whether it was disabled."""
    return conn.execute(SQL["enable"], {"account": account}).rowcount == 1


def unlock(conn: Connection, account: int) -> None:
    """End a lock-out and forget the failed tries."""
    conn.execute(SQL["unlock"], {"account": account})


def name_subject(conn: Connection, account: int, subject: str | None) -> None:
    """Say under which subject the identity provider knows an account's owner, None for none; raises AccountExistsError."""
    try:
        conn.execute(SQL["name_subject"], {"account": account, "subject": subject})
    except UniqueViolation as error:
        raise AccountExistsError("这个统一身份标识已属于另一个账户。") from error


def remove_second_factor(conn: Connection, account: int) -> bool:
    """Forget the second factor, whose device is lost; tell whether there was one."""
    return conn.execute(SQL["remove_second_factor"], {"account": account}).rowcount == 1


def end_grants(conn: Connection, account: int) -> tuple[int, int]:
    """End all sessions and revoke all tokens of an account; return how many of each."""
    told = {"account": account}
    return conn.execute(SQL["end_sessions"], told).rowcount, conn.execute(SQL["revoke_tokens"], told).rowcount


def issue_token(
    conn: Connection,
    secret: str,
    *,
    account: int,
    seat: int,
    title: str,
    permissions: Iterable[str],
    expires_at: datetime,
) -> UUID:
    """Keep the hash of a token that acts for an account in a seat, with no more than some permissions, until a moment."""
    token = uuid4()
    conn.execute(
        SQL["issue_token"],
        {
            "id": token,
            "account": account,
            "seat": seat,
            "title": title,
            "secret": digest(secret),
            "permissions": sorted(permissions),
            "expires_at": expires_at,
        },
    )
    return token


def new_link(conn: Connection, secret: str, purpose: str, account: int | None, expires_at: datetime) -> UUID:
    """Keep the hash of a one-time link for the first `administrator`, or for the `password` of an account; those before it hold no more."""
    link = uuid4()
    conn.execute(SQL["void_links"], {"purpose": purpose, "account": account})
    conn.execute(
        SQL["new_link"],
        {"id": link, "secret": digest(secret), "purpose": purpose, "account": account, "expires_at": expires_at},
    )
    return link


def void_links(conn: Connection, purpose: str, account: int | None) -> int:
    """End the links of a purpose that were not used; return how many."""
    return conn.execute(SQL["void_links"], {"purpose": purpose, "account": account}).rowcount


def use_link(conn: Connection, secret: str, purpose: str) -> Link:
    """Use a link up, in the caller's transaction, and return it; raises LinkSpentError where it does not hold."""
    with conn.cursor(row_factory=class_row(Link)) as cursor:
        found = cursor.execute(SQL["use_link"], {"secret": digest(secret), "purpose": purpose}).fetchone()
    if found is None:
        raise LinkSpentError
    return found


def _one(conn: Connection, unknown: str, *, account: int | None = None, login: str | None = None) -> Account:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        found = cursor.execute(SQL["accounts"], {"account": account, "login": login}).fetchone()
    if found is None:
        raise UnknownRecordError(unknown)
    return found
