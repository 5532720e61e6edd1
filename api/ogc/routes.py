"""The routes of `/ogc`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api.access.guard import needs
from api.deps import AppSettings, Db, Snapshot
from api.errors import NotFoundError
from api.ogc import definition, documents, parameters, schemas
from api.ogc.answers import OgcRoute, given, html_answer, json_answer, tag, unchanged
from api.ogc.collections import Collection, Collections, layer
from api.ogc.definition import described
from api.ogc.formats import GEOJSON, JSON, OPENAPI, SCHEMA, chosen
from api.ogc.links import ROOT, path_of, root
from api.ogc.parameters import ItemsAsked
from api.shown import level
from layers import ogc_crs, ogc_features
from layers.catalog import CatalogField, CatalogLayer
from layers.ogc_crs import OfferedCrs
from layers.ogc_features import OpenFeature

router = APIRouter(prefix="/ogc", tags=["OGC API"], route_class=OgcRoute, default_response_class=Response)

CollectionId = Annotated[str, Path(description="图层，例如 village", max_length=60, alias="collectionId")]
FeatureId = Annotated[str, Path(description="要素标识，例如标识码或行政区代码", max_length=500, alias="featureId")]


@router.get("/", include_in_schema=False)
@router.get("", summary="OGC API 要素服务首页", **described(JSON, "landing", parameters.PLAIN))
@needs("maps.view")
def landing(request: Request, settings: AppSettings) -> Response:
    """Links to everything else."""
    parameters.plain(request)
    form, media_type = chosen(request, json_type=JSON)
    document = documents.landing(root(request), county=settings.county_name, form=form)
    return _answer(request, "landing.html", document, form=form, media_type=media_type)


@router.get("/conformance", summary="所符合的标准", **described(JSON, "conformance", parameters.PLAIN))
@needs("maps.view")
def conformance(request: Request) -> Response:
    """The classes of OGC API – Features that hold here."""
    parameters.plain(request)
    form, media_type = chosen(request, json_type=JSON)
    return _answer(request, "conformance.html", documents.conformance(root(request), form=form), form=form, media_type=media_type)


@router.get("/api", summary="本服务的接口定义", **described(OPENAPI, "api", parameters.PLAIN))
@needs("maps.view")
def api(request: Request, db: Db, snapshots: Snapshot, settings: AppSettings) -> Response:
    """An OpenAPI 3.0 document of its own: it names every layer in force and the properties it can be asked for by."""
    parameters.plain(request)
    form, media_type = chosen(request, json_type=OPENAPI)
    if form == "html":
        return html_answer(request, "api.html", {"openapi_url": f"{ROOT}/api?f=json"}, tag(request), synthetic=False)
    with _collections(request, db, snapshots, settings) as found:
        layers = [item.layer for item in found.all(parameters.dated(request))]
    headers = tag(request, [one.id for one in layers])
    document = definition.document(root(request), layers, county=settings.county_name, version=request.app.version)
    return unchanged(request, headers) or json_answer(document, media_type, headers)


@router.get("/collections", summary="图层", **described(JSON, "collections", parameters.DATED))
@needs("maps.view")
def list_collections(request: Request, db: Db, snapshots: Snapshot, settings: AppSettings) -> Response:
    """One collection for each layer in force."""
    when = parameters.dated(request)
    form, media_type = chosen(request, json_type=JSON)
    base, asked = root(request), when.texts
    with _collections(request, db, snapshots, settings) as found:
        listed = found.all(when)
        periods = ogc_features.periods(found.conn, known_at=when.moment.known_at, max_secrecy=level())
        headers = tag(request, [item.datasets for item in listed], sorted(periods.items()))
        known = unchanged(request, headers)
        if known:
            return known
        entries = [
            documents.collection(base, item, found.bounds_crs84(item), periods.get(item.layer.id), epsg=settings.epsg, asked=asked, form=form)
            for item in listed
        ]
    document = documents.collections(base, entries, epsg=settings.epsg, asked=asked, form=form)
    return _answer(request, "collections.html", document, form=form, media_type=media_type, headers=headers, synthetic=_is_synthetic(listed))


@router.get("/collections/{collectionId}", summary="一个图层", **described(JSON, "collection", parameters.DATED, 404))
@needs("maps.view")
def collection(request: Request, layer_id: CollectionId, db: Db, snapshots: Snapshot, settings: AppSettings) -> Response:
    """What a layer holds, where it lies, and in which coordinate systems it is offered."""
    when = parameters.dated(request)
    form, media_type = chosen(request, json_type=JSON)
    with _collections(request, db, snapshots, settings) as found:
        item = found.one(layer(layer_id).id, when)
        period = ogc_features.periods(found.conn, known_at=when.moment.known_at, max_secrecy=level()).get(layer_id)
        bounds = found.bounds_crs84(item)
    document = documents.collection(root(request), item, bounds, period, epsg=settings.epsg, asked=when.texts, form=form)
    context = {"fields": list(item.layer.open_fields.values()), "systems": ogc_crs.offered(settings.epsg).values()}
    headers = tag(request, item.datasets, period)
    return _answer(
        request, "collection.html", document, form=form, media_type=media_type, headers=headers, context=context, synthetic=_is_synthetic([item])
    )


@router.get("/collections/{collectionId}/schema", summary="一个图层的字段说明", **described(SCHEMA, "schema", parameters.DATED, 404))
@needs("maps.view")
def schema(request: Request, layer_id: CollectionId, db: Db, snapshots: Snapshot, settings: AppSettings) -> Response:
    """What the features of a layer look like: titles, standard field codes, units, codes."""
    return _schema(request, layer_id, db, snapshots, settings, queryables=False)


@router.get(
    "/collections/{collectionId}/queryables", summary="一个图层可用于查询的字段", **described(SCHEMA, "schema", parameters.DATED, 404)
)
@needs("maps.view")
def queryables(request: Request, layer_id: CollectionId, db: Db, snapshots: Snapshot, settings: AppSettings) -> Response:
    """The properties that features can be asked for by."""
    return _schema(request, layer_id, db, snapshots, settings, queryables=True)


@router.get("/collections/{collectionId}/items", summary="一个图层的要素", **described(GEOJSON, "items", parameters.ITEMS, 404))
@needs("maps.view")
def items(request: Request, layer_id: CollectionId, db: Db, snapshots: Snapshot, settings: AppSettings) -> Response:
    """Features by place, time and attributes, page by page. Attributes are asked for by their Chinese titles, as `/ogc/api` lists them."""
    asked = parameters.items(request, layer(layer_id), epsg=settings.epsg)
    form, media_type = chosen(request, json_type=GEOJSON)
    with _collections(request, db, snapshots, settings) as found:
        item = found.for_items(layer_id, asked.when)
        headers = tag(request, item.datasets) | {"Content-Crs": f"<{asked.crs.uri}>"}
        known = unchanged(request, headers)
        if known:
            return known
        features, matched = _page(found, item, asked)
        known_at = found.known_at(item, asked.when)
    links = documents.items_links(root(request), item, asked, list(given(request)), matched=matched, known_at=known_at, form=form)
    if form == "json":
        return json_answer(documents.items(item, features, links, matched=matched), media_type, headers)
    context = {"layer": item.layer, "links": links, "matched": matched, "offset": asked.offset, "features": _rows(item.layer, features)}
    return html_answer(request, "items.html", context, headers, synthetic=_is_synthetic([item]))


@router.get(
    "/collections/{collectionId}/items/{featureId:path}", summary="一个要素", **described(GEOJSON, "feature", parameters.FEATURE, 404)
)
@needs("maps.view")
def feature(
    request: Request, layer_id: CollectionId, identifier: FeatureId, db: Db, snapshots: Snapshot, settings: AppSettings
) -> Response:
    """One feature by its identifier; of several states in an interval the last."""
    when, crs = parameters.feature(request, epsg=settings.epsg)
    form, media_type = chosen(request, json_type=GEOJSON)
    with _collections(request, db, snapshots, settings) as found:
        item = found.one(layer(layer_id).id, when)
        headers = tag(request, item.datasets) | {"Content-Crs": f"<{crs.uri}>"}
        known = unchanged(request, headers)
        if known:
            return known
        held, one = _state(found, item, identifier, crs)
    document = documents.feature(root(request), held, one, list(given(request)), form=form)
    context = {"layer": item.layer, "rows": _rows(item.layer, [one])[0]["cells"]}
    return _answer(
        request, "feature.html", document, form=form, media_type=media_type, headers=headers, context=context, synthetic=_is_synthetic([held])
    )


def _page(found: Collections, item: Collection, asked: ItemsAsked) -> tuple[list[OpenFeature], int]:
    epsg = found.settings.epsg
    extent = found.bounds(item) if asked.bbox else None
    meant = ogc_features.selection(asked.bbox, asked.bbox_crs, asked.filters, extent=extent, epsg=epsg)
    if meant is None:
        return [], 0
    counts = ogc_features.count(found.conn, item.datasets, meant, epsg=epsg)
    features = ogc_features.page(
        found.conn, item.datasets, counts, meant, offset=asked.offset, limit=asked.limit, crs=asked.crs, epsg=epsg
    )
    return features, sum(counts)


def _state(found: Collections, item: Collection, identifier: str, crs: OfferedCrs) -> tuple[Collection, OpenFeature]:
    for dataset in reversed(item.datasets) if "\0" not in identifier else ():
        one = ogc_features.one(found.conn, dataset, identifier, crs=crs)
        if one:
            return Collection(item.layer, (dataset,)), one
    raise NotFoundError(f"图层“{item.layer.title}”没有要素“{identifier[:100]}”。")


def _schema(request: Request, layer_id: str, db: Any, snapshots: Any, settings: Any, *, queryables: bool) -> Response:
    when = parameters.dated(request)
    form, media_type = chosen(request, json_type=SCHEMA)
    with _collections(request, db, snapshots, settings) as found:
        item = found.one(layer(layer_id).id, when)
    href = f"{root(request)}{path_of(layer_id, 'queryables' if queryables else 'schema')}"
    document = (schemas.queryables if queryables else schemas.schema)(item.layer, href)
    context = {"layer": item.layer, "fields": list(item.layer.open_fields.values()), "queryables": queryables}
    return _answer(request, "schema.html", document, form=form, media_type=media_type, context=context)


@contextmanager
def _collections(request: Request, db: Any, snapshots: Any, settings: Any) -> Iterator[Collections]:
    with db.connection() as conn:
        yield Collections(conn, snapshots, settings, request.app.state.extents)


def _answer(
    request: Request,
    template: str,
    document: Mapping[str, Any],
    *,
    form: str,
    media_type: str,
    headers: Mapping[str, str] | None = None,
    context: Mapping[str, Any] | None = None,
    synthetic: bool = False,
) -> Response:
    told = headers or tag(request)
    if form == "json":
        return unchanged(request, told) or json_answer(document, media_type, told)
    return html_answer(request, template, {"document": document, **(context or {})}, told, synthetic=synthetic)


def _rows(layer: CatalogLayer, features: Sequence[OpenFeature]) -> list[dict[str, Any]]:
    """Features as rows of a table: codes with their labels, and the path of each."""
    fields = list(layer.open_fields.values())
    return [
        {
            "id": item.identifier,
            "href": f"{ROOT}{path_of(layer.id, 'items', item.identifier)}?f=html",
            "cells": [(field, _text(item.properties[field.title], field)) for field in fields],
        }
        for item in features
    ]


def _text(value: Any, field: CatalogField) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "是" if value else "否"
    label = (field.codes or {}).get(str(value))
    return f"{label}（{value}）" if label else str(value)


def _is_synthetic(found: Sequence[Collection]) -> bool:
    return any(dataset.synthetic for item in found for dataset in item.datasets)
