"""Whether the numbers of an outline can be what they are said to be: coordinate system, order of the axes, corners, crossings."""

from __future__ import annotations

import math
from collections.abc import Iterator

import shapely
from shapely.validation import explain_validity

from layers.site_files.outlines import MAX_POINTS, OutlineRing, SiteOutline
from spatial.applications import INPUT_EPSG
from spatial.corners import crossings, repeated
from spatial.crs import CGCS2000, CRS84, epsg_3deg, zone_of_easting
from spatial.errors import CrsError

CHINA = (73.0, 3.0, 136.0, 54.0)
"""West, south, east, north in degrees, generously."""
NORTHINGS = (300_000.0, 6_000_000.0)
EASTINGS = (230_000.0, 770_000.0)
"""Eastings (without zone number) and northings that a 3-degree zone has in China, with a little of its neighbours."""
_ORDER = {True: "应先经度、后纬度", False: "应为 X（北）、Y（东）"}
LEAST_CORNERS = 3
SHOWN_CROSSINGS = 10
MAX_COMPARED = 500
"""Up to so many corners every side is held against every other."""


def resolved_epsg(site: SiteOutline, *, kind: str, declared: int | None) -> int:
    """Tell the CRS of an outline from the file, the sender's word and the zone number in the eastings; raise CrsError where they disagree.

    GeoJSON that names none, and whose sender names none, is longitude and latitude, as its standard says.
    """
    for epsg in (site.epsg, declared):
        if epsg is not None and epsg not in INPUT_EPSG:
            raise CrsError(f"不支持坐标系 EPSG:{epsg}：请用 CRS84 经纬度或 2000 国家大地坐标系 3 度带。")
    if site.epsg is not None and declared is not None and _zone(site.epsg) != _zone(declared):
        raise CrsError(f"文件写明的坐标系是{_named(site.epsg)}，选择的是{_named(declared)}，两者不一致。")
    stated = site.epsg if site.epsg is not None else declared
    if stated is None and kind == "geojson":
        return CRS84
    return stated if stated in (CRS84, CGCS2000) else _projected(site, stated)


def _projected(site: SiteOutline, stated: int | None) -> int:
    """The zone that the eastings carry, which has to be the one stated; without one the zone stated."""
    (east, north), place = next(pair for ring in site.rings for pair in zip(ring.points, ring.places, strict=True))
    if north >= 1e7 > east:
        raise CrsError(f"{place}：坐标轴颠倒，{_ORDER[False]}。")
    zone = zone_of_easting(east)
    if zone is None and stated is None:
        raise CrsError("坐标没有带号，文件也没有写明带号：请选择坐标系。系统从不猜测坐标系。")
    if zone is None:
        return epsg_3deg(_zone(stated) or 0)
    if zone[0] != 3:
        raise CrsError(f"{place}：东坐标 {east:.3f} 是 6 度带 {zone[1]} 带，请换算到 3 度带。")
    if stated is not None and _zone(stated) != zone[1]:
        raise CrsError(f"{place}：东坐标 {east:.3f} 的带号是 {zone[1]}，写明或选择的是{_named(stated)}，两者不一致。")
    return epsg_3deg(zone[1], prefix=True)


def _named(epsg: int | None) -> str:
    zone = _zone(epsg)
    return f" 3 度带 {zone} 带" if zone else "经纬度"


def _zone(epsg: int | None) -> int | None:
    """The number of a CGCS2000 3-degree zone; None for every other CRS."""
    if epsg is None or not 4513 <= epsg <= 4554:
        return None
    return epsg - 4513 + 25 if epsg <= 4533 else epsg - 4534 + 25


def size_problems(site: SiteOutline) -> list[str]:
    """Name rings with too few corners, and an outline with too many: what has to be known before anything is computed."""
    count = sum(len(ring.points) for ring in site.rings)
    if count > MAX_POINTS:
        return [f"{site.place or '/'}：顶点 {count} 个，超过 {MAX_POINTS} 个，不像一处宅基地"]
    return [f"{_where(ring, site)}：至少要有 {LEAST_CORNERS} 个不同的点" for ring in site.rings if len(ring.points) < LEAST_CORNERS]


def outline_problems(site: SiteOutline, epsg: int) -> list[str]:
    """Name what is wrong with an outline's numbers, each with its place; nothing is repaired."""
    return _range_problems(site, epsg) or list(_repetitions(site, epsg)) or list(_crossings(site))


def _where(ring: OutlineRing, site: SiteOutline) -> str:
    return ring.places[0] if ring.places else site.place or "/"


def _range_problems(site: SiteOutline, epsg: int) -> list[str]:
    """Points that cannot lie in China in this CRS; swapped axes are told once, as what they are."""
    degrees = epsg in (CRS84, CGCS2000)
    low, high = _limits(epsg)
    points = [(point, place) for ring in site.rings for point, place in zip(ring.points, ring.places, strict=True)]
    outside = [(point, place) for point, place in points if not _inside(point, low, high)]
    if not outside:
        return []
    (east, north), place = outside[0]
    if len(outside) == len(points) and all(_inside((b, a), low, high) for (a, b), _ in points):
        return [f"{place}：坐标轴颠倒，{_ORDER[degrees]}"]
    if degrees and max(abs(east), abs(north)) > 180:
        return [f"{place}：坐标像投影坐标（{east:.3f}，{north:.3f}），不是经纬度：请选择坐标系"]
    if not degrees and max(abs(east), abs(north)) <= 180:
        return [f"{place}：坐标像经纬度（{east:.6f}，{north:.6f}），与 EPSG:{epsg} 不符"]
    names = ("经度", "纬度") if degrees else ("东坐标 Y", "北坐标 X")
    return [f"{at}：{names[0]} {a:.3f} 或{names[1]} {b:.3f} 不可能在 EPSG:{epsg} 中" for (a, b), at in outside]


def _limits(epsg: int) -> tuple[tuple[float, float], tuple[float, float]]:
    if epsg in (CRS84, CGCS2000):
        return CHINA[:2], CHINA[2:]
    zone = _zone(epsg)
    shift = zone * 1e6 if zone and epsg <= 4533 else 0.0
    return (EASTINGS[0] + shift, NORTHINGS[0]), (EASTINGS[1] + shift, NORTHINGS[1])


def _inside(point: tuple[float, float], low: tuple[float, float], high: tuple[float, float]) -> bool:
    return all(math.isfinite(value) and lo <= value <= hi for value, lo, hi in zip(point, low, high, strict=True))


def _repetitions(site: SiteOutline, epsg: int) -> Iterator[str]:
    if epsg in (CRS84, CGCS2000):
        return
    for ring in site.rings:
        yield from (f"{ring.places[index]}：与前一点重复" for index in repeated(ring.points))


def _crossings(site: SiteOutline) -> Iterator[str]:
    """Sides that cross, and holes outside their ring. Of an outline with very many corners only that there is one, and where."""
    shape = site.shape
    if shapely.is_valid(shape):
        return
    rings = site.rings
    if sum(len(ring.points) for ring in rings) > MAX_COMPARED:
        yield f"{site.place or '/'}：图形自相交或不合规（{explain_validity(shape)}）"
        return
    found = crossings([ring.points for ring in rings])
    for a, i, b, j in found[:SHOWN_CROSSINGS]:
        yield f"{_side(rings[a], i)}：与{_side(rings[b], j).lstrip('/')}相交或相接"
    if len(found) > SHOWN_CROSSINGS:
        yield f"还有 {len(found) - SHOWN_CROSSINGS} 处相交没有列出"
    if not found:
        yield from _misplaced(site)


def _misplaced(site: SiteOutline) -> Iterator[str]:
    for outer, *holes in site.parts:
        shell = shapely.Polygon(outer.points)
        outside = (hole for hole in holes if not shell.contains(shapely.Polygon(hole.points)))
        yield from (f"{hole.places[0]}：内圈不在外圈之内" for hole in outside)


def _side(ring: OutlineRing, index: int) -> str:
    """A side by the places of its two ends."""
    follower = ring.places[(index + 1) % len(ring.places)]
    return f"{ring.places[index]} 至 {follower.lstrip('/')} 的边"
