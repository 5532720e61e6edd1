"""Finds out who sent a request, before anything else is done with it."""

from __future__ import annotations

import re
import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import cookies
from api.access.caller import Caller
from api.access.identities import TOKEN_PREFIX, Identities
from api.errors import DATABASE_AWAY, BadTokenError, CrossSiteError, DatabaseAwayError, document_of, problem
from api.middleware import SAFE_METHODS
from api.settings import Settings
from layers.acting import on_behalf
from spatial.errors import CuntuError

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_TOKEN = re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}")
_NEEDS_NOBODY = ("/static/", "/healthz", "/readyz")


class Identify:
    """Sets `scope["state"]["caller"]`, and on whose behalf the database is asked.

    A token that does not hold is answered 401. A session that does not hold is as if it were not there: the page then asks to sign in.
    What changes something on the strength of a cookie must come from a page of this service, as the browser itself says.
    """

    def __init__(self, app: ASGIApp, *, identities: Identities) -> None:
        self.app = app
        self.identities = identities

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state.setdefault("request_id", secrets.token_hex(8))
        try:
            caller = await self._caller(scope)
        except CuntuError as error:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if isinstance(error, BadTokenError) else {}
            state["caller"] = self.identities.nobody
            await problem(document_of(error, instance=scope["path"]), headers=headers)(scope, receive, send)
            return
        state["caller"] = caller
        address = (scope.get("client") or ("",))[0]
        with on_behalf(caller.acting(address=address, request_id=state["request_id"])):
            await self.app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        if scope["path"].startswith(_NEEDS_NOBODY):
            return self.identities.nobody
        given, has_cookie = b"", False
        for name, value in scope["headers"]:
            if name == b"authorization":
                given = value
            elif name == b"cookie":
                has_cookie = True
        if given:
            return await self._bearer(given.decode("latin-1"))
        secret = session_secret(scope, self.identities.settings) if has_cookie else None
        if secret is None:
            return self.identities.nobody
        caller = await self._of(secret)
        if caller is None:
            return self.identities.nobody
        if scope["method"] not in SAFE_METHODS and not _from_here(Headers(scope=scope)):
            raise CrossSiteError
        return caller

    async def _bearer(self, given: str) -> Caller:
        kind, _, token = given.partition(" ")
        if kind.lower() != "bearer" or not _TOKEN.fullmatch(token.strip()):
            raise BadTokenError
        caller = await self._of(token.strip())
        if caller is None:
            raise BadTokenError
        return caller

    async def _of(self, secret: str) -> Caller | None:
        try:
            return await self.identities.of(secret)
        except DATABASE_AWAY as error:
            raise DatabaseAwayError from error


def session_secret(scope: Scope, settings: Settings) -> str | None:
    """Return the session's secret out of the cookies."""
    secret = cookies.read(scope, settings, cookies.SESSION)
    return secret if secret is not None and _SECRET.fullmatch(secret) else None


def _from_here(headers: Headers) -> bool:
    """Whether the browser says that a page of this service sent the request; a program with a cookie has to say so, too."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] == headers.get("host")
