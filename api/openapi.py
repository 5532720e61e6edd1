"""What the OpenAPI description says beyond what FastAPI finds out by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.access import table
from api.access.administration_schemas import REQUESTS
from api.access.caller import Caller
from api.access.cookies import SESSION, name_of
from api.applicants.schemas import AcceptRequest, ApplicantStated, CloseRequest, RevealRequest, SearchRequest
from api.checks.schemas import ApplicationCollection, ApplicationFeature
from api.deliveries.schemas import AnswersRequest, DatasetRequest, DescribeRequest, PublishRequest, StageRequest
from api.errors import PROBLEM_JSON, TITLES
from api.runs.schemas import OverrideRequest, PlanDifferenceRequest, WithdrawRequest
from api.schemas import Problem
from api.sites.siting_schemas import SitingRequest
from api.village_schemas import ClassificationRequest

GEOJSON = "application/geo+json"
REFERENCE = "#/components/schemas/{model}"
BODIES: tuple[type[BaseModel], ...] = (ApplicationFeature, ApplicationCollection, ClassificationRequest, PlanDifferenceRequest, OverrideRequest, WithdrawRequest, SitingRequest, AnswersRequest, DescribeRequest, StageRequest, PublishRequest, DatasetRequest, AcceptRequest, ApplicantStated, CloseRequest, RevealRequest, SearchRequest, *REQUESTS, Problem)
"""Models the description needs although no handler names them: bodies are read as bytes and checked by the planning logic."""

BEARER = {"type": "http", "scheme": "bearer", "description": "程序用的令牌，cuntu_ 开头，在“我的账户”中生成"}
COOKIE = {"type": "apiKey", "in": "cookie", "description": "登录后的会话；改动数据的请求须出自本服务的网页"}

LOCATION: dict[str, Any] = {"headers": {"Location": {"schema": {"type": "string"}, "description": "结果的地址"}}}


class GeoJson(JSONResponse):
    """An answer in GeoJSON."""

    media_type = GEOJSON

    def render(self, content: Any) -> bytes:
        """Write the content."""
        return orjson.dumps(content)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problem documents a route may answer with."""
    schema = {"$ref": REFERENCE.format(model="Problem")}
    return {status: {"description": TITLES[status], "content": {PROBLEM_JSON: {"schema": schema}}} for status in statuses}


def json_body(model: type[BaseModel], *media_types: str, required: bool = True) -> dict[str, Any]:
    """Describe a JSON body that the handler reads as bytes."""
    schema = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"requestBody": {"required": required, "content": {kind: {"schema": schema} for kind in media_types}}}


def describe(app: FastAPI) -> None:
    """Make the application's description complete: bodies read as bytes, and 400 instead of the framework's 422."""
    generate = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        document = generate()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        _, extra = models_json_schema([(model, "validation") for model in BODIES], ref_template=REFERENCE)
        schemas.update(extra.get("$defs", {}))
        for operation in _operations(document):
            operation["responses"].pop("422", None)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        _tell_permissions(document, app)
        return document

    app.openapi = complete  # type: ignore[method-assign]


def _tell_permissions(document: dict[str, Any], app: FastAPI) -> None:
    """Say of every operation which permission it needs, how one shows who one is, and how it is refused."""
    secure = (app.state.settings.address or "").startswith("https:")
    schemes = {"bearer": BEARER, "cookie": COOKIE | {"name": name_of(SESSION, secure=secure)}}
    document["components"]["securitySchemes"] = schemes
    nobody: Caller = app.state.identities.nobody
    for row in table.rows(app):
        operation = document["paths"].get(row.path.replace(":path}", "}"), {}).get(row.method.lower())
        if operation is None:
            continue
        operation["x-permission"] = row.permission
        if row.county:
            operation["x-reach"] = "county"
        without: list[dict[str, Any]] = [{}] if nobody.may(row.permission) else []
        operation["security"] = [*without, *({name: []} for name in schemes)]
        for status, described in problems(401, 403).items():
            operation["responses"].setdefault(str(status), described)


def _operations(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (operation for path in document["paths"].values() for operation in path.values() if "responses" in operation)
