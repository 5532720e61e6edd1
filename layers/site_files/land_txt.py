"""国土坐标 TXT (报件、勘测定界): the text form in which parcels are reported, [属性描述] and [地块坐标], X north and Y east."""

from __future__ import annotations

from collections.abc import Mapping

from layers.reading.parcels import Parcel, count_problems, looks_like, parse, unit_problems
from layers.site_files.outlines import (
    MAX_POINTS_ALL,
    MAX_SITES,
    FileOutlines,
    OutlineRing,
    SiteOutline,
    capped,
    ring_of,
)
from layers.site_files.text import number
from spatial.crs import epsg_3deg
from spatial.errors import CrsError, InputError

__all__ = ["looks_like", "read"]

_DATUMS = ("2000", "CGCS2000")


def read(text: str, *, encoding: str) -> FileOutlines:
    """Read every parcel of a TXT; raise InputError that names each unreadable line, wrong count and missing part."""
    found = parse(text, most_points=MAX_POINTS_ALL)
    if found.is_cut:
        raise InputError(problems=[f"/地块坐标：界址点超过 {MAX_POINTS_ALL} 个，不像宅基地的坐标文件"])
    problems = found.problems
    epsg = _epsg(found.described, problems)
    if not found.parcels:
        problems.append("/地块坐标：没有任何地块，文件可能不完整")
    if len(found.parcels) > MAX_SITES:
        problems.append(f"/地块坐标：地块超过 {MAX_SITES} 个，请只留下要申请的")
    problems.extend(count_problems(found.parcels))
    if problems:
        raise InputError("坐标文件有误：", problems=capped(problems))
    sites = tuple(_site(parcel, epsg) for parcel in found.parcels)
    return FileOutlines(kind="txt", sites=sites, encoding=encoding)


def _epsg(described: Mapping[str, str], problems: list[str]) -> int | None:
    """The CRS without zone prefix that the description names; what only the eastings say is found out later."""
    datum = described.get("坐标系")
    if datum and not any(name in datum.upper() for name in _DATUMS):
        problems.append(f"/属性描述/坐标系：“{datum[:30]}”不是 2000 国家大地坐标系，须先由测绘单位转换")
    width = described.get("几度分带")
    if width and width.rstrip("度") != "3":
        problems.append(f"/属性描述/几度分带：应为 3，实为“{width[:10]}”")
    problems.extend(unit_problems(described))
    zone = described.get("带号")
    if not zone:
        return None
    try:
        return epsg_3deg(int(number(zone) or 0))
    except CrsError:
        problems.append(f"/属性描述/带号：“{zone[:10]}”不是 3 度带的带号（25–45）")
        return None


def _site(parcel: Parcel, epsg: int | None) -> SiteOutline:
    rings = tuple(_ring(parcel, ring) for ring in sorted(parcel.rings))
    area_m2 = parcel.hectares * 10_000 if parcel.hectares else None
    name = parcel.cells.get("name") or parcel.cells.get("number") or ""
    return SiteOutline(name=name[:60], place=f"/第 {parcel.line} 行", parts=(rings,), epsg=epsg, area_m2=area_m2)


def _ring(parcel: Parcel, ring: int) -> OutlineRing:
    points = parcel.rings[ring]
    return ring_of([point for point, _, _ in points], [f"/第 {line} 行 {label}" for _, line, label in points])
