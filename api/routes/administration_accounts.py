"""Accounts, for who administers them; and the first administrator of a deployment, who is nobody yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api.access import administration_accounts as acts_on
from api.access.administration_accounts import Connection, FirstAdministrator, OneTimeLink
from api.access.administration_schemas import (
    AccountRequest,
    Accounts,
    FirstAdministratorRequest,
    LinkEntry,
    SubjectRequest,
)
from api.access.guard import GuardedRoute, needs
from api.deps import AppSettings, Db, JsonBody
from api.json_text import validated
from api.openapi import json_body, problems
from api.routes.administration import ACTED, MANAGE, READ, Acts
from layers import accounts
from layers.accounts import Account
from layers.acting import as_service, current

router = APIRouter(tags=["席位和账户"], route_class=GuardedRoute)

STATE = READ | problems(409)
PRIVATE = {"Cache-Control": "no-store"}

AccountId = Annotated[int, Path(ge=1, le=2**31 - 1, description="账户编号")]


@router.get("/admin/accounts", summary="账户一览", response_model=Accounts, responses=READ)
@needs(MANAGE)
def list_accounts(db: Db) -> dict[str, Any]:
    """Every account."""
    with db.connection() as conn:
        return {"accounts": accounts.listed(conn)}


@router.post(
    "/admin/accounts",
    status_code=201,
    summary="开户",
    response_model=LinkEntry,
    responses=ACTED,
    openapi_extra=json_body(AccountRequest, "application/json"),
)
@needs(MANAGE)
def open_account(acts: Acts, response: Response, body: JsonBody) -> dict[str, Any]:
    """Give a person an account; the answer has the link by which they set their password."""
    asked = validated(AccountRequest, body)
    with acts.act() as conn:
        _, link = acts_on.open_account(conn, person=asked.person_id, login=asked.login)
        assert link is not None
    return link_entry(link, response)


@router.post("/admin/accounts/{account}/password-link", summary="重置密码", response_model=LinkEntry, responses=STATE)
@needs(MANAGE)
def reset_password(acts: Acts, account: AccountId, response: Response) -> dict[str, Any]:
    """End a password with all sessions and tokens; the answer has the link by which the owner sets a new one."""
    with acts.act() as conn:
        link = acts_on.reset_password(conn, account)
    return link_entry(link, response)


@router.post("/admin/accounts/{account}/disable", summary="停用账户", response_model=Account, responses=STATE)
@needs(MANAGE)
def disable(acts: Acts, account: AccountId) -> Account:
    """Close an account; its sessions and tokens end at once."""
    return _acted(acts, account, acts_on.disable)


@router.post("/admin/accounts/{account}/enable", summary="启用账户", response_model=Account, responses=STATE)
@needs(MANAGE)
def enable(acts: Acts, account: AccountId) -> Account:
    """Open a disabled account again."""
    return _acted(acts, account, acts_on.enable)


@router.post("/admin/accounts/{account}/unlock", summary="解除锁定", response_model=Account, responses=STATE)
@needs(MANAGE)
def unlock(acts: Acts, account: AccountId) -> Account:
    """End a lock-out after wrong passwords."""
    return _acted(acts, account, acts_on.unlock)


@router.delete(
    "/admin/accounts/{account}/second-factor", summary="解除第二因素", response_model=Account, responses=STATE
)
@needs(MANAGE)
def remove_second_factor(acts: Acts, account: AccountId) -> Account:
    """Forget the second factor of somebody who has lost it."""
    return _acted(acts, account, acts_on.remove_second_factor)


@router.put(
    "/admin/accounts/{account}/subject", summary="统一身份标识", response_model=Account, responses=ACTED,
    openapi_extra=json_body(SubjectRequest, "application/json"),
)  # fmt: skip
@needs(MANAGE)
def name_subject(acts: Acts, account: AccountId, body: JsonBody) -> Account:
    """Say under which subject the identity provider knows the owner."""
    asked = validated(SubjectRequest, body)
    return _acted(acts, account, lambda conn, number: acts_on.name_subject(conn, number, asked.subject))


@router.post(
    "/first-administrator", status_code=201, summary="设立首任管理员", responses={201: {"description": "已设立，可以登录"}, **ACTED},
    openapi_extra=json_body(FirstAdministratorRequest, "application/json"),
)  # fmt: skip
@needs("open")
def first_administrator(request: Request, db: Db, settings: AppSettings, body: JsonBody) -> dict[str, str]:
    """Make the first administrator by the one-time link that the service printed at its start, or `cuntu accounts link`."""
    asked = validated(FirstAdministratorRequest, body)
    told = FirstAdministrator(**asked.model_dump(exclude={"secret"}))
    asking = current()
    with as_service(), db.connection() as conn:
        acts_on.first_administrator(conn, asked.secret, told, asking=asking, county=settings.county_name)
    request.app.state.epoch.turn()
    return {"login": told.login}


def _acted(acts: Acts, account: int, act: Callable[[Connection, int], None]) -> Account:
    with acts.act() as conn:
        act(conn, account)
        return accounts.get(conn, account)


def link_entry(link: OneTimeLink, response: Response) -> dict[str, Any]:
    """Tell a link, once: nothing on the way keeps the answer."""
    response.headers.update(PRIVATE)
    return {"account_id": link.account, "link": link.path, "expires_at": link.expires_at}
