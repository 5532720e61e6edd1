"""Whoever manages their own account: somebody who has signed in on a page. A token cannot, whatever it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from api.access import cookies
from api.access.caller import Caller
from api.access.signing_in import SigningIn
from api.errors import ForbiddenError
from layers import sessions
from layers.sessions import Connection


@dataclass(frozen=True)
class Self:
    """Who they are, their account and their session."""

    caller: Caller
    account: int
    session: UUID


async def myself(request: Request) -> Self:
    """Return whoever has signed in; raises ForbiddenError for a program with a token."""
    caller: Caller = request.scope["state"]["caller"]
    if caller.kind != "session" or caller.account_id is None or caller.grant_id is None:
        raise ForbiddenError("账户只能由本人登录后在页面上管理，令牌不能。")
    return Self(caller, caller.account_id, caller.grant_id)


async def desk(request: Request) -> SigningIn:
    """Where people show who they are."""
    return request.app.state.signing_in  # type: ignore[no-any-return]


def rotated(conn: Connection, me: Self, *, seat: int | None = None, second_factor: bool = False) -> str:
    """Give this session a new secret, in the caller's transaction, and return it; raises ForbiddenError where it has ended meanwhile."""
    secret = sessions.rotate(conn, me.session, account=me.account, seat=seat, second_factor=second_factor)
    if secret is None:
        raise ForbiddenError("登录已结束，请重新登录。")
    return secret


def renew(request: Request, response: Response, secret: str) -> None:
    """Have the browser keep the new secret of its session; the old one holds no more, in any process."""
    request.app.state.epoch.turn()
    cookies.write(response, request.scope, request.app.state.settings, cookies.SESSION, secret)


Me = Annotated[Self, Depends(myself)]
SigningInDesk = Annotated[SigningIn, Depends(desk)]
