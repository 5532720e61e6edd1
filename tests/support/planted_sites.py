"""What holds of the planted sites, measured one by one with plain shapely and pandas, no rule engine."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import shapely

from layers.demo import DemoCounty, build
from layers.demo.scenario import SIDES

SETBACK_M = {"expressway": 30.0, "national": 20.0, "provincial": 15.0, "county": 10.0, "township": 5.0}
FARM_CODES = ("01", "02", "03", "04", "1006", "1103", "1104", "1107", "1202", "1203")


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
    smaller = kind == "rebuild_in_place" and not case["plot_area_m2"] > case["old_plot_area_m2"]
    add("003a" if smaller else "003b", overlap("ecological_redline", site, zone="other") > none)
    add("004", land(site, "01") > none)
    add("005", land(site, *(code for code in FARM_CODES if code != "01")) > none)
    farming = land(site, *FARM_CODES) > none
    add("011a", farming and has_vacant_land(village(site)))
    add("072a", land(site, "03") > none)
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
    add("043a" if overlap("settlement", site, CZCSXM="202") < site.area - none else "043b", too_near_a_line(site))
    found |= near_other_things(site, kind, case["terrain"])
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


OVERLAPS: dict[str, tuple[str, dict[str, object]]] = {
    "046": ("flood_storage", {}), "047a": ("reservoir", {}), "052c": ("historic_village", {"zone": "belt"}), "053a": ("traditional_village", {}),
    "061a": ("hazard", {"zone": ["high", "medium"]}), "062a": ("slope", {"PDJB": "5"}), "062b": ("flood_risk", {}),
    "063b": ("geological_risk", {"kind": "mined_out"}), "063c": ("geological_risk", {"kind": "tailings_downstream"}),
    "070a": ("nature_reserve", {"zone": "core"}), "070b": ("nature_reserve", {"zone": "general"}),
    "071a": ("scenic_area", {"zone": "core"}), "071b": ("scenic_area", {"zone": "other"}), "072b": ("forest", {}),
    "073": ("wetland", {"level": "national"}), "091": ("enforcement", {"state": "open"}),
}  # fmt: skip


def near_other_things(site: shapely.Polygon, kind: str, terrain: str) -> set[str]:
    """The failing rules about the layers of other departments."""
    none = 0.00005
    found = {f"HB-{key}" for key, (layer, wanted) in OVERLAPS.items() if overlap(layer, site, **wanted) > none}
    if overlap("historic_village", site, zone="core") > none:
        found.add("HB-052b" if kind == "rebuild_in_place" else "HB-052a")
    dykes = county().layers["dyke"].geometry
    found |= {"HB-045b"} if shapely.area(shapely.intersection(dykes.to_numpy(), site)).sum() > none else set()
    found |= {"HB-041"} if overlap("new_village_area", site) > none and too_near_a_road(site, beyond=NEW_VILLAGE_M) else set()
    found |= {"HB-042"} if too_near_a_railway(site, terrain) else set()
    found |= {"HB-043c"} if nearest("cable", site) < 0.75 else set()
    pipe = nearest("pipeline", site)
    found |= ({"HB-044a"} if pipe <= 5 else set()) | ({"HB-044b"} if pipe < 50 else set())
    lines = county().layers["power_line"]
    other = lines["kv"].isin([value for value in lines["kv"].unique() if not (1 <= value <= 10 or 35 <= value <= 110 or 154 <= value <= 330 or value == 500)])
    found |= {"HB-043d"} if nearest("power_line", site, chosen=other) < 20 else set()
    trees = county().layers["old_tree"]
    crown = np.where(trees.geom_type == "Point", trees["grade"].map({"1": 10.0, "2": 8.0, "3": 6.0, "famous": 8.0}), 0.0)
    found |= {"HB-053b"} if (np.round(shapely.distance(trees.geometry.to_numpy(), site) - crown, 4) < 5).any() else set()
    risks = county().layers["geological_risk"]
    found |= {"HB-063a"} if nearest("geological_risk", site, chosen=risks["kind"] == "fault") < 100 else set()
    houses = county().layers["building"].geometry.to_numpy()
    houses = houses[shapely.dwithin(houses, site, 6)]
    others = houses[shapely.area(shapely.intersection(houses, site)) < shapely.area(houses) / 2]
    found |= {"HB-084"} if (np.round(shapely.distance(others, site), 4) < 4).any() else set()
    return found


def nearest(layer: str, site: shapely.Polygon, chosen: pd.Series | None = None) -> float:
    """Distance of the site to a layer's (chosen) features, to 0.1 mm."""
    shapes = county().layers[layer].geometry.to_numpy()
    shapes = shapes if chosen is None else shapes[chosen.to_numpy()]
    return float(np.round(shapely.distance(shapes, site), 4).min(initial=np.inf))


def too_near_a_railway(site: shapely.Polygon, terrain: str) -> bool:
    rails = county().layers["railway"]
    settled = overlap("settlement", site) >= site.area / 2
    place = ("suburb" if terrain == "suburb" else "village") if settled else "elsewhere"
    least = {"suburb": (12, 10), "village": (15, 12), "elsewhere": (20, 15)}[place]
    fast = (rails["class"] == "high_speed").to_numpy()
    half = np.where(rails.geom_type == "Polygon", 0.0, np.where(fast, 10.0, 8.0))
    return bool((np.round(shapely.distance(rails.geometry.to_numpy(), site) - half, 4) < np.where(fast, *least)).any())


def has_vacant_land(home: pd.Series) -> bool:
    parcels, ground = county().layers["parcel"], county().layers["land_use"]
    idle = ((parcels["state"] == "idle") & (parcels["ZDDM"].str[:12] == home["ZLDWDM"])).any()
    return bool(idle or ((ground["DLBM"] == "1201") & (ground["ZLDWDM"] == home["ZLDWDM"])).any())


NEW_VILLAGE_M = {"expressway": 50.0, "national": 50.0, "provincial": 50.0, "county": 20.0, "township": 20.0}


def too_near_a_road(site: shapely.Polygon, beyond: dict[str, float] | None = None) -> bool:
    roads = county().layers["road"]
    distance = shapely.distance(roads.geometry.to_numpy(), site)
    least = {kind: width + (beyond or {}).get(kind, 0.0) for kind, width in SETBACK_M.items()}
    return bool((np.round(distance, 4) < roads["class"].map(least).fillna(0).to_numpy()).any())


def too_near_a_line(site: shapely.Polygon) -> bool:
    lines = county().layers["power_line"]
    kv = lines["kv"].to_numpy(dtype=float)
    dense = overlap("settlement", site, CZCSXM="202") > site.area - 0.00005
    listed = [kv <= 10, (kv >= 35) & (kv <= 110), (kv >= 154) & (kv <= 330), kv == 500]
    setback = np.select(listed, [1.5, 3.0, 5.0, 8.5] if dense else [5.0, 10.0, 15.0, 20.0], 0.0)
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
    found |= {"HB-022"} if case["was_transferred"] else set()
    found |= {"HB-024"} if not case["local_conditions_met"] else set()
    found |= {"HB-025"} if has_a_rival(case) else set()
    found |= {"HB-031"} if stated is not None and case["footprint_area_m2"] > stated else set()
    found |= {"HB-036"} if case["stilt_height_m"] > 2.2 else set()
    found |= {"HB-037"} if case["design_source"] == "none" and case["storeys"] >= 2 else set()
    wall = case["wall_height_m"] > 0 and not (case["wall_height_m"] <= 1.5 and case["wall_see_through"] and case["wall_inside_plot"])
    found |= ({"HB-038"} if wall else set()) | ({"HB-061b"} if case["cut_slope_height_m"] > 3 else set())
    found |= {"HB-074"} if case["military_enquiry"] != "clear" else set()
    found |= {"HB-081"} if any("空地" in case[side] for side in SIDES) and nearest_parcel(case) <= 1 else set()
    found |= {"HB-082"} if not case["neighbours_consulted"] else set()
    found |= {"HB-083a"} if (pd.Timestamp(case["notice_to"]) - pd.Timestamp(case["notice_from"])).days < 7 else set()
    found |= {"HB-085"} if not all(case[box] for box in BOXES) else set()
    storeys = case["storeys"]
    if storeys is not None and storeys == storeys:
        found |= {"HB-034a"} if storeys + (case["stilt_height_m"] > 2.2) > 3 else set()
        found |= {"HB-035c"} if case["height_m"] / storeys > 3.3 else set()
    found |= {"HB-035a"} if case["eaves_height_m"] > 10 else set()
    found |= {"HB-035b"} if case["height_m"] > 12 else set()
    return found


BOXES = ("rule_planning_design", "rule_structure", "rule_craftsmen", "rule_technical_guidance", "rule_completion", "seismic_design", "energy_saving")


def has_a_rival(case: pd.Series) -> bool:
    """Whether another application is of the same household or shares more than 0.5 m² of the ground."""
    others = cases()[cases()["case_no"] != case["case_no"]]
    shared = shapely.area(shapely.intersection(others.geometry.to_numpy(), case["geometry"]))
    return bool((others["household_id"] == case["household_id"]).any() or (shared > 0.5).any())


def nearest_parcel(case: pd.Series) -> float:
    """Distance to the nearest parcel that is not the household's own, m."""
    parcels, site = county().layers["parcel"].geometry.to_numpy(), case["geometry"]
    parcels = parcels[shapely.dwithin(parcels, site, 5)]
    own = shapely.area(shapely.intersection(parcels, site)) > site.area / 2
    return float(shapely.distance(parcels[~own], site).min(initial=np.inf))
