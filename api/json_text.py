"""JSON as it comes in, read strictly."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from spatial.errors import InputError


def parse_json(body: bytes) -> Any:
    """Read JSON strictly (no NaN, no Infinity, UTF-8); raises InputError naming line and column."""
    if not body.strip():
        raise InputError("请求内容为空，应为 JSON。")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"请求内容不是合法的 JSON：第 {error.lineno} 行第 {error.colno} 列，{error.msg}。") from error


def answer(found: Any) -> Response:
    """Answer with JSON as it is: what the planning logic wrote is not read again."""
    return Response(orjson.dumps(found), media_type="application/json")
