"""Tokens of forms: a form that changes something carries one that only a page of this service can have written for this browser.

Of a session, the token is a MAC made with the session's secret: it changes with it, needs no key of the server, and gives nothing of it away.
Before there is a session, a random cookie takes the secret's place (double submit), so that nobody is signed in as somebody else unawares.
"""

from __future__ import annotations

import base64
import hmac
import re

from starlette.requests import Request

from api.access import cookies
from api.errors import FormTokenError

FIELD = "csrf"
_RANDOM = re.compile(r"[A-Za-z0-9_-]{43}")


def token(secret: str, purpose: str) -> str:
    """Return the token of a secret: 43 characters of base64url."""
    mac = hmac.digest(secret.encode(), f"cuntu form {purpose}".encode(), "sha256")
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def of_session(request: Request) -> str:
    """Return the token of this request's session, empty where there is none."""
    secret = cookies.read(request.scope, request.app.state.settings, cookies.SESSION)
    return token(secret, "session") if secret and request.scope["state"]["caller"].kind == "session" else ""


def before_session(request: Request) -> str | None:
    """Return the secret of the form's cookie, None where the browser has none."""
    secret = cookies.read(request.scope, request.app.state.settings, cookies.FORM)
    return secret if secret and _RANDOM.fullmatch(secret) else None


def of_form(secret: str) -> str:
    """Return the token of the secret in the form's cookie."""
    return token(secret, "before a session")


def check_session(request: Request, given: str) -> None:
    """Raise FormTokenError where a form does not carry the token of this session."""
    _same(of_session(request), given)


def check_form(request: Request, given: str) -> None:
    """Raise FormTokenError where a form without a session does not carry the token of the form's cookie."""
    secret = before_session(request)
    _same(of_form(secret) if secret else "", given)


def _same(expected: str, given: str) -> None:
    if not expected or not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass")):
        raise FormTokenError
