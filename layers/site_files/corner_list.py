"""A plain list of corners, typed or pasted: one a line, with or without its name, X (north) before Y (east), or longitude before latitude."""

from __future__ import annotations

import re

from layers.site_files.outlines import MAX_POINTS_ALL, FileOutlines, SiteOutline, capped, ring_of
from layers.site_files.text import lines_of, number
from spatial.errors import InputError

_SEPARATORS = re.compile(r"[\s,;:、]+")


def read(text: str, *, encoding: str, degrees: bool) -> FileOutlines:
    """Read one ring; `degrees` says that the numbers are longitude and latitude. Raises InputError naming each unreadable line."""
    problems: list[str] = []
    points: list[tuple[float, float]] = []
    places: list[str] = []
    for line, content in lines_of(text):
        if len(points) > MAX_POINTS_ALL:
            raise InputError(problems=[f"/第 {line} 行：点超过 {MAX_POINTS_ALL} 个，不像宅基地的坐标"])
        numbers = _numbers(content)
        if numbers is None:
            problems.append(f"/第 {line} 行：应为两个数（可在前面写点号），实为“{content[:40]}”")
        else:
            points.append(numbers if degrees else (numbers[1], numbers[0]))
            places.append(f"/第 {line} 行")
    if problems:
        raise InputError("坐标有误：", problems=capped(problems))
    if not points:
        raise InputError("没有任何坐标。")
    return FileOutlines(kind="list", sites=(SiteOutline(name="", place="", parts=((ring_of(points, places),),)),), encoding=encoding)


def _numbers(content: str) -> tuple[float, float] | None:
    cells = [cell for cell in _SEPARATORS.split(content) if cell]
    if not 2 <= len(cells) <= 3:
        return None
    first, second = number(cells[-2]), number(cells[-1])
    return None if first is None or second is None else (first, second)
