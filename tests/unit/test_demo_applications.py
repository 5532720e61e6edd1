"""Planted applications: what is claimed of each site holds, measured one by one with plain shapely and pandas, no rule engine."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import shapely

from layers.demo import DemoCounty, build
from layers.demo.scenarios import SCENARIOS, UNCLEAR

SETBACK_M = {"expressway": 30.0, "national": 20.0, "provincial": 15.0, "county": 10.0, "township": 5.0}
FARM_CODES = ("01", "02", "03", "04", "1006", "1103", "1104", "1107", "1202", "1203")
SEVERITY = {
    "reject": "001a 002 003b 006a 007a 008b 008c 010a 010b 020a 021 030 034a 040 043a 045a 048a 050a 050b 060 090",
    "approval": "003a 004 005 006b 048b 051 072",
    "correct": "010c 020b 033b 035a 035b 080a 080b",
    "warn": "001b 007b 008a 010d 033a 035c 048c",
}
VERDICT_OF = {"reject": "refused", "approval": "needs_approval", "correct": "needs_correction", "warn": "needs_review"}


@cache
def county() -> DemoCounty:
    return build(scale="small")


@cache
def cases() -> pd.DataFrame:
    frame = county().applications.merge(county().expected, on="case_no")
    assert len(frame) == len(county().applications)
    return frame


def overlap(layer: str, site: shapely.Polygon, **wanted: object) -> float:
    """Area of the site under the union of the matching features, m²."""
    frame = county().layers[layer]
    for column, values in wanted.items():
        frame = frame[frame[column].isin(values if isinstance(values, (list, tuple)) else [values])]
    shapes = frame.geometry.to_numpy()
    near = shapes[shapely.intersects(shapes, site)]
    return shapely.union_all(shapely.intersection(near, site)).area if len(near) else 0.0


def land(site: shapely.Polygon, *prefixes: str) -> float:
    codes = county().layers["land_use"]["DLBM"]
    return overlap("land_use", site, DLBM=[code for code in codes.unique() if code.startswith(prefixes)])


def village(site: shapely.Polygon) -> pd.Series:
    frame = county().layers["village"]
    areas = shapely.area(shapely.intersection(frame.geometry.to_numpy(), site))
    return frame.iloc[int(np.argmax(areas))]


def geometric_failures(case: pd.Series) -> set[str]:
    """The failing rules that follow from where the site lies, by brute force."""
    site, kind = case["geometry"], case["build_kind"]
    found: set[str] = set()

    def add(key: str, failing: bool) -> None:
        if failing:
            found.add(f"HB-{key}")

    none = 0.00005
    farmland = overlap("basic_farmland", site)
    add("001a", farmland > 0.5)
    add("001b", none < farmland <= 0.5)
    add("002", overlap("ecological_redline", site, zone="core") > none)
    add("003a" if kind == "rebuild_in_place" else "003b", overlap("ecological_redline", site, zone="other") > none)
    add("004", land(site, "01") > none)
    add("005", land(site, *(code for code in FARM_CODES if code != "01")) > none)
    add("072", land(site, "03") > none)
    outside = site.area - overlap("village_boundary", site)
    add("006a" if village(site)["plan_approved"] else "006b", outside > 0.5)
    homestead = overlap("planned_use", site, GHDLBM=["0703", "070301", "070302"])
    blank = overlap("planned_use", site, GHDLBM=["16"])
    add("007a", site.area - homestead - blank > 0.5)
    add("007b", blank > none)
    zones = {zone: overlap("control_zone", site, zone=zone) for zone in ("concentrated", "restricted", "prohibited")}
    add("008a", site.area - sum(zones.values()) > 0.5)
    add("008b", zones["restricted"] > none and kind != "rebuild_in_place")
    add("008c", zones["prohibited"] > none)
    add("040", too_near_a_road(site))
    add("043a", too_near_a_line(site))
    add("045a", overlap("river", site) > none)
    for key, zone in (("048a", "primary"), ("048b", "secondary"), ("048c", "quasi")):
        add(key, overlap("water_source", site, zone=zone) > none)
    add("050a", overlap("heritage", site, zone="protection", level=["county", "city", "provincial"]) > none)
    add("050b", overlap("heritage", site, zone="protection", level="national") > none)
    add("051", overlap("heritage", site, zone="belt") > none)
    add("060", overlap("hazard", site, zone="danger") > none)
    add("080a" if kind == "new_site" else "080b", neighbour_overlap(site, kind) > 0.5)
    old = county().layers["building"]
    before = old.geometry.to_numpy()[np.array([built.year < 2021 for built in old["JGRQ"]])]
    add("090", kind != "new_site" and site.area - homestead > 0.5 and bool(shapely.intersects(before, site).any()))
    return found


def too_near_a_road(site: shapely.Polygon) -> bool:
    roads = county().layers["road"]
    distance = shapely.distance(roads.geometry.to_numpy(), site)
    return bool((np.round(distance, 4) < roads["class"].map(SETBACK_M).fillna(0).to_numpy()).any())


def too_near_a_line(site: shapely.Polygon) -> bool:
    lines = county().layers["power_line"]
    kv = lines["kv"].to_numpy(dtype=float)
    setback = np.select([kv <= 10, kv <= 110, kv <= 330], [5.0, 10.0, 15.0], 20.0)
    return bool((np.round(shapely.distance(lines.geometry.to_numpy(), site), 4) < setback).any())


def neighbour_overlap(site: shapely.Polygon, kind: str) -> float:
    parcels = county().layers["parcel"].geometry.to_numpy()
    parcels = parcels[shapely.intersects(parcels, site)]
    areas = shapely.area(shapely.intersection(parcels, site))
    if kind != "new_site" and len(areas) and areas.max() > site.area / 2:
        areas = np.delete(areas, int(np.argmax(areas)))
    return float(areas.sum())


def formal_failures(case: pd.Series) -> set[str]:
    """The failing rules that follow from what the form states."""
    found = set()
    farming = land(case["geometry"], *FARM_CODES) > 0.00005
    stated, drawn = case["plot_area_m2"], case["geometry"].area
    if stated is not None and stated == stated:
        found |= {"HB-030"} if stated > (140 if farming else 200) else set()
        apart = abs(stated - drawn)
        if apart > 2 or apart / stated > 0.05:
            found.add("HB-033b")
        elif apart / stated > 0.01:
            found.add("HB-033a")
    if case["is_member"] is False:
        found.add("HB-021")
    if case["other_plots"] > 0:
        found.add("HB-020b" if case["returns_old_plot"] else "HB-020a")
    storeys = case["storeys"]
    if storeys is not None and storeys == storeys:
        found |= {"HB-034a"} if storeys > 3 else set()
        found |= {"HB-035c"} if case["height_m"] / storeys > 3.3 else set()
    found |= {"HB-035a"} if case["eaves_height_m"] > 10 else set()
    found |= {"HB-035b"} if case["height_m"] > 12 else set()
    return found


def test_every_scenario_states_the_worst_of_its_findings():
    severity = {f"HB-{key}": name for name, keys in SEVERITY.items() for key in keys.split()}
    for scenario in SCENARIOS:
        ranks = [list(SEVERITY).index(severity[key]) for key in scenario.findings]
        worst = VERDICT_OF[list(SEVERITY)[min(ranks)]] if ranks else "passed"
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
    wanted = {scenario.name: scenario for scenario in SCENARIOS}
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
    for scenario in SCENARIOS:
        for _, case in cases()[cases()["scenario"] == scenario.name].iterrows():
            if scenario.distance_m is None:
                continue
            layer = county().layers["power_line"] if scenario.layer else county().layers["road"]
            chosen = layer["kv"] == scenario.attributes["kv"] if scenario.layer else layer["class"] == scenario.road
            measured = shapely.distance(layer.geometry.to_numpy()[chosen.to_numpy()], case["geometry"]).min()
            assert measured == pytest.approx(scenario.distance_m, abs=0.001), case["case_no"]


def test_sites_lie_in_one_settlement_or_field_and_never_on_each_other():
    sites = cases().geometry.to_numpy()
    pairs = shapely.STRtree(sites).query(sites, predicate="intersects")
    assert pairs.shape[1] == len(sites)
