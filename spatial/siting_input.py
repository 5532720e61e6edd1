"""What is asked of siting, read strictly: one clear answer for an area or a house that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from spatial.applications import read_outline, read_properties
from spatial.errors import InputError
from spatial.layer import LayerSet
from spatial.rules.pack import Pack
from spatial.siting import Request
from spatial.siting_pack import load_siting
from spatial.siting_places import House
from spatial.siting_regions import VILLAGE_FACT

MOST_AREA_M2 = 60_000_000.0
"""Siting looks at a village or a part of one; the largest villages of the county have some 50 km²."""
BORDER_NOISE_M2 = 1.0
MEMBERS = ("village", "area", "house", "application", "own_parcels", "limit")
LOW_M, HIGH_M, LOW_M2, HIGH_M2, MOST_PROPOSED, MOST_PARCELS = 3.0, 60.0, 20.0, 2_000.0, 50, 20


def read_request(body: Any, *, epsg_in: int | None, epsg: int, county: Any, villages: LayerSet, pack: Pack) -> Request:
    """Read a request as JSON; raises InputError that names every problem with its place.

    `county` is the county's outline in the storage CRS (None: not loaded), `villages` a set that holds the village layer where loaded.
    """
    if not isinstance(body, Mapping):
        raise InputError(problems=["/：应为 JSON 对象"])
    problems = [f"/{str(name)[:60]}：没有这一项" for name in body if name not in MEMBERS]
    house = _house(body.get("house"), problems)
    properties = read_properties(body.get("application"), where="/application", problems=problems)
    own = _texts(body.get("own_parcels"), problems)
    limit = _limit(body.get("limit", 10), problems)
    code, name, area = _area(body, epsg_in, epsg, county, villages, pack, problems)
    if problems or house is None or area is None:
        raise InputError("选址要求有误：", problems=list(dict.fromkeys(problems)))
    return Request(area, house, properties, own, limit, code, name)


def _house(given: Any, problems: list[str]) -> House | None:
    if not isinstance(given, Mapping):
        problems.append("/house：缺少房屋尺寸，应写面宽 width_m 和进深 depth_m，或面积 area_m2")
        return None
    problems += [f"/house/{str(name)[:60]}：没有这一项" for name in given if name not in ("width_m", "depth_m", "area_m2")]
    width = _number(given, "width_m", LOW_M, HIGH_M, problems)
    depth = _number(given, "depth_m", LOW_M, HIGH_M, problems)
    area = _number(given, "area_m2", LOW_M2, HIGH_M2, problems)
    if width is not None and depth is not None:
        return House(width, depth)
    if area is None:
        problems.append("/house：应写面宽 width_m 和进深 depth_m，或面积 area_m2")
        return None
    return House.of_area(area, depth_per_width=load_siting().house.depth_per_width)


def _number(given: Mapping[str, Any], name: str, low: float, high: float, problems: list[str]) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        problems.append(f"/house/{name}：应为 {low:g} 到 {high:g} 之间的数")
        return None
    return float(value)


def _texts(given: Any, problems: list[str]) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MOST_PARCELS or any(not isinstance(item, str) or len(item) > 100 for item in given):
        problems.append(f"/own_parcels：应为至多 {MOST_PARCELS} 个宗地代码")
        return ()
    return tuple(given)


def _limit(given: Any, problems: list[str]) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_PROPOSED:
        problems.append(f"/limit：应为 1 到 {MOST_PROPOSED} 之间的整数")
        return 1
    return given


def _area(
    body: Mapping[str, Any], epsg_in: int | None, epsg: int, county: Any, villages: LayerSet, pack: Pack, problems: list[str]
) -> tuple[str | None, str | None, Any]:
    code, drawn = body.get("village"), body.get("area")
    if (code is None) == (drawn is None):
        problems.append("/：应写村代码 village 或画出的范围 area，二者之一")
        return None, None, None
    if drawn is not None:
        return None, None, _drawn(drawn, epsg_in, epsg, county, problems)
    name, shape = village(code, villages, pack)
    if shape is None:
        problems.append("/village：没有这个村" if isinstance(code, str) else "/village：应为 12 位村代码")
    return (code if shape is not None else None), name, shape


def village_layer(pack: Pack) -> str:
    """Return the catalogue id of the layer that villages are read from."""
    return pack.main.facts[VILLAGE_FACT].layer or ""


def village(code: Any, layers: LayerSet, pack: Pack) -> tuple[str | None, Any]:
    """Return a village's name and outline by its code; nothing where there is none, or the layer is not loaded."""
    facts = pack.main.facts
    spec = facts[VILLAGE_FACT]
    layer = layers.get(spec.layer or "")
    column = layer.attributes.get(spec.field or "") if layer is not None else None
    if layer is None or column is None or not isinstance(code, str):
        return None, None
    rows = np.flatnonzero(column == code)
    if not len(rows):
        return None, None
    named = next((other.field for key, other in facts.items() if other.layer == spec.layer and other.measure == "dominant" and key.endswith("name")), None)
    names = layer.attributes.get(named or "")
    return (str(names[rows[0]]) if names is not None else None), shapely.union_all(layer.features[rows])


def villages_under(area: Any, layers: LayerSet, pack: Pack) -> list[str | None]:
    """Return the codes of the villages that an area (storage CRS) lies in, None among them where a part of it lies in no village known."""
    spec = pack.main.facts[VILLAGE_FACT]
    layer = layers.get(spec.layer or "")
    column = layer.attributes.get(spec.field or "") if layer is not None else None
    if layer is None or column is None:
        return [None]
    found: list[str | None] = list(column[shapely.area(shapely.intersection(layer.features, area)) > BORDER_NOISE_M2])
    outside = shapely.area(shapely.difference(area, shapely.union_all(layer.features)))
    return [*found, None] if outside > BORDER_NOISE_M2 else found


def _drawn(drawn: Any, epsg_in: int | None, epsg: int, county: Any, problems: list[str]) -> Any:
    shape = read_outline(drawn, where="/area", epsg_in=epsg_in, epsg=epsg, problems=problems)
    if shape is None:
        return None
    before = len(problems)
    if shape.area > MOST_AREA_M2:
        problems.append(f"/area: 范围有 {shape.area / 1e6:.1f} 平方公里，超过 {MOST_AREA_M2 / 1e6:g} 平方公里，请只画一个村或村的一部分")
    elif county is not None and not shapely.intersects(county, shape):
        problems.append("/area: 图形不在本县范围内；请核对坐标的先后（先经度或东坐标，后纬度或北坐标）和坐标系")
    elif county is not None and (outside := float(shapely.difference(shape, county).area)) > BORDER_NOISE_M2:
        problems.append(f"/area: 图形有 {outside / 10_000:.2f} 公顷在本县以外，请只画本县范围")
    elif shape.area < LOW_M2:
        problems.append(f"/area: 图形面积只有 {shape.area:.2f} ㎡，放不下一处宅基地")
    return shape if len(problems) == before else None
