"""Signing in through the identity provider of the deployment."""

from __future__ import annotations

from urllib.parse import quote

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import cookies
from api.access.guard import needs
from api.access.local_paths import local_path
from api.access.oidc import LASTS_S, Provider
from api.access.signing_in import Entered, SigningIn
from api.deps import AppSettings
from api.errors import NotFoundError, NotReadyError, ProviderAnswerError
from api.routes.pages import PageRoute
from api.routes.sign_in import NO_STORE, Next, go_on, keep
from layers import acting, audit, credentials
from layers.acting import as_service

CALLBACK = "/sign-in/oidc/callback"
MOST_QUERY = 8_000


class AnswerRoute(PageRoute):
    """Takes whatever a provider adds to its answer."""

    names_its_parameters = True


router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)
answers = APIRouter(include_in_schema=False, route_class=AnswerRoute, default_response_class=HTMLResponse)


@router.get("/sign-in/oidc")
@needs("open")
def send_to_provider(request: Request, settings: AppSettings, following: Next = None) -> Response:
    """Send a browser to the provider, where somebody chose to on our own form; a link elsewhere leads to that form first."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return RedirectResponse(
            f"/sign-in?next={quote(local_path(following), safe='')}", status_code=303, headers=NO_STORE
        )
    address, kept = _provider(request).send(local_path(following), redirect_uri=_callback(settings.address))
    response = RedirectResponse(address, status_code=303, headers=NO_STORE)
    # The provider's answer is a navigation from its site: a Strict cookie would not come with it.
    cookies.write(response, request.scope, settings, cookies.PROVIDER, kept, lasts_s=LASTS_S, same_site="lax")
    return response


@answers.get(CALLBACK)
@needs("open")
async def answer_of_provider(request: Request, settings: AppSettings) -> Response:
    """Sign in whoever the provider names, where they have an account here; none is made for them."""
    entered, following = await run_sync(_enter, request)
    response = go_on(request, following)
    keep(request, response, entered)
    cookies.remove(response, request.scope, settings, cookies.PROVIDER)
    return response


def _enter(request: Request) -> tuple[Entered, str]:
    settings, signing_in = request.app.state.settings, request.app.state.signing_in
    provider, told, here = _provider(request), request.query_params, acting.current()
    if len(request.scope["query_string"]) > MOST_QUERY:
        raise ProviderAnswerError
    pending = provider.pending(cookies.read(request.scope, settings, cookies.PROVIDER), told.get("state", ""))
    if "error" in told or "code" not in told:
        raise ProviderAnswerError("统一身份认证没有让您登录，请重试或联系管理员。")
    if told.get("iss", provider.issuer) != provider.issuer:
        raise ProviderAnswerError
    try:
        known = provider.known(told["code"], pending, redirect_uri=_callback(settings.address))
    except ProviderAnswerError:
        _refused(signing_in, here, "account/unknown", "provider")
        raise
    with as_service(), signing_in.pool.connection() as conn:
        found = credentials.of_subject(conn, known.subject)
        if found is not None and not found.disabled:
            before = request.scope["state"]["caller"]
            entered = signing_in.enter(
                conn, found, here=here, before=before, second_factor=known.second_factor, way="oidc"
            )
            return entered, local_path(pending.following)
    thing, reason = (f"account/{found.id}", "disabled") if found else ("account/unknown", "unknown_subject")
    _refused(signing_in, here, thing, reason)
    raise ProviderAnswerError("统一身份认证已认出您，但本系统没有您可用的账户，请联系管理员。")


def _refused(signing_in: SigningIn, here: acting.Acting, thing: str, reason: str) -> None:
    with as_service(), signing_in.pool.connection() as conn:
        by = acting.Acting(channel="http", address=here.address, request_id=here.request_id)
        entry = audit.Entry(
            action="account.sign_in", object=thing, result="refused", details={"reason": reason, "way": "oidc"}, by=by
        )
        audit.append(conn, [entry])


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFoundError("本系统没有设置统一身份认证。")
    return provider


def _callback(address: str | None) -> str:
    if address is None:
        raise NotReadyError("使用统一身份认证须设置本系统的地址（CUNTU_ADDRESS）。")
    return address + CALLBACK
