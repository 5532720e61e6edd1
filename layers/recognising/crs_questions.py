"""What is asked about a data set's coordinate system, with the answers that would do and where each would put the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from layers.recognising.crs_identity import WEB_MERCATOR, Identity
from layers.recognising.ordinates import Look
from layers.recognising.placing import Place
from layers.recognising.recognition import Option, Question
from layers.recognising.zones import NUMBER_M, Zone, all_zones, zone_of_epsg
from spatial.crs import CGCS2000

_LABELS = {CGCS2000: "2000 国家大地坐标系经纬度（EPSG:4490）", WEB_MERCATOR: "Web 墨卡托（EPSG:3857）"}
_SHAPES = {"degrees": "经纬度（度）", "numbered": "带带号的平面坐标（米）", "plain": "不带带号的平面坐标（米）", "mercator": "Web 墨卡托坐标"}
_MOST_OPTIONS = 12


def missing(ways: Sequence[Look], place: Place) -> Question:
    """Nothing says which CRS it is, and the numbers leave it open."""
    text = f"文件没有写明坐标系，坐标看来是{_looks_like(ways)}：请指明坐标系。"
    return Question(code="crs.missing", about="crs", text=text, options=_options(ways, place))


def not_identified(stated: Identity, place: Place) -> Question:
    """The file has a definition of its own that is no zone of CGCS2000, such as a town's independent system."""
    text = f"文件写明的坐标系 {stated.name} 不是标准分带（可能是地方独立坐标系），不能直接转换：请先转换后再提交，或指明实际的坐标系。"
    ways = [Look("plain", False)]
    return Question(code="crs.not_identified", about="crs", text=text, options=_options(ways, place))


def other_numbers(stated: Identity, ways: Sequence[Look], place: Place) -> Question:
    """The numbers cannot be in the CRS stated: degrees labelled as metres, or the other way round."""
    text = f"写明的坐标系是 {stated.name}，坐标却是{_looks_like(ways)}，两者不符：请指明实际的坐标系。"
    shapes = {look.shape for look in ways}
    code = "crs.numbers_do_not_fit"
    if stated.is_geographic and shapes & {"numbered", "plain", "mercator"}:
        code = "crs.metres_as_degrees"
    elif not stated.is_geographic and "degrees" in shapes:
        code = "crs.degrees_as_metres"
    return Question(code=code, about="crs", text=text, options=_options(ways, place))


def other_number(stated: Identity, zone: Zone, place: Place, *, given: bool) -> Question:
    """The zone number of the eastings is not that of the CRS stated."""
    who = "指定" if given else "文件写明"
    text = f"{who}的坐标系是 {stated.name}，东坐标的带号却是 {zone.number}：请指明实际的坐标系；带号写错的，请改正后再提交。"
    return Question(code="crs.zone_prefix_conflict", about="crs", text=text, options=_zone_options([zone], place))


def several_zones(numbers: Sequence[int]) -> Question:
    """Eastings of several zones in one file."""
    listed = "、".join(map(str, sorted(numbers)))
    text = f"东坐标有几种带号（{listed}）混在一份数据中：请按带分开，或统一到一个带后再提交。"
    return Question(code="crs.several_zones", about="crs", text=text)


def wrong_zone(stated: str, epsg: int, place: Place, *, swap: bool) -> Question | None:
    """Ask where the data lie outside the county, and would lie inside in another zone, or with another zone number in the eastings."""
    if not place.is_known or place.share_inside(epsg, swap=swap) > 0:
        return None
    zone = zone_of_epsg(epsg)
    here = [_option(epsg, place, swap, stated)]
    if zone is not None and zone.prefix:
        numbers = [other for other in all_zones(prefix=True) if _would_be_inside(other, zone, place, swap)]
        if not numbers:
            return None
        text = f"按东坐标的带号 {zone.number}，数据全部在本县范围以外；带号是 {numbers[0].number} 则在本县：带号写错的，请改正后再提交。"
        return Question(code="crs.wrong_zone", about="crs", text=text, options=tuple(here))
    better = [other for other in all_zones(prefix=False) if place.is_inside(other, swap=swap)]
    if not better:
        return None
    text = f"按写明的坐标系 {stated}，数据全部在本县范围以外；换一个带则在本县：请指明实际的坐标系。"
    return Question(code="crs.wrong_zone", about="crs", text=text, options=(*_zone_options(better, place, swap=swap), *here))


def _would_be_inside(other: Zone, zone: Zone, place: Place, swap: bool) -> bool:
    return place.share_inside(other.epsg, swap=swap, east_m=(other.number - zone.number) * NUMBER_M) >= 0.5


def axes(place: Place, epsg: int) -> Question:
    """Both orders of the ordinates are possible."""
    text = "两个坐标的大小相近，无法判断哪一个是东坐标：请指明坐标的顺序。"
    options = [Option("east_north", f"先东后北{_where(place, epsg, False)}"), Option("north_east", f"先北后东{_where(place, epsg, True)}")]
    return Question(code="axes.unclear", about="axes", text=text, options=tuple(options))


def _looks_like(ways: Sequence[Look]) -> str:
    return "或".join(dict.fromkeys(_SHAPES[look.shape] for look in ways)) or "别的数值，不像我国的坐标"


def _options(ways: Sequence[Look], place: Place) -> tuple[Option, ...]:
    found: list[Option] = []
    for look in ways:
        swap = bool(look.swapped)
        if look.shape == "degrees":
            found.append(_option(CGCS2000, place, swap))
        elif look.shape == "mercator":
            found.append(_option(WEB_MERCATOR, place, swap))
        elif look.zone is not None:
            found.extend(_zone_options([look.zone], place, swap=swap))
        elif look.shape == "plain":
            found.extend(_zone_options(_nearby(place, swap), place, swap=swap))
    return tuple(dict.fromkeys(found))


def _nearby(place: Place, swap: bool) -> list[Zone]:
    """The zones that put the data in the county, then those about the county's own."""
    zones = all_zones(prefix=False)
    inside = [zone for zone in zones if place.is_inside(zone, swap=swap)]
    own = zone_of_epsg(place.epsg)
    near = sorted(zones, key=lambda zone: (abs(zone.meridian - own.meridian), zone.width) if own else (0, zone.width))
    return list(dict.fromkeys([*inside, *near]))[:_MOST_OPTIONS]


def _zone_options(zones: Iterable[Zone], place: Place, *, swap: bool = False) -> tuple[Option, ...]:
    return tuple(_option(zone.epsg, place, swap) for zone in zones)


def _option(epsg: int, place: Place, swap: bool, name: str = "") -> Option:
    zone = zone_of_epsg(epsg)
    return Option(str(epsg), (zone.label if zone else _LABELS.get(epsg, f"{name}（EPSG:{epsg}）")) + _where(place, epsg, swap))


def _where(place: Place, epsg: int, swap: bool) -> str:
    if not place.is_known:
        return ""
    share = place.share_inside(epsg, swap=swap)
    return "：数据在本县" if share >= 0.5 else "：数据一部分在本县" if share > 0 else "：数据在本县以外"
