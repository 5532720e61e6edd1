"""How long an address and how large the headers of a request may be, and what they may not hold."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import HeadersTooLargeError, LongAddressError, document_of, problem
from spatial.errors import CuntuError, InputError

MOST_ADDRESS_BYTES = 16_384
"""A selection of features by polygon stands in an address."""
MOST_HEADER_BYTES = 32_768
MOST_HEADERS = 100
MOST_FILES, MOST_FIELDS, MOST_FIELD_BYTES = 2, 40, 20_000
"""What a multipart form may hold: fields are kept in memory, and the limit of an upload is that of its file."""
ONCE = frozenset({b"host", b"content-length", b"content-type", b"authorization", b"origin"})
"""Given twice, each reader might take another one for true."""


class SizeLimits:
    """Answer 414 and 431 before anything of the request is looked at, and 400 where it says something twice."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        refusal = refused(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            # The address is not repeated where it is what is too long.
            instance = scope["path"] if len(scope["path"]) < 1_000 else scope["path"][:1_000] + "…"
            await problem(document_of(refusal, instance=instance))(scope, receive, send)


def refused(scope: Scope) -> CuntuError | None:
    """Say what is too large in a request, None where nothing is."""
    headers = scope["headers"]
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_ADDRESS_BYTES:
        return LongAddressError(f"地址过长：最多 {MOST_ADDRESS_BYTES} 字节。")
    if "\0" in scope["path"]:
        return InputError("地址中不能有空字符。")
    if len(headers) > MOST_HEADERS:
        return HeadersTooLargeError(f"请求头过多：最多 {MOST_HEADERS} 个。")
    total = 0
    seen = set()
    for name, value in headers:
        total += len(name) + len(value)
        if name in ONCE:
            if name in seen:
                return InputError(f"请求头 {name.decode()} 只能给一次。")
            seen.add(name)
    return HeadersTooLargeError(f"请求头过大：最多 {MOST_HEADER_BYTES} 字节。") if total > MOST_HEADER_BYTES else None
