"""The documents of `/ogc` in JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from api.ogc.collections import Collection
from api.ogc.formats import GEOJSON, HTML, OPENAPI, SCHEMA
from api.ogc.links import QUERYABLES_REL, SCHEMA_REL, Parameters, address, link, path_of, self_and_other
from api.ogc.parameters import ItemsAsked
from api.ogc.times import instant
from layers.ogc_crs import CRS84_URI, Bounds, offered, storage_uri
from layers.ogc_features import OpenFeature

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)

Period = tuple[date, date | None]


def landing(base: str, *, county: str, form: str) -> dict[str, Any]:
    """The landing page."""
    return {
        "title": f"村图 {county}：OGC API 要素服务",
        "description": "本局现行有效的图层，按 OGC API – Features 提供。datetime 为数据有效日，known_at 为所知时刻。",
        "links": [
            *self_and_other(base, "", (), form=form),
            link(f"{base}/api?f=json", "service-desc", OPENAPI, title="接口定义（OpenAPI 3.0）"),
            link(f"{base}/api?f=html", "service-doc", HTML, title="接口说明（网页）"),
            link(f"{base}/conformance", "conformance", title="所符合的标准"),
            link(f"{base}/collections", "data", title="图层"),
        ],
    }


def conformance(base: str, *, form: str) -> dict[str, Any]:
    """The classes of the standard that hold here."""
    return {"conformsTo": list(CONFORMANCE), "links": self_and_other(base, "/conformance", (), form=form)}


def collections(base: str, entries: Iterable[dict[str, Any]], *, epsg: int, asked: Parameters, form: str) -> dict[str, Any]:
    """The list of collections, from their documents."""
    return {"links": self_and_other(base, "/collections", asked, form=form), "crs": list(offered(epsg)), "collections": list(entries)}


def collection(
    base: str, found: Collection, bounds: Bounds | None, period: Period | None, *, epsg: int, asked: Parameters, form: str
) -> dict[str, Any]:
    """One collection. `bounds` are in CRS84; `period` holds the first valid day of all versions and the first day after them."""
    layer, asked = found.layer, list(asked)
    path = path_of(layer.id)
    return {
        "id": layer.id,
        "title": layer.title,
        "description": describe(found),
        "itemType": "feature",
        "extent": _extent(bounds, period or (found.datasets[0].valid_from, found.latest.valid_to)),
        "crs": list(offered(epsg)),
        "storageCrs": storage_uri(epsg),
        "links": [
            *self_and_other(base, path, asked, form=form),
            link(address(base, f"{path}/items", asked), "items", GEOJSON, title="要素（GeoJSON）"),
            link(address(base, f"{path}/items", [*asked, ("f", "html")]), "items", HTML, title="要素（网页）"),
            link(f"{base}{path}/schema", SCHEMA_REL, SCHEMA, title="字段说明"),
            link(f"{base}{path}/queryables", QUERYABLES_REL, SCHEMA, title="可用于查询的字段"),
        ],
        "datasets": [asdict(dataset) for dataset in found.datasets],
    }


def describe(found: Collection) -> str:
    """Say in one sentence which data a collection holds."""
    dataset = found.latest
    told = f"{dataset.title}，版本 {dataset.version}，{dataset.valid_from} 起有效，来源：{dataset.authority}。形式依据：{found.layer.source}"
    return f"示例数据，仅供演示。{told}" if dataset.synthetic else told


def _extent(bounds: Bounds | None, period: Period) -> dict[str, Any]:
    start, after = period
    end = instant(after - timedelta(days=1), end_of_day=True) if after else None
    temporal = {"interval": [[instant(start), end]], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}
    spatial = {"spatial": {"bbox": [_outwards(bounds)], "crs": CRS84_URI}} if bounds else {}
    return {**spatial, "temporal": temporal}


def _outwards(bounds: Bounds) -> list[float]:
    """Round a box to a millimetre so that it still holds everything."""
    west, south, east, north = bounds
    return [math.floor(west * 1e8) / 1e8, math.floor(south * 1e8) / 1e8, math.ceil(east * 1e8) / 1e8, math.ceil(north * 1e8) / 1e8]


def items_links(
    base: str, found: Collection, asked: ItemsAsked, given: Parameters, *, matched: int, known_at: datetime, form: str
) -> list[dict[str, Any]]:
    """The links of a page of features; the pages before and after are of the same versions, those known at a moment."""
    path = f"{path_of(found.layer.id)}/items"
    links = [*self_and_other(base, path, given, form=form, json_type=GEOJSON)]
    kept = [pair for pair in given if pair[0] not in ("offset", "limit", "datetime", "known_at", "f")]
    fixed = [*kept, *asked.when.fixed(known_at), ("limit", str(asked.limit)), *([("f", "html")] if form == "html" else [])]
    media_type = HTML if form == "html" else GEOJSON
    if asked.offset > 0:
        before = [*fixed, ("offset", str(max(0, asked.offset - asked.limit)))]
        links.append(link(address(base, path, before), "prev", media_type, title="上一页"))
    if asked.offset + asked.limit < matched:
        after = [*fixed, ("offset", str(asked.offset + asked.limit))]
        links.append(link(address(base, path, after), "next", media_type, title="下一页"))
    return [*links, link(f"{base}{path_of(found.layer.id)}", "collection", title=found.layer.title)]


def items(found: Collection, features: Sequence[OpenFeature], links: list[dict[str, Any]], *, matched: int) -> bytes:
    """A page of features as GeoJSON."""
    head = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "numberMatched": matched,
        "numberReturned": len(features),
        "links": links,
        "datasets": [asdict(dataset) for dataset in found.datasets],
    }
    return orjson.dumps(head | {"features": [_feature(item) for item in features]})


def feature(base: str, found: Collection, item: OpenFeature, given: Parameters, *, form: str) -> dict[str, Any]:
    """One feature as GeoJSON, with its links and its version."""
    path = path_of(found.layer.id, "items", item.identifier)
    links = self_and_other(base, path, given, form=form, json_type=GEOJSON)
    collection_link = link(f"{base}{path_of(found.layer.id)}", "collection", title=found.layer.title)
    return _feature(item) | {"links": [*links, collection_link], "datasets": [asdict(found.latest)]}


def _feature(item: OpenFeature) -> dict[str, Any]:
    return {"type": "Feature", "id": item.identifier, "geometry": orjson.Fragment(item.geometry), "properties": item.properties}
