"""Sites written out: as JSON for a map, and as 国土 TXT for surveyors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import shapely

from spatial.corners import Corner, corners
from spatial.crs import CRS84, epsg_3deg, reproject
from spatial.errors import CrsError

DECIMALS = 9
"""Of degrees: a tenth of a millimetre."""
METRES = 3
"""Decimals of coordinates in a TXT: a millimetre, as cadastral coordinates are kept."""


def geometry_json(site: Any, *, epsg: int) -> dict[str, Any]:
    """Write a geometry of the storage CRS as GeoJSON in CRS84."""
    [turned] = reproject(np.array([site], dtype=object), source=epsg, target=CRS84)
    rounded = shapely.transform(turned, lambda xy: np.round(xy, DECIMALS))
    written: dict[str, Any] = json.loads(shapely.to_geojson(rounded))
    return written


def corners_json(site: Any) -> list[dict[str, Any]]:
    """Write the corners of a polygon or multi-polygon; of anything else there are none."""
    return [asdict(corner) for corner in corners(site)] if site.geom_type in ("Polygon", "MultiPolygon") else []


def land_txt(site: Any, *, epsg: int, name: str, use: str = "农村宅基地") -> str:
    """Write a site as 国土 TXT with zone numbers before the eastings, rings closed by repeating their first point.

    `epsg` is a CGCS2000 3-degree zone without prefix. A comma or line break in the name becomes a space.
    """
    if not epsg_3deg(25) <= epsg <= epsg_3deg(45):
        raise CrsError(f"EPSG:{epsg} 不是 2000 国家大地坐标系 3 度带，不能写成国土坐标 TXT。")
    zone = epsg - epsg_3deg(25) + 25
    lines = list(_closed(corners(site), zone))
    plain = " ".join(name.replace(",", " ").replace("，", " ").split()) or "宅基地"
    head = (
        f"[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n投影类型=高斯克吕格\n计量单位=米\n带号={zone}\n精度=0.001\n转换参数=,,,,,,\n"
        f"[地块坐标]\n{len(lines)},{site.area / 10_000:.4f},1,{plain},面,,{use},,@\n"
    )
    return head + "".join(f"{line}\n" for line in lines)


def _closed(found: tuple[Corner, ...], zone: int) -> Iterator[str]:
    """The lines of all corners; rings are numbered through all parts."""
    numbers = {key: index for index, key in enumerate(dict.fromkeys((corner.part, corner.ring) for corner in found), start=1)}
    for key, number in numbers.items():
        ring = [corner for corner in found if (corner.part, corner.ring) == key]
        for corner in (*ring, ring[0]):
            yield f"{corner.label},{number},{corner.x_m:.{METRES}f},{corner.y_m + zone * 1e6:.{METRES}f}"
