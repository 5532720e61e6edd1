"""How documents are answered: in the form asked for, with a tag by which a client need not read them again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from fastapi import Request, Response

from api.access.guard import GuardedRoute
from api.routes.pages import page


class OgcRoute(GuardedRoute):
    """A route whose parameters depend on the layer asked for. Refusals are problem documents, whatever the form asked for."""

    names_its_parameters = True


def tag(request: Request, *parts: Any) -> dict[str, str]:
    """Return the headers of an answer that stays the same for one address, form and `parts` (versions, as a rule).

    Clients ask each time whether that is so: what is in force changes at any moment.
    """
    told = repr((str(request.url), request.headers.get("accept"), request.app.version, parts))
    digest = hashlib.blake2b(told.encode(), digest_size=12).hexdigest()
    return {"ETag": f'W/"{digest}"', "Cache-Control": "private, no-cache", "Vary": "Accept"}


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """Answer that nothing has changed, if the client holds just that."""
    held = request.headers.get("if-none-match", "")
    opaque = headers["ETag"].removeprefix("W/")
    known = held.strip() == "*" or opaque in {item.strip().removeprefix("W/") for item in held.split(",")}
    return Response(status_code=304, headers=dict(headers)) if known else None


def json_answer(content: Any, media_type: str, headers: Mapping[str, str]) -> Response:
    """Answer with a document; bytes are written already."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Response(body, media_type=media_type, headers=dict(headers))


def html_answer(
    request: Request, template: str, context: Mapping[str, Any], headers: Mapping[str, str], *, synthetic: bool
) -> Response:
    """Answer with a page."""
    answer = page(request, f"ogc/{template}", context, synthetic=synthetic)
    answer.headers.update(headers)
    return answer


def given(request: Request) -> Iterable[tuple[str, str]]:
    """The parameters as they were given."""
    return request.query_params.multi_items()
