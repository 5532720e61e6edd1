"""Siting written out: JSON-ready, with reasons for the clerk and for the applicant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import numpy as np

from spatial.canonical import geojson
from spatial.findings import number_text
from spatial.permit import VERDICT_LABELS
from spatial.proposals_report import left_rule, not_met, rule_key, stated
from spatial.proposals_trial import DECIMALS
from spatial.siting import Siting
from spatial.siting_buffers import QUAD_SEGS
from spatial.siting_land import Taken
from spatial.siting_pack import Criterion

LAND_DECIMALS = 8
UNITS = {"distance": "m", "overlap_share": "share"}


def siting_report(siting: Siting) -> dict[str, Any]:
    """Return buildable land, ranked places and those not proposed, JSON-ready."""
    request, land, checks = siting.request, siting.land, siting.checks
    epsg, pack = siting.setting.epsg, siting.setting.pack
    reports = {row: checks.report(row) for row in (*siting.proposed, *siting.rejected)} if checks is not None else {}
    label = VERDICT_LABELS[siting.reachable] if siting.reachable else None
    some = next(iter(reports.values()), None) or _anywhere(siting)
    return {
        "area": {"village_code": request.village_code, "village_name": request.village_name, "area_m2": _m2(request.area), "geometry": geojson(request.area, epsg=epsg, decimals=LAND_DECIMALS)},
        "house": {"width_m": round(request.house.width_m, 2), "depth_m": round(request.house.depth_m, 2), "area_m2": round(request.house.area_m2, 2)},
        "buildable": _part(land.buildable, epsg), "approval": _part(land.approval, epsg), "unknown": _part(land.unknown, epsg),
        "method": f"平面面积 EPSG:{epsg}；距离按缓冲区，每四分之一圆 {QUAD_SEGS} 段、外切（不会少算退让距离）；重叠的要素只算一次",
        "taken": [_taken(item) for item in land.taken], "beyond_area": list(land.beyond),
        "blocked_by": [left_rule(item) for item in not_met(some) if rule_key(item) in siting.everywhere],
        "reachable": siting.reachable, "reachable_label": label,
        **_summary(siting, label),
        "considered": len(siting.places),
        "sites": [_site(siting, row, rank, reports[row]) for rank, row in enumerate(siting.proposed, start=1)],
        "rejected": [_refused(siting, row, reports[row]) for row in siting.rejected],
        "rejected_by_rule": dict(siting.rejected_by_rule),
        "pack": pack.as_dict(),
        "datasets": some["datasets"],
        "valid_on": siting.setting.valid_on.isoformat(),
        "known_at": siting.setting.known_at.astimezone(UTC).isoformat(),
    }  # fmt: skip


def _m2(shape: Any) -> float:
    return round(float(shape.area), 2)


def _part(shape: Any, epsg: int) -> dict[str, Any]:
    return {"area_m2": _m2(shape), "geometry": geojson(shape, epsg=epsg, decimals=LAND_DECIMALS)}


def _taken(item: Taken) -> dict[str, Any]:
    return {"rule_id": item.rule.id, "branch": item.rule.branch, "title": item.rule.title, "severity": item.rule.severity,
            "area_m2": round(item.area_m2, 2), "unknown_m2": round(item.open_m2, 2), "reason": item.reason}  # fmt: skip


def _anywhere(siting: Siting) -> dict[str, Any]:
    """The report of a spot in the area, where there is no place to check."""
    site = np.array([siting.request.area.point_on_surface().buffer(0.5)], dtype=object)
    return siting.setting.check(site, siting.properties_anywhere).report(0)


def _site(siting: Siting, row: int, rank: int, report: Mapping[str, Any]) -> dict[str, Any]:
    kind, places = siting.pack.kinds[siting.places.kinds[row]], siting.places
    label = VERDICT_LABELS[report["verdict"]]
    told = [(item, float(value)) for item, value in zip(siting.marks.criteria, siting.marks.values[:, row], strict=True)]
    clerk = "；".join([kind.clerk, *[_text(item, value, item.clerk) for item, value in told]])
    plain = "，".join([kind.plain, *[_text(item, value, item.plain) for item, value in told[:2] if not math.isnan(value)]])
    end = "可以建" if report["verdict"] == "passed" else f"目前的结论是“{label}”"
    return {
        "id": f"S{rank}", "rank": rank, "score": round(float(siting.marks.total[row]), 2), **_place(siting, row),
        "verdict": report["verdict"], "verdict_label": label, "passes": report["verdict"] == "passed",
        "clerk": f"{clerk}。全面核查结论：{label}。", "applicant": f"这处{plain}，{end}。",
        "criteria": [_criterion(siting, item, place, row) for place, item in enumerate(siting.marks.criteria)],
        "left": [left_rule(item) for item in not_met(report)],
        "area_m2": _m2(places.sites[row]), "bearing_deg": round(float(places.turns[row]), 1),
        "properties": stated(_properties(siting, row)),
        "geometry": geojson(places.sites[row], epsg=siting.setting.epsg, decimals=DECIMALS),
    }  # fmt: skip


def _properties(siting: Siting, row: int) -> dict[str, Any]:
    return {name: value[row] if isinstance(value, np.ndarray) else value for name, value in siting.properties.items()}


def _place(siting: Siting, row: int) -> dict[str, Any]:
    kind = siting.places.kinds[row]
    return {"kind": kind, "kind_label": siting.pack.kinds[kind].title, "parcel": siting.places.parcels[row]}


def _criterion(siting: Siting, item: Criterion, place: int, row: int) -> dict[str, Any]:
    value = float(siting.marks.values[place, row])
    return {"id": item.id, "title": item.title, "value": value if math.isfinite(value) else None, "unit": UNITS[item.measure],
            "points": round(float(siting.marks.points[place, row]), 2), "weight": item.weight, "text": _text(item, value, item.clerk)}  # fmt: skip


def _text(item: Criterion, value: float, template: str) -> str:
    if math.isnan(value):
        return item.unknown
    unit = UNITS[item.measure]
    return template.format(value=f"{number_text(item.worst, unit)}以上" if math.isinf(value) else number_text(value, unit))


def _refused(siting: Siting, row: int, report: Mapping[str, Any]) -> dict[str, Any]:
    reasons: Sequence[dict[str, Any]] = [item for item in not_met(report) if rule_key(item) not in siting.everywhere]
    label = VERDICT_LABELS[report["verdict"]]
    return {
        **_place(siting, row), "verdict": report["verdict"], "verdict_label": label, "reasons": [left_rule(item) for item in reasons],
        "clerk": f"不推荐（{label}）：" + "；".join(str(item["message"]).rstrip("。") for item in reasons[:4]) + "。",
        "geometry": geojson(siting.places.sites[row], epsg=siting.setting.epsg, decimals=DECIMALS),
    }  # fmt: skip


def _summary(siting: Siting, label: str | None) -> dict[str, str]:
    land, count = siting.land, len(siting.proposed)
    found = f"可建地 {number_text(float(land.buildable.area), 'm2')}，其中 {number_text(float(land.approval.area), 'm2')} 须先办审批；数据不全而不算可建的 {number_text(float(land.unknown.area), 'm2')}。"
    if siting.reachable == "passed":
        return {"summary": f"{found}推荐 {count} 处，均通过全部核查。", "applicant": f"找到 {count} 处可以建房的地方。"}
    if count:
        return {"summary": f"{found}没有完全符合的地方；列出的 {count} 处结论为“{label}”。",
                "applicant": f"还没有完全符合的地方；列出的 {count} 处结论是“{label}”，请看还差什么。"}  # fmt: skip
    return {"summary": f"{found}没有放得下这处房屋的地方。", "applicant": "这个范围里没有放得下这座房子的地方。"}
