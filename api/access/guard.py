"""What each address needs: declared beside its handler, and looked at before anything of the request is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from api.access.caller import Caller
from api.access.permissions import OPEN, permissions
from api.errors import ForbiddenError, NotSignedInError, PasswordChangeError, SecondFactorError, document_of, problem

Handler = TypeVar("Handler", bound=Callable[..., Any])

CHANGE_PASSWORD = "/account/password"  # noqa: S105 (an address)
SECOND_FACTOR = "/account/second-factor"
SIGN_IN = "/sign-in"


def needs(permission: str, *, county: bool = False) -> Callable[[Handler], Handler]:
    """Declare what a handler needs; `open` for what everybody may do, `county` for what only seats of the whole county may.

    To be written below the route's own decorator.
    """
    if permission not in permissions():
        raise ValueError(f"no such permission: {permission}")

    def declare(handler: Handler) -> Handler:
        handler.__dict__["needs_permission"] = permission
        handler.__dict__["needs_county"] = county
        return handler

    return declare


class GuardedRoute(APIRoute):
    """A route that knows what it needs. One whose handler does not declare it cannot be made."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **told: Any) -> None:
        self.needs = getattr(endpoint, "needs_permission", None)
        if self.needs is None:
            raise ValueError(f"{path}: {endpoint.__qualname__} does not declare the permission it needs")
        self.needs_county = bool(getattr(endpoint, "needs_county", False))
        super().__init__(path, endpoint, **told)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it; a method that the address does not have is refused as such."""
        here = scope["method"] in (self.methods or ())
        refusal = refused(scope, str(self.needs), county=self.needs_county) if here else None
        if refusal is None:
            await super().handle(scope, receive, send)
        else:
            await self.refuse(refusal, scope, receive, send)

    async def refuse(self, refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a refusal; routes for people may word it for them."""
        await refusal(scope, receive, send)


def refused(scope: Scope, permission: str, *, county: bool = False) -> Response | None:
    """Return the answer to a request that may not do this, None where it may."""
    caller: Caller = scope["state"]["caller"]
    if permission == OPEN:
        return None
    path = scope["path"]
    if caller.must_change_password and path != CHANGE_PASSWORD:
        return _to_page(scope, CHANGE_PASSWORD) or problem(document_of(PasswordChangeError(), instance=path))
    if caller.must_prove and not path.startswith((SECOND_FACTOR, CHANGE_PASSWORD)):
        return _to_page(scope, SECOND_FACTOR) or problem(document_of(SecondFactorError(), instance=path))
    if caller.may(permission) and (caller.places is None or not county):
        return None
    if caller.may(permission):
        return problem(document_of(ForbiddenError(f"只有全县范围的席位可以：{permissions()[permission]}。"), instance=path))
    if caller.is_known:
        return problem(document_of(ForbiddenError(f"您的席位没有这项权限：{permissions()[permission]}。"), instance=path))
    return _to_page(scope, SIGN_IN) or problem(document_of(NotSignedInError(), instance=path), headers={"WWW-Authenticate": "Bearer"})


def _to_page(scope: Scope, page: str) -> Response | None:
    """Lead a person's browser to a page; programs are told instead."""
    request = Request(scope)
    if scope["method"] not in ("GET", "HEAD") or "text/html" not in request.headers.get("accept", "") or scope["path"].startswith(("/api/", "/ogc", "/tiles/")):
        return None
    asked = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
    return RedirectResponse(f"{page}?next={quote(asked, safe='')}", status_code=303, headers={"Cache-Control": "no-store"})
