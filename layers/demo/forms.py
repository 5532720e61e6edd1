"""What the application forms of the planted cases state, and what must come of each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.demo.frames import frame
from layers.demo.planting import Planting
from layers.demo.scenario import SIDES, Scenario

_COMPLETE: dict[str, Any] = {
    "was_transferred": False, "unresolved_violation": False, "ownership_dispute": False, "resettled": False, "local_conditions_met": True,
    "stilt_height_m": 0.0, "design_source": "qualified", "wall_height_m": 0.0, "wall_see_through": True, "wall_inside_plot": True,
    "cut_slope_height_m": 0.0, "demolishes": False, "neighbours_consulted": True, "military_enquiry": "clear",
    "rule_planning_design": True, "rule_structure": True, "rule_craftsmen": True, "rule_technical_guidance": True, "rule_completion": True,
    "seismic_design": True, "energy_saving": True,
}  # fmt: skip
"""A form in order, in the parts that most cases say nothing about."""


def application_frame(planting: Planting, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the applications: the site and what the form states."""
    rows = [_form(number, scenario, site, rng) for number, (scenario, site) in enumerate(zip(planting.scenarios, planting.sites, strict=True), 1)]
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {"case_no": []}
    return frame(planting.sites, columns)


def _form(number: int, scenario: Scenario, site: Any, rng: np.random.Generator) -> dict[str, Any]:
    open_land = scenario.road == "village" and scenario.layer not in ("parcel", "river", "building")
    storeys, footprint = 2, round(min(site.area * 0.78, 120.0), 1)
    applied = date(2026, 1 + number % 10, 1 + number % 27)
    rebuilt = scenario.stated.get("build_kind", "new_site") != "new_site"
    row = {
        "case_no": f"SQ2026{number:04d}",
        "build_kind": "new_site",
        "scheme": "none",
        "household_size": int(rng.integers(2, 7)),
        "is_member": True,
        "other_plots": 0,
        "returns_old_plot": False,
        "plot_area_m2": round(site.area, 2),
        "footprint_area_m2": footprint,
        "floor_area_m2": round(footprint * storeys, 1),
        "storeys": storeys,
        "height_m": 6.4,
        "eaves_height_m": 6.0,
        "terrain": "hill",
        "applied_on": applied.isoformat(),
        "household_id": f"SQH{scenario.household or f'{number:05d}'}",
        "old_plot_area_m2": round(site.area, 2) if rebuilt else 0.0,
        "danger_grade": "C" if rebuilt else None,
        "notice_from": (applied + timedelta(days=3)).isoformat(),
        "notice_to": (applied + timedelta(days=18)).isoformat(),
        **dict.fromkeys(SIDES, "空地" if open_land else "集体土地"),
    } | _COMPLETE | {"demolishes": scenario.stated.get("build_kind") == "rebuild_in_place"} | dict(scenario.stated)  # fmt: skip
    if row["storeys"] and "floor_area_m2" not in scenario.stated:
        row["floor_area_m2"] = round(row["footprint_area_m2"] * row["storeys"], 1)
    return row


def expected_table(planting: Planting) -> pd.DataFrame:
    """Return case_no, scenario, verdict, reason and findings: the keys (such as HB-001a) of the rules that fail, in the packs' order."""
    scenarios = planting.scenarios
    return pd.DataFrame(
        {
            "case_no": [f"SQ2026{number:04d}" for number in range(1, len(scenarios) + 1)],
            "scenario": [scenario.name for scenario in scenarios],
            "verdict": [scenario.verdict for scenario in scenarios],
            "reason": [scenario.reason for scenario in scenarios],
            "findings": [list(scenario.findings) for scenario in scenarios],
        }
    )


def expected_under_draft(planting: Planting) -> pd.DataFrame:
    """Return case_no, verdict and findings of the cases that the draft plan decides otherwise."""
    drafted = [(number, scenario.draft) for number, scenario in enumerate(planting.scenarios, 1) if scenario.draft is not None]
    return pd.DataFrame(
        {
            "case_no": [f"SQ2026{number:04d}" for number, _ in drafted],
            "verdict": [draft.verdict for _, draft in drafted],
            "findings": [list(draft.findings) for _, draft in drafted],
        }
    )
