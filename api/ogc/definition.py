"""What `/ogc` says of itself in OpenAPI: as part of the whole description, and as a document of its own that names every layer and property."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.errors import PROBLEM_JSON, TITLES
from api.ogc import parameters
from api.ogc.formats import GEOJSON, HTML, JSON, OPENAPI, SCHEMA
from api.ogc.schemas import filter_parameters
from api.openapi import problems
from layers.catalog import CatalogLayer

Shape = dict[str, Any]
Parameters = tuple[Mapping[str, Any], ...]

_LINK: Shape = {
    "type": "object",
    "required": ["href", "rel"],
    "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title", "hreflang")},
}
_LINKS: Shape = {"type": "array", "items": _LINK}
_DATASETS: Shape = {"type": "array", "items": {"type": "object"}, "description": "所用的数据版本"}
_COLLECTION: Shape = {
    "type": "object",
    "required": ["id", "links", "extent", "crs", "storageCrs"],
    "properties": {
        **{name: {"type": "string"} for name in ("id", "title", "description", "itemType", "storageCrs")},
        "extent": {"type": "object"},
        "crs": {"type": "array", "items": {"type": "string"}},
        "links": _LINKS,
        "datasets": _DATASETS,
    },
}
_FEATURE: Shape = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "string"},
        "geometry": {"type": "object"},
        "properties": {"type": "object"},
        "links": _LINKS,
        "datasets": _DATASETS,
    },
}
_COUNT: Shape = {"type": "integer", "minimum": 0}
SHAPES: Mapping[str, Shape] = {
    "landing": {
        "type": "object",
        "required": ["links"],
        "properties": {"title": {"type": "string"}, "description": {"type": "string"}, "links": _LINKS},
    },
    "conformance": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": {"type": "string"}}, "links": _LINKS},
    },
    "api": {"type": "object", "required": ["openapi", "paths"]},
    "collections": {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {"links": _LINKS, "crs": {"type": "array", "items": {"type": "string"}}, "collections": {"type": "array", "items": _COLLECTION}},
    },
    "collection": _COLLECTION,
    "schema": {"type": "object", "required": ["$schema", "$id", "type", "properties"]},
    "items": {
        "type": "object",
        "required": ["type", "features", "links", "timeStamp", "numberMatched", "numberReturned"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": _FEATURE},
            "links": _LINKS,
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": _COUNT,
            "numberReturned": _COUNT,
            "datasets": _DATASETS,
        },
    },
    "feature": _FEATURE,
}
_PAGE: Shape = {"schema": {"type": "string"}}
_NAMES = {"landing": "首页", "conformance": "所符合的标准", "api": "接口定义", "collections": "图层", "collection": "图层", "schema": "字段说明", "items": "要素", "feature": "要素"}


def described(media_type: str, shape: str, asked: Parameters, *statuses: int) -> dict[str, Any]:
    """Describe a route: its parameters, its answer in both forms, and the problems it may tell of."""
    schema = {"schema": SHAPES[shape]}
    kinds = dict.fromkeys((media_type, JSON), schema) | {HTML: _PAGE}
    responses = {200: {"description": _NAMES[shape], "content": kinds}, 304: {"description": "未改变"}, **problems(400, *statuses, 406, 503)}
    return {"responses": responses, "openapi_extra": {"parameters": [dict(item) for item in asked]}}


def document(base: str, layers: Iterable[CatalogLayer], *, county: str, version: str) -> Shape:
    """Write the OpenAPI 3.0 document: concrete paths, so that the properties of each layer stand where they can be asked for by."""
    paths = {
        "/": _operation("landing", JSON, parameters.PLAIN, title="首页"),
        "/conformance": _operation("conformance", JSON, parameters.PLAIN, title="所符合的标准"),
        "/api": _operation("api", OPENAPI, parameters.PLAIN, title="接口定义"),
        "/collections": _operation("collections", JSON, parameters.DATED, title="图层"),
    }
    for layer in layers:
        paths |= _paths(layer)
    return {
        "openapi": "3.0.3",
        "info": {"title": f"村图 {county}：OGC API 要素服务", "version": version, "description": "各图层现行有效的要素。属性以中文字段名给出和查询。"},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"schemas": {**SHAPES, "problem": _PROBLEM}},
    }


_PROBLEM: Shape = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {**{name: {"type": "string"} for name in ("type", "title", "detail", "instance")}, "status": {"type": "integer"}},
}
_LIMIT: Shape = {**parameters.LIMIT, "schema": {**parameters.LIMIT["schema"], "maximum": parameters.MOST_FEATURES}}
"""Clients read the size of their pages from it. More than that is answered too, with that many."""


def _paths(layer: CatalogLayer) -> dict[str, Shape]:
    path, title = f"/collections/{layer.id}", layer.title
    items = (*(_LIMIT if item is parameters.LIMIT else item for item in parameters.ITEMS), *filter_parameters(layer))
    identifier = {"name": "featureId", "in": "path", "required": True, "description": layer.fields[layer.identifier].title, "schema": {"type": "string"}}
    return {
        path: _operation("collection", JSON, parameters.DATED, title=title, layer=layer.id),
        f"{path}/schema": _operation("schema", SCHEMA, parameters.DATED, title=f"{title}：字段说明", layer=layer.id),
        f"{path}/queryables": _operation("schema", SCHEMA, parameters.DATED, title=f"{title}：可用于查询的字段", layer=layer.id, name="queryables"),
        f"{path}/items": _operation("items", GEOJSON, items, title=f"{title}：要素", layer=layer.id),
        f"{path}/items/{{featureId}}": _operation("feature", GEOJSON, (identifier, *parameters.FEATURE), title=f"{title}：一个要素", layer=layer.id),
    }


def _operation(shape: str, media_type: str, asked: Parameters, *, title: str, layer: str = "", name: str = "") -> Shape:
    schema = {"schema": {"$ref": f"#/components/schemas/{shape}"}}
    refused = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/problem"}}}
    statuses = (400, 404, 406, 503) if layer else (400, 406, 503)
    responses: dict[str, Any] = {"200": {"description": title, "content": {media_type: schema, HTML: _PAGE}}}
    responses |= {str(status): {"description": TITLES[status], "content": refused} for status in statuses}
    told = {"summary": title, "operationId": "-".join(filter(None, (name or shape, layer))), "tags": [title.partition("：")[0]]}
    return {"get": {**told, "parameters": [dict(item) for item in asked], "responses": responses}}
