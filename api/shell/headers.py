"""The headers that keep a browser from doing more than it should with an answer, and from keeping what is not meant to be kept."""

from __future__ import annotations

import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    (b"x-robots-tag", b"noindex, nofollow"),
)
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
"""Two years; only said where the client came by HTTPS."""
NO_STORE = (b"cache-control", b"no-store")
STATIC = "/static/"


class SecurityHeaders:
    """Set the security headers of every answer; pages find the nonce for their own inline scripts in `request.state.csp_nonce`.

    What is answered to somebody who has signed in is kept by nobody, unless the route says for how long; then only by their own browser. Nor is
    what others get, without a word of the route: a page looks different once they have signed in.
    """

    def __init__(self, app: ASGIApp, *, image_hosts: str = "") -> None:
        self.app = app
        self.image_hosts = image_hosts
        self._parts = tuple(part.encode() for part in self.policy("\0").split("\0"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._with(list(message.get("headers", ())), nonce, scope)
            await send(message)

        await self.app(scope, receive, with_headers)

    def _with(self, headers: list[tuple[bytes, bytes]], nonce: str, scope: Scope) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in headers}
        headers += [header for header in ALWAYS if header[0] not in given]
        if b"content-security-policy" not in given:
            headers.append((b"content-security-policy", nonce.encode().join(self._parts)))
        if scope["scheme"] == "https":
            headers.append(HSTS)
        caller = scope["state"].get("caller")
        if b"cache-control" not in given:
            if not scope["path"].startswith(STATIC):
                headers.append(NO_STORE)
        elif caller is not None and caller.is_known:
            is_page = any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)
            return [
                (name, _kept(value, is_page) if name.lower() == b"cache-control" else value) for name, value in headers
            ]
        return headers

    def policy(self, nonce: str) -> str:
        """Write the Content-Security-Policy: everything from this service itself, inline scripts and styles only with the nonce.

        No style attribute is allowed in markup either; scripts set single properties of `element.style`, which the policy does not concern.
        """
        images = " ".join(filter(None, ("'self' data: blob:", self.image_hosts)))
        return (
            "default-src 'none'; connect-src 'self'; font-src 'self'; worker-src 'self' blob:; "
            f"img-src {images}; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; object-src 'none'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )


def _kept(told: bytes, is_page: bool) -> bytes:
    """How long an answer to somebody who has signed in is kept: a page not at all, the rest as its route says, by their browser only."""
    return NO_STORE[1] if is_page else told.replace(b"public", b"private")
