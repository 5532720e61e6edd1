"""Every rule of the pack, told from the pack itself: a written case on either side, and what missing data makes of it.

A new rule without cases fails here, and so does one that goes on passing where a layer it reads is absent, ends under the site, or
lacks an attribute that it asks for.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shapely
from permit_cases import checked_case, feature_of, layers_of, written_cases
from planning import COUNTY, column

from spatial.engine import VERDICTS, Outcome
from spatial.layer import Layer
from spatial.open_applications import REGISTER
from spatial.reach import SIDE_LAYERS
from spatial.rules.model import FactSpec, RuleSpec
from spatial.rules.pack import PACKS, Pack, load_pack
from spatial.rules.reading import facts_read

PACK = load_pack("house-building", county=COUNTY)
FACTS = PACK.main.facts
RULES: dict[str, RuleSpec] = {rule.key: rule for rule in PACK.main.rules}  # type: ignore[misc]
LEAST = {"reject": "incomplete", "approval": "needs_approval", "correct": "needs_correction", "warn": "needs_review"}
WORST_FIRST = list(LEAST)

NEVER_FAILS = {"HB-093": "a missing layer leaves it without data"}
SET_HERE = {
    "HB-009": [
        {"id": "HB-009", "name": "新村规划区外", "expect": {"HB-009": "fail"}},
        {"id": "HB-009", "name": "新村规划区内", "layers": {"new_village_area": {"features": [["village", {}]]}}, "expect": {"HB-009": "pass"}},
    ]
}
"""Cases of rules that hold only once a county has set a number: it is set by the fixture below."""


@cache
def county_that_has_set_all() -> Pack:
    """The rules of a county that has new houses go into the new-village area from 2026 on."""
    packs = shutil.copytree(PACKS, Path(tempfile.mkdtemp()) / "packs")
    with (packs / "house-building/parameters/421223.yaml").open("a", encoding="utf-8") as file:
        file.write('  new_village_from: {title: 日期, unit: date, rows: [{value: "2026-01-01", citation: {source: 测试, confidence: N}}]}\n')
    return load_pack("house-building", county=COUNTY, folder=packs)


def sides(key: str, outcome: str) -> list[dict[str, Any]]:
    """The written cases that expect an outcome of a rule."""
    return [case for case in [*SET_HERE.get(key, ()), *written_cases()] if case.get("expect", {}).get(key) == outcome]


@pytest.mark.parametrize("outcome", ["fail", "pass"])
@pytest.mark.parametrize("key", sorted(set(RULES) - set(NEVER_FAILS)))
def test_every_rule_has_a_case_on_either_side(key: str, outcome: str) -> None:
    assert sides(key, outcome), f"no written case in which {key} comes to {outcome}"


def test_cases_speak_of_rules_that_there_are() -> None:
    assert {key for case in written_cases() for key in case.get("expect", {})} <= set(RULES)
    assert {*NEVER_FAILS, *SET_HERE, *WHOLE, *(key for key, _ in SAME)} <= set(RULES)


def specs_of(rule: RuleSpec) -> list[FactSpec]:
    return [FACTS[name] for name in facts_read(rule, FACTS)]


def layers_read(rule: RuleSpec) -> set[str]:
    """The layers that a rule's facts look at, named or not."""
    found = set()
    for spec in specs_of(rule):
        found |= {spec.layer} if spec.layer else set()
        found |= set(SIDE_LAYERS) if spec.measure == "four_sides" else set()
        found |= {"village"} if spec.measure == "village_overlap" else set()
        found |= {REGISTER} if spec.measure.startswith("other_application") else set()
        found |= {clause.values[0] for clause in spec.where if clause.op == "before_version_of"}
    return found


def attributes_read(rule: RuleSpec) -> set[tuple[str, str]]:
    """The attributes of features that a rule's facts ask for."""
    found = set()
    for spec in specs_of(rule):
        found |= {(spec.layer or "", clause.field) for clause in spec.where}
        found |= {(spec.layer, spec.field)} if spec.layer and spec.field else set()
    return found


def properties_read(rule: RuleSpec) -> set[str]:
    return {spec.property for spec in specs_of(rule) if spec.property}


@cache
def worlds(key: str) -> list[dict[str, Any]]:
    """The cases in which less may be known: those on either side first, a rule's own in front; then the county as it is."""
    own = sorted([*sides(key, "fail"), *sides(key, "pass")], key=lambda case: str(case["id"]) != key)
    return [*own, *sides(key, "not_applicable"), {"id": key, "name": "as it is"}, {"id": key, "name": "rebuilt", "properties": {"build_kind": "rebuild_in_place"}}]


def outcome_of(case: dict[str, Any], key: str, **less: Any) -> str:
    return str(checked_case(case, pack=county_that_has_set_all() if key in SET_HERE else None, **less).outcomes(key)[0])


def notices(key: str, reductions: Iterator[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Less known must come to "no data" in one of the cases, and may nowhere turn what failed or was not known into a pass."""
    noticed = False
    for case, less in reductions:
        before, after = outcome_of(case, key), outcome_of(case, key, **less)
        assert not (after == "pass" and before in ("fail", "no_data", "error")), (key, case["name"], before)
        assert not (after == "fail" and before == "pass"), (key, case["name"])
        noticed = after == "no_data"
        if noticed:
            break
    assert noticed, f"{key} comes to no_data in none of its cases"


WHOLE = {"HB-092": "the date of the survey is that of the whole layer"}
SAME = {("HB-032", name): "one number for all of 广西" for name in ("land_use", "DLBM", "terrain", "household_size")}
"""What a rule reads and what, by the law of the only place where it holds, changes nothing."""
NAMED = [pytest.param(key, name, id=f"{key} {name}") for key, rule in RULES.items() for name in sorted(layers_read(rule)) if (key, name) not in SAME]


@pytest.mark.parametrize(("key", "name"), NAMED)
def test_a_rule_notices_that_a_layer_it_reads_is_absent(key: str, name: str) -> None:
    notices(key, ((case, {"layers": {other: found for other, found in layers_of(case).items() if other != name}}) for case in worlds(key)))


def with_a_hole(layer: Layer, site: Any, metres: float) -> Layer:
    """The layer as it would be if nothing had been surveyed under half of the site and so far round it."""
    west, south, east, north = site.bounds
    hole = shapely.box(west - metres, south - metres, (west + east) / 2, north + metres)
    coverage = layer.coverage.difference(hole)
    shapes = shapely.difference(layer.features, hole)
    kept = ~shapely.is_empty(shapes)
    attributes = {name: values[kept] for name, values in layer.attributes.items()}
    left = shapes[kept]
    return replace(layer, features=left, ids=layer.ids[kept], attributes=attributes, pieces=left,
                   piece_feature=column(list(range(len(left)))).astype("int64"), coverage=coverage)  # fmt: skip


@pytest.mark.parametrize(("key", "name"), NAMED)
def test_a_rule_notices_that_a_layer_it_reads_has_a_hole_under_the_site(key: str, name: str) -> None:
    def reductions() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for case in worlds(key):
            layers = layers_of(case)
            site = shapely.geometry.shape(feature_of(case)["geometry"])
            if name in layers:
                for metres in (0.0, 60.0):
                    yield case, {"layers": layers | {name: with_a_hole(layers[name], site, metres)}}

    if key not in WHOLE:
        notices(key, reductions())

FIELDS = [pytest.param(key, name, field, id=f"{key} {name}.{field}") for key, rule in RULES.items() for name, field in sorted(attributes_read(rule)) if (key, field) not in SAME]


@pytest.mark.parametrize("gone", ["empty", "no column"])
@pytest.mark.parametrize(("key", "name", "field"), FIELDS)
def test_a_rule_notices_that_an_attribute_it_asks_for_is_missing(key: str, name: str, field: str, gone: str) -> None:
    def reductions() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for case in worlds(key):
            layers = layers_of(case)
            if name in layers and len(layers[name].features):
                columns = dict(layers[name].attributes) | {field: column([None] * len(layers[name].features))}
                if gone == "no column":
                    del columns[field]
                yield case, {"layers": layers | {name: replace(layers[name], attributes=columns)}}

    notices(key, reductions())


STATED = [pytest.param(key, name, id=f"{key} {name}") for key, rule in RULES.items() for name in sorted(properties_read(rule)) if (key, name) not in SAME]


@pytest.mark.parametrize(("key", "name"), STATED)
def test_a_rule_notices_that_a_field_of_the_form_is_empty(key: str, name: str) -> None:
    def reductions() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for case in worlds(key):
            feature = feature_of(case)
            yield case, {"feature": feature | {"properties": {other: value for other, value in feature["properties"].items() if other != name}}}

    notices(key, reductions())


@pytest.mark.parametrize("key", sorted(RULES))
def test_what_missing_data_comes_to_is_never_better_than_the_rule_says(key: str) -> None:
    """The rank in the verdict of "no data": that of `on_missing` or of the rule itself, whichever is graver."""
    rule = RULES[key]
    ready = checked_case({"id": key, "name": "as it is"}).parts[0].outcomes.program
    row = [found.key for found in ready.rules].index(key)
    gravest = min(WORST_FIRST.index(severity) for severity in (rule.severity, rule.on_missing) if severity)
    assert VERDICTS[ready.ranks[row, Outcome.NO_DATA]] == LEAST[WORST_FIRST[gravest]]
    assert ready.ranks[row, Outcome.NO_DATA] >= ready.ranks[row, Outcome.FAIL] or rule.on_missing is not None


def days_of(rule: RuleSpec) -> set[date]:
    """The days from which a rule, or a number of the nation that it compares with, is in force."""
    leaves = [*(rule.applies_when.comparisons() if rule.applies_when else []), *rule.comparisons]
    names = {name for leaf in leaves for name in (leaf.param, leaf.upper) if name}
    names |= {name for spec in specs_of(rule) for name in (spec.parameter, spec.zone, spec.radius_m) if name}
    numbers = PACK.files["100000"].parameters
    days = {row.valid_from for name in names if name in numbers for row in numbers[name].rows}
    return {day for day in (*days, rule.in_force_from) if day is not None}


DATED = [pytest.param(key, day, id=f"{key} {day}") for key, rule in RULES.items() for day in sorted(days_of(rule))]


@pytest.mark.parametrize(("key", "day"), DATED)
def test_a_rule_holds_from_the_day_its_law_does_and_not_a_day_before(key: str, day: date) -> None:
    """Some case is decided on that day and was not the day before; none that is failed on the day was passed before."""
    cases = [case | {"valid_on": day} for case in (*sides(key, "fail"), *sides(key, "pass"))]
    on_the_day = [outcome_of(case, key) for case in cases]
    before = [outcome_of(case | {"valid_on": day - timedelta(days=1)}, key) for case in cases]
    assert "fail" in on_the_day
    assert [now for now, then in zip(on_the_day, before, strict=True) if now in ("fail", "pass") and then in ("no_data", "not_applicable")]
    assert ("fail", "pass") not in zip(on_the_day, before, strict=True)
