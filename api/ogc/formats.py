"""Which form of a document a client wants: `f`, or the best of what its Accept header allows (RFC 9110, §12.5.1)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from api.errors import NotAcceptableError

JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

FORMATS = ("json", "html")


def chosen(request: Request, *, json_type: str) -> tuple[str, str]:
    """Return format (`json` or `html`) and media type of an answer; plain JSON is taken for `json_type` too.

    `f` has been checked before. Raises NotAcceptableError where nothing offered is allowed.
    """
    given = request.query_params.get("f")
    if given:
        return given, json_type if given == "json" else HTML
    offers = {json_type: "json", JSON: "json", HTML: "html"}
    ranges = accepted(request.headers.get("accept", "*/*"))
    best = max(offers, key=lambda media_type: quality(media_type, ranges))
    if quality(best, ranges) <= 0:
        raise NotAcceptableError(f"此处可提供 {'、'.join(offers)}，请求只接受 {request.headers['accept'][:200]}。")
    return offers[best], best


def accepted(header: str) -> dict[str, float]:
    """Read an Accept header: media range to quality; parameters other than q are left out, a broken q counts as 1."""
    ranges = {}
    for part in header.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value)
        if media_range:
            ranges[media_range] = weight
    return ranges or {"*/*": 1.0}


def quality(media_type: str, ranges: Mapping[str, float]) -> float:
    """How much a media type is wanted: the most specific range that holds it decides."""
    name = media_type.partition(";")[0]
    for media_range in (name, f"{name.partition('/')[0]}/*", "*/*"):
        if media_range in ranges:
            return ranges[media_range]
    return 0.0


def _weight(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return min(1.0, max(0.0, value)) if value == value else 1.0
