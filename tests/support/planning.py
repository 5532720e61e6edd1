"""Builders of map layers in memory and of applications, with overrides: a site where a house may be built, unless a test says otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import shapely

from spatial.layer import DatasetVersion, Layer
from spatial.open_applications import REGISTER, register
from spatial.permit import Checks, VillageTypes, check, read_applications
from spatial.pieces import subdivide
from spatial.rules.pack import Pack, load_pack

EPSG = 4547
EAST, NORTH = 556_000.0, 3_266_000.0
"""South-west corner of the default site."""
COVERAGE = shapely.box(EAST - 5_000, NORTH - 5_000, EAST + 5_000, NORTH + 5_000)
VILLAGE = shapely.box(EAST - 1_000, NORTH - 1_000, EAST + 1_000, NORTH + 1_000)
VILLAGE_CODE = "421223100001"
COUNTY = "421223"
VALID_ON = date(2026, 11, 1)
KNOWN_AT = datetime(2026, 11, 1, tzinfo=UTC)
TYPES = VillageTypes({VILLAGE_CODE: "cluster_upgrade"}, "run-1")


def here(east: float = 0.0, north: float = 0.0, width: float = 10.0, height: float = 14.0) -> Any:
    """A rectangle with its south-west corner so many metres from the default site's."""
    return shapely.box(EAST + east, NORTH + north, EAST + east + width, NORTH + north + height)


def line(east: float, north: float, to_east: float, to_north: float) -> Any:
    """A line between two places, each so many metres from the default site's south-west corner."""
    return shapely.LineString([(EAST + east, NORTH + north), (EAST + to_east, NORTH + to_north)])


def column(values: Sequence[Any]) -> Any:
    """An object array of values as they are."""
    result = np.empty(len(values), dtype=object)
    result[:] = list(values)
    return result


def layer(
    name: str,
    features: Sequence[Any] = (),
    attributes: Mapping[str, Sequence[Any]] | None = None,
    *,
    coverage: Any = COVERAGE,
    code_system: str | None = None,
    pieces_of: int | None = None,
    disjoint: bool = False,
    valid_from: date = date(2024, 1, 1),
    **dataset: Any,
) -> Layer:
    """A layer of shapes with attribute columns; `pieces_of` cuts the features to pieces of so many vertices."""
    shapes = column(features)
    cut = [subdivide(shape, max_vertices=pieces_of) if pieces_of else [shape] for shape in shapes]
    owners = np.array([row for row, parts in enumerate(cut) for _ in parts], dtype=np.int64)
    version = DatasetVersion(
        layer=name, version=1, title=name, authority="测试局", valid_from=valid_from, valid_to=None, known_from=None, known_to=None,
        source_name="test", source_sha256="0" * 64, survey_date=date(2025, 12, 31), code_system=code_system, synthetic=True,
    )  # fmt: skip
    return Layer(
        dataset=replace(version, **dataset), epsg=EPSG, features=shapes, ids=column([f"{name}-{row}" for row in range(len(shapes))]),
        attributes={key: column(values) for key, values in (attributes or {}).items()},
        pieces=column([piece for parts in cut for piece in parts]), piece_feature=owners, coverage=coverage, disjoint=disjoint,
    )  # fmt: skip


def village_row(**figures: Any) -> dict[str, list[Any]]:
    """The attribute columns of one village that no rule but the last finds a type for."""
    row: dict[str, Any] = {
        "ZLDWDM": VILLAGE_CODE, "ZLDWMC": "甲村", "XZQDM": "421223100", "XZQMC": "甲镇", "status": "normal", "plan_approved": True,
        "pop_reg": 1000, "pop_res": 700, "pop_trend_5y": -0.1, "hh_resident": 200, "houses": 300, "houses_vacant": 60,
        "collective_income": 5.0, "has_lead_industry": False, "has_primary_school": False, "has_clinic": True, "has_bus": True,
        "has_piped_water": True, "time_town_min": 30.0, "time_county_min": 60.0, "is_town_seat": False, "is_central_village": False,
        "heritage_lists": "", "county_heritage_list": False, "in_relocation_plan": False, "major_project": False,
        "seismic_intensity": 6, "fault_dist_m": 5000.0,
    }  # fmt: skip
    return {key: [value] for key, value in (row | figures).items()}


def live_applications(sites: Sequence[Any], *, case_no: Sequence[str], household_id: Sequence[str | None]) -> Layer:
    """The register of live applications, complete in the county."""
    return register(column(sites), case_no=case_no, household_id=household_id, coverage=COVERAGE, epsg=EPSG, known_on=VALID_ON)


def county_layers(**changes: Layer | None) -> dict[str, Layer]:
    """Every layer the rules need, clean: the default application passes. A change replaces a layer, None takes it away."""
    base = {
        "village": layer("village", [VILLAGE], village_row()),
        "settlement": layer("settlement", [here(-200, -200, 400, 400)], {"CZCDM": [VILLAGE_CODE + "0000000"], "CZCSXM": ["203"]}),
        "urban_boundary": layer("urban_boundary", [here(3_000, 3_000, 500, 500)]),
        "land_use": layer("land_use", [VILLAGE], {"DLBM": ["0702"]}, code_system="survey"),
        "basic_farmland": layer("basic_farmland", [here(800, 800, 100, 100)]),
        "ecological_redline": layer("ecological_redline", [here(-900, 800, 100, 100)], {"zone": ["other"]}),
        "village_boundary": layer("village_boundary", [VILLAGE]),
        "planned_use": layer("planned_use", [VILLAGE], {"GHDLBM": ["0703"]}, code_system="ydyh2023"),
        "control_zone": layer("control_zone", [VILLAGE], {"zone": ["concentrated"]}),
        "parcel": layer("parcel", [here(300, 0, 10, 14)], {"state": ["used"]}),
        "building": layer("building", [here(300, 0, 9, 9)], {"JGRQ": [date(2010, 5, 1)]}),
        "road": layer("road", [here(-900, 500, 1_800, 6)], {"class": ["county"]}),
        "river": layer("river", [here(-900, -700, 1_800, 30)]),
        "power_line": layer("power_line", [line(-900, -500, 900, -500)], {"kv": [10.0]}),
        "hazard": layer("hazard", [here(600, -800, 100, 100)], {"zone": ["danger"]}),
        "heritage": layer("heritage", [here(-800, -300, 50, 50)], {"zone": ["protection"], "level": ["county"]}),
        "water_source": layer("water_source", [here(800, -300, 50, 50)], {"zone": ["primary"]}),
        "new_village_area": layer("new_village_area", [here(850, 100, 50, 50)]),
        "railway": layer("railway", [here(-900, 600, 1_800, 12)], {"class": ["other"]}),
        "cable": layer("cable", [line(-900, -400, 900, -400)], {"kv": [10.0]}),
        "pipeline": layer("pipeline", [line(-900, -600, 900, -600)], {"medium": ["gas"]}),
        "dyke": layer("dyke", [here(-900, -650, 1_800, 8)], {"grade": ["4"]}),
        "flood_storage": layer("flood_storage", [here(-900, -900, 50, 50)]),
        "flood_risk": layer("flood_risk", [here(-800, -900, 50, 50)]),
        "reservoir": layer("reservoir", [here(-700, -900, 50, 50)], {"scale": ["small"]}),
        "historic_village": layer("historic_village", [here(-600, -900, 50, 50)], {"zone": ["core"]}),
        "traditional_village": layer("traditional_village", [here(-500, -900, 50, 50)]),
        "old_tree": layer("old_tree", [shapely.Point(EAST - 400, NORTH - 900)], {"grade": ["1"]}),
        "slope": layer("slope", [VILLAGE], {"PDJB": ["2"]}),
        "geological_risk": layer("geological_risk", [here(-300, -900, 50, 50)], {"kind": ["mined_out"]}),
        "nature_reserve": layer("nature_reserve", [here(-200, -900, 50, 50)], {"zone": ["core"]}),
        "scenic_area": layer("scenic_area", [here(-100, -900, 50, 50)], {"zone": ["core"]}),
        "wetland": layer("wetland", [here(0, -900, 50, 50)], {"level": ["national"]}),
        "forest": layer("forest", [here(100, -900, 50, 50)]),
        "enforcement": layer("enforcement", [here(200, -900, 50, 50)], {"state": ["open"]}),
        REGISTER: live_applications([here(700, 700)], case_no=["B-1"], household_id=["H-9"]),
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


PROPERTIES: dict[str, Any] = {
    "case_no": "A-1", "build_kind": "new_site", "scheme": "none", "household_size": 4, "is_member": True, "other_plots": 0,
    "returns_old_plot": False, "plot_area_m2": 140.0, "footprint_area_m2": 100.0, "floor_area_m2": 200.0, "storeys": 2, "height_m": 6.6,
    "eaves_height_m": 6.0, "terrain": "hill", "applied_on": "2026-05-01",
    "household_id": "H-1", "was_transferred": False, "unresolved_violation": False, "ownership_dispute": False, "resettled": False,
    "local_conditions_met": True, "old_plot_area_m2": 140.0, "danger_grade": "A", "stilt_height_m": 0.0, "design_source": "standard",
    "wall_height_m": 0.0, "wall_see_through": True, "wall_inside_plot": True, "cut_slope_height_m": 0.0, "demolishes": False,
    "neighbours_consulted": True, "notice_from": "2026-04-10", "notice_to": "2026-04-20", "side_east": "界桩", "side_south": "界桩",
    "side_west": "界桩", "side_north": "界桩", "military_enquiry": "clear", "rule_planning_design": True, "rule_structure": True,
    "rule_craftsmen": True, "rule_technical_guidance": True, "rule_completion": True, "seismic_design": True, "energy_saving": True,
}  # fmt: skip


def application(site: Any = None, **properties: Any) -> dict[str, Any]:
    """An application as a GeoJSON Feature in EPSG:4547; a property given as None is left out."""
    stated = {name: value for name, value in (PROPERTIES | properties).items() if value is not None}
    shape = json.loads(shapely.to_geojson(here() if site is None else site))
    return {"type": "Feature", "geometry": shape, "properties": stated}


def checked(
    features: Sequence[dict[str, Any]],
    layers: Mapping[str, Layer] | None = None,
    *,
    county: str = COUNTY,
    types: VillageTypes | None = TYPES,
    valid_on: date = VALID_ON,
    threads: int = 1,
    pack: Pack | None = None,
) -> Checks:
    """Check applications against a county's layers."""
    applications = read_applications(features, epsg_in=EPSG, epsg=EPSG)
    return check(
        applications, county_layers() if layers is None else layers, pack=pack or load_pack("house-building", county=county),
        valid_on=valid_on, known_at=KNOWN_AT, village_types=types, threads=threads,
    )  # fmt: skip


def finding(report: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The finding of one rule, named with its branch such as HB-001a."""
    (found,) = [item for item in report["findings"] if item["rule_id"] + (item["branch"] or "") == key]
    return dict(found)
