"""The text of 国土坐标 TXT (报件、勘测定界) as parcels: sections [属性描述] and [地块坐标], X north and Y east, ring 1 outside, others holes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from layers.site_files.text import lines_of, number

_SECTION = re.compile(r"\[(?P<name>[^\]]{1,20})\]")
_POINT = re.compile(r"[JjＪ]?-?\d+", re.ASCII)
_HEAD = ("count", "hectares", "number", "name", "shape", "sheet", "use", "land_class")
_MOST_RINGS = 1_000
_METRES = ("米", "m")

Point = tuple[float, float]


@dataclass
class Parcel:
    """A parcel: the line of its header, its cells by name, and its rings by number as ((east, north), line, label), as they stand there."""

    line: int
    cells: Mapping[str, str]
    rings: dict[int, list[tuple[Point, int, str]]] = field(default_factory=dict)

    @property
    def hectares(self) -> float | None:
        """The area stated."""
        return number(self.cells.get("hectares", ""))

    @property
    def points(self) -> dict[int, list[Point]]:
        """The rings in the order of their numbers."""
        return {ring: [point for point, _, _ in self.rings[ring]] for ring in sorted(self.rings)}


@dataclass
class LandText:
    """What a text says: its description, its parcels, and what is wrong with it, each with its place."""

    described: dict[str, str] = field(default_factory=dict)
    parcels: list[Parcel] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_cut: bool = False


def looks_like(text: str) -> bool:
    """Whether a text has the sections of the format."""
    return "[地块坐标]" in text or "[属性描述]" in text


def parse(text: str, *, most_points: int) -> LandText:
    """Read every line; stops after `most_points` points (`is_cut`). Unreadable lines and wrong counts are problems, none is raised."""
    found = LandText()
    section, points = "", 0
    for line, content in lines_of(text):
        match = _SECTION.fullmatch(content)
        if match:
            section = match["name"].strip()
        elif section == "属性描述":
            key, _, value = content.partition("=")
            found.described[key.strip()] = value.strip()
        elif section == "地块坐标":
            points += 1
            if points > most_points:
                found.is_cut = True
                return found
            _coordinate_line(line, content.split(","), found)
    return found


def _coordinate_line(line: int, cells: list[str], found: LandText) -> None:
    if cells[-1].strip() == "@":
        found.parcels.append(Parcel(line, dict(zip(_HEAD, (cell.strip() for cell in cells[:-1]), strict=False))))
    elif not found.parcels:
        found.problems.append(f"/第 {line} 行：坐标前缺少地块行（点数,面积,编号,名称,面,图幅,用途,地类,@）")
        found.parcels.append(Parcel(line, {}))
    elif len(cells) != 4 or not _POINT.fullmatch(cells[0].strip()):
        found.problems.append(f"/第 {line} 行：应为“点号,圈号,X,Y”四项，实为 {len(cells)} 项：{','.join(cells)[:40]}")
    else:
        _point(line, cells, found)


def _point(line: int, cells: list[str], found: LandText) -> None:
    ring, north, east = number(cells[1]), number(cells[2]), number(cells[3])
    if ring is None or ring != int(ring) or not 1 <= ring <= _MOST_RINGS:
        found.problems.append(f"/第 {line} 行：圈号“{cells[1].strip()[:20]}”不是 1 以上的整数")
    elif north is None or east is None:
        found.problems.append(f"/第 {line} 行：坐标“{','.join(cells[2:])[:40]}”不是数")
    else:
        found.parcels[-1].rings.setdefault(int(ring), []).append(((east, north), line, cells[0].strip()))


def unit_problems(described: Mapping[str, str]) -> list[str]:
    """Coordinates in anything but metres."""
    unit = described.get("计量单位")
    return [f"/属性描述/计量单位：应为米，实为“{unit[:10]}”"] if unit and unit not in _METRES else []


def count_problems(parcels: list[Parcel]) -> list[str]:
    """Parcels with another number of points than stated (closing points may be counted or not), or without an outer ring."""
    problems = []
    for parcel in parcels:
        rings = parcel.points.values()
        written = sum(len(ring) for ring in rings)
        without_closing = written - sum(ring[0] == ring[-1] for ring in rings)
        stated = number(parcel.cells.get("count", ""))
        if stated is not None and not without_closing <= stated <= written:
            problems.append(f"/第 {parcel.line} 行：地块写明 {stated:g} 个点，实有 {written} 个，文件可能不完整")
        if 1 not in parcel.rings:
            problems.append(f"/第 {parcel.line} 行：地块没有 1 号圈（外圈）")
    return problems
