"""The cookies of signing in.

All are HttpOnly and SameSite=Strict, but for the one that has to come back with an identity provider's answer, which is Lax. Where the service
is reached by https they are Secure and have the prefix `__Host-`: no neighbour of the same domain can set them (RFC 6265bis, §4.1.3).
"""

from __future__ import annotations

from typing import Literal

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import Scope

from api.settings import Settings

SESSION = "cuntu_session"
FORM = "cuntu_form"
BROWSER = "cuntu_browser"
PROVIDER = "cuntu_oidc"


def is_secure(scope: Scope, settings: Settings) -> bool:
    """Tell whether people reach the service by https: its own address says so, or the proxy that the server trusts."""
    return scope.get("scheme") == "https" or (settings.address or "").startswith("https:")


def name_of(cookie: str, *, secure: bool) -> str:
    """Return the name under which a cookie is kept."""
    return f"__Host-{cookie}" if secure else cookie


def read(scope: Scope, settings: Settings, cookie: str) -> str | None:
    """Return the value of a cookie, None where the browser sent none."""
    sent = Headers(scope=scope).get("cookie")
    return None if sent is None else cookie_parser(sent).get(name_of(cookie, secure=is_secure(scope, settings)))


def write(
    response: Response,
    scope: Scope,
    settings: Settings,
    cookie: str,
    value: str,
    *,
    lasts_s: int | None = None,
    same_site: Literal["strict", "lax"] = "strict",
) -> None:
    """Have the browser keep a cookie for so many seconds, by default as long as it is open."""
    secure = is_secure(scope, settings)
    name = name_of(cookie, secure=secure)
    response.set_cookie(name, value, max_age=lasts_s, path="/", secure=secure, httponly=True, samesite=same_site)


def remove(response: Response, scope: Scope, settings: Settings, cookie: str) -> None:
    """Have the browser forget a cookie."""
    secure = is_secure(scope, settings)
    name = name_of(cookie, secure=secure)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
