"""Checks of stated areas: against the geometry, and added up against the village's control area."""

from __future__ import annotations

import numpy as np

from layers.quality.collecting import NO_REFERENCE, Collector
from layers.quality.context import Context, Places
from layers.quality.places import stated_village
from layers.quality.rings import Floats
from layers.quality.rulebook import number, survey_rules
from layers.quality.subject import Subject
from spatial.ellipsoid import ellipsoid_area_m2


def check_areas(subject: Subject, found: Collector, context: Context) -> None:
    """Check the areas that the attributes state: patches of the survey on the ellipsoid, parcels and buildings in the plane."""
    if found.applies("QC-A18"):
        _stated(subject, found)
    if found.applies("QC-A19"):
        _sums(subject, found, context)


def _stated(subject: Subject, found: Collector) -> None:
    rule = survey_rules()["stated_areas"].get(subject.layer.id)
    if rule is None or rule["field"] not in subject.columns:
        found.not_made("QC-A18", "数据没有填报面积的字段")
        return
    name, net = rule["field"], rule.get("net", False)
    stated = subject.columns[name].numbers
    computed = computed_areas(subject, rule["method"])
    limit = number("stated_area", subject.layer)
    difference = stated - computed
    wrong = subject.is_valid & (computed > 0) & np.isfinite(stated) & (difference > limit * computed)
    if not net:
        wrong |= subject.is_valid & (computed > 0) & (difference < -limit * computed)
    method = "椭球面积" if rule["method"] == "ellipsoid" else "平面面积"
    found.rows(
        "QC-A18",
        np.flatnonzero(wrong),
        message=lambda row: (
            f"{name} 填 {stated[row]:.2f} ㎡，图形的{method} {computed[row]:.2f} ㎡，相差 {difference[row] / computed[row]:+.2%}（限值 ±{limit:.0%}）"
        ),
        geometry=lambda row: subject.geometries[row],
        measured=lambda row: difference[row] / computed[row],
        unit="share",
    )


def computed_areas(subject: Subject, method: str) -> Floats:
    """Areas of the valid geometries (n,), m²; 0 for the others. `method` is ellipsoid or planar."""
    if method == "planar":
        return np.where(subject.is_valid, subject.area_m2, 0.0)
    result = np.zeros(len(subject))
    rows = np.flatnonzero(subject.is_valid)
    result[rows] = ellipsoid_area_m2(subject.geometries[rows], epsg=subject.epsg)
    return result


def _sums(subject: Subject, found: Collector, context: Context) -> None:
    villages = context.villages
    if villages is None:
        found.not_made("QC-A19", NO_REFERENCE.format("村级调查区"))
        return
    if "ZLDWDM" not in subject.columns or "TBMJ" not in subject.columns:
        found.not_made("QC-A19", "数据没有 ZLDWDM 或 TBMJ 字段")
        return
    found.made("QC-A19")
    stated = stated_village(subject, "ZLDWDM", villages)
    area = subject.columns["TBMJ"].numbers
    known = (stated >= 0) & np.isfinite(area)
    sums = np.bincount(stated[known], weights=area[known], minlength=len(villages.codes))
    lacking = np.bincount(stated[(stated >= 0) & ~np.isfinite(area)], minlength=len(villages.codes))
    control, source = control_areas(villages, subject.epsg)
    limit = number("sum_area", subject.layer)
    for place in np.flatnonzero((np.abs(sums - control) > limit * control) & (sums > 0)).tolist():
        missing = f"（另有 {lacking[place]} 个图斑没有面积）" if lacking[place] else ""
        found.add(
            "QC-A19",
            f"{villages.names[place]}（{villages.codes[place]}）的图斑面积之和 {sums[place]:.2f} ㎡{missing}，{source} {control[place]:.2f} ㎡，"
            f"相差 {sums[place] - control[place]:+.2f} ㎡（限值 {limit:.2%}）",
            geometry=villages.polygons[place],
            other=str(villages.codes[place]),
            measured=float(sums[place] - control[place]),
            unit="m2",
        )


def control_areas(villages: Places, epsg: int) -> tuple[Floats, str]:
    """The control areas of villages (p,), m², and what they are: the surveyed area stated, or that of the polygon on the ellipsoid."""
    computed = ellipsoid_area_m2(villages.polygons, epsg=epsg)
    stated = villages.attributes.get("DCMJ")
    if stated is None:
        return computed, "村界的椭球面积"
    given = np.asarray(stated, dtype=np.float64)
    return np.where(np.isfinite(given) & (given > 0), given, computed), "村级控制面积"
