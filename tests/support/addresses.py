"""Every address of the application, and requests made from its own description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from api.access import table
from api.app import create_app
from api.settings import Settings

SOME_ID = "00000000-0000-0000-0000-000000000000"
ROWS = table.rows(create_app(Settings(), database_url="postgresql://nobody@/none?host=/tmp/no-such-socket"))
_PARAMETER = re.compile(r"\{(\w+)(:\w+)?\}")


def address(path: str, **values: str) -> str:
    """A path with a value, or something harmless, in the place of each parameter."""
    if path.startswith("/static/"):
        return "/static/css/site.css"

    def value(match: re.Match[str]) -> str:
        if match[1] in values:
            return values[match[1]]
        return "1" if match[2] == ":int" or match[1] in ("z", "x", "y", "version", "before", "after") else SOME_ID

    return _PARAMETER.sub(value, path)


@dataclass(frozen=True)
class Text:
    """One place of a request that takes a text: a parameter of the address or of the query, or a field of the body."""

    method: str
    path: str
    where: str
    """`path`, `query`, `json`, `form` or `multipart`."""
    name: str
    required: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.where} {self.name}"


def texts(document: dict[str, Any]) -> Iterator[Text]:
    """Go through the description (OpenAPI): every parameter, and every text in a body, is one place."""
    schemas = document["components"]["schemas"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            for parameter in operation.get("parameters", []):
                if parameter["in"] in ("path", "query"):
                    yield Text(method.upper(), path, parameter["in"], parameter["name"])
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                where = {"multipart/form-data": "multipart", "application/x-www-form-urlencoded": "form"}.get(kind, "json")
                for name in _names(content["schema"], schemas):
                    yield Text(method.upper(), path, where, name)


def _names(schema: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", {}))
