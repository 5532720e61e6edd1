"""Missing data never helps: no verdict, no rule, no fact."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from planning import COUNTY, COVERAGE, VILLAGE_CODE, application, checked, county_layers, here, layer
from worlds import FIELDS, SINGLE, SLOW, TILED, World, clipped, rectangles, worlds

from spatial.measuring import Facts
from spatial.open_applications import REGISTER
from spatial.permit import VERDICTS, VillageTypes
from spatial.rules.pack import load_pack


def test_every_layer_the_rules_read_is_disturbed_and_taken_away() -> None:
    """A new layer of the pack has to be added to the worlds."""
    assert set(load_pack("house-building", county=COUNTY).layers) == {*SINGLE, *TILED, "village"}
    assert set(FIELDS) == {*SINGLE, *TILED}


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
