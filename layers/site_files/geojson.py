"""Polygons of a GeoJSON file, whatever object holds them. The old `crs` member counts; without one it is longitude and latitude."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from layers.site_files.outlines import (
    MAX_POINTS_ALL,
    MAX_SITES,
    FileOutlines,
    OutlineRing,
    SiteOutline,
    capped,
    ring_of,
)
from spatial.crs import CRS84
from spatial.errors import InputError

_EPSG = re.compile(r"(?:urn:ogc:def:crs:)?EPSG:(?:[\d.]*:)?(\d{4,6})", re.IGNORECASE)
_CRS84 = re.compile(r"(?:urn:ogc:def:crs:)?(?:OGC:)?(?:[\d.]*:)?CRS84", re.IGNORECASE)


def looks_like(text: str) -> bool:
    """Whether a text is meant as JSON."""
    return text.lstrip().startswith(("{", "["))


def read(raw: bytes) -> FileOutlines:
    """Read every polygon; raise InputError with the JSON pointer of each thing that is wrong."""
    document = _document(raw)
    problems: list[str] = []
    epsg = _epsg(document, problems)
    reading = _Reading(problems)
    sites: list[SiteOutline] = []
    for where, name, geometry in _geometries(document, problems):
        parts = reading.parts(geometry, where)
        if parts:
            sites.append(SiteOutline(name=name, place=where, parts=parts, epsg=epsg))
        if len(sites) > MAX_SITES or reading.count > MAX_POINTS_ALL:
            raise InputError(problems=[f"{where or '/'}：面超过 {MAX_SITES} 个或顶点超过 {MAX_POINTS_ALL} 个，请只留下要申请的宗地"])
    if not sites and not problems:
        problems.append("/：文件中没有任何面")
    if problems:
        raise InputError("GeoJSON 有误：", problems=capped(problems))
    notes = ("坐标带高程，已去掉高程。",) if reading.heights else ()
    return FileOutlines(kind="geojson", sites=tuple(sites), notes=notes, encoding="utf-8")


def _document(raw: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise InputError(f"不是合法的 GeoJSON：第 {error.lineno} 行第 {error.colno} 列，文件可能不完整，或不是 UTF-8 编码。") from error
    if not isinstance(document, Mapping):
        raise InputError(problems=["/：应为 GeoJSON 对象"])
    return document


def _epsg(document: Mapping[str, Any], problems: list[str]) -> int | None:
    """The CRS of the file: None where it names none; coordinates are then longitude and latitude unless the reader knows better."""
    if "crs" not in document:
        return None
    member = document["crs"]
    properties = member.get("properties") if isinstance(member, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    if isinstance(name, str) and _CRS84.fullmatch(name):
        return CRS84
    match = _EPSG.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        problems.append(f"/crs：不认识坐标系 {str(name)[:60]}")
        return None
    return int(match[1])


def _geometries(document: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every geometry with its JSON pointer and a name."""
    kind = document.get("type")
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            problems.append("/features：应为数组")
            return
        for index, feature in enumerate(features):
            yield from _feature(feature, f"/features/{index}", problems)
    elif kind == "Feature":
        yield from _feature(document, "", problems)
    else:
        yield "", "", document


def _feature(feature: Any, where: str, problems: list[str]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if not isinstance(geometry, Mapping):
        problems.append(f"{where}/geometry：缺少图形")
        return
    properties = feature.get("properties")
    named = properties if isinstance(properties, Mapping) else {}
    name = next((str(named[key]) for key in ("name", "名称", "ZDDM", "case_no", "BSM") if named.get(key)), "")
    yield f"{where}/geometry", name[:60], geometry


@dataclass
class _Reading:
    """What is counted over all geometries of a file."""

    problems: list[str]
    count: int = 0
    heights: bool = False

    def parts(self, geometry: Mapping[str, Any], where: str) -> tuple[tuple[OutlineRing, ...], ...]:
        """The parts of a polygon or multi-polygon, each with its rings; none where it is something else or too large."""
        kind, coordinates = geometry.get("type"), geometry.get("coordinates")
        if kind not in ("Polygon", "MultiPolygon"):
            self.problems.append(f"{where}/type：应为 Polygon（面），实为 {str(kind)[:40]}")
            return ()
        polygons = [coordinates] if kind == "Polygon" else coordinates
        if not isinstance(polygons, list) or not polygons or not all(isinstance(polygon, list) and polygon for polygon in polygons):
            self.problems.append(f"{where}/coordinates：图形为空")
            return ()
        below = f"{where}/coordinates"
        return tuple(self._part(polygon, f"{below}/{index}" if kind == "MultiPolygon" else below) for index, polygon in enumerate(polygons))

    def _part(self, polygon: list[Any], where: str) -> tuple[OutlineRing, ...]:
        return tuple(self._ring(ring, f"{where}/{number}") for number, ring in enumerate(polygon))

    def _ring(self, ring: Any, place: str) -> OutlineRing:
        if not isinstance(ring, list):
            self.problems.append(f"{place}：应为点的数组")
            return OutlineRing((), ())
        self.count += len(ring)
        if self.count > MAX_POINTS_ALL:
            return OutlineRing((), ())
        self.heights |= any(isinstance(point, list) and len(point) > 2 for point in ring)
        return _ring(ring, place, self.problems)


def _ring(ring: list[Any], place: str, problems: list[str]) -> OutlineRing:
    points, places = [], []
    for index, point in enumerate(ring):
        if _is_point(point):
            points.append((float(point[0]), float(point[1])))
            places.append(f"{place}/{index}")
        else:
            problems.append(f"{place}/{index}：坐标应为两个有限的数")
    if len(points) == len(ring) and len(points) > 1 and points[0] != points[-1]:
        problems.append(f"{place}：环没有闭合，首末点应相同")
    return ring_of(points, places)


def _is_point(point: Any) -> bool:
    if not isinstance(point, list) or not 2 <= len(point) <= 4:
        return False
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12 and math.isfinite(value) for value in point)
