"""Sites with the layers around them, as hypothesis makes them up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from planning import VILLAGE, VILLAGE_CODE, application, checked, county_layers, here, layer, line, live_applications

from spatial import permit
from spatial.layer import Layer
from spatial.open_applications import REGISTER
from spatial.permit import VillageTypes

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
FIELDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "land_use": {"DLBM": ("0702", "0101", "0301", "0404", "1206", "0201", "00", "水田", None)},
    "planned_use": {"GHDLBM": ("0703", "070301", "16", "0702", "0101", "99", None)},
    "control_zone": {"zone": ("concentrated", "restricted", "prohibited", None)},
    "ecological_redline": {"zone": ("core", "other", "Core", None)},
    "heritage": {"zone": ("protection", "belt", None), "level": ("county", "national", None)},
    "hazard": {"zone": ("danger", "high", "危险区", None)},
    "water_source": {"zone": ("primary", "secondary", "quasi", None)},
    "road": {"class": ("county", "village", "expressway", "县道", None)},
    "power_line": {"kv": (10.0, 110.0, 0.4, None)},
    "railway": {"class": ("high_speed", "other", "高铁", None)},
    "dyke": {"grade": ("1", "4", "六", None)},
    "old_tree": {"grade": ("1", "famous", None)},
    "reservoir": {"scale": ("large", "巨型", None)},
    "geological_risk": {"kind": ("fault", "mined_out", "断层", None)},
    "historic_village": {"zone": ("core", "belt", None)},
    "nature_reserve": {"zone": ("core", "general", None)},
    "scenic_area": {"zone": ("core", "other", None)},
    "wetland": {"level": ("national", "general", None)},
    "slope": {"PDJB": ("4", "5", None)},
    "settlement": {"CZCSXM": ("202", "203", "村庄", None)},
    "new_village_area": {}, "cable": {}, "pipeline": {}, "flood_storage": {}, "flood_risk": {}, "traditional_village": {}, "forest": {},
    "building": {"JGRQ": (date(2010, 1, 1), date(2025, 1, 1), None)},
    "parcel": {"state": ("used", "idle", None)}, "enforcement": {"state": ("open", "closed", None)}, "river": {}, "basic_farmland": {}, "village_boundary": {},
}  # fmt: skip
CODES = {"land_use": "survey", "planned_use": "ydyh2023"}
SINGLE = ("ecological_redline", "heritage", "hazard", "water_source", "road", "power_line", "building", "parcel", "river", "basic_farmland",
          "railway", "dyke", "old_tree", "reservoir", "geological_risk", "historic_village", "nature_reserve", "scenic_area", "wetland", "slope",
          "settlement", "new_village_area", "cable", "pipeline", "flood_storage", "flood_risk", "traditional_village", "forest", "enforcement")
LINEAR = ("road", "railway", "power_line", "dyke", "cable", "pipeline", "geological_risk")
TILED = ("land_use", "planned_use", "control_zone", "village_boundary")
SIDES = ("村路", "空地", "邻户宅基地", "小河", "路和水沟", "界桩")
metres = st.integers(-30, 30).map(float)
sizes = st.integers(1, 40).map(float)
rectangles = st.builds(here, metres, metres, sizes, sizes)
lines = st.builds(line, metres, metres, metres, metres).filter(lambda found: found.length > 0)


@st.composite
def single_layers(draw: st.DrawFn, name: str) -> Layer:
    """A few things near the site, some of them on it."""
    shapes = draw(st.lists(st.one_of(rectangles, lines) if name in LINEAR else rectangles, max_size=2))
    columns = {field: [draw(st.sampled_from(values)) for _ in shapes] for field, values in FIELDS[name].items()}
    return layer(name, shapes, columns, pieces_of=draw(st.sampled_from([None, 8])))


@st.composite
def tiled_layers(draw: st.DrawFn, name: str) -> Layer:
    """The village cut in two at a line through or beside the site; sometimes one part is not there."""
    cut = draw(st.integers(-20, 30).map(float))
    parts = [VILLAGE.intersection(here(-5_000, -5_000, 5_000 + cut, 10_000)), VILLAGE.intersection(here(cut, -5_000, 5_000, 10_000))]
    shapes = parts if draw(st.integers(0, 4)) else parts[:1]
    columns = {field: [draw(st.sampled_from(values)) for _ in shapes] for field, values in FIELDS[name].items()}
    return layer(name, shapes, columns, code_system=CODES.get(name))


@st.composite
def village_layers(draw: st.DrawFn) -> Layer:
    """Two villages meeting at a line through or beside the site, one with and one without a plan."""
    cut = draw(st.integers(-20, 30).map(float))
    shapes = [VILLAGE.intersection(here(-5_000, -5_000, 5_000 + cut, 10_000)), VILLAGE.intersection(here(cut, -5_000, 5_000, 10_000))]
    plans = draw(st.permutations([True, False])) if draw(st.booleans()) else [None, True]
    return layer("village", shapes, {"ZLDWDM": [VILLAGE_CODE, "421223100002"], "ZLDWMC": ["甲村", "乙村"], "plan_approved": plans})


slugs = st.sampled_from(["cluster_upgrade", "relocation_merger", "retain_improve", "suburban_integration", "characteristic_protection", "undetermined"])


@dataclass(frozen=True)
class World:
    """A site with its application and the layers around it."""

    layers: dict[str, Layer]
    feature: dict[str, Any]
    types: VillageTypes
    county: str

    def check(self) -> tuple[str, dict[str, str]]:
        checks = checked([self.feature], self.layers, county=self.county, types=self.types)
        part = checks.parts[0].outcomes
        return str(checks.verdicts[0]), {rule.key: permit.Outcome(int(code)).slug for rule, code in zip(part.rules, part.codes[:, 0], strict=True)}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A clean county with up to five layers disturbed, and an application with any properties."""
    disturbed = draw(st.lists(st.sampled_from([*SINGLE, *TILED, "village"]), max_size=5, unique=True))
    changes: dict[str, Layer | None] = {}
    for name in disturbed:
        changes[name] = draw(village_layers() if name == "village" else single_layers(name) if name in SINGLE else tiled_layers(name))
    properties = draw(st.fixed_dictionaries({}, optional={
        "build_kind": st.sampled_from(["new_site", "extend", "rebuild_in_place"]), "scheme": st.sampled_from(["none", "concentrated", "joint_community"]),
        "household_size": st.integers(1, 8), "is_member": st.booleans(), "other_plots": st.integers(0, 2), "returns_old_plot": st.booleans(),
        "plot_area_m2": st.sampled_from([80.0, 120.0, 130.0, 138.0, 140.0, 141.0, 145.0, 181.0, 201.0]), "storeys": st.integers(1, 7),
        "height_m": st.sampled_from([3.0, 6.6, 10.0, 12.1]), "eaves_height_m": st.sampled_from([3.0, 10.0, 10.1]),
        "terrain": st.sampled_from(["suburb", "plain", "hill", "mountain"]), "demolishes": st.booleans(), "cut_slope_height_m": st.sampled_from([0.0, 3.0, 4.0]),
        "military_enquiry": st.sampled_from(["clear", "pending", "consent_required"]), "old_plot_area_m2": st.sampled_from([0.0, 120.0, 140.0]),
        "danger_grade": st.sampled_from(["A", "C"]), "footprint_area_m2": st.sampled_from([90.0, 120.0, 190.0]), "stilt_height_m": st.sampled_from([0.0, 2.2, 2.5]),
        "was_transferred": st.booleans(), "unresolved_violation": st.booleans(), "design_source": st.sampled_from(["standard", "none"]),
        "wall_height_m": st.sampled_from([0.0, 1.5, 1.6]), "wall_see_through": st.booleans(), "seismic_design": st.booleans(),
        "notice_to": st.sampled_from(["2026-04-15", "2026-04-17"]), "side_east": st.sampled_from(SIDES), "side_west": st.sampled_from(SIDES),
        "side_north": st.sampled_from(SIDES),
    }))  # fmt: skip
    if draw(st.booleans()):
        sites = draw(st.lists(rectangles, min_size=1, max_size=2))
        households = [draw(st.sampled_from(["H-1", "H-9"])) for _ in sites]
        changes[REGISTER] = live_applications(sites, case_no=[f"B-{row}" for row in range(len(sites))], household_id=households)
    types = VillageTypes({VILLAGE_CODE: draw(slugs), "421223100002": draw(slugs)}, "run-1")
    county = draw(st.sampled_from(["421223", "330800", "430100", "370100", "510100", "140100", "320100", "340100", "441500", "410100"]))
    return World(county_layers(**changes), application(**properties), types, county)


def clipped(found: Layer, coverage: Any) -> Layer:
    """A layer as it would be if nothing outside a smaller coverage had been surveyed."""
    shapes = shapely.intersection(found.features, coverage)
    keep = ~shapely.is_empty(shapes)
    columns = {name: values[keep] for name, values in found.attributes.items()}
    kept = shapes[keep]
    return replace(found, features=kept, ids=found.ids[keep], attributes=columns, pieces=kept, piece_feature=np.arange(len(kept)), coverage=coverage)
