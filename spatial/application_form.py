"""The application form: which properties an application may state, and what each of them may be."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from spatial.personal_numbers import refusal

MAX_AREA_M2 = 1_000_000.0

GROUPS: Mapping[str, str] = {
    "household": "家庭", "old_plot": "原有宅基地", "plot": "申请用地", "house": "拟建房屋", "design": "设计", "procedure": "程序",
}  # fmt: skip
"""The parts of the application form, in its order, with their Chinese names."""


@dataclass(frozen=True)
class Property:
    """One property of an application: its Chinese name, its kind, the values (with their Chinese names) or the range it may take.

    `group` is the part of the form it stands in (GROUPS), `unit` that of a number (as in the packs: m2, m, person, count, storey),
    `longest` the most characters a text may have.
    """

    title: str
    kind: type
    group: str
    choices: Mapping[str, str] = field(default_factory=dict)
    low: float = 0.0
    high: float = math.inf
    unit: str | None = None
    longest: int = 100

    @property
    def values(self) -> tuple[str, ...]:
        """The values a choice has; none: any text."""
        return tuple(self.choices)


def _area(title: str, group: str, *, low: float = 0.01) -> Property:
    return Property(title, float, group, low=low, high=MAX_AREA_M2, unit="m2")


def _metres(title: str, group: str, *, low: float = 0.1, high: float = 500.0) -> Property:
    return Property(title, float, group, low=low, high=high, unit="m")


PROPERTIES: Mapping[str, Property] = {
    "case_no": Property("申请编号", str, "procedure"),
    "build_kind": Property("建房类型", str, "house", {"rebuild_in_place": "原址翻建", "extend": "改扩建", "new_site": "异址新建"}),
    "scheme": Property("建设方式", str, "house", {"none": "自建", "concentrated": "集中住宅小区", "joint_community": "联村新型农村社区"}),
    "household_size": Property("家庭人口", int, "household", low=1, high=99, unit="person"),
    "is_member": Property("是本集体经济组织成员", bool, "household"),
    "other_plots": Property("其他宅基地宗数", int, "old_plot", high=99, unit="count"),
    "returns_old_plot": Property("承诺退回旧宅基地", bool, "old_plot"),
    "plot_area_m2": _area("申请宅基地面积", "plot"),
    "footprint_area_m2": _area("房基占地面积", "house"),
    "floor_area_m2": _area("建筑面积", "house"),
    "storeys": Property("层数", int, "house", low=1, high=99, unit="storey"),
    "height_m": _metres("建筑总高度", "house"),
    "eaves_height_m": _metres("檐口高度", "house"),
    "terrain": Property("地形", str, "plot", {"suburb": "城郊", "plain": "平原", "hill": "丘陵", "mountain": "山区"}),
    "applied_on": Property("申请日期", date, "procedure"),
    "household_id": Property("户编号", str, "household"),
    "was_transferred": Property("曾出卖、出租、赠与住宅", bool, "household"),
    "unresolved_violation": Property("有未处理的违法用地、违法建筑", bool, "household"),
    "ownership_dispute": Property("有权属争议", bool, "household"),
    "resettled": Property("已被征收并依法安置", bool, "household"),
    "local_conditions_met": Property("符合分户、年龄等地方条件", bool, "household"),
    "old_plot_area_m2": _area("原有宅基地面积", "old_plot", low=0.0),
    "danger_grade": Property("原房屋危险等级", str, "old_plot", {grade: f"{grade} 级" for grade in "ABCD"}),
    "stilt_height_m": _metres("架空层高度（没有填 0）", "design", low=0.0),
    "design_source": Property("设计图纸", str, "design", {"standard": "标准图集", "qualified": "有资质单位或人员设计", "none": "没有图纸"}),
    "wall_height_m": _metres("围墙高度（没有填 0）", "design", low=0.0),
    "wall_see_through": Property("围墙通透或为绿篱", bool, "design"),
    "wall_inside_plot": Property("围墙在批准的宅基地以内", bool, "design"),
    "cut_slope_height_m": _metres("切坡高度（没有填 0）", "design", low=0.0),
    "demolishes": Property("须拆除原有建筑", bool, "design"),
    "neighbours_consulted": Property("已征求相邻权利人意见", bool, "procedure"),
    "notice_from": Property("村内公示开始日期", date, "procedure"),
    "notice_to": Property("村内公示结束日期", date, "procedure"),
    "side_east": Property("四至（东）", str, "plot", longest=200),
    "side_south": Property("四至（南）", str, "plot", longest=200),
    "side_west": Property("四至（西）", str, "plot", longest=200),
    "side_north": Property("四至（北）", str, "plot", longest=200),
    "military_enquiry": Property("军事设施征询结果", str, "procedure", {"clear": "不涉及", "consent_required": "须军事机关同意", "pending": "尚未答复"}),
    "rule_planning_design": Property("规划设计管理已落实", bool, "procedure"),
    "rule_structure": Property("房屋结构设计已落实", bool, "procedure"),
    "rule_craftsmen": Property("建筑工匠管理已落实", bool, "procedure"),
    "rule_technical_guidance": Property("技术服务队伍指导已落实", bool, "procedure"),
    "rule_completion": Property("竣工验收安排已落实", bool, "procedure"),
    "seismic_design": Property("抗震设防已落实", bool, "design"),
    "energy_saving": Property("建筑节能已落实", bool, "design"),
}


def read_value(spec: Property, value: Any) -> tuple[Any, str | None]:
    """Return a stated value in its own kind, or None and what is wrong with it."""
    if spec.kind is date:
        return _date(value)
    if spec.kind is str:
        if not isinstance(value, str) or not value or len(value) > spec.longest:
            return None, f"应为 1–{spec.longest} 字的文字"
        if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in value):
            return None, "不能有换行和控制字符"
        personal = None if spec.values else refusal(value)
        if personal:
            return None, personal
        return (value, None) if not spec.values or value in spec.values else (None, f"应为 {'、'.join(spec.values)} 之一")
    if spec.kind is bool:
        return (value, None) if isinstance(value, bool) else (None, "应为 true 或 false")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e15:
        return None, "应为有限的数"
    if spec.kind is int and float(value) != int(value):
        return None, "应为整数"
    if not spec.low <= value <= spec.high:
        return None, f"应在 {spec.low:g} 到 {spec.high:g} 之间"
    return spec.kind(value), None


def _date(value: Any) -> tuple[date | None, str | None]:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value), None
        except ValueError:
            pass
    return None, "应为 YYYY-MM-DD 的日期"
