"""How a tile is sent: packed to whoever takes that, as unchanged to whoever has it, for ever where the address names the version.

Tiles held in memory and asked for by version are answered before any routing: a map asks for dozens at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.caller import Caller
from api.access.guard import refused
from api.tile_cache import Key, Tile, TileCache
from layers.catalog import is_open_to

MVT = "application/vnd.mapbox-vector-tile"
FOR_EVER = "max-age=31536000, immutable"

_PATH = re.compile(r"/tiles/([a-z_]{1,40})/(\d{1,2})/(\d{1,7})/(\d{1,7})\.mvt", re.ASCII)
_VERSION = re.compile(rb"v=([1-9]\d{0,8})")


class HeldTiles:
    """Answer GET requests for tiles of a named version that are held, to callers who may see them; all others go on to the router.

    A tile is held only after the route has looked at what was asked for; it carries the secrecy of its version.
    """

    def __init__(self, app: ASGIApp, *, cache: TileCache) -> None:
        self.app = app
        self.cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        key = _key(scope)
        tile = self.cache.get(key) if key else None
        if tile is None or refused(scope, "maps.view") or not is_open_to(tile.secrecy, max_secrecy=scope["state"]["caller"].secrecy):
            await self.app(scope, receive, send)
            return
        await answer(tile, scope["headers"], for_ever=True, is_public=is_public(tile, scope["app"]))(scope, receive, send)


def is_public(tile: Tile, app: Any) -> bool:
    """Whether a tile may be kept on the way to whoever asks: anybody gets it without signing in."""
    nobody: Caller = app.state.identities.nobody
    return nobody.may("maps.view") and is_open_to(tile.secrecy, max_secrecy=nobody.secrecy)


def answer(tile: Tile, headers: Iterable[tuple[bytes, bytes]], *, for_ever: bool, is_public: bool) -> Response:
    """Answer a request that had these headers with a tile. What is not for everybody is kept by the browser that asked, by nobody else."""
    accepted, known = b"", b""
    for name, value in headers:
        if name == b"accept-encoding":
            accepted += b"," + value
        elif name == b"if-none-match":
            known += b"," + value
    told = {"ETag": tile.etag, "Cache-Control": f"{'public' if is_public else 'private'}, {FOR_EVER if for_ever else 'no-cache'}"}
    told["Vary"] = "Accept-Encoding" if is_public else "Accept-Encoding, Authorization, Cookie"
    if _names(known, tile.etag):
        return Response(status_code=304, headers=told)
    if tile.is_packed and _takes_gzip(accepted):
        return Response(tile.body, media_type=MVT, headers=told | {"Content-Encoding": "gzip"})
    return Response(tile.content(), media_type=MVT, headers=told)


def _key(scope: Scope) -> Key | None:
    if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/tiles/"):
        return None
    path, version = _PATH.fullmatch(scope["path"]), _VERSION.fullmatch(scope["query_string"])
    return (int(version[1]), path[1], int(path[2]), int(path[3]), int(path[4])) if path and version else None


def _names(known: bytes, etag: str) -> bool:
    """Whether If-None-Match names this content (RFC 9110, 13.1.2: compared without the mark of weakness)."""
    return any(
        one.strip().removeprefix(b"W/") in (etag.removeprefix("W/").encode(), b"*") for one in known.split(b",") if one
    )


def _takes_gzip(accepted: bytes) -> bool:
    """Whether Accept-Encoding allows gzip (RFC 9110, 12.5.3)."""
    weights: dict[bytes, float] = {}
    for one in accepted.lower().split(b","):
        name, _, parameter = one.partition(b";")
        weight = parameter.strip().removeprefix(b"q=") or b"1"
        weights[name.strip()] = float(weight) if re.fullmatch(rb"[01](\.\d{0,3})?", weight) else 0.0
    return weights.get(b"gzip", weights.get(b"x-gzip", weights.get(b"*", 0.0))) > 0
