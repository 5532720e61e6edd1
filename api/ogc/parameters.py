"""The query parameters of `/ogc`: their description in OpenAPI, and how they are read. What is wrong is told at once, each with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request

from api.deps import parameter_problems
from api.ogc import times
from api.ogc.formats import FORMATS
from api.ogc.times import When
from layers.catalog import CatalogField, CatalogLayer
from layers.ogc_crs import CRS84_URI, Corners, OfferedCrs, offered
from spatial.errors import InputError

DEFAULT_LIMIT = 100
MOST_FEATURES = 10_000
MOST_OFFSET = 2**31 - 1


def _described(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": dict(schema), "style": "form", "explode": False}


F = _described("f", "格式；不写时由 Accept 决定", {"type": "string", "enum": list(FORMATS)})
DATETIME = _described("datetime", f"哪一天（或哪一段时间）有效的数据，默认今天，例如 {times.EXAMPLES}", {"type": "string"})
KNOWN_AT = _described("known_at", "以哪一时刻所知为准（含时区），默认此刻", {"type": "string", "format": "date-time"})
LIMIT = _described(
    "limit",
    f"最多返回多少个要素；超过 {MOST_FEATURES} 时按 {MOST_FEATURES}",
    {"type": "integer", "minimum": 1, "default": DEFAULT_LIMIT},
)
OFFSET = _described("offset", "跳过前多少个要素", {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET, "default": 0})
BBOX = _described(
    "bbox",
    "与此范围相交的要素：左下角和右上角坐标，轴序同 bbox-crs；六个数时高程不计。经度以西边大于东边表示跨 180° 经线",
    {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
)
BBOX_CRS = _described("bbox-crs", "bbox 的坐标系（URI），默认 CRS84", {"type": "string", "format": "uri", "default": CRS84_URI})
CRS = _described("crs", "返回坐标的坐标系（URI），默认 CRS84；坐标按该坐标系定义的轴序", {"type": "string", "format": "uri", "default": CRS84_URI})

PLAIN = (F,)
DATED = (F, DATETIME, KNOWN_AT)
FEATURE = (*DATED, CRS)
ITEMS = (*DATED, LIMIT, OFFSET, BBOX, BBOX_CRS, CRS)


def names(described: tuple[Mapping[str, Any], ...]) -> tuple[str, ...]:
    """Return the names of described parameters."""
    return tuple(item["name"] for item in described)


@dataclass(frozen=True)
class ItemsAsked:
    """Which features of a collection are asked for, in which system; `filters` are attributes by catalogue field name.

    `bbox` has lower and upper corner in the axis order of `bbox_crs`.
    """

    when: When
    crs: OfferedCrs
    bbox: Corners | None
    bbox_crs: OfferedCrs
    limit: int
    offset: int
    filters: Mapping[str, Any]


def plain(request: Request) -> None:
    """Check the parameters of a document that is always the same; raises InputError."""
    _refuse(_common(request, names(PLAIN)))


def dated(request: Request) -> When:
    """Read the parameters of a document about some time; raises InputError."""
    problems = _common(request, names(DATED))
    when = _when(request, problems)
    _refuse(problems)
    return when


def feature(request: Request, *, epsg: int) -> tuple[When, OfferedCrs]:
    """Read the parameters of a single feature; raises InputError."""
    problems = _common(request, names(FEATURE))
    when, crs = _when(request, problems), _crs(request, "crs", problems, epsg)
    _refuse(problems)
    return when, crs


def items(request: Request, layer: CatalogLayer, *, epsg: int) -> ItemsAsked:
    """Read the parameters of a page of features, attributes by their Chinese titles among them; raises InputError."""
    fields = {item.title: item for item in layer.open_fields.values()}
    problems = _common(request, (*names(ITEMS), *fields))
    given = request.query_params
    asked = ItemsAsked(
        when=_when(request, problems),
        crs=_crs(request, "crs", problems, epsg),
        bbox_crs=_crs(request, "bbox-crs", problems, epsg),
        bbox=None,
        limit=min(MOST_FEATURES, _whole("limit", given.get("limit", str(DEFAULT_LIMIT)), problems, least=1)),
        offset=_whole("offset", given.get("offset", "0"), problems, least=0, most=MOST_OFFSET),
        filters={field.name: _value(given[title], field, problems) for title, field in fields.items() if title in given},
    )
    box = _bbox(given["bbox"], asked.bbox_crs, problems) if "bbox" in given else None
    _refuse(problems)
    return ItemsAsked(**{**vars(asked), "bbox": box})


def _common(request: Request, known: tuple[str, ...]) -> list[str]:
    problems = parameter_problems(request, known)
    form = request.query_params.get("f")
    return problems if form in (None, *FORMATS) else [*problems, f"?f：只能是 {' 或 '.join(FORMATS)}"]


def _refuse(problems: list[str]) -> None:
    if problems:
        raise InputError("参数有误：", problems=problems)


def _when(request: Request, problems: list[str]) -> When:
    when, found = times.read(request.query_params.get("datetime"), request.query_params.get("known_at"))
    problems += found
    return when


def _crs(request: Request, name: str, problems: list[str], epsg: int) -> OfferedCrs:
    systems = offered(epsg)
    crs = systems.get(request.query_params.get(name, CRS84_URI))
    if crs is None:
        problems.append(f"?{name}：没有这个坐标系，可用 {'、'.join(systems)}")
    return crs or systems[CRS84_URI]


def _whole(name: str, text: str, problems: list[str], *, least: int, most: int | None = None) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) < least or (most is not None and int(text) > most):
        problems.append(f"?{name}：应为不小于 {least} 的整数" if most is None else f"?{name}：应为 {least} 到 {most} 的整数")
        return least
    return int(text)


def _bbox(text: str, crs: OfferedCrs, problems: list[str]) -> Corners | None:
    try:
        numbers = [float(part) for part in text.split(",")] if re.fullmatch(r"[-+0-9.eE,\s]*", text) else []
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6) or not all(map(math.isfinite, numbers)):
        problems.append("?bbox：应为四个（或六个）以逗号分隔的数")
        return None
    half = len(numbers) // 2
    lower, upper = numbers[:half], numbers[half:]
    # Only longitude may run backwards: across the antimeridian.
    around = (1 if crs.north_first else 0) if crs.in_degrees else None
    wrong = [axis for axis, (least, most) in enumerate(zip(lower, upper, strict=True)) if least > most and axis != around]
    if wrong:
        problems.append("?bbox：左下角应在右上角的左下方，并按坐标系的轴序给出")
        return None
    return lower[0], lower[1], upper[0], upper[1]


def _value(text: str, field: CatalogField, problems: list[str]) -> Any:
    read, expected = READERS[field.type]
    try:
        return read(text)
    except ValueError:
        problems.append(f"?{field.title}：应为{expected}")
        return None


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ValueError
    return int(text)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _day(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError
    return date.fromisoformat(text).isoformat()


READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "text": (str, "文本"),
    "number": (_number, "数字"),
    "integer": (_integer, "整数"),
    "boolean": (_boolean, " true 或 false"),
    "date": (_day, "日期，例如 2026-01-01"),
}
"""How the value of a field of each type is read into the form it is stored in."""
