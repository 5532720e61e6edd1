"""The second factor of one's own account: an authenticator's codes, and recovery codes for when it is lost."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import csrf, totp
from api.access.forms import Form, posted
from api.access.guard import needs
from api.access.local_paths import local_path
from api.access.masthead import masthead
from api.access.own import Me, Self, SigningInDesk, renew, rotated
from api.errors import FormTokenError, WrongProofError
from api.routes.pages import PageRoute, page
from api.routes.sign_in import NO_STORE, Next
from layers import audit, credentials
from spatial.errors import CuntuError

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

PasswordOnly = Annotated[Form, Depends(posted("password"))]
CodeOnly = Annotated[Form, Depends(posted("code", "next"))]
Both = Annotated[Form, Depends(posted("password", "code"))]


class FactorChangedError(CuntuError):
    """第二因素的状态已变，请刷新页面。"""


@router.get("/account/second-factor")
@needs("account.own")
def factor_page(request: Request, me: Me, following: Next = None) -> HTMLResponse:
    """Whether there is one, and the forms that go with it."""
    return _page(request, me, target=local_path(following))


@router.post("/account/second-factor/begin")
@needs("account.own")
async def begin(request: Request, me: Me, desk: SigningInDesk, form: PasswordOnly) -> HTMLResponse:
    """Make the secret of an authenticator and show it; it counts once a code of it was entered."""
    try:
        found = await desk.run(lambda: desk.prove(me.account, password=form.text("password")))
    except WrongProofError as error:
        return await run_sync(partial(_page, request, me, problem=error))
    if found.enrolled:
        raise FactorChangedError

    def draft() -> HTMLResponse:
        secret = totp.new_secret()
        with request.app.state.pool.connection() as conn:
            credentials.draft_totp(conn, me.account, totp.seal(request.app.state.settings, secret, account=me.account))
            audit.note(conn, "account.begin_second_factor", f"account/{me.account}")
        return _enrol_page(request, me, secret)

    return await run_sync(draft)


@router.post("/account/second-factor/confirm")
@needs("account.own")
async def confirm(request: Request, me: Me, desk: SigningInDesk, form: CodeOnly) -> HTMLResponse:
    """Have the authenticator count from now on: a code has shown that it works. Shows the recovery codes, this once."""

    def enrol() -> HTMLResponse:
        settings, typed = request.app.state.settings, totp.typed(form.text("code"))
        with request.app.state.pool.connection() as conn:
            found = credentials.of_account(conn, me.account)
        if found is None or found.enrolled or found.totp_secret is None:
            raise FactorChangedError
        secret = totp.unseal(settings, found.totp_secret, account=me.account)
        step = totp.step_of(secret, typed) if totp.is_code(typed) else None
        if step is None:
            return _enrol_page(request, me, secret, problem="动态码不对，请核对设备的时间后再试。")
        codes = totp.new_recovery_codes()
        with request.app.state.pool.connection() as conn:
            if not credentials.confirm_totp(conn, me.account, step=step, codes=codes):
                raise FactorChangedError
            renewed = rotated(conn, me, second_factor=True)
            audit.note(conn, "account.enrol_second_factor", f"account/{me.account}")
        response = _codes_page(request, codes, renewed=renewed)
        renew(request, response, renewed)
        return response

    return await desk.run(enrol)


@router.post("/account/second-factor/prove")
@needs("account.own")
async def prove(request: Request, me: Me, desk: SigningInDesk, form: CodeOnly) -> Response:
    """Show a code in a session that began without one (through an identity provider, or before the account had a second factor)."""
    target = local_path(form.text("next"))
    try:
        found = await desk.run(lambda: desk.prove(me.account, code=form.text("code")))
    except WrongProofError as error:
        return await run_sync(partial(_page, request, me, target=target, problem=error))
    if not found.enrolled:
        raise FactorChangedError

    def mark() -> str:
        with request.app.state.pool.connection() as conn:
            secret = rotated(conn, me, second_factor=True)
            audit.note(
                conn, "account.show_second_factor", f"account/{me.account}", details={"session": str(me.session)}
            )
        return secret

    response = RedirectResponse(target, status_code=303, headers=NO_STORE)
    renew(request, response, await run_sync(mark))
    return response


@router.post("/account/second-factor/codes")
@needs("account.own")
async def new_codes(request: Request, me: Me, desk: SigningInDesk, form: Both) -> HTMLResponse:
    """Make new recovery codes in place of those before, and show them, this once."""
    problem = await _proven(request, me, desk, form)
    if problem is not None:
        return problem

    def make() -> HTMLResponse:
        codes = totp.new_recovery_codes()
        with request.app.state.pool.connection() as conn:
            credentials.keep_recovery_codes(conn, me.account, codes)
            audit.note(conn, "account.new_recovery_codes", f"account/{me.account}")
        return _codes_page(request, codes)

    return await run_sync(make)


@router.post("/account/second-factor/drop")
@needs("account.own")
async def drop(request: Request, me: Me, desk: SigningInDesk, form: Both) -> Response:
    """Have no second factor any more."""
    problem = await _proven(request, me, desk, form)
    if problem is not None:
        return problem

    def forget() -> str:
        with request.app.state.pool.connection() as conn:
            credentials.drop_totp(conn, me.account)
            secret = rotated(conn, me)
            audit.note(conn, "account.drop_second_factor", f"account/{me.account}")
        return secret

    response = RedirectResponse("/account/second-factor", status_code=303, headers=NO_STORE)
    renew(request, response, await run_sync(forget))
    return response


async def _proven(request: Request, me: Self, desk: Any, form: Form) -> HTMLResponse | None:
    """Return the page that says why not, None where password and code were right."""
    try:
        found = await desk.run(lambda: desk.prove(me.account, password=form.text("password"), code=form.text("code")))
    except WrongProofError as error:
        return await run_sync(partial(_page, request, me, problem=error))
    if not found.enrolled:
        raise FactorChangedError
    return None


def _page(request: Request, me: Self, *, target: str = "/", problem: CuntuError | None = None) -> HTMLResponse:
    settings = request.app.state.settings
    with request.app.state.pool.connection() as conn:
        found = credentials.of_account(conn, me.account)
        left = credentials.recovery_codes_left(conn, me.account)
    if found is None:
        raise FormTokenError
    required = settings.second_factor == "required" and settings.asks_second_factor(me.caller.roles)
    context: dict[str, Any] = {
        "enrolled": found.enrolled, "since": found.totp_confirmed_at, "left": left, "required": required,
        "must_prove": me.caller.must_prove, "has_password": found.password_hash is not None, "target": target, "login": me.caller.login,
        "problem": str(problem or ""), "offered": settings.second_factor != "none",
    }  # fmt: skip
    return page(
        request, "account_factor.html", context, synthetic=False, status=403 if problem else 200, headers=NO_STORE
    )


def _enrol_page(request: Request, me: Self, secret: str, *, problem: str = "") -> HTMLResponse:
    county = request.app.state.settings.county_name
    address = totp.address(secret, login=me.caller.login, county=county)
    context = {"qr": totp.qr_code(address), "secret": secret, "problem": problem}
    return page(
        request, "account_enrol.html", context, synthetic=False, status=400 if problem else 200, headers=NO_STORE
    )


def _codes_page(request: Request, codes: list[str], *, renewed: str = "") -> HTMLResponse:
    context: dict[str, Any] = {"codes": [totp.shown(code) for code in codes]}
    if renewed:  # this page's forms belong to the session's new secret
        context["me"] = replace(masthead(request), csrf=csrf.token(renewed, "session"))
    return page(request, "account_codes.html", context, synthetic=False, headers=NO_STORE)
