"""Siting village by village, and the lawful way of stored checks, with all layers in memory."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from api.bench.figure import Figures, Report
from api.bench.place import Place
from api.checks.checking import Checker
from api.checks.lawful_way import for_check
from api.moment import Moment
from api.sites.siting import sites_for
from api.snapshots import Snapshots
from layers import checks, database
from spatial.siting_input import village_layer

CHECKS = 30
AIM_S = 1.0
HOUSE = {"width_m": 10, "depth_m": 14}
FORM: dict[str, Any] = {
    "build_kind": "new_site", "scheme": "none", "household_size": 4, "is_member": True, "other_plots": 0, "returns_old_plot": False,
    "footprint_area_m2": 100, "floor_area_m2": 200, "storeys": 2, "height_m": 6.6, "eaves_height_m": 6, "terrain": "hill", "applied_on": "2026-05-01",
    "household_id": "bench", "was_transferred": False, "unresolved_violation": False, "ownership_dispute": False, "resettled": False,
    "local_conditions_met": True, "old_plot_area_m2": 0, "danger_grade": "A", "stilt_height_m": 0, "design_source": "standard", "wall_height_m": 0,
    "wall_see_through": True, "wall_inside_plot": True, "cut_slope_height_m": 0, "demolishes": False, "neighbours_consulted": True,
    "notice_from": "2026-04-01", "notice_to": "2026-04-20", "side_east": "空地", "side_south": "空地", "side_west": "空地", "side_north": "空地",
    "military_enquiry": "clear", "rule_planning_design": True, "rule_structure": True, "rule_craftsmen": True, "rule_technical_guidance": True,
    "rule_completion": True, "seismic_design": True, "energy_saving": True,
}  # fmt: skip
"""A complete form, so that what is measured is the search and not what is missing."""


def run(place: Place, report: Report) -> Figures:
    """Time siting in every village, for the longest may be any, and proposals for stored checks that are not passed."""
    figures = Figures("site")
    with database.pool(place.url, max_size=2) as pool:
        snapshots = Snapshots(pool, epsg=place.settings.epsg)
        checker = Checker(pool, snapshots, place.settings)
        basis = checker.basis(Moment.now())
        report(0.0, "读取图层")
        snapshots.catch_up(basis.seen)
        held = snapshots.layers(basis.seen.versions) or {}
        codes = held[village_layer(checker.pack)].ids.tolist()
        seconds = []
        for number, code in enumerate([codes[0], *codes]):
            report(0.1 + 0.6 * number / len(codes), f"选址 {code}")
            seconds.append(_timed(lambda code=code: sites_for(checker, {"village": code, "house": HOUSE, "application": FORM}, epsg_in=None, basis=basis)))
        _told(figures, f"{len(codes)} 个村选址", seconds[1:], at_most=AIM_S)
        with pool.connection() as conn:
            lines = [line for line in checks.latest(conn, limit=500) if line.verdict != "passed"][:CHECKS]
            found = [checks.get(conn, line.id) for line in lines]
        seconds = []
        for number, check in enumerate(found):
            report(0.7 + 0.3 * number / len(found), "找改法")
            seconds.append(_timed(lambda check=check: for_check(checker, check)))
        if seconds:
            _told(figures, f"{len(found)} 件审查找改法", seconds)
    return figures


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _told(figures: Figures, name: str, seconds: list[float], *, at_most: float | None = None) -> None:
    figures.add(f"{name}：中位数", float(np.median(seconds)), "s", at_most=at_most)
    figures.add(f"{name}：95% 不超过", float(np.percentile(seconds, 95)), "s", at_most=at_most)
    figures.add(f"{name}：最长", max(seconds), "s", at_most=at_most)
