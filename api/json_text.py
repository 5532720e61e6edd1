"""JSON as it comes in, read strictly."""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from api.errors import parameter_errors
from spatial.errors import InputError
from spatial.personal_numbers import refusals

Model = TypeVar("Model", bound=BaseModel)


def parse_json(body: bytes) -> Any:
    """Read JSON strictly (no NaN, no Infinity, UTF-8); raises InputError naming line and column."""
    if not body.strip():
        raise InputError("请求内容为空，应为 JSON。")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"请求内容不是合法的 JSON：第 {error.lineno} 行第 {error.colno} 列，{error.msg}。") from error


def validated(model: type[Model], body: bytes, *, personal: bool = False) -> Model:
    """Read a JSON body; raises InputError naming every place where it is not as described, or holds identity or telephone numbers.

    `personal` says that it is one of those few in which such numbers belong.
    """
    told = parse_json(body)
    refused = [] if personal else refusals(told)
    if refused:
        raise InputError(problems=refused)
    try:
        return model.model_validate(told)
    except ValidationError as error:
        found = parameter_errors([{**item, "loc": ("body", *item["loc"])} for item in error.errors()])
        raise InputError(problems=[f"{item['place']}：{item['message']}" for item in found]) from error


def answer(found: Any) -> Response:
    """Answer with JSON as it is: what the planning logic wrote is not read again."""
    return Response(orjson.dumps(found), media_type="application/json")
