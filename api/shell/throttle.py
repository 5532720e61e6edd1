"""How often somebody may ask: by account where they have signed in, else by address; tightly where secrets could be guessed."""

from __future__ import annotations

import math
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.caller import Caller
from api.access.identities import Identities
from api.errors import TooManyRequestsError, document_of, problem
from api.settings import Settings
from api.shell.rates import Buckets, Rate

FREE = ("/static/", "/healthz")
"""Nothing is worked out for these; a proxy asks for its health without pause. Whether it is ready is asked of the database."""
SIGN_IN = (
    "/sign-in",
    "/account/password",
    "/account/second-factor",
    "/link",
    "/first-administrator",
    "/api/v1/first-administrator",
)
"""Where something secret is tried, and what lies below."""
PROVIDER_ANSWERS = "/sign-in/oidc/callback"
"""A try, too, though browsers are led there: each has the identity provider asked, and a refusal written down."""


class GuessingLimit:
    """To stand before the identification: limits attempts to sign in, and to find a token by trying."""

    def __init__(self, app: ASGIApp, *, settings: Settings, buckets: Buckets, identities: Identities) -> None:
        self.app = app
        self.buckets = buckets
        self.identities = identities
        self.sign_in = Rate.read(settings.rate_sign_in)
        self.refused = Rate.read(settings.rate_refused)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        waits = 0.0
        path = scope["path"]
        if path == PROVIDER_ANSWERS or (scope["method"] == "POST" and _is_below(path, SIGN_IN)):
            waits = self.buckets.take(self.sign_in, "sign-in", address_of(scope))
        unknown = self._unknown_token(scope)
        if unknown:
            waits = max(waits, self.buckets.wait(self.refused, "refused", address_of(scope)))
        if waits:
            await _refuse(waits, scope, receive, send)
        else:
            await self.app(scope, receive, self._counting(scope, send) if unknown else send)

    def _unknown_token(self, scope: Scope) -> bool:
        """Whether there is a token that was not found to be good a moment ago."""
        for name, value in scope["headers"]:
            if name == b"authorization":
                return self.identities.remembered(value.decode("latin-1").partition(" ")[2].strip()) is None
        return False

    def _counting(self, scope: Scope, send: Send) -> Send:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                self.buckets.take(self.refused, "refused", address_of(scope))
            await send(message)

        return counting


class RateLimit:
    """To stand behind the identification: limits what one account, or one address of people who have not signed in, asks."""

    def __init__(self, app: ASGIApp, *, settings: Settings, buckets: Buckets) -> None:
        self.app = app
        self.buckets = buckets
        self.known = Rate.read(settings.rate_caller)
        self.unknown = Rate.read(settings.rate_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        waits = 0.0 if scope["type"] != "http" or scope["path"].startswith(FREE) else self._wait(scope)
        if waits:
            await _refuse(waits, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        caller: Caller = scope["state"]["caller"]
        if caller.account_id is not None:
            return self.buckets.take(self.known, "account", caller.account_id)
        return self.buckets.take(self.unknown, "address", address_of(scope))


def address_of(scope: Scope) -> str:
    """Return the address by which somebody is counted: of IPv6 the network of 64 bits, of which one person has all."""
    client = scope.get("client")
    text = str(client[0]) if client else ""
    if ":" not in text:
        return text
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else text


async def _refuse(waits: float, scope: Scope, receive: Receive, send: Send) -> None:
    seconds = max(1, math.ceil(waits))
    error = TooManyRequestsError(f"请求过于频繁，请在 {seconds} 秒后再试。")
    await problem(document_of(error, instance=scope["path"]), headers={"Retry-After": str(seconds)})(
        scope, receive, send
    )


def _is_below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)
