"""Checks of each geometry by itself: is it there, finite, of the right kind, valid, and in the county."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.quality.collecting import NO_REFERENCE, Collector
from layers.quality.context import Context
from layers.quality.mending import Mended, mend
from layers.quality.rings import Bools, Ints
from layers.quality.subject import KINDS, Subject
from spatial.crs import CGCS2000, gauss_kruger, reproject, require_crs
from spatial.pieces import Geometries

_KIND_LABELS = {"point": "点", "line": "线", "polygon": "面"}

REASONS = {
    "Self-intersection": ("QC-G05", "边线自相交"),
    "Ring Self-intersection": ("QC-G05", "环在一点上与自身相接"),
    "Hole lies outside shell": ("QC-G06", "洞在外环之外"),
    "Holes are nested": ("QC-G06", "洞套洞"),
    "Nested holes": ("QC-G06", "洞套洞"),
    "Nested shells": ("QC-G06", "部件套在另一部件之内"),
    "Duplicate Rings": ("QC-G06", "环重复"),
    "Interior is disconnected": ("QC-G06", "内部被洞隔断，不连通"),
    "Too few points in geometry component": ("QC-G07", "点数不足"),
    "Ring is not closed": ("QC-G07", "环未闭合"),
    "Invalid Coordinate": ("QC-G07", "坐标无效"),
}
"""GEOS's reasons, each with its check and its name."""

_PLACE = re.compile(r"(?P<reason>[^\[]*)(?:\[(?P<x>\S+) (?P<y>\S+)\])?")


def check_geometry(subject: Subject, found: Collector, context: Context) -> None:
    """Check that every row has a geometry that the store can take."""
    codes = [
        "QC-G01",
        "QC-G02",
        "QC-G03",
        "QC-G04",
        "QC-G05",
        "QC-G06",
        "QC-G07",
        "QC-G08",
        "QC-G09",
        "QC-G15",
        "QC-G20",
    ]
    found.made(*codes)
    if not len(subject):
        found.add("QC-G20", "数据中没有任何要素")
    _presence(subject, found)
    _system(subject, found)
    _validity(subject, found)
    _parts(subject, found)
    inside = in_zone(subject.geometries, subject.is_sound, subject.epsg)
    name = f"EPSG:{subject.epsg}（中央经线 {gauss_kruger(subject.epsg).meridian}°）"
    found.rows(
        "QC-G15",
        np.flatnonzero(subject.is_sound & ~inside),
        message=lambda row: f"坐标不在 {name} 的适用范围内，请核对坐标系和坐标顺序：{_box(subject.geometries[row])}",
    )
    _outside(subject, found, context, inside)


def _presence(subject: Subject, found: Collector) -> None:
    found.rows("QC-G01", np.flatnonzero(~subject.is_there), message="没有图形")
    found.rows("QC-G02", np.flatnonzero(subject.is_there & ~subject.is_finite), message="坐标不是有限的数")
    wanted = "或".join(_KIND_LABELS[name] for name in subject.layer.geometry)
    wrong = subject.is_there & ~subject.is_of_kind
    found.rows(
        "QC-G03",
        np.flatnonzero(wrong),
        message=lambda row: f"图形是{_kind(subject.raw[row])}，本图层要求{wanted}",
        geometry=lambda row: subject.geometries[row] if subject.is_finite[row] else None,
    )


def _kind(geometry: Any) -> str:
    kinds = {kind: _KIND_LABELS[name] for name, both in KINDS.items() for kind in both}
    kind = shapely.get_type_id(geometry)
    return f"{kinds[kind]}（{geometry.geom_type}）" if kind in kinds else str(geometry.geom_type)


def _system(subject: Subject, found: Collector) -> None:
    given = require_crs(subject.frame.crs)
    if not given.equals(require_crs(subject.epsg), ignore_axis_order=True):
        code = given.to_epsg(min_confidence=70)
        name = f"EPSG:{code}" if code else given.name
        found.add("QC-G04", f"数据的坐标系是 {name}，调查图层和县域坐标系是 EPSG:{subject.epsg}")


def _validity(subject: Subject, found: Collector) -> None:
    # Of a wrong kind or not, what is there is named if it is invalid.
    strange = np.flatnonzero(subject.is_there & subject.is_finite & ~subject.is_of_kind)
    strange = strange[~shapely.is_valid(subject.geometries[strange])]
    for row in [*np.flatnonzero(subject.is_sound & ~subject.is_valid).tolist(), *strange.tolist()]:
        shape = subject.geometries[row]
        match = _PLACE.match(shapely.is_valid_reason(shape))
        assert match is not None
        code, reason = REASONS.get(match["reason"], ("QC-G07", f"图形无效（{match['reason']}）"))
        mended = mend(shape, subject.layer) if subject.is_sound[row] else None
        place = shapely.Point(float(match["x"]), float(match["y"])) if match["x"] else None
        found.add(
            code,
            _invalid(reason, place, mended),
            row=row,
            geometry=place,
            measured=None if mended is None else mended.change_m2,
            unit=None if mended is None else "m2",
            repair="make_valid" if mended is not None else None,
        )


def _invalid(reason: str, place: Any, mended: Mended | None) -> str:
    where = f"，位置 X={place.y:.3f}，Y={place.x:.3f}" if place is not None else ""
    if mended is None:
        return f"{reason}{where}；自动修复会明显改变图形，请人工修改"
    return f"{reason}{where}；可自动修复，面积变化 {mended.change_m2:.4f} ㎡"


def _parts(subject: Subject, found: Collector) -> None:
    parts = shapely.get_num_geometries(subject.geometries)
    several = np.flatnonzero(subject.is_sound & (parts > 1))
    item = subject.layer.fields.get(subject.layer.identifier)
    can_split = found.level("QC-G08") == "error" and item is not None and item.length is None

    def split(row: int) -> str | None:
        # The parts are named after the row, so a row without an identifier has nothing to name them by.
        return "split_parts" if can_split and found.is_identified(row) else None

    found.rows(
        "QC-G08",
        several,
        message=lambda row: f"图形由 {parts[row]} 个部件组成，应为 1 个",
        geometry=lambda row: subject.geometries[row],
        measured=lambda row: parts[row],
        unit="个",
        repair=split,
    )
    if found.applies("QC-G21"):
        found.rows("QC-G21", subject.hollow, message="面含有没有节点的空环", repair="drop_empty_rings")
    raised = np.flatnonzero(subject.is_sound & (shapely.has_z(subject.raw) | shapely.has_m(subject.raw)))
    found.rows("QC-G09", raised, message="图形带有 Z 值或 M 值，只应有平面坐标", repair="drop_z")


def _box(geometry: Any) -> str:
    west, south, east, north = shapely.bounds(geometry)
    return f"横坐标 {west:.3f} 至 {east:.3f}，纵坐标 {south:.3f} 至 {north:.3f}"


def in_zone(geometries: Geometries, rows: Bools, epsg: int) -> Bools:
    """Which geometries lie within 2 degrees of the zone's central meridian, between 3 and 54 degrees north."""
    result = np.zeros(len(geometries), dtype=bool)
    if not rows.any():
        return result
    some = shapely.bounds(geometries[rows])
    whole = np.array([[*some[:, :2].min(axis=0), *some[:, 2:].max(axis=0)]])
    result[rows] = True if _boxes_in_zone(whole, epsg).all() else _boxes_in_zone(some, epsg)
    return result


def _boxes_in_zone(bounds: NDArray[np.float64], epsg: int) -> Bools:
    finite = np.asarray((np.isfinite(bounds) & (np.abs(bounds) < 1e8)).all(axis=1))
    corners = np.asarray(shapely.points(np.where(finite[:, None], bounds, 0.0).reshape(-1, 2)), dtype=object)
    degrees = shapely.get_coordinates(reproject(corners, source=epsg, target=CGCS2000)).reshape(-1, 4)
    near = (np.abs(degrees[:, [0, 2]] - gauss_kruger(epsg).meridian) <= 2).all(axis=1)
    result: Bools = finite & near & (degrees[:, 1] >= 3) & (degrees[:, 3] <= 54)
    return result


def _outside(subject: Subject, found: Collector, context: Context, inside: Bools) -> None:
    """Which geometries are wholly outside the county; the rest is asked for its border only where that passes."""
    if not found.applies("QC-G16"):
        return
    if context.county is None:
        found.not_made("QC-G16", NO_REFERENCE.format("县级行政区"))
        return
    found.made("QC-G16")
    rows = np.flatnonzero(subject.is_valid & inside)
    out = rows[~touching(subject, context.county, rows)]
    found.rows("QC-G16", out, message="图形全部在县域范围之外", geometry=lambda row: subject.geometries[row])


def touching(subject: Subject, area: Any, rows: Ints) -> Bools:
    """Which rows (k,) have a point in common with a large polygon: only what lies at its border is compared with it."""
    shapely.prepare(area)
    at_border = subject.near_borders(np.array([area], dtype=object))[rows]
    result = np.zeros(len(rows), dtype=bool)
    result[~at_border] = shapely.contains_xy(area, *subject.corners[rows[~at_border]].T)
    result[at_border] = shapely.intersects(area, subject.geometries[rows[at_border]])
    return result
