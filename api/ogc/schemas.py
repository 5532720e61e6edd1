"""What the features of a collection look like, as JSON Schema (OGC API – Features, Part 5 draft: schema; Part 3: queryables)."""

from __future__ import annotations

from typing import Any

from api.ogc.formats import SCHEMA
from layers.catalog import CatalogField, CatalogLayer
from layers.ogc_features import VERSION_TITLE

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}
GEOMETRY_FORMATS: dict[tuple[str, ...], str] = {
    ("polygon",): "geometry-polygon-or-multipolygon",
    ("line",): "geometry-linestring-or-multilinestring",
    ("point",): "geometry-point-or-multipoint",
}
MEDIA_TYPE = SCHEMA


def schema(layer: CatalogLayer, href: str) -> dict[str, Any]:
    """Describe the features of a layer: every property with title, standard field code, unit and codes."""
    properties = {item.title: _property(item, layer, place) for place, item in enumerate(layer.open_fields.values(), start=2)}
    version = {"title": VERSION_TITLE, "type": "integer", "description": "要素所属的数据版本", "x-ogc-propertySeq": len(properties) + 2}
    geometry = {
        "title": "图形",
        "format": GEOMETRY_FORMATS.get(tuple(layer.geometry), "geometry-any"),
        "x-ogc-role": "primary-geometry",
        "x-ogc-propertySeq": 1,
    }
    return _document(layer, href) | {"properties": {"geometry": geometry, **properties, VERSION_TITLE: version}}


def queryables(layer: CatalogLayer, href: str) -> dict[str, Any]:
    """Describe the properties that features can be asked for by, as query parameters of the same names."""
    properties = {item.title: _property(item, layer, place) for place, item in enumerate(layer.open_fields.values(), start=1)}
    return _document(layer, href) | {"properties": properties, "additionalProperties": False}


def filter_parameters(layer: CatalogLayer) -> list[dict[str, Any]]:
    """Describe the query parameters by which features are chosen by their properties."""
    return [
        {
            "name": item.title,
            "in": "query",
            "required": False,
            "description": f"只要{item.title}等于此值的要素。{_description(item)}",
            "schema": TYPES[item.type] | ({"enum": list(item.codes)} if item.codes else {}),
            "style": "form",
            "explode": False,
        }
        for item in layer.open_fields.values()
    ]


def _document(layer: CatalogLayer, href: str) -> dict[str, Any]:
    return {"$schema": DRAFT, "$id": href, "title": layer.title, "description": layer.source, "type": "object"}


def _property(item: CatalogField, layer: CatalogLayer, place: int) -> dict[str, Any]:
    told: dict[str, Any] = {"title": item.title, "description": _description(item)} | TYPES[item.type]
    if item.codes:
        told["oneOf"] = [{"const": code, "title": label} for code, label in item.codes.items()]
    if item.unit:
        told["x-ogc-unit"] = item.unit
    if item.name == layer.identifier:
        told["x-ogc-role"] = "id"
    return told | {"x-ogc-propertySeq": place}


def _description(item: CatalogField) -> str:
    parts = [f"字段代码 {item.name}", f"单位 {item.unit}" if item.unit else "", f"代码表 {item.dictionary}" if item.dictionary else "", item.note or ""]
    return "；".join(filter(None, parts))
