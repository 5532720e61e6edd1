"""Signing in and out."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import cookies, csrf
from api.access.caller import Caller
from api.access.forms import Form, posted
from api.access.guard import needs
from api.access.known_browsers import LASTS_S
from api.access.local_paths import START, local_path
from api.access.signing_in import Entered, SigningIn
from api.errors import SignInRefusedError, TooManyTriesError, status_of
from api.routes.pages import PageRoute, page
from layers import audit, sessions
from layers.acting import as_service
from spatial.errors import CuntuError

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

NO_STORE = {"Cache-Control": "no-store"}
SEEN_FROM_ELSEWHERE = ("cross-site", "same-site")

Next = Annotated[str | None, Query(alias="next", max_length=4_000, description="登录后打开的本站地址")]
SignInForm = Annotated[Form, Depends(posted("login", "password", "code", "next", signed_in=False))]


@router.get("/sign-in")
@needs("open")
def sign_in(request: Request, following: Next = None, left: bool = False) -> Response:
    """The form, or the page asked for where somebody has signed in already.

    A link on a page elsewhere reaches us without our cookie (SameSite=Strict), signed in or not: the page asked for is opened once more from here.
    """
    target = local_path(following)
    if request.scope["state"]["caller"].kind == "session":
        return RedirectResponse(target, status_code=303, headers=NO_STORE)
    if target != START and request.headers.get("sec-fetch-site") in SEEN_FROM_ELSEWHERE:
        return go_on(request, target)
    return _form(request, target, said="您已退出登录。" if left else "")


@router.post("/sign-in")
@needs("open")
async def try_to_sign_in(request: Request, form: SignInForm) -> Response:
    """Sign in, and go to the page asked for."""
    target = local_path(form.text("next"))
    signing_in: SigningIn = request.app.state.signing_in
    browser = cookies.read(request.scope, request.app.state.settings, cookies.BROWSER)
    before: Caller = request.scope["state"]["caller"]
    typed = (form.text("login"), form.text("password"), form.text("code"))
    try:
        entered = await signing_in.run(lambda: signing_in.with_password(*typed, browser=browser, before=before))
    except (SignInRefusedError, TooManyTriesError) as error:
        return await run_sync(partial(_form, request, target, problem=error, login=typed[0]))
    response = RedirectResponse(target, status_code=303, headers=NO_STORE)
    keep(request, response, entered)
    return response


@router.post("/sign-out")
@needs("open")
def sign_out(request: Request, form: Annotated[Form, Depends(posted(checked=False))]) -> Response:
    """End the session; without one there is nothing to end."""
    caller: Caller = request.scope["state"]["caller"]
    settings = request.app.state.settings
    if caller.kind == "session" and caller.grant_id and caller.account_id:
        csrf.check_session(request, form.text(csrf.FIELD))
        with as_service(), request.app.state.pool.connection() as conn:
            sessions.end(conn, caller.grant_id, account=caller.account_id)
            audit.note(
                conn, "account.sign_out", f"account/{caller.account_id}", details={"session": str(caller.grant_id)}
            )
        request.app.state.epoch.turn()
    response = RedirectResponse("/sign-in?left=true", status_code=303, headers=NO_STORE)
    cookies.remove(response, request.scope, settings, cookies.SESSION)
    if cookies.is_secure(request.scope, settings):
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def keep(request: Request, response: Response, entered: Entered) -> None:
    """Have the browser keep what it needs of somebody who has signed in; the session it had before holds no more, in any process."""
    request.app.state.epoch.turn()
    settings = request.app.state.settings
    cookies.write(response, request.scope, settings, cookies.SESSION, entered.secret)
    cookies.write(response, request.scope, settings, cookies.BROWSER, entered.browser, lasts_s=LASTS_S)
    cookies.remove(response, request.scope, settings, cookies.FORM)


def go_on(request: Request, target: str) -> HTMLResponse:
    """Answer with a page that opens another one: what it opens is asked for from here, so that the browser sends our cookie with it."""
    return page(request, "go_on.html", {"target": target}, synthetic=False, headers=NO_STORE)


def form_secret(request: Request) -> str:
    """Return the secret of the form's cookie, a new one where the browser has none."""
    return csrf.before_session(request) or secrets.token_urlsafe(32)


def _form(
    request: Request, target: str, *, said: str = "", problem: CuntuError | None = None, login: str = ""
) -> HTMLResponse:
    settings, secret = request.app.state.settings, form_secret(request)
    context: dict[str, Any] = {
        "target": target, "csrf": csrf.of_form(secret), "said": said, "problem": str(problem or ""), "login": login,
        "asks_code": settings.second_factor != "none", "provider": settings.oidc_title if settings.oidc_issuer else "",
    }  # fmt: skip
    status = status_of(problem) if problem else 200
    response = page(request, "sign_in.html", context, synthetic=False, status=status, headers=NO_STORE)
    cookies.write(response, request.scope, settings, cookies.FORM, secret)
    return response
