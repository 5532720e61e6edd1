"""Planted applications: what is claimed of each site holds, measured one by one with plain shapely and pandas, no rule engine."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from planted_sites import cases, county, formal_failures, geometric_failures, land, overlap, village

from layers.demo.planting import SINGLE
from layers.demo.scenario import UNCLEAR
from layers.demo.scenarios import SCENARIOS
from spatial.rules.pack import load_pack

EVERY = (*SCENARIOS, *SINGLE)
SEVERITY = {
    "reject": "001a 002 003b 006a 007a 008b 008c 010a 010b 020a 021 022 030 034a 040 043a 043c 044a 045a 045b 047a 048a 050a 050b 052a 060 070a 071a 073 090",
    "approval": "003a 004 005 006b 042 043b 046 048b 051 052b 052c 053a 061a 070b 071b 072a 072b 074",
    "correct": "010c 010e 020b 025 031 033b 035a 035b 037 038 080a 080b 082 083a 085",
    "warn": "001b 007b 008a 010d 010f 011a 024 033a 035c 036 041 043d 044b 048c 053b 061b 062a 062b 063a 063b 063c 081 084 091",
}
UNDECIDED = {"dyke_near": "incomplete", "dense_line_unclear": "needs_approval"}
"""Cases that nobody can decide from the map: no rule surely fails, and the verdict is that of the rule that may."""
VERDICT_OF = {"reject": "refused", "approval": "needs_approval", "correct": "needs_correction", "warn": "needs_review"}


def test_every_scenario_states_the_worst_of_its_findings():
    severity = {f"HB-{key}": name for name, keys in SEVERITY.items() for key in keys.split()}
    for scenario in EVERY:
        ranks = [list(SEVERITY).index(severity[key]) for key in scenario.findings]
        worst = VERDICT_OF[list(SEVERITY)[min(ranks)]] if ranks else "passed"
        worst = UNDECIDED.get(scenario.name, worst)
        missing = any(value is None for value in scenario.stated.values()) or UNCLEAR in scenario.intents
        assert scenario.verdict == ("incomplete" if missing and worst != "refused" else worst), scenario.name


def test_case_numbers_are_unique_and_every_application_has_an_expectation():
    assert cases()["case_no"].is_unique
    assert set(cases()["case_no"]) == set(county().expected["case_no"])


def test_what_each_site_touches_is_what_is_expected_and_nothing_else():
    for _, case in cases().iterrows():
        wanted = {key for key in case["findings"] if not key.startswith("HB-010")}
        assert geometric_failures(case) | formal_failures(case) == wanted, (case["case_no"], case["scenario"])


def test_the_village_of_each_site_has_the_intended_plan_and_lies_around_it():
    wanted = {scenario.name: scenario for scenario in EVERY}
    for _, case in cases().iterrows():
        home = village(case["geometry"])
        assert home.geometry.buffer(0.001).covers(case["geometry"]), case["case_no"]
        assert home["plan_approved"] == wanted[case["scenario"]].approved, case["case_no"]


@pytest.mark.parametrize(("name", "column", "area"), [("farmland_12", "basic_farmland", 12.0), ("cultivated_60", "land_use", 60.0)])
def test_planted_overlaps_are_exact(name: str, column: str, area: float):
    for _, case in cases()[cases()["scenario"] == name].iterrows():
        measured = overlap(column, case["geometry"]) if column == "basic_farmland" else land(case["geometry"], "01")
        assert measured == pytest.approx(area, abs=1e-6)


def test_planted_distances_are_exact_to_a_millimetre():
    for scenario in EVERY:
        for _, case in cases()[cases()["scenario"] == scenario.name].iterrows():
            if scenario.distance_m is None:
                continue
            name, wanted = ("road", {"class": scenario.road}) if scenario.road != "village" else (scenario.layer, scenario.attributes)
            layer = county().layers[name]
            chosen = np.logical_and.reduce([layer[column] == value for column, value in wanted.items() if column not in ("name", "ZCS", "GHYT")] or [layer.geometry.notna()])
            measured = shapely.distance(layer.geometry.to_numpy()[np.asarray(chosen)], case["geometry"]).min()
            assert measured == pytest.approx(scenario.distance_m, abs=0.001), case["case_no"]


def test_sites_lie_never_on_each_other_but_where_two_applications_are_meant_to():
    sites, names = cases().geometry.to_numpy(), cases()["scenario"].to_numpy()
    left, right = shapely.STRtree(sites).query(sites, predicate="intersects")
    pairs = {(str(names[a]), str(names[b])) for a, b in zip(left, right, strict=True) if a < b}
    assert pairs <= {("overlap_04_first", "overlap_04_second"), ("overlap_06_first", "overlap_06_second")}


def test_every_rule_that_holds_here_has_a_case_or_cannot_be_hit_by_one():
    """HB-008a needs land without a zone, HB-092 and HB-093 the state of the data, HB-083b and HB-009 a number the county has not set."""
    planted = {key for scenario in EVERY for key in scenario.findings}
    rules = load_pack("house-building", county="421223").main.rules
    here = {rule.key for rule in rules if not rule.jurisdictions}
    assert here - planted == {"HB-008a", "HB-009", "HB-083b", "HB-092", "HB-093"}


def test_the_draft_plan_changes_the_ground_of_those_cases_and_of_no_other():
    changed = set()
    for name, column in (("planned_use", "GHDLBM"), ("control_zone", "zone")):
        now, later = (
            gpd.sjoin(gpd.GeoDataFrame(cases()[["case_no"]], geometry=cases().geometry.representative_point(), crs=4547), frame, predicate="within")
            for frame in (county().layers[name], county().drafts[name])
        )
        both = now.set_index("case_no")[column].compare(later.set_index("case_no")[column])
        changed |= set(both.index)
    assert changed == set(county().expected_under_draft["case_no"]) != set()
