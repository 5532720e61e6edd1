"""What must always hold: missing data never helps, a re-run gives the same bytes, areas and distances agree with shapely, Kleene's laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planning import (
    COUNTY,
    COVERAGE,
    EAST,
    KNOWN_AT,
    NORTH,
    VALID_ON,
    VILLAGE,
    VILLAGE_CODE,
    application,
    checked,
    column,
    county_layers,
    here,
    layer,
    line,
    live_applications,
    village_row,
)

from spatial import permit
from spatial.canonical import canonical_json
from spatial.layer import Layer
from spatial.logic import FALSE, TRUE, UNKNOWN, all_of, any_of, negate, truth
from spatial.measures import overlay
from spatial.measuring import Facts
from spatial.open_applications import REGISTER
from spatial.permit import VERDICTS, VillageTypes
from spatial.pieces import subdivide
from spatial.rules.pack import load_pack
from spatial.village_types import classify

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
TYPES_PACK = load_pack("village-types", county=COUNTY)
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


def test_every_layer_the_rules_read_is_disturbed_and_taken_away() -> None:
    """A new layer of the pack has to be added above."""
    assert set(load_pack("house-building", county=COUNTY).layers) == {*SINGLE, *TILED, "village"}
    assert set(FIELDS) == {*SINGLE, *TILED}


Removal = Callable[[World], World]


@st.composite
def removals(draw: st.DrawFn, world: World) -> World:
    """The same world with less known about it."""
    kind = draw(st.sampled_from(["layer", "coverage", "clip", "value", "column", "property", "types", "survey date", "code system"]))
    if kind == "types":
        return replace(world, types=VillageTypes({}, "run-1"))
    if kind == "property":
        gone = draw(st.sampled_from(sorted(world.feature["properties"])))
        left = {name: value for name, value in world.feature["properties"].items() if name != gone}
        return replace(world, feature=world.feature | {"properties": left})
    name = draw(st.sampled_from(sorted(world.layers)))
    found = world.layers[name]
    if kind == "layer":
        return replace(world, layers={key: value for key, value in world.layers.items() if key != name})
    if kind in ("survey date", "code system"):
        less = replace(found.dataset, survey_date=None) if kind == "survey date" else replace(found.dataset, code_system=None)
        return replace(world, layers=world.layers | {name: replace(found, dataset=less)})
    if kind in ("coverage", "clip"):
        coverage = found.coverage.difference(draw(rectangles))
        return replace(world, layers=world.layers | {name: clipped(found, coverage) if kind == "clip" else replace(found, coverage=coverage)})
    fields = sorted(found.attributes)
    # A live application that does not say whose it is cannot be compared: its own check asks for that, not everyone else's.
    if not fields or not len(found.features) or name == REGISTER:
        return world
    field = draw(st.sampled_from(fields))
    columns = dict(found.attributes)
    if kind == "column":
        del columns[field]
    else:
        columns[field] = columns[field].copy()
        columns[field][draw(st.integers(0, len(found.features) - 1))] = None
    return replace(world, layers=world.layers | {name: replace(found, attributes=columns)})


def clipped(found: Layer, coverage: Any) -> Layer:
    """A layer as it would be if nothing outside a smaller coverage had been surveyed."""
    shapes = shapely.intersection(found.features, coverage)
    keep = ~shapely.is_empty(shapes)
    columns = {name: values[keep] for name, values in found.attributes.items()}
    kept = shapes[keep]
    return replace(found, features=kept, ids=found.ids[keep], attributes=columns, pieces=kept, piece_feature=np.arange(len(kept)), coverage=coverage)


def favour(verdict: str) -> int:
    """How favourable a verdict is; refused and incomplete both block."""
    return max(VERDICTS.index(verdict) - 1, 0)


@SLOW
@given(st.data())
def test_taking_data_away_never_improves_a_verdict_nor_passes_a_rule(data: st.DataObject) -> None:
    world = data.draw(worlds())
    verdict, outcomes = world.check()
    for _ in range(data.draw(st.integers(1, 3))):
        world = data.draw(removals(world))
    worse, fewer = world.check()
    assert favour(worse) <= favour(verdict), (verdict, worse)
    turned = {key: (outcomes[key], found) for key, found in fewer.items() if found == "pass" and outcomes[key] in ("fail", "no_data", "error")}
    assert turned == {}


def facts_of(world: World) -> Facts:
    return checked([world.feature], world.layers, county=world.county, types=world.types).parts[0].outcomes.facts


@SLOW
@given(st.data())
def test_knowing_less_only_widens_what_a_fact_may_be(data: st.DataObject) -> None:
    """Of every fact of the pack, not only of those that decide: this is why no rule over them can gain from missing data."""
    world = data.draw(worlds())
    full, less = facts_of(world), facts_of(data.draw(removals(world)))
    for name in full.pack.main.facts:
        known, left = full[name], less[name]
        if known.values is not None:
            assert left.values[0] in (None, known.values[0]), name
        else:
            assert left.low is not None and left.high is not None and known.low is not None and known.high is not None
            assert left.low[0] <= known.low[0] + 2e-4, (name, left.low, known.low)
            assert left.high[0] >= known.high[0] - 2e-4, (name, left.high, known.high)


def test_the_village_of_a_site_is_not_told_where_the_unsurveyed_part_could_change_it() -> None:
    """A site is 4.5 m in 甲村 (no plan) and 5.5 m in 乙村 (with one); 2.5 m of the latter are not surveyed."""
    shapes = [here(-50, -50, 54.5, 200), here(4.5, -50, 60, 200)]
    columns = {"ZLDWDM": [VILLAGE_CODE, "421223100002"], "ZLDWMC": ["甲村", "乙村"], "plan_approved": [False, True]}
    village, outside = layer("village", shapes, columns), layer("village_boundary", [])
    full = checked([application()], county_layers(village=village, village_boundary=outside))
    assert (full.outcomes("HB-006a")[0], full.outcomes("HB-006b")[0]) == ("fail", "not_applicable")
    part = clipped(village, COVERAGE.difference(here(7.5, -50, 2.5, 200)))
    less = checked([application()], county_layers(village=part, village_boundary=outside))
    assert (less.outcomes("HB-006a")[0], less.outcomes("HB-006b")[0]) == ("no_data", "no_data")


def test_a_plot_that_may_be_the_applicants_own_is_not_counted_as_a_neighbours() -> None:
    """6 m of 10 are the applicant's plot, 0.01 m a neighbour's; of the own plot 2 m are not surveyed."""
    parcel = layer("parcel", [here(0, 0, 6, 14), here(9.99, 0, 5, 14)])
    site = application(build_kind="rebuild_in_place")
    assert checked([site], county_layers(parcel=parcel)).outcomes("HB-080b")[0] == "pass"
    part = clipped(parcel, COVERAGE.difference(here(0, 0, 2, 14)))
    assert checked([site], county_layers(parcel=part)).outcomes("HB-080b")[0] == "no_data"


FIGURES: dict[str, tuple[Any, ...]] = {
    "status": ("normal", "urbanized", None), "heritage_lists": ("", "中国传统村落", None), "county_heritage_list": (False, True, None),
    "in_relocation_plan": (False, True, None), "major_project": (False, None), "pop_reg": (300, 1000, None), "pop_res": (80, 700, 1600, None),
    "houses": (100, None), "houses_vacant": (10, 30, 55, None), "hh_resident": (12, 200, None), "collective_income": (5.0, 50.0, None),
    "has_lead_industry": (True, False, None), "time_town_min": (10.0, 30.0, None), "time_county_min": (10.0, 60.0, None), "is_town_seat": (True, False, None),
    "is_central_village": (False, None), "seismic_intensity": (6, 7, None), "fault_dist_m": (50.0, 5000.0, None), "pop_trend_5y": (-0.1, 0.1, None),
}  # fmt: skip
AROUND = ("hazard", "ecological_redline", "water_source", "urban_boundary")


@st.composite
def typed_worlds(draw: st.DrawFn) -> dict[str, Layer]:
    """One village with any figures, two patches of settlement, and things lying over them."""
    figures = {name: draw(st.sampled_from(values)) for name, values in FIGURES.items() if draw(st.booleans())}
    layers = county_layers(village=layer("village", [VILLAGE], village_row(**figures)))
    patches = [here(-200, -200, 200, 200), here(100, 100, 100, 200)]
    kinds = draw(st.lists(st.sampled_from(["203", "203A", "202"]), min_size=2, max_size=2))
    layers["settlement"] = layer("settlement", patches, {"CZCDM": [VILLAGE_CODE + "0000000"] * 2, "CZCSXM": kinds})
    for name in draw(st.lists(st.sampled_from(AROUND), max_size=3, unique=True)):
        shape = draw(st.builds(here, st.integers(-300, 300), st.integers(-300, 300), st.integers(10, 400), st.integers(10, 400)))
        fields = {"zone": [draw(st.sampled_from({"hazard": ("danger", "high"), "water_source": ("primary", "quasi")}.get(name, ("other",))))]}
        layers[name] = layer(name, [shape], fields)
    return layers


def village_type(layers: dict[str, Layer]) -> tuple[str, bool]:
    found = classify(layers, pack=TYPES_PACK, valid_on=VALID_ON, known_at=KNOWN_AT)
    return str(found.types[0]), bool(found.decided[0])


@SLOW
@given(st.data())
def test_taking_data_away_never_turns_a_village_into_another_type(data: st.DataObject) -> None:
    layers = data.draw(typed_worlds())
    before, decided = village_type(layers)
    name = data.draw(st.sampled_from(["village", "village", *AROUND, "settlement"]))
    found = layers[name]
    kind = data.draw(st.sampled_from(["layer", "coverage", "clip", "value", "column"] if name != "village" else ["value", "column"]))
    if kind == "layer":
        fewer = {key: value for key, value in layers.items() if key != name}
    elif kind in ("coverage", "clip"):
        hole = data.draw(st.builds(here, st.integers(-300, 200), st.integers(-300, 200), st.integers(10, 400), st.integers(10, 400)))
        coverage = found.coverage.difference(hole)
        fewer = layers | {name: clipped(found, coverage) if kind == "clip" else replace(found, coverage=coverage)}
    else:
        fields = [field for field in found.attributes if field not in ("ZLDWDM",)]
        columns = dict(found.attributes)
        for field in data.draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3)) if fields else []:
            if kind == "column":
                columns.pop(field, None)
            elif field in columns and len(columns[field]):
                columns[field] = column([*columns[field][:-1], None])
        fewer = layers | {name: replace(found, attributes=columns)}
    after, still = village_type(fewer)
    assert after in (before, "undetermined"), (before, after)
    assert decided or not still


@SLOW
@given(st.data())
def test_one_application_and_a_batch_in_any_order_give_the_same_bytes(data: st.DataObject) -> None:
    world = data.draw(worlds())
    sites = data.draw(st.lists(rectangles, min_size=2, max_size=9))
    features = [application(site, case_no=f"A-{row}", plot_area_m2=float(site.area)) for row, site in enumerate(sites)]
    order = data.draw(st.permutations(range(len(sites))))
    alone = [canonical_json(checked([feature], world.layers, types=world.types).report(0)) for feature in features]
    assert canonical_json(checked([features[0]], world.layers, types=world.types).report(0)) == alone[0]
    together = checked([features[row] for row in order], world.layers, types=world.types)
    assert [canonical_json(together.report(place)) for place in range(len(order))] == [alone[row] for row in order]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_chunks_and_threads_change_no_byte(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    road = layer("road", [here(-500, 40, 2_000, 6)], {"class": ["county"]})
    farmland = layer("basic_farmland", [here(20 * row, 5 * row, 6, 6) for row in range(20)], pieces_of=8)
    layers = county_layers(road=road, basic_farmland=farmland)
    features = [application(here(17 * row, 3 * row), case_no=str(row)) for row in range(23)]
    alone = [canonical_json(checked([feature], layers).report(0)) for feature in features]
    monkeypatch.setattr(permit, "CHUNK", 4)
    batch = checked(features, layers, threads=threads)
    assert len(batch.parts) == 6
    assert [canonical_json(batch.report(row)) for row in range(23)] == alone
    assert set(batch.verdicts) == {"refused", "passed"}


def test_many_small_features_inside_a_site_change_no_byte_in_a_batch() -> None:
    """How an intersection is found may depend on what else is in the batch; what it gives may not."""
    dots = [shapely.Point(EAST + 1 + 2 * (row % 5), NORTH + 1 + 2 * (row // 5)).buffer(0.4, quad_segs=3) for row in range(25)]
    layers = county_layers(basic_farmland=layer("basic_farmland", dots), building=layer("building", dots, {"JGRQ": [date(2010, 1, 1)] * 25}))
    site = application(build_kind="rebuild_in_place")
    alone = canonical_json(checked([site], layers).report(0))
    others = [application(here(200 + 20 * row, 200), case_no=f"B-{row}") for row in range(40)]
    assert canonical_json(checked([*others, site], layers).report(40)) == alone


@st.composite
def stars(draw: st.DrawFn) -> Any:
    """A polygon of many corners round a point near the site, its reach different in every direction."""
    corners = draw(st.integers(3, 60))
    reach = draw(st.lists(st.floats(2, 40), min_size=corners, max_size=corners))
    east, north = EAST + draw(st.floats(-20, 20)), NORTH + draw(st.floats(-20, 20))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return shapely.Polygon(np.column_stack([east + np.cos(angle) * reach, north + np.sin(angle) * reach]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(stars(), rectangles), min_size=1, max_size=6), st.one_of(stars(), rectangles), st.sampled_from([None, 8, 16, 128]))
def test_areas_and_distances_agree_with_shapely(features: list[Any], site: Any, pieces: int | None) -> None:
    over = overlay(column([site]), layer("x", features, pieces_of=pieces))
    union = shapely.union_all(features)
    area = float(over.overlap()[0])
    assert area <= round(site.area, 4)
    assert area == pytest.approx(site.intersection(union).area, abs=1e-4)
    distance = float(over.distance(1_000.0)[0])
    assert distance == pytest.approx(site.distance(union), abs=1e-4)
    each = over.overlap_by_feature(0)
    for row, feature in enumerate(features):
        assert each.get(row, 0.0) == pytest.approx(site.intersection(feature).area, abs=1e-4)
    best, largest = over.dominant()
    shares = [site.intersection(feature).area for feature in features]
    assert largest[0] == pytest.approx(max(shares), abs=1e-4)
    assert best[0] == -1 if max(shares) <= 1e-5 else max(shares) <= 1e-3 or shares[best[0]] == pytest.approx(max(shares), abs=1e-4)


@settings(max_examples=80, deadline=None)
@given(rectangles, st.one_of(stars(), rectangles))
def test_what_lies_outside_a_coverage_is_what_shapely_says(hole: Any, site: Any) -> None:
    coverage = COVERAGE.difference(hole)
    over = overlay(column([site]), layer("x", [], coverage=coverage))
    assert over.uncovered[0] == pytest.approx(site.difference(coverage).area, abs=1e-4)
    inside = site.difference(coverage).area <= 1e-4
    expected = site.distance(coverage.boundary) if inside else 0.0
    assert over.edge_distance(math.inf)[0] == pytest.approx(expected, abs=2e-4)


def test_cutting_ends_where_many_corners_meet_in_one_point() -> None:
    angles = np.linspace(0, 2 * np.pi, 81)
    blades = [shapely.Polygon([(EAST, NORTH), *[(EAST + 5 * np.cos(a), NORTH + 5 * np.sin(a)) for a in pair]]) for pair in zip(angles[:-1:2], angles[1::2], strict=True)]
    fan = shapely.MultiPolygon(blades)
    assert fan.is_valid
    pieces = subdivide(fan, max_vertices=16)
    assert shapely.area(pieces).sum() == pytest.approx(fan.area, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.floats(1, 200), st.floats(0, 2 * np.pi), st.sampled_from([None, 8]))
def test_touching_is_not_overlapping(length: float, angle: float, pieces: int | None) -> None:
    """Neighbours that share a whole side in any direction, far from the origin, as two surveys of one border do."""
    side, away = np.array([np.cos(angle), np.sin(angle)]) * length, np.array([-np.sin(angle), np.cos(angle)]) * 9.0
    corner = np.array([EAST, NORTH])
    site = shapely.Polygon([corner, corner + side, corner + side + away, corner + away])
    neighbour = shapely.Polygon([corner, corner + side, corner + side - away, corner - away])
    over = overlay(column([site]), layer("x", [neighbour], pieces_of=pieces))
    assert (over.overlap()[0], over.distance(5.0)[0], over.dominant()[0][0]) == (0.0, 0.0, -1)
    assert over.overlap_by_feature(0) == {} and over.overlap_geometry(0) is None


truths = st.lists(st.sampled_from([TRUE, UNKNOWN, FALSE]), min_size=4, max_size=4).map(lambda values: np.array(values, dtype=np.int8))


@given(truths, truths, truths)
def test_kleenes_laws(a: Any, b: Any, c: Any) -> None:
    def same(left: Any, right: Any) -> None:
        np.testing.assert_array_equal(left, right)

    same(negate(negate(a)), a)
    same(negate(all_of([a, b])), any_of([negate(a), negate(b)]))
    same(negate(any_of([a, b])), all_of([negate(a), negate(b)]))
    same(all_of([a, b]), all_of([b, a]))
    same(any_of([a, all_of([b, c])]), all_of([any_of([a, b]), any_of([a, c])]))
    same(all_of([a, any_of([a, b])]), a)
    same(all_of([a, b, c]), all_of([all_of([a, b]), c]))


@given(truths, truths, st.data())
def test_knowing_less_never_decides_otherwise(a: Any, b: Any, data: st.DataObject) -> None:
    """Replace any value by "unknown": an answer may become unknown, it never turns round."""
    hidden = np.where(data.draw(st.lists(st.booleans(), min_size=4, max_size=4)), UNKNOWN, a)
    for join in (all_of, any_of):
        full, less = join([a, b]), join([hidden, b])
        assert np.all((less == full) | (less == UNKNOWN))
    assert np.all((negate(hidden) == negate(a)) | (hidden == UNKNOWN))


def test_the_table_of_kleene() -> None:
    t, u, f = TRUE, UNKNOWN, FALSE
    a, b = np.array([t, t, t, u, u, u, f, f, f], dtype=np.int8), np.array([t, u, f] * 3, dtype=np.int8)
    assert all_of([a, b]).tolist() == [t, u, f, u, u, f, f, f, f]
    assert any_of([a, b]).tolist() == [t, t, t, t, u, u, t, u, f]
    assert truth(np.array([True, False, False]), np.array([False, True, False])).tolist() == [t, f, u]
