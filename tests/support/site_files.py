"""Builders of site files as surveyors hand them over, with overrides."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import ezdxf
from frames import EAST, NORTH

SQUARE = ((0.0, 14.0), (10.0, 14.0), (10.0, 0.0), (0.0, 0.0))
"""East and north of four corners from (300, 300) of the test county's origin: 10 x 14 m, 140 m²."""
HEAD = {"坐标系": "2000国家大地坐标系", "几度分带": "3", "投影类型": "高斯克吕格", "计量单位": "米", "带号": "38", "精度": "0.001", "转换参数": ",,,,,,"}
Points = Sequence[tuple[float, float]]


def here(points: Points = SQUARE) -> list[tuple[float, float]]:
    """Points as (east, north) in EPSG:4547."""
    return [(EAST + 300 + east, NORTH + 300 + north) for east, north in points]


def land_txt(*rings: Points, count: int | None = None, area_ha: float = 0.0140, prefix: float = 38e6, **head: str) -> str:
    """A 国土 TXT with one parcel; the rings are closed by repeating their first point."""
    chosen = [here(ring) for ring in rings or (SQUARE,)]
    lines = ["[属性描述]", *(f"{key}={value}" for key, value in (HEAD | head).items()), "[地块坐标]"]
    written = sum(len(ring) + 1 for ring in chosen) if count is None else count
    lines.append(f"{written},{area_ha:.4f},1,示例地块,面,,农村宅基地,,@")
    label = 0
    for number, ring in enumerate(chosen, start=1):
        first = label + 1
        for east, north in ring:
            label += 1
            lines.append(f"J{label},{number},{north:.3f},{east + prefix:.3f}")
        east, north = ring[0]
        lines.append(f"J{first},{number},{north:.3f},{east + prefix:.3f}")
    return "\n".join(lines) + "\n"


def dxf(version: str = "R2000", *, encoding: str = "utf-8", draw: Any = None) -> bytes:
    """A drawing with one closed polyline on layer 宅基地, or with what `draw(modelspace)` draws."""
    document = ezdxf.new(version)
    if draw is None:
        document.modelspace().add_lwpolyline(here(), close=True, dxfattribs={"layer": "宅基地"})
    else:
        draw(document.modelspace())
    text = io.StringIO()
    document.write(text)
    return text.getvalue().encode(encoding)
