"""Tokens that somebody makes for their own programs and notebooks.

A token acts in the seat it was made in, and is given no more than that seat may do. What needs a person at a page is never given to a program:
one's own password and factors, other people's accounts, the audit, and the full data of applicants, each look at which is somebody's own.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.access.caller import Caller
from api.access.identities import TOKEN_PREFIX
from api.access.permissions import OPEN, permissions
from layers import accounts, audit, tokens
from layers.tokens import Connection
from spatial.errors import CuntuError, InputError

NEVER = frozenset({OPEN, "account.own", "accounts.manage", "audit.read", "applicants.reveal"})
DAYS = 90
MOST_DAYS = 365
MOST = 20
LONGEST_TITLE = 60


class TooManyTokensError(CuntuError):
    """令牌太多，请先撤销不用的。"""


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token that has just been made: the only time that its `secret` is seen."""

    id: UUID
    title: str
    secret: str
    permissions: list[str]
    expires_at: datetime


def grantable(caller: Caller) -> list[str]:
    """Return the permissions that somebody can give to a token, in the order of their list."""
    return [name for name in permissions() if name in caller.permissions and name not in NEVER]


def issue(conn: Connection, caller: Caller, *, title: str, days: int, wanted: Sequence[str]) -> NewToken:
    """Make a token for whoever has signed in; raises InputError with every problem, and TooManyTokensError."""
    title, wanted = " ".join(title.split()), sorted(set(wanted))
    problems = _problems(caller, title, days, wanted)
    if problems:
        raise InputError("令牌没有生成：", problems=problems)
    assert caller.account_id is not None and caller.seat_id is not None
    if tokens.count(conn, caller.account_id) >= MOST:
        raise TooManyTokensError(f"每个账户最多 {MOST} 个有效令牌，请先撤销不用的。")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    expires_at = datetime.now(UTC) + timedelta(days=days)
    token = accounts.issue_token(
        conn,
        secret,
        account=caller.account_id,
        seat=caller.seat_id,
        title=title,
        permissions=wanted,
        expires_at=expires_at,
    )
    told = {"token": str(token), "permissions": wanted, "expires_at": expires_at.isoformat()}
    audit.note(conn, "account.make_token", f"account/{caller.account_id}", details=told)
    return NewToken(id=token, title=title, secret=secret, permissions=wanted, expires_at=expires_at)


def revoke(conn: Connection, caller: Caller, token: UUID) -> bool:
    """Revoke a token of whoever has signed in; False where they have none such. The epoch is to be turned after the transaction."""
    assert caller.account_id is not None
    if not tokens.revoke(conn, token, account=caller.account_id):
        return False
    audit.note(conn, "account.revoke_token", f"account/{caller.account_id}", details={"token": str(token)})
    return True


def _problems(caller: Caller, title: str, days: int, wanted: Sequence[str]) -> list[str]:
    found = []
    if caller.seat_id is None:
        found.append("/seat：没有席位，不能生成令牌")
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        found.append(f"/title：请写明用途，不超过 {LONGEST_TITLE} 个字")
    if not 1 <= days <= MOST_DAYS:
        found.append(f"/days：有效期为 1 至 {MOST_DAYS} 天")
    if not wanted:
        found.append("/permissions：请至少选一项权限")
    may = grantable(caller)
    return found + [f"/permissions：不能授予 {name[:40]}" for name in wanted if name not in may]
