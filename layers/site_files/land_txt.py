"""国土坐标 TXT (报件、勘测定界): the text form in which parcels are reported, [属性描述] and [地块坐标], X north and Y east."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from layers.site_files.outlines import (
    MAX_POINTS_ALL,
    MAX_SITES,
    FileOutlines,
    OutlineRing,
    SiteOutline,
    capped,
    ring_of,
)
from layers.site_files.text import lines_of, number
from spatial.crs import epsg_3deg
from spatial.errors import CrsError, InputError

_SECTION = re.compile(r"\[(?P<name>[^\]]{1,20})\]")
_POINT = re.compile(r"[JjＪ]?-?\d+", re.ASCII)
_DATUMS = ("2000", "CGCS2000")


@dataclass
class _Parcel:
    """A parcel while its lines are read."""

    line: int
    count: float | None
    area_m2: float | None
    name: str
    rings: dict[int, list[tuple[tuple[float, float], str]]] = field(default_factory=dict)


def looks_like(text: str) -> bool:
    """Whether a text has the sections of the format."""
    return "[地块坐标]" in text or "[属性描述]" in text


def read(text: str, *, encoding: str) -> FileOutlines:
    """Read every parcel of a TXT; raise InputError that names each unreadable line, wrong count and missing part."""
    problems: list[str] = []
    described: dict[str, str] = {}
    parcels: list[_Parcel] = []
    section, points = "", 0
    for line, content in lines_of(text):
        match = _SECTION.fullmatch(content)
        if match:
            section = match["name"].strip()
        elif section == "属性描述":
            key, _, value = content.partition("=")
            described[key.strip()] = value.strip()
        elif section == "地块坐标":
            points += 1
            if points > MAX_POINTS_ALL:
                raise InputError(problems=[f"/第 {line} 行：界址点超过 {MAX_POINTS_ALL} 个，不像宅基地的坐标文件"])
            _coordinate_line(line, content.split(","), parcels, problems)
    epsg = _epsg(described, problems)
    _complete(parcels, problems)
    if problems:
        raise InputError("坐标文件有误：", problems=capped(problems))
    sites = tuple(_site(parcel, epsg) for parcel in parcels)
    return FileOutlines(kind="txt", sites=sites, encoding=encoding)


def _coordinate_line(line: int, cells: list[str], parcels: list[_Parcel], problems: list[str]) -> None:
    if cells[-1].strip() == "@":
        parcels.append(_parcel(line, cells))
    elif not parcels:
        problems.append(f"/第 {line} 行：坐标前缺少地块行（点数,面积,编号,名称,面,图幅,用途,地类,@）")
        parcels.append(_Parcel(line, None, None, ""))
    elif len(cells) != 4 or not _POINT.fullmatch(cells[0].strip()):
        problems.append(f"/第 {line} 行：应为“点号,圈号,X,Y”四项，实为 {len(cells)} 项：{','.join(cells)[:40]}")
    else:
        _point(line, cells, parcels[-1], problems)


def _parcel(line: int, cells: list[str]) -> _Parcel:
    hectares = number(cells[1]) if len(cells) > 1 else None
    name = next((cell.strip() for cell in (*cells[3:4], *cells[2:3]) if cell.strip()), "")
    return _Parcel(line, number(cells[0]), None if not hectares else hectares * 10_000, name[:60])


def _point(line: int, cells: list[str], parcel: _Parcel, problems: list[str]) -> None:
    label, ring, north, east = cells[0].strip(), number(cells[1]), number(cells[2]), number(cells[3])
    if ring is None or ring != int(ring) or not 1 <= ring <= 1_000:
        problems.append(f"/第 {line} 行：圈号“{cells[1].strip()[:20]}”不是 1 以上的整数")
    elif north is None or east is None:
        problems.append(f"/第 {line} 行：坐标“{','.join(cells[2:])[:40]}”不是数")
    else:
        parcel.rings.setdefault(int(ring), []).append(((east, north), f"/第 {line} 行 {label}"))


def _epsg(described: Mapping[str, str], problems: list[str]) -> int | None:
    """The CRS without zone prefix that the description names; what only the eastings say is found out later."""
    datum = described.get("坐标系")
    if datum and not any(name in datum.upper() for name in _DATUMS):
        problems.append(f"/属性描述/坐标系：“{datum[:30]}”不是 2000 国家大地坐标系，须先由测绘单位转换")
    width = described.get("几度分带")
    if width and width.rstrip("度") != "3":
        problems.append(f"/属性描述/几度分带：应为 3，实为“{width[:10]}”")
    unit = described.get("计量单位")
    if unit and unit not in ("米", "m"):
        problems.append(f"/属性描述/计量单位：应为米，实为“{unit[:10]}”")
    zone = described.get("带号")
    if not zone:
        return None
    try:
        return epsg_3deg(int(number(zone) or 0))
    except CrsError:
        problems.append(f"/属性描述/带号：“{zone[:10]}”不是 3 度带的带号（25–45）")
        return None


def _complete(parcels: list[_Parcel], problems: list[str]) -> None:
    if not parcels:
        problems.append("/地块坐标：没有任何地块，文件可能不完整")
    if len(parcels) > MAX_SITES:
        problems.append(f"/地块坐标：地块超过 {MAX_SITES} 个，请只留下要申请的")
    for parcel in parcels:
        written = sum(len(ring) for ring in parcel.rings.values())
        without_closing = written - sum(ring[0][0] == ring[-1][0] for ring in parcel.rings.values())
        if parcel.count is not None and not without_closing <= parcel.count <= written:
            problems.append(f"/第 {parcel.line} 行：地块写明 {parcel.count:g} 个点，实有 {written} 个，文件可能不完整")
        if 1 not in parcel.rings:
            problems.append(f"/第 {parcel.line} 行：地块没有 1 号圈（外圈）")


def _site(parcel: _Parcel, epsg: int | None) -> SiteOutline:
    rings = tuple(_ring(parcel.rings[number]) for number in sorted(parcel.rings))
    return SiteOutline(name=parcel.name, place=f"/第 {parcel.line} 行", parts=(rings,), epsg=epsg, area_m2=parcel.area_m2)


def _ring(points: list[tuple[tuple[float, float], str]]) -> OutlineRing:
    return ring_of([point for point, _ in points], [place for _, place in points])
