"""Choosing a password: one's own anew, the first one where it has to be changed, or by a one-time link."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import cookies, csrf, passwords
from api.access.forms import Form, posted
from api.access.guard import needs
from api.access.known_browsers import LASTS_S
from api.access.local_paths import local_path
from api.access.own import Me, Self, SigningInDesk, renew, rotated
from api.access.signing_in import whose
from api.errors import ForbiddenError, WrongProofError
from api.routes.pages import PageRoute, page
from api.routes.sign_in import NO_STORE, Next, form_secret
from layers import accounts, acting, audit, credentials, sessions, tokens
from layers.accounts import LinkSpentError
from layers.acting import as_service
from layers.credentials import Connection, Credentials

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

PasswordForm = Annotated[Form, Depends(posted("current", "password", "again", "revoke_tokens", "next"))]
LinkForm = Annotated[Form, Depends(posted("secret", "password", "again", signed_in=False))]


@router.get("/account/password")
@needs("account.own")
def password_page(request: Request, me: Me, following: Next = None) -> HTMLResponse:
    """The form."""
    return _own_page(request, me, target=local_path(following))


@router.post("/account/password")
@needs("account.own")
async def change_password(request: Request, me: Me, desk: SigningInDesk, form: PasswordForm) -> Response:
    """Change my password; every other session of mine ends, and this one's secret changes."""
    target = local_path(form.text("next"))
    try:
        found = await desk.run(lambda: desk.prove(me.account, password=form.text("current")))
    except WrongProofError as error:
        return await run_sync(partial(_own_page, request, me, target=target, problems=[str(error)], status=403))
    if found.password_hash is None:
        raise ForbiddenError("这个账户由统一身份认证登录，没有本系统的密码。")
    problems = _problems(request, form, found)
    if form.text("password") == form.text("current"):
        problems.append("新密码不能与原密码相同")
    if problems:
        return await run_sync(lambda: _own_page(request, me, target=target, problems=problems, status=400))
    kept = await desk.run(passwords.hash_password, form.text("password"))
    secret = await run_sync(lambda: _change(request, me, kept, revoke_tokens=bool(form.text("revoke_tokens"))))
    response = RedirectResponse(target if target != "/" else "/account", status_code=303, headers=NO_STORE)
    renew(request, response, secret)
    cookies.write(response, request.scope, request.app.state.settings, cookies.BROWSER, desk.browsers.cookie(me.account), lasts_s=LASTS_S)
    return response


@router.get("/link")
@needs("open")
def link_page(request: Request) -> HTMLResponse:
    """Where a one-time link leads. Its secret stands behind `#` and is not sent with the address; the page sends it in a form."""
    return _form_page(request, "account_link.html", {})


@router.post("/link")
@needs("open")
async def use_link(request: Request, desk: SigningInDesk, form: LinkForm) -> Response:
    """Show the form of a one-time link, which does not use it up; with a password choose that, and end all sessions of the account."""
    secret = form.text("secret").strip()

    def look() -> Credentials:
        with as_service(), request.app.state.pool.connection() as conn:
            return _linked(conn, secret)

    found = await run_sync(look)
    if "password" not in form.fields:
        return await run_sync(lambda: _link_page(request, secret, found))
    problems = _problems(request, form, found)
    if problems:
        return await run_sync(lambda: _link_page(request, secret, found, problems=problems, status=400))
    kept = await desk.run(passwords.hash_password, form.text("password"))
    await run_sync(lambda: _by_link(request, secret, found, kept))
    return page(
        request,
        "message.html",
        {"title": "密码已设置", "detail": "请用新密码登录。"},
        synthetic=False,
        headers=NO_STORE,
    )


def _change(request: Request, me: Self, kept: str, *, revoke_tokens: bool) -> str:
    with request.app.state.pool.connection() as conn:
        accounts.set_password(conn, me.account, kept)
        ended = sessions.end_all(conn, account=me.account, but=me.session)
        revoked = tokens.revoke_all(conn, account=me.account) if revoke_tokens else 0
        secret = rotated(conn, me)
        told = {"sessions_ended": ended, "tokens_revoked": revoked}
        audit.note(conn, "account.change_password", f"account/{me.account}", details=told)
    return secret


def _by_link(request: Request, secret: str, found: Credentials, kept: str) -> None:
    here = acting.current()
    with as_service(), request.app.state.pool.connection() as conn:
        link = accounts.use_link(conn, secret, "password")
        if link.account_id != found.id:
            raise LinkSpentError
        accounts.set_password(conn, found.id, kept)
        accounts.unlock(conn, found.id)
        ended = sessions.end_all(conn, account=found.id)
        told = {"link": str(link.id), "sessions_ended": ended}
        entry = audit.Entry(
            action="account.set_password_by_link", object=f"account/{found.id}", details=told, by=whose(found, here)
        )
        audit.append(conn, [entry])
    request.app.state.epoch.turn()


def _linked(conn: Connection, secret: str) -> Credentials:
    account = credentials.linked(conn, secret)
    found = credentials.of_account(conn, account) if account is not None else None
    if found is None or found.disabled:
        raise LinkSpentError
    return found


def _problems(request: Request, form: Form, found: Credentials) -> list[str]:
    county = request.app.state.settings.county_name
    problems = passwords.problems(form.text("password"), login=found.login, name=found.person, county=county)
    return problems + ([] if form.text("password") == form.text("again") else ["两次输入的新密码不一致"])


def _own_page(
    request: Request, me: Self, *, target: str, problems: list[str] | None = None, status: int = 200
) -> HTMLResponse:
    context: dict[str, Any] = {
        "action": "/account/password", "csrf": csrf.of_session(request), "login": me.caller.login, "forced": me.caller.must_change_password,
        "by_link": False, "problems": problems or [], "shortest": passwords.SHORTEST, "target": target,
    }  # fmt: skip
    return page(request, "account_password.html", context, synthetic=False, status=status, headers=NO_STORE)


def _link_page(
    request: Request, secret: str, found: Credentials, *, problems: list[str] | None = None, status: int = 200
) -> HTMLResponse:
    context: dict[str, Any] = {
        "action": "/link", "secret": secret, "login": found.login, "forced": False, "by_link": True,
        "problems": problems or [], "shortest": passwords.SHORTEST, "target": "",
    }  # fmt: skip
    return _form_page(request, "account_password.html", context, status=status)


def _form_page(request: Request, template: str, context: dict[str, Any], *, status: int = 200) -> HTMLResponse:
    """A page with a form for whoever has no session."""
    proof = form_secret(request)
    response = page(
        request,
        template,
        context | {"csrf": csrf.of_form(proof)},
        synthetic=False,
        status=status,
        headers=NO_STORE,  # not "no-referrer": the browser would then not say that the form comes from here
    )
    cookies.write(response, request.scope, request.app.state.settings, cookies.FORM, proof)
    return response
