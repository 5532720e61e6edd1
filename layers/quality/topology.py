"""Checks of polygons among themselves and against the county's divisions: repeated, overlapping, gaps, what is not covered."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon

from layers.quality.collecting import NO_REFERENCE, Collector
from layers.quality.context import Context
from layers.quality.fabric import Fabric, fabric
from layers.quality.findings import Level
from layers.quality.rulebook import checks, number
from layers.quality.subject import Subject
from spatial.pieces import Geometries

CLAIMS_NO_MORE = "完整范围只限要素本身，不要求盖满县域"
_NEIGHBOURS = 3
"""So many neighbours of a gap are named."""


def check_topology(subject: Subject, found: Collector, context: Context, coverage: Any = None) -> None:
    """Check how the polygons lie to each other and in the county, of which they have to cover the `coverage` (by default all, `own`: nothing)."""
    wanted = context.county
    if coverage is not None and coverage != "own":
        wanted = coverage if wanted is None else shapely.intersection(wanted, coverage)
    if not found.applies("QC-T02"):
        if found.applies("QC-T01"):
            _same_lines(subject, found)
        return
    resolution, tolerance = number("xy_resolution", subject.layer), number("xy_tolerance", subject.layer)
    cloth = fabric(subject, resolution_m=resolution, tolerance_m=tolerance)
    _repeated(subject, found, cloth)
    _overlapping(subject, found, cloth)
    if found.applies("QC-T03"):
        _gaps(subject, found, cloth, wanted)
    if found.applies("QC-T04") and coverage == "own":
        found.not_made("QC-T04", CLAIMS_NO_MORE)
    elif found.applies("QC-T04"):
        _uncovered(subject, found, cloth, wanted)
    if found.applies("QC-G17"):
        _beyond_county(subject, found, context)
    if found.applies("QC-T06"):
        _beyond_town(subject, found, context)


def is_real(area_m2: float, length_m: float, subject: Subject) -> bool:
    """Whether an overlap or gap is more than what rounding leaves."""
    return area_m2 > number("real_area", subject.layer) and area_m2 > number("real_width", subject.layer) * length_m


def _size(area_m2: float, length_m: float, subject: Subject) -> str:
    limits = f"{number('real_area', subject.layer):g} ㎡ 且 {number('real_width', subject.layer):g} 米"
    kind = "超过" if is_real(area_m2, length_m, subject) else "不超过"
    return f"{area_m2:.4f} ㎡，面积 ÷ 周长 {area_m2 / length_m:.4f} 米，{kind}限值（{limits}）"


def _level(code: str, area_m2: float, length_m: float, subject: Subject) -> Level:
    check = checks()[code]
    if is_real(area_m2, length_m, subject) or check.small is None:
        return check.level_for(subject.layer)
    return check.small


def _name(found: Collector, row: int) -> str:
    value = found.identifiers[row]
    return f"第 {row + 1} 行" if value is None else str(value)


def _repeated(subject: Subject, found: Collector, cloth: Fabric) -> None:
    found.made("QC-T01")
    for later, earlier in cloth.repeats.tolist():
        _add_repeat(subject, found, later, earlier)


def _add_repeat(subject: Subject, found: Collector, later: int, earlier: int) -> None:
    found.add(
        "QC-T01",
        f"图形与 {_name(found, earlier)} 完全相同",
        row=later,
        geometry=subject.geometries[later],
        other=_name(found, earlier),
    )


def _same_lines(subject: Subject, found: Collector) -> None:
    """Lines and points that come twice, told by their normal form."""
    found.made("QC-T01")
    rows = np.flatnonzero(subject.is_sound)
    forms = shapely.to_wkb(shapely.normalize(subject.geometries[rows]))
    first: dict[bytes, int] = {}
    for row, form in zip(rows.tolist(), forms.tolist(), strict=True):
        earlier = first.setdefault(form, row)
        if earlier != row:
            _add_repeat(subject, found, row, earlier)


def _overlapping(subject: Subject, found: Collector, cloth: Fabric) -> None:
    found.made("QC-T02")
    shared = cloth.overlaps(gaps=found.applies("QC-T03"))
    for place in np.lexsort((shared.second, shared.first)).tolist():
        area, length = float(shared.area_m2[place]), float(shared.length_m[place])
        first, second = int(shared.first[place]), int(shared.second[place])
        found.add(
            "QC-T02",
            f"与 {_name(found, second)} 重叠 {_size(area, length, subject)}",
            row=first,
            level=_level("QC-T02", area, length, subject),
            geometry=shared.polygons[place],
            other=_name(found, second),
            measured=area,
            unit="m2",
        )


def _gaps(subject: Subject, found: Collector, cloth: Fabric, wanted: Any) -> None:
    """Gaps between patches; an enclave of another county is none."""
    found.made("QC-T03")
    gaps = cloth.gaps()
    if wanted is not None and len(gaps):
        gaps = _polygons_of(shapely.intersection(gaps, wanted))
    for gap in gaps:
        area, length = float(gap.area), float(gap.length)
        beside = cloth.rows[np.sort(cloth.tree.query(gap, predicate="intersects"))[:_NEIGHBOURS]].tolist()
        names = "、".join(_name(found, row) for row in beside)
        found.add(
            "QC-T03",
            f"图斑之间有缝隙 {_size(area, length, subject)}，旁边有 {names}",
            level=_level("QC-T03", area, length, subject),
            geometry=gap,
            other=names,
            measured=area,
            unit="m2",
        )


def _polygons_of(shapes: Geometries) -> Geometries:
    parts = shapely.get_parts(shapely.get_parts(shapes))
    return np.asarray(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON], dtype=object)


def _real_parts(shape: Any, subject: Subject) -> Geometries:
    """The parts of an area that are more than what rounding leaves."""
    parts = _polygons_of(np.array([shape], dtype=object))
    real = [is_real(float(part.area), float(part.length), subject) for part in parts]
    kept: Geometries = parts[np.array(real, dtype=bool)]
    return kept


def _uncovered(subject: Subject, found: Collector, cloth: Fabric, wanted: Any) -> None:
    """Parts of what is to be covered that no patch covers; gaps between patches are told by their own check."""
    if wanted is None:
        found.not_made("QC-T04", NO_REFERENCE.format("县级行政区"))
        return
    found.made("QC-T04")
    known = shapely.union_all(np.append(cloth.gaps(), cloth.outline))
    for part in _real_parts(shapely.difference(wanted, known), subject):
        found.add(
            "QC-T04",
            f"应覆盖的范围内有 {part.area:.2f} ㎡ 没有图斑覆盖（实际存在的限值 {number('real_area', subject.layer):g} ㎡）",
            geometry=part,
            measured=float(part.area),
            unit="m2",
        )


def _beyond_county(subject: Subject, found: Collector, context: Context) -> None:
    if context.county is None:
        found.not_made("QC-G17", NO_REFERENCE.format("县级行政区"))
        return
    found.made("QC-G17")
    rows = subject.valid_polygons
    shapely.prepare(context.county)
    border = np.array([context.county], dtype=object)
    cut, beside = subject.cut_by_borders(border)[rows], subject.near_borders(border)[rows]
    whole = rows[beside & ~cut]
    crossing = np.concatenate([rows[cut], whole[~shapely.contains_xy(context.county, *subject.inner_points(whole).T)]])
    shapes = subject.geometries[crossing]
    partly = np.sort(crossing[~shapely.covers(context.county, shapes) & shapely.intersects(context.county, shapes)])
    for row in partly.tolist():
        # Only the county's part about the patch is cut: it has thousands of corners, the patch a few.
        west, south, east, north = shapely.bounds(subject.geometries[row])
        nearby = shapely.make_valid(shapely.clip_by_rect(context.county, west - 1, south - 1, east + 1, north + 1))
        parts = _real_parts(shapely.difference(subject.geometries[row], nearby), subject)
        _add_beyond(subject, found, "QC-G17", row, parts, "县界")


def _beyond_town(subject: Subject, found: Collector, context: Context) -> None:
    if context.towns is None:
        found.not_made("QC-T06", NO_REFERENCE.format("乡镇级行政区"))
        return
    codes = subject.values("XZQDM")
    if codes is None:
        found.not_made("QC-T06", "数据没有 XZQDM 字段，不知道村属于哪个乡镇")
        return
    found.made("QC-T06")
    for row in subject.valid_polygons.tolist():
        town = context.towns.row_of.get(str(codes[row]))
        if town is None:
            found.add("QC-T06", f"乡镇代码 {codes[row]} 不在现行的乡镇级行政区中", row=row)
            continue
        parts = _real_parts(shapely.difference(subject.geometries[row], context.towns.polygons[town]), subject)
        _add_beyond(subject, found, "QC-T06", row, parts, f"{context.towns.names[town]}的界线")


def _add_beyond(subject: Subject, found: Collector, code: str, row: int, parts: Geometries, border: str) -> None:
    if not len(parts):
        return
    area = float(shapely.area(parts).sum())
    found.add(
        code,
        f"超出{border} {area:.2f} ㎡（实际存在的限值 {number('real_area', subject.layer):g} ㎡）",
        row=row,
        geometry=MultiPolygon(list(parts)) if len(parts) > 1 else parts[0],
        measured=area,
        unit="m2",
    )
