"""Links between the documents. They are absolute: on the address the service is said to be reached at, or the one the request came to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request

from api.ogc.formats import GEOJSON, HTML, JSON
from spatial.errors import InputError

ROOT = "/ogc"
QUERYABLES_REL = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SCHEMA_REL = "http://www.opengis.net/def/rel/ogc/1.0/schema"

Parameters = Iterable[tuple[str, str]]


def root(request: Request) -> str:
    """Return the address of the landing page; raises InputError for a Host header that is no host."""
    try:
        return (request.app.state.settings.address or str(request.base_url).rstrip("/")) + ROOT
    except ValueError:
        raise InputError("请求的 Host 不是主机名。") from None


def path_of(collection: str, *parts: str) -> str:
    """Return the path of something of a collection, below the root."""
    return "/".join(["/collections", quote(collection, safe=""), *(quote(part, safe="") for part in parts)])


def link(href: str, rel: str, media_type: str = JSON, *, title: str) -> dict[str, Any]:
    """Write one link."""
    return {"href": href, "rel": rel, "type": media_type, "title": title, "hreflang": "zh-CN"}


def address(base: str, path: str, parameters: Parameters = ()) -> str:
    """Return the address of a document with its parameters."""
    query = urlencode(list(parameters), quote_via=quote)
    return f"{base}{path}?{query}" if query else base + path


def self_and_other(base: str, path: str, parameters: Parameters, *, form: str, json_type: str = JSON) -> list[dict[str, Any]]:
    """Write the links of a document to itself and to its other form."""
    kept = [pair for pair in parameters if pair[0] != "f"]
    types = {"json": json_type, "html": HTML}
    titles = {"json": "本文档（GeoJSON）" if json_type == GEOJSON else "本文档（JSON）", "html": "本文档（网页）"}
    other = "html" if form == "json" else "json"
    return [
        link(address(base, path, [*kept, ("f", form)]), "self", types[form], title=titles[form]),
        link(address(base, path, [*kept, ("f", other)]), "alternate", types[other], title=titles[other]),
    ]
