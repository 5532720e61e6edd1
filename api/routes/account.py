"""Who is asking, and the tokens of one's own programs, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import own_tokens
from api.access.caller import Caller
from api.access.guard import GuardedRoute, needs
from api.access.own import Me
from api.deps import Db
from api.errors import NotFoundError
from api.openapi import problems
from layers import tokens
from layers.tokens import Token

router = APIRouter(prefix="/account", tags=["账户"], route_class=GuardedRoute)


class SeatOfCaller(BaseModel):
    """A seat."""

    id: int
    title: str
    unit: str
    places: list[str] | None = Field(description="所办乡镇、村的代码；null 为全县")
    roles: list[str]


class Whoever(BaseModel):
    """Who is asking."""

    kind: str = Field(description="anonymous 未登录，session 页面登录，token 令牌")
    login: str | None
    person: str | None
    seat: SeatOfCaller | None
    permissions: list[str]
    secrecy: str | None = Field(description="可见的最高密级")
    must_change_password: bool
    must_prove: bool = Field(description="尚须填写动态码")


class TokenList(BaseModel):
    """Tokens that hold."""

    tokens: list[Token]


class TokenRequest(BaseModel):
    """A token wanted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str = Field(min_length=1, max_length=own_tokens.LONGEST_TITLE, description="用途")
    days: int = Field(default=own_tokens.DAYS, ge=1, le=own_tokens.MOST_DAYS, description="有效天数")
    permissions: list[str] = Field(min_length=1, max_length=50, description="权限，须是本席位所有")


class TokenMade(BaseModel):
    """A token that was just made."""

    id: UUID
    title: str
    secret: str = Field(description="令牌本身，只显示这一次")
    permissions: list[str]
    expires_at: datetime


class TokenRevoked(BaseModel):
    """A token that was just revoked."""

    revoked: UUID


@router.get("", summary="我是谁", response_model=Whoever, responses=problems(400, 401, 503))
@needs("open")
def whoever(request: Request) -> dict[str, Any]:
    """Who is asking, in which seat, and what they may do."""
    caller: Caller = request.scope["state"]["caller"]
    places = None if caller.places is None else sorted(caller.places)
    seat = {
        "id": caller.seat_id,
        "title": caller.seat,
        "unit": caller.unit,
        "places": places,
        "roles": sorted(caller.roles),
    }
    return {
        "kind": caller.kind,
        "login": caller.login or None,
        "person": caller.person or None,
        "seat": seat if caller.seat_id is not None else None,
        "permissions": sorted(caller.permissions),
        "secrecy": caller.secrecy,
        "must_change_password": caller.must_change_password,
        "must_prove": caller.must_prove,
    }


@router.get("/tokens", summary="我的令牌", response_model=TokenList, responses=problems(400, 401, 403, 503))
@needs("account.own")
def list_tokens(me: Me, db: Db) -> dict[str, Any]:
    """My tokens that still hold. Only for somebody who has signed in on a page."""
    with db.connection() as conn:
        return {"tokens": tokens.of_account(conn, me.account)}


@router.post(
    "/tokens",
    summary="生成令牌",
    status_code=201,
    response_model=TokenMade,
    responses=problems(400, 401, 403, 409, 503),
)
@needs("account.own")
def make_token(me: Me, db: Db, wanted: TokenRequest, response: Response) -> own_tokens.NewToken:
    """Make a token and show it, this once. Only for somebody who has signed in on a page."""
    with db.connection() as conn:
        made = own_tokens.issue(conn, me.caller, title=wanted.title, days=wanted.days, wanted=wanted.permissions)
    response.headers.update({"Cache-Control": "no-store"})
    return made


@router.delete(
    "/tokens/{token_id}", summary="撤销令牌", response_model=TokenRevoked, responses=problems(400, 401, 403, 404, 503)
)
@needs("account.own")
def revoke_token(request: Request, me: Me, db: Db, token_id: UUID) -> dict[str, Any]:
    """Revoke one of my tokens; it holds no more from now on."""
    with db.connection() as conn:
        if not own_tokens.revoke(conn, me.caller, token_id):
            raise NotFoundError("没有这个令牌，或它已失效。")
    request.app.state.epoch.turn()
    return {"revoked": token_id}
